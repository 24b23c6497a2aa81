"""The commands that steer a running emulator do what their control routes do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sakura_emulator.environment import TOOLS
from sakura_emulator.main import main
from tests.emulator.support import Api


def run(api: Api, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, [*arguments, "--url", api.url], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


FAULTS: list[tuple[list[str], dict[str, Any]]] = [
    (["status", "--status", "423", "--nth", "1", "--nth", "3"], {"status": 423, "code": "locked", "nth": [1, 3]}),
    (["status", "--status", "429", "--retry-after", "2"], {"status": 429, "retry_after": 2}),
    (["timeout", "--seconds", "5"], {"seconds": 5.0}),
    (["cut_after", "--method", "POST", "--path", "^/disk$"], {"method": "POST", "path": "^/disk$"}),
    (["boot_failure", "--share", "0.1", "--times", "4"], {"share": 0.1, "times": 4}),
]


@pytest.mark.parametrize(("arguments", "expected"), FAULTS)
def test_a_fault_by_command_line(api: Api, arguments: list[str], expected: dict[str, Any]) -> None:
    assert run(api, "fault", *arguments) == "fault 1 is set\n"
    (rule,) = api.control("GET", "/faults")["faults"]
    assert {key: rule[key] for key in expected} == expected
    assert rule["kind"] == arguments[0]


def test_faults_are_shown_with_what_they_did_and_removed(api: Api) -> None:
    run(api, "fault", "status", "--path", "^/zone$", "--times", "1")
    assert api.send("GET", "zone").status_code == 503
    assert api.send("GET", "zone").status_code == 200
    shown = run(api, "faults")
    assert shown == "1  status path=^/zone$ times=1 status=503 code=busy: 1 of 2 requests\n"
    assert run(api, "faults", "--clear") == "1 faults removed\n"
    assert run(api, "faults") == ""


def test_load_by_command_line(api: Api, tmp_path: Path) -> None:
    api.make_elb("web-elb")
    run(api, "offer", "3.5", "--elb", "web-elb")
    trace = tmp_path / "day.csv"
    trace.write_text("seconds,busy cores\n0,0.5\n# noon\n3600,2\n")
    run(api, "offer", "--trace", str(trace), "--prefix", "web-")
    first, second = api.control("GET", "/load")["loads"]
    assert first["samples"] == [3.5]
    assert (second["prefix"], second["trace"]) == ("web-", [[0.0, 0.5], [3600.0, 2.0]])
    assert "give either VALUE or --trace" in run(api, "offer", "--elb", "web-elb", code=2)
    assert "no ELB" in run(api, "offer", "1", "--elb", "other", code=1)
    trace.write_text("0,1\nnoon,2\n")
    assert "line 2" in run(api, "offer", "--trace", str(trace), "--prefix", "web-", code=1)
    run(api, "offer", "--clear")
    assert api.control("GET", "/load")["loads"] == []


def test_time_by_command_line(slow: Api) -> None:
    disk = slow.make_disk()["ID"]
    assert f"disk {disk}: available" in run(slow, "clock", "--step")
    assert slow.disk(disk)["Availability"] == "available"
    assert "nothing is due" in run(slow, "clock", "--step")
    before = slow.control("GET", "/clock")["now"]
    assert "stands still" in run(slow, "clock", "--advance", "60")
    assert slow.control("GET", "/clock")["now"] == before + 60
    assert "runs 10 times as fast" in run(slow, "clock", "--run", "--time-scale", "10")


@pytest.mark.parametrize("tool", TOOLS)
def test_the_lines_for_each_tool(api: Api, tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = run(api, "env", tool)
    assert f"{api.url}/cloud/zone" in shown
    assert "ACCESS_TOKEN=any" in shown
    monkeypatch.setenv("SAKURA_EMULATOR_TOKEN", "very-secret")
    named = run(api, "env", tool)
    assert 'ACCESS_TOKEN="$SAKURA_EMULATOR_TOKEN"' in named
    assert "very-secret" not in named
