"""`scaler cpu`: one line of JSON, progress beside it, and code 3 for whatever goes wrong."""

from __future__ import annotations

import gc
import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sakura_emulator.server import Running, running
from sakura_fleet.cli import scaler_cpu
from sakura_fleet.cli.scaler_cpu import cpu
from sakura_fleet.client import Client
from tests.unit.folder import FLEET, Folder, inside
from tests.unit.scaler.farm import Farm

WEB = ("--prefix", "web-", "--zone", "is1b")


@pytest.fixture
def farm(emulator: Running, client: Client, monkeypatch: pytest.MonkeyPatch) -> Farm:
    """Two servers of a group at 62.5 % and 37.5 %, and the environment of a shell that can reach them."""
    monkeypatch.setenv("SAKURA_API_ROOT_URL", emulator.api_root)
    monkeypatch.setenv("SAKURA_ACCESS_TOKEN", "token")
    monkeypatch.setenv("SAKURA_ACCESS_TOKEN_SECRET", "secret")
    monkeypatch.setattr(scaler_cpu, "DEADLINE", 0.1)
    made = Farm(emulator, client)
    made.load("web-001", 0.625)
    made.load("web-002", 0.375)
    made.member("web-001")
    made.member("web-002")
    made.advance(1800)
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cpu, list(arguments))


def failed(result: Result) -> str:
    """The words of a failure: code 3, nothing on standard output, no traceback."""
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.stderr
    return result.stderr


def test_one_line_of_json(farm: Farm) -> None:
    result = run(*WEB)
    assert result.exit_code == 0
    assert result.stdout.endswith("}\n")
    assert result.stdout.count("\n") == 1
    report = json.loads(result.stdout)
    assert list(report) == ["75pt", "90pt", "95pt", "99pt", "avg", "max", "min", "servers", "without_samples"]
    assert (report["avg"], report["max"], report["min"], report["without_samples"]) == (50.0, 62.5, 37.5, 0)
    assert '"avg":50,' in result.stdout
    assert [len(server["monitors"]) for server in report["servers"]] == [3, 3]
    assert report["servers"][0]["monitors"][0]["time"].endswith(":00 +0900 JST")


def test_progress_goes_to_standard_error(farm: Farm) -> None:
    lines = run(*WEB, "--time", "1").stderr.splitlines()
    assert [line.split(" ", 1)[1].split(" time:")[0] for line in lines] == [
        "web-001 cores:1 cpu:0.625000",
        "web-001 avg:62.500000",
        "web-002 cores:1 cpu:0.375000",
        "web-002 avg:37.500000",
    ]


@pytest.mark.parametrize(
    ("query", "output"),
    [
        (".avg|round", "50\n"),
        (".avg", "50\n"),
        (".servers[].name", '"web-001"\n"web-002"\n'),
        (".servers|map({name,avg})|.[0]", '{"avg":62.5,"name":"web-001"}\n'),
        ("50.5|round", "51\n"),
        ("-0.5|round", "-1\n"),
        (".avg>40", "true\n"),
        ("empty", ""),
    ],
)
def test_query(farm: Farm, query: str, output: str) -> None:
    result = run(*WEB, "--query", query)
    assert (result.exit_code, result.stdout) == (0, output)


@pytest.mark.parametrize(
    ("query", "words"),
    [(".nothing", "the result is null"), (".avg.x", "Cannot index number"), ('error("no")', "no")],
)
def test_a_query_that_gives_nothing(farm: Farm, query: str, words: str) -> None:
    assert words in failed(run(*WEB, "--query", query))


def test_a_query_that_is_none_is_refused_before_any_call(farm: Farm, emulator: Running) -> None:
    before = emulator.cloud.log.total
    assert "--query cannot be read" in failed(run(*WEB, "--query", ".[["))
    assert emulator.cloud.log.total == before


def test_the_garbage_collector_meets_no_jq_iterator(farm: Farm) -> None:
    """One that is freed by it, as a part of a failure's traceback, would end this process."""
    for _ in range(5):
        run(*WEB, "--query", ".avg, .avg.x")
        gc.collect()


def test_what_came_before_a_failure_is_printed(farm: Farm) -> None:
    result = run(*WEB, "--query", ".avg, .nothing")
    assert (result.exit_code, result.stdout) == (3, "50\n")


def test_servers_without_samples(farm: Farm) -> None:
    farm.server("web-003")
    report = json.loads(run(*WEB).stdout)
    assert (report["avg"], report["without_samples"], len(report["servers"])) == (50.0, 1, 2)
    report = json.loads(run(*WEB, "--compat").stdout)
    assert (report["avg"], report["min"], len(report["servers"])) == (100 / 3, 0.0, 3)
    assert "without_samples" not in report
    assert report["servers"][0]["monitors"][0]["cpu_time"] == 62.5


def test_no_servers_are_zeros(farm: Farm) -> None:
    result = run("--prefix", "none-", "--zone", "is1b", "--zone", "tk1a", "--percentile-set", "50")
    assert result.stdout == '{"50pt":0,"avg":0,"max":0,"min":0,"servers":[],"without_samples":0}\n'


def test_time_0_is_1(farm: Farm) -> None:
    assert [len(server["monitors"]) for server in json.loads(run(*WEB, "--time", "0").stdout)["servers"]] == [1, 1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--prefix and --zone must be given"),
        (("--prefix", "web-"), "--zone must be given"),
        (("--zone", "is1b"), "--prefix must be given"),
        ((*WEB, "--zone", "is1b"), "is1b is given twice"),
        ((*WEB, "--time", "-1"), "--time"),
        ((*WEB, "--time", "x"), "--time"),
        ((*WEB, "--percentile-set", "x"), "percentile"),
        ((*WEB, "--env-from", "/nowhere"), "No such file"),
        ((*WEB, "--nonsense"), "No such option"),
        ((*WEB, "more"), "unexpected extra argument"),
        (("--prefix", "web-", "--zone", "IS1B!"), "is not a zone"),
    ],
    ids=str,
)
def test_wrong_usage_is_code_3(farm: Farm, arguments: tuple[str, ...], words: str) -> None:
    assert words in failed(run(*arguments))


def test_help_and_version() -> None:
    assert run("--help").exit_code == 0
    for flag in ("-v", "--version"):
        result = run(flag)
        assert (result.exit_code, result.stdout[:11]) == (0, "scaler cpu ")


def test_no_key(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAKURA_ACCESS_TOKEN")
    assert "SAKURA_ACCESS_TOKEN is not set" in failed(run(*WEB))
    monkeypatch.delenv("SAKURA_ACCESS_TOKEN_SECRET")
    assert "no API key" in failed(run(*WEB))


def test_a_wrong_key_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(token="right", secret="right-secret") as emulator:
        monkeypatch.setenv("SAKURACLOUD_API_ROOT_URL", emulator.api_root)
        monkeypatch.setenv("SAKURACLOUD_ACCESS_TOKEN", "hunter2-token")
        monkeypatch.setenv("SAKURACLOUD_ACCESS_TOKEN_SECRET", "hunter2-secret")
        words = failed(run(*WEB))
    assert "401" in words
    assert "hunter2" not in words


def test_an_api_that_is_down(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAKURA_API_ROOT_URL", "http://127.0.0.1:9/cloud/zone")
    assert "is the emulator running?" in failed(run(*WEB))


@pytest.mark.parametrize("root", ["http://192.0.2.1/cloud/zone", "nonsense", "ftp://localhost/"])
def test_a_root_that_would_leak_the_key_or_is_none(farm: Farm, monkeypatch: pytest.MonkeyPatch, root: str) -> None:
    monkeypatch.setenv("SAKURA_API_ROOT_URL", root)
    assert "API root of the environment" in failed(run(*WEB))


def test_the_file_of_the_autoscaler(farm: Farm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    root = os.environ["SAKURA_API_ROOT_URL"]
    for name in [name for name in os.environ if name.startswith("SAKURA")]:
        monkeypatch.delenv(name)
    path = tmp_path / "core.config"
    path.write_text(
        f'SAKURACLOUD_API_ROOT_URL="{root}"\nSAKURACLOUD_ACCESS_TOKEN="t"\nSAKURACLOUD_ACCESS_TOKEN_SECRET="s"\n'
    )
    result = run(*WEB, "--env-from", str(path), "--time", "1", "--query", ".avg|round")
    assert (result.exit_code, result.stdout) == (0, "50\n")
    assert "SAKURACLOUD_ACCESS_TOKEN" not in os.environ
    monkeypatch.setenv("SAKURACLOUD_API_ROOT_URL", "http://127.0.0.1:9/cloud/zone")
    assert "127.0.0.1:9" in failed(run(*WEB, "--env-from", str(path))), "what is set already wins"


def of_stack(folder: Folder, emulator: Running, *arguments: str, **changes: Any) -> Result:
    group = {"name": "web", "zones": ["is1b"], "max_size": 5}
    folder.write(**{"api_root": emulator.api_root, "server_group": group, **changes})
    with inside(folder.root):
        return run("--stack", "test", *arguments)


def test_a_stacks_own_group(farm: Farm, emulator: Running, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SAKURA")]:
        monkeypatch.delenv(name)
    farm.server("web-003")  # a stranger with such a name
    farm.member("www")
    report = json.loads(of_stack(folder, emulator).stdout)
    assert [server["name"] for server in report["servers"]] == ["web-001", "web-002"]
    assert report["without_samples"] == 0
    report = json.loads(of_stack(folder, emulator, "--prefix", "web-").stdout)
    assert report["without_samples"] == 1
    report = json.loads(of_stack(folder, emulator, "--zone", "is1c").stdout)
    assert report["servers"] == []
    assert FLEET == "0123456789abcdef"


def test_a_stack_that_cannot_be_read(farm: Farm, emulator: Running, folder: Folder) -> None:
    assert "size-range" in failed(of_stack(folder, emulator, size=9))
    with inside(folder.root):
        assert "sakura-fleet init other" in failed(run("--stack", "other"))
