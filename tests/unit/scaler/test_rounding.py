"""Numbers as jq, sacloud-cpu-usage and Go make them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakura_fleet.scaler.rounding import go_float, go_time, half_away, percentile, plain_mean

JST = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (50.5, 51), (49.5, 50), (0.5, 1), (1.5, 2), (2.5, 3), (19.5, 20), (-0.5, -1), (-1.5, -2), (-1.4, -1), (0.0, 0),
        (0.49999999999999994, 0), (50.49999999999999, 50), (1.4999999999999998, 1), (1e300, int(1e300)),
        (4503599627370495.5, 4503599627370496),
    ],
)  # fmt: skip
def test_halves_go_away_from_zero(value: float, rounded: int) -> None:
    assert half_away(value) == rounded


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_is_odd_and_near(value: float) -> None:
    assert half_away(-value) == -half_away(value)
    assert abs(half_away(value) - value) <= 0.5


def test_the_mean_is_added_up_from_left_to_right() -> None:
    assert plain_mean([0.1] * 10) == 0.09999999999999999
    assert plain_mean([]) == 0.0


@pytest.mark.parametrize(
    ("count", "percent", "index"),
    [(2, 75, 1), (4, 75, 2), (4, 90, 3), (4, 95, 3), (4, 99, 3), (1, 99, 0), (1, 25, 0), (3, 0, 0), (3, 100, 2),
     (10, 95, 9), (10, 94.9, 8), (2, 25, 0), (6, 25, 1), (50, 7, 3)],
)  # fmt: skip
def test_percentile_index(count: int, percent: float, index: int) -> None:
    assert percentile([float(one) for one in range(count)], percent) == index


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50), st.floats(0, 100), st.floats(0, 100))
def test_a_percentile_is_one_of_the_values_and_grows_with_the_percentage(
    values: list[float], one: float, other: float
) -> None:
    ordered = sorted(values)
    low, high = sorted((one, other))
    assert percentile(ordered, low) in ordered
    assert percentile(ordered, low) <= percentile(ordered, high)
    assert percentile(ordered, 100) == ordered[-1]


def test_no_values_no_percentile() -> None:
    assert percentile([], 99) == 0.0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "-0"), (3.0, "3"), (100.0, "100"), (3.5000000000000004, "3.5000000000000004"),
        (0.036666666667, "0.036666666667"), (1e-6, "0.000001"), (1.5e-7, "1.5e-7"), (1e-7, "1e-7"), (1e-10, "1e-10"),
        (1e20, "100000000000000000000"), (1e21, "1e+21"), (1.25e22, "1.25e+22"), (1e100, "1e+100"), (-2.5, "-2.5"),
        (123456789.125, "123456789.125"), (1e16, "10000000000000000"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (5e-324, "5e-324"), (0.1 + 0.2, "0.30000000000000004"), (1234567890123456789.0, "1234567890123456800"),
    ],
)  # fmt: skip
def test_floats_as_go_writes_them(value: float, text: str) -> None:
    assert go_float(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_survive(value: float) -> None:
    text = go_float(value)
    assert float(text) == value
    assert ("e" in text) == (value != 0 and not 1e-6 <= abs(value) < 1e21)
    assert not text.endswith(".0")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_json_cannot_say(value: float) -> None:
    with pytest.raises(ValueError, match="no form in JSON"):
        go_float(value)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2021, 9, 24, 17, 0, tzinfo=JST), "2021-09-24 17:00:00 +0900 JST"),
        (datetime(2021, 9, 24, 8, 0, tzinfo=UTC), "2021-09-24 08:00:00 +0000 UTC"),
        (datetime(2021, 9, 24, 8, 0, tzinfo=timezone(timedelta(hours=-5))), "2021-09-24 08:00:00 -0500 -0500"),
        (datetime(2021, 9, 24, 8, 0, 0, 250_000, tzinfo=UTC), "2021-09-24 08:00:00.25 +0000 UTC"),
    ],
)
def test_times_as_go_prints_them(moment: datetime, text: str) -> None:
    assert go_time(moment) == text
