"""Numbers as jq and sacloud-cpu-usage make them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakura_fleet.scaler.rounding import half_away, percentile, plain_mean


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
    assert percentile([float(value) for value in range(count)], percent) == index


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50), st.floats(0, 100), st.floats(0, 100))
def test_a_percentile_is_one_of_the_values_and_grows_with_the_percentage(
    values: list[float], first: float, second: float
) -> None:
    ordered = sorted(values)
    low, high = sorted((first, second))
    assert percentile(ordered, low) in ordered
    assert percentile(ordered, low) <= percentile(ordered, high)
    assert percentile(ordered, 100) == ordered[-1]


def test_no_values_no_percentile() -> None:
    assert percentile([], 99) == 0.0
