"""The commands that steer a running emulator do what their control routes do."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sakura_emulator.environment import TOOLS
from sakura_emulator.failure import CODES
from sakura_emulator.main import main
from sakura_fleet.provider.settings import SessionSettings
from tests.emulator.conftest import Factory
from tests.emulator.support import Api
from tests.local_http import HTTP


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
def test_the_lines_for_each_tool(api: Api, emulator: Factory, tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = run(api, "env", tool)
    assert f"{api.url}/cloud/zone" in shown
    assert ("ACCESS_TOKEN=any" in shown) is (tool != "sakura-fleet"), "which makes up a pair by itself"
    strict = emulator(token="very-secret", secret="pair")
    assert '_TOKEN="${SAKURA_EMULATOR_TOKEN:?' in run(strict, "env", tool), "it says what the emulator wants"
    monkeypatch.setenv("SAKURA_EMULATOR_TOKEN", "very-secret")
    assert "very-secret" not in run(strict, "env", tool)
    assert run(api, "env", tool) == shown, "what this shell has does not change it"


def variables(lines: str, **environment: str) -> tuple[int, dict[str, str]]:
    """What a shell has after these lines."""
    done = subprocess.run(
        ["sh", "-c", f"{lines}\nenv -0"], env={"PATH": "/usr/bin:/bin", **environment}, capture_output=True, check=False
    )
    pairs = (pair.partition("=") for pair in done.stdout.decode().split("\0") if pair)
    return done.returncode, {name: value for name, _, value in pairs}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_shell_reads_the_lines(emulator: Factory, tool: str) -> None:
    strict = emulator(token="right", secret="it's a $pair")
    lines = run(strict, "env", tool)
    code, found = variables(lines, SAKURA_EMULATOR_TOKEN="right", SAKURA_EMULATOR_SECRET="it's a $pair")
    assert code == 0
    if tool == "sakura-fleet":
        key = SessionSettings(api_root=f"{strict.url}/cloud/zone").credentials(found)
        pair = (key.token, key.secret)
    else:
        prefix = "SAKURA" if "SAKURA_ACCESS_TOKEN" in found else "SAKURACLOUD"
        pair = (found[f"{prefix}_ACCESS_TOKEN"], found[f"{prefix}_ACCESS_TOKEN_SECRET"])
    assert HTTP.get(f"{strict.base}/auth-status", auth=pair).status_code == 200
    refused = HTTP.get(f"{strict.base}/auth-status", auth=("any", "any"))
    assert "`sakura-emulator env TOOL`" in refused.json()["error_msg"]
    code, _ = variables(lines)
    assert code != 0, "nothing empty is taken for a token"


def test_terraform_sends_no_more_than_its_providers_take(api: Api) -> None:
    _, found = variables(run(api, "env", "terraform"))
    rates = {name: int(value) for name, value in found.items() if name.endswith("RATE_LIMIT")}
    assert rates == {"SAKURA_RATE_LIMIT": 10, "SAKURACLOUD_RATE_LIMIT": 10}


@pytest.mark.parametrize("tool", ["usacloud", "terraform"])
def test_who_calls_is_asked_of_the_emulator(api: Api, tool: str) -> None:
    _, found = variables(run(api, "env", tool))
    context = HTTP.get(f"{found['SAKURA_ENDPOINTS_IAM']}/auth/context", auth=("any", "any")).json()
    assert context["auth_type"] == "apikey"
    bills = f"{api.url}/cloud/zone/is1a/api/system/1.0/bill/by-contract/{context['limited_to_project_id']}"
    assert HTTP.get(bills, auth=("any", "any")).json()["Count"] == 1
    assert HTTP.get(f"{found['SAKURA_ENDPOINTS_IAM']}/auth/context").status_code == 401


def test_an_error_has_its_code(api: Api, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "text.csv").write_text("0,1\nnoon,2\n")
    (tmp_path / "half.json").write_text("{")
    for arguments, exit_code, code in (
        (["load", str(tmp_path / "list.json")], 1, "file"),
        (["load", str(tmp_path / "half.json")], 1, "file"),
        (["save", str(tmp_path / "none" / "there.json")], 1, "file"),
        (["offer", "--trace", str(tmp_path / "text.csv"), "--prefix", "web-"], 1, "file"),
        (["offer", "1", "--elb", "nobody"], 1, "api"),
        (["offer"], 2, "usage"),
        (["fault", "nonsense"], 2, "usage"),
        (["clock", "--nonsense"], 2, "usage"),
        (["nonsense"], 2, "usage"),
    ):
        first = next(line for line in run(api, *arguments, code=exit_code).splitlines() if line.startswith("Error: "))
        assert first.endswith(f"[{code}]"), first
        assert code in CODES
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    shown = CliRunner().invoke(main, ["status", "--url", nobody])
    assert shown.output.rstrip().endswith("[unreachable]")
    assert shown.exit_code == 1


def test_as_json(api: Api) -> None:
    def shown(*arguments: str) -> Any:
        return json.loads(run(api, *arguments, "-o", "json"))

    api.make_server()
    status = shown("status")
    assert (status["url"], status["total"], status["time_scale"]) == (api.url, 2, 1.0)
    assert shown("fault", "status", "--status", "423", "--times", "2")["id"] == 1
    (rule,) = shown("faults")["faults"]
    assert (rule["status"], rule["times"], rule["fired"]) == (423, 2, 0)
    assert shown("faults", "--clear") == {"removed": 1}
    assert shown("clock", "--step")["happened"] == []
    assert shown("offer", "0.5", "--prefix", "web-")["load"]["prefix"] == "web-"
    assert shown("offer", "--clear") == {"ok": True}
