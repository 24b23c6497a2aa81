"""Numbers and times as Go makes them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakura_fleet.interop.go_format import go_float, go_time

JST = timezone(timedelta(hours=9))


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
