"""The report of `scaler cpu`: the seed's own output digit for digit, and what newer versions print."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from sakura_fleet.errors import InputError
from sakura_fleet.interop.cpu_usage_report import DEFAULT_PERCENTILES, encode, progress, read_percentiles, report
from sakura_fleet.scaler.usage import CpuPoint, ServerUsage, Usage

JST = timezone(timedelta(hours=9))
AT = (datetime(2021, 9, 24, 17, 0, tzinfo=JST), datetime(2021, 9, 24, 17, 5, tzinfo=JST))


def server(name: str, *values: float, cores: int = 1) -> ServerUsage:
    points = tuple(CpuPoint(time, value) for time, value in zip(AT, values, strict=False))
    return ServerUsage(name=name, zone="tk1b", cores=cores, points=points)


SEED = Usage(
    (
        server("hscale-group-001", 0.036666666667, 0.033333333333),
        server("hscale-group-002", 0.033333333333, 0.033333333333),
    )
)
"""The samples that the seed's first example shows."""


def line(usage: Usage, percentiles: str = DEFAULT_PERCENTILES, *, compat: bool = False) -> str:
    return encode(report(usage, read_percentiles(percentiles), compat=compat))


def test_the_seeds_numbers_come_out_digit_for_digit() -> None:
    assert line(SEED) == (
        '{"75pt":3.5000000000000004,"90pt":3.5000000000000004,"95pt":3.5000000000000004,"99pt":3.5000000000000004,'
        '"avg":3.4166666666500003,"max":3.5000000000000004,"min":3.3333333333,"servers":['
        '{"avg":3.5000000000000004,"cores":1,"monitors":['
        '{"cpu_time":0.036666666667,"time":"2021-09-24 17:00:00 +0900 JST"},'
        '{"cpu_time":0.033333333333,"time":"2021-09-24 17:05:00 +0900 JST"}],"name":"hscale-group-001","zone":"tk1b"},'
        '{"avg":3.3333333333,"cores":1,"monitors":['
        '{"cpu_time":0.033333333333,"time":"2021-09-24 17:00:00 +0900 JST"},'
        '{"cpu_time":0.033333333333,"time":"2021-09-24 17:05:00 +0900 JST"}],"name":"hscale-group-002","zone":"tk1b"}'
        '],"without_samples":0}'
    )


def test_compat_is_in_per_cent_and_has_no_other_field() -> None:
    found = json.loads(line(SEED, compat=True))
    assert set(found) == {"75pt", "90pt", "95pt", "99pt", "avg", "max", "min", "servers"}
    assert found["servers"][0]["avg"] == 3.5
    assert found["servers"][0]["monitors"][0]["cpu_time"] == 3.6666666667


def test_a_server_without_samples_is_left_out_and_counted() -> None:
    usage = Usage((server("a", 0.6), server("b"), server("c", 0.4)))
    found = report(usage, read_percentiles("99"))
    assert (found["avg"], found["min"], found["max"], found["99pt"]) == (50.0, 40.0, 60.0, 60.0)
    assert [server["name"] for server in found["servers"]] == ["a", "c"]
    assert found["without_samples"] == 1


def test_compat_counts_it_as_0() -> None:
    found = report(Usage((server("a", 0.6), server("b"))), compat=True)
    assert (found["avg"], found["min"]) == (30.0, 0.0)
    assert found["servers"][1] == {"avg": 0.0, "cores": 1, "monitors": [], "name": "b", "zone": "tk1b"}
    assert "without_samples" not in found


@pytest.mark.parametrize("compat", [False, True])
def test_no_servers(compat: bool) -> None:
    tail = "" if compat else ',"without_samples":0'
    assert line(Usage(), "99,75", compat=compat) == f'{{"75pt":0,"99pt":0,"avg":0,"max":0,"min":0,"servers":[]{tail}}}'


def test_cores_divide_and_the_mean_has_no_weights() -> None:
    usage = Usage((server("a", 2.0, cores=4), server("b", 1.0, cores=1)))
    assert report(usage)["avg"] == 75.0


def test_a_server_without_cores_has_no_per_cent() -> None:
    usage = Usage((server("a", 0.5, cores=0),))
    assert report(usage)["without_samples"] == 1
    assert report(usage, compat=True)["avg"] == 0.0
    assert progress(usage) == ["a no samples"]


def test_percentiles_are_named_as_they_were_typed() -> None:
    found = report(SEED, read_percentiles("99,99.0,,1e1,0,100,.5"))
    assert {key for key in found if key.endswith("pt")} == {"99pt", "99.0pt", "1e1pt", "0pt", "100pt", ".5pt"}
    assert found["0pt"] == found["min"], "sacloud-cpu-usage panics here"


@pytest.mark.parametrize("text", ["x", "99,", " 99", "101", "-1", "nan", "inf", "9_9", "99;95"])
def test_percentages_that_are_none(text: str) -> None:
    if text == "99,":
        assert len(read_percentiles(text)) == 1
        return
    with pytest.raises(InputError, match="is not a percentage"):
        read_percentiles(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, 2.0], "ä": "<é&>"}, '{"a":[true,null,2],"b":1,"ä":"\\u003cé\\u0026\\u003e"}'),
        (10**30, "1e+30"),
        ("line\n", '"line\\n"'),
        ([], "[]"),
        (51, "51"),
    ],
)
def test_json_as_go_writes_it(value: Any, text: str) -> None:
    assert encode(value) == text


def test_progress_reads_like_the_seeds_log() -> None:
    usage = Usage((server("hscale-group-001", 0.606667), server("hscale-group-002")))
    assert progress(usage) == [
        "hscale-group-001 cores:1 cpu:0.606667 time:2021-09-24 17:00:00 +0900 JST",
        "hscale-group-001 avg:60.666700",
        "hscale-group-002 no samples",
    ]
    assert progress(usage, compat=True)[0] == (
        "hscale-group-001 zone:tk1b cores:1 cpu_time:60.666700 time:2021-09-24 17:00:00 +0900 JST"
    )
    assert progress(usage, compat=True)[-1] == "hscale-group-002 average_cpu_time:0.000000"
