"""`doctor`: every check once right and once wrong, without a traceback."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import Any

import pytest
import yaml
from click.testing import Result

from sakura_emulator.server import Running, running
from sakura_fleet.cli import doctor as doctor_module
from sakura_fleet.client import Client, Credentials, ElbEntry
from sakura_fleet.engine.project import Project
from sakura_fleet.errors import EngineError, FleetError
from sakura_fleet.model.elb import ElbSettings
from tests.unit.folder import Folder

ENGINE = f"v{version('pulumi')}"


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the engine says its version is."""
    said = [f"{ENGINE}-dev.0\n"]
    answers = {"whoami": '{"url": "file:///state"}', "config": ""}
    monkeypatch.setattr(doctor_module, "pulumi", lambda _, command, *__: answers.get(command, said[0]))
    monkeypatch.setattr(doctor_module, "DEADLINE", 0.1)
    monkeypatch.delenv("CI", raising=False)
    return said


def doctor(folder: Folder, *arguments: str, **settings: Any) -> Result:
    folder.write(**settings)
    return folder.run("doctor", "-s", "test", *arguments)


def failed(result: Result) -> list[str]:
    """What failed; the command must have ended in order."""
    assert result.exit_code in (0, 1)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    return [line.split()[1].rstrip(":") for line in result.output.splitlines() if line.startswith("FAIL")]


def test_all_is_well(folder: Folder, emulator: Running) -> None:
    result = doctor(folder, api_root=emulator.api_root, account_id="113000000001")
    assert (result.exit_code, failed(result)) == (0, [])
    assert f"pulumi {ENGINE}" in result.output
    assert "2 servers of web in is1b, generation " in result.output
    assert f"account 113000000001 (emulator) at {emulator.api_root}, permission create" in result.output
    assert emulator.cloud.counts()["total"] == 0


def test_plans_are_listed_for_the_stacks_zones(folder: Folder, emulator: Running) -> None:
    result = doctor(folder, "--plans", api_root=emulator.api_root)
    assert (result.exit_code, failed(result)) == (0, [])
    plans = [line for line in result.output.splitlines() if line.strip().startswith("is1b: ")]
    assert len(plans) == 1
    assert "1 core 2 GB" in plans[0]
    asked = [entry["path"] for entry in emulator.cloud.log.since(0)]
    assert asked.count("/auth-status") == 1, "one session, whose account is asked once"


HOST = {
    "name": "www",
    "address": "192.0.2.10",
    "ssh": {"private_key_file": "~/key"},
    "sites": [{"name": "www.example.com", "file_server": {}}],
}


@pytest.mark.parametrize(("there", "enough"), [("", False), ("1.0.1", False), ("2.0.0", False), ("1.99.0", True)])
def test_hosts_over_ssh_need_the_command_plugin(
    folder: Folder, emulator: Running, monkeypatch: pytest.MonkeyPatch, there: str, enough: bool
) -> None:
    home, programs = folder.root / "home", folder.root / "bin"
    programs.mkdir()
    (programs / "ssh-keyscan").write_text("#!/bin/sh\n")
    (programs / "ssh-keyscan").chmod(0o755)
    (folder.root / "key").write_text("a key\n")
    host = {**HOST, "ssh": {"private_key_file": str(folder.root / "key")}}
    if there:
        (home / "plugins" / f"resource-command-v{there}").mkdir(parents=True)
        (home / "plugins" / f"resource-command-v{there}" / "pulumi-resource-command").touch()
    monkeypatch.setenv("PULUMI_HOME", str(home))
    monkeypatch.setenv("PATH", str(programs))
    result = doctor(folder, api_root=emulator.api_root, hosts=[host])
    assert failed(result) == ([] if enough else ["tools"])
    found = f"pulumi plugin install resource command {version('pulumi-command')}" in result.output
    assert found is not enough
    assert ("1 over SSH, 1 asked over HTTP/3" in result.output) is enough


def test_hosts_need_an_http3_client_and_ssh_keyscan(
    folder: Folder, emulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aioquic", None)
    monkeypatch.setenv("PATH", str(folder.root))
    result = doctor(folder, api_root=emulator.api_root, hosts=[HOST])
    assert failed(result) == ["hosts", "tools"]
    assert "pip install 'sakura-fleet[http3]'" in result.output
    assert "ssh-keyscan; install OpenSSH's client" in result.output
    assert "hosts[0].ssh.private_key_file: " in result.output, "there is no such file"


def test_a_caddyfile_that_this_machine_s_caddy_refuses(
    folder: Folder, emulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = folder.root / "bin"
    programs.mkdir()
    (programs / "caddy").write_text("#!/bin/sh\ncat >/dev/null; echo 'Error: line 1: what is this' >&2; exit 1\n")
    (programs / "caddy").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    hosts = [{"name": "www", "zone": "is1b", "caddyfile": "www.example.com\n"}]
    result = doctor(folder, api_root=emulator.api_root, hosts=hosts)
    assert failed(result) == ["hosts"]
    assert "hosts[0].caddyfile: Caddy refuses it: Error: line 1: what is this [caddyfile-refused]" in result.output


@pytest.mark.parametrize(
    ("backend", "real", "ci", "word"),
    [
        ("file:///state", True, "", "warn"),
        ("file:///state", True, "false", "warn"),
        ("file:///state", True, "true", "FAIL"),
        ("file:///state", False, "true", "ok"),
        ("s3://states", True, "true", "ok"),
    ],
)
def test_a_state_that_nobody_else_sees(
    folder: Folder, emulator: Running, monkeypatch: pytest.MonkeyPatch, backend: str, real: bool, ci: str, word: str
) -> None:
    answers = {"whoami": json.dumps({"url": backend}), "config": "", "version": f"{ENGINE}\n"}
    monkeypatch.setattr(doctor_module, "pulumi", lambda _, command, *__: answers[command])
    monkeypatch.setenv("CI", ci)
    root = {} if real else {"api_root": emulator.api_root}
    lines = doctor(folder, **root).output.splitlines()
    (line,) = [line for line in lines if line.partition(":")[0].split()[1:] == ["state"]]
    assert line.split()[0] == word
    assert ("set PULUMI_BACKEND_URL to a bucket that you share" in line) is (word != "ok")
    (found,) = [
        check
        for check in json.loads(doctor(folder, "-o", "json", **root).stdout)["checks"]
        if check["check"] == "state"
    ]
    assert (found["ok"], found["warning"]) == (word != "FAIL", word == "warn")


def test_another_account(folder: Folder, emulator: Running) -> None:
    result = doctor(folder, api_root=emulator.api_root, account_id="113000000009")
    assert (result.exit_code, failed(result)) == (1, ["API"])
    assert "belongs to account 113000000001" in result.output


def test_a_wrong_key(folder: Folder) -> None:
    with running(token="right", secret="right-secret") as emulator:
        result = doctor(folder, api_root=emulator.api_root)
    assert (result.exit_code, failed(result)) == (1, ["API"])
    assert "401" in result.output
    assert "SAKURA_ACCESS_TOKEN" in result.output


def test_a_key_that_may_only_look(folder: Folder, emulator: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_module, "ENOUGH_PERMISSIONS", ("arrange",))
    result = doctor(folder, api_root=emulator.api_root)
    assert (result.exit_code, failed(result)) == (1, ["API"])
    assert "the API key's permission is 'create'" in result.output


def test_an_api_that_is_down(folder: Folder) -> None:
    result = doctor(folder, api_root="http://127.0.0.1:9/cloud/zone")
    assert (result.exit_code, failed(result)) == (1, ["API"])
    assert "is the emulator running?" in result.output


def test_no_key_for_the_real_cloud(folder: Folder) -> None:
    result = doctor(folder)
    assert (result.exit_code, failed(result)) == (1, ["API"])
    assert "no API key" in result.output


def test_an_api_root_that_is_no_url(folder: Folder) -> None:
    result = doctor(folder, api_root="http://[::1")
    assert result.exit_code == 1
    assert set(failed(result)) == {"stack", "API"}


def test_an_engine_of_another_version(folder: Folder, emulator: Running, engine: list[str]) -> None:
    engine[0] = "v4.0.0"
    result = doctor(folder, api_root=emulator.api_root)
    assert (result.exit_code, failed(result)) == (1, ["engine"])
    assert "install the same version of both" in result.output

    engine[0] = "v3.1.0"
    result = doctor(folder, api_root=emulator.api_root)
    assert result.exit_code == 0
    assert "prefer the same version" in result.output


def test_no_engine(folder: Folder, emulator: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> str:
        raise FleetError("the Pulumi CLI is not on PATH")

    monkeypatch.setattr(doctor_module, "pulumi", missing)
    assert failed(doctor(folder, api_root=emulator.api_root)) == ["engine", "backend"]


def test_a_bad_stack_file_does_not_hide_the_other_checks(folder: Folder, emulator: Running) -> None:
    result = doctor(folder, api_root=emulator.api_root, size=9)
    assert (result.exit_code, failed(result)) == (1, ["stack"])
    assert "size-range" in result.output
    assert "account 113000000001" in result.output
    with Client(emulator.api_root, Credentials("t", "s"), rate_limit=0) as client:
        client.dns_zones.create("example.com")
    plan = {"core": 1, "memory": 7}
    group = {"name": "web", "zones": ["is1b"], "max_size": 5, "template": {"plan": plan}}
    wrong = {"server_group": group, "dns": {"zone": "example.com"}, "hosts": [HOST], "size": 9, "elb": {"nam": "x"}}
    result = doctor(folder, api_root=emulator.api_root, **wrong)
    assert {"stack", "hosts", "zones", "DNS"} <= {*failed(result)}, result.output
    assert "size-range" in result.output
    assert "elb" not in failed(result), "what is wrong by itself is asked for nowhere"


def test_no_stack_file(folder: Folder) -> None:
    result = folder.run("doctor", "-s", "test")
    assert (result.exit_code, failed(result)) == (1, ["stack", "API"])
    assert "sakura-fleet init test" in result.output


def test_no_secret_is_printed(folder: Folder, emulator: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAKURA_ACCESS_TOKEN", "hunter2-token")
    monkeypatch.setenv("SAKURA_ACCESS_TOKEN_SECRET", "hunter2-secret")
    for root in (emulator.api_root, "https://127.0.0.1:9/cloud/zone"):
        assert "hunter2" not in doctor(folder, api_root=root).output


def test_an_elb_that_others_fill_has_no_room_for_the_largest_size(folder: Folder, emulator: Running) -> None:
    with Client(emulator.api_root, Credentials("t", "s"), rate_limit=0) as client:
        elb = client.elbs.create(name="shared", plan=100, settings=ElbSettings())
        others = [ElbEntry(f"192.0.2.{number}", 80) for number in range(1, 36)]
        client.elbs.update_document(elb, elb.document.with_entries(others, elb.document.rules))
    interface = {"upstream": "shared", "expose": {"ports": [80], "server_group_name": "gr1"}}
    group = {"name": "web", "zones": ["is1b"], "template": {"network_interfaces": [interface]}}
    for max_size, fits in ((5, True), (6, False)):
        settings = {"server_group": {**group, "max_size": max_size}, "elb": {"lookup": "shared"}}
        result = doctor(folder, api_root=emulator.api_root, **settings)
        assert failed(result) == ([] if fits else ["ELB"])
    assert "max_size 6 needs 6 entries, and others have 35 in shared; an ELB takes 40" in result.output
    result = doctor(folder, api_root=emulator.api_root, server_group={**group, "max_size": 41}, elb={"name": "own"})
    assert failed(result) == ["stack"]
    assert "[too-many-entries]" in result.output


def test_a_warning_is_no_failure(folder: Folder, emulator: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same stack, with and without what makes the warning a failure."""
    monkeypatch.setattr(doctor_module, "is_emulator", lambda _: False)
    result = doctor(folder, api_root=emulator.api_root)
    assert (result.exit_code, failed(result)) == (0, [])
    monkeypatch.setenv("CI", "true")
    result = doctor(folder, api_root=emulator.api_root)
    assert (result.exit_code, failed(result)) == (1, ["state"])


def test_the_configuration_is_judged_once(folder: Folder, emulator: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []
    judge = Project.judge
    monkeypatch.setattr(Project, "judge", lambda *given, **how: judged.append(given[1]) or judge(*given, **how))
    hosts = [{**HOST, "address": None, "ssh": None, "zone": "is1b"}]
    interface = {"upstream": "shared", "expose": {"ports": [80]}}
    group = {"name": "web", "zones": ["is1b"], "max_size": 5, "template": {"network_interfaces": [interface]}}
    settings = {"server_group": group, "hosts": hosts, "elb": {"name": "own"}, "dns": {"zone": "example.com"}}
    result = doctor(folder, "--plans", api_root=emulator.api_root, **settings)
    assert failed(result) == []
    assert judged == ["test"]


def test_an_elb_needs_an_exposed_port(folder: Folder, emulator: Running) -> None:
    result = doctor(folder, api_root=emulator.api_root, elb={"name": "own"})
    assert failed(result) == ["stack"]
    assert "[no-port]" in result.output


@pytest.mark.parametrize(
    ("words", "code", "way_out"),
    [
        ("error: no stack named 'test' found", "no-stack", "pulumi stack init test"),
        ("error: incorrect passphrase", "engine", "set PULUMI_CONFIG_PASSPHRASE to the one"),
    ],
)
def test_what_the_engine_says_of_the_stack(
    folder: Folder, emulator: Running, monkeypatch: pytest.MonkeyPatch, words: str, code: str, way_out: str
) -> None:
    def refuses(_: object, command: str, *arguments: str) -> str:
        if command == "config":
            assert arguments[2] == "--config-file", "the stack's own file is never written"
            raise EngineError(f"`pulumi config set` failed: {words}")
        return '{"url": "s3://states"}' if command == "whoami" else ENGINE

    monkeypatch.setattr(doctor_module, "pulumi", refuses)
    result = doctor(folder, api_root=emulator.api_root)
    assert failed(result) == ["backend"]
    assert f"[{code}]" in result.output
    assert way_out in result.output


def test_a_plan_that_no_zone_has_and_a_dns_zone_that_is_there_come_at_once(folder: Folder, emulator: Running) -> None:
    group = {"name": "web", "zones": ["is1b"], "max_size": 3, "template": {"plan": {"core": 7, "memory": 5}}}
    with Client(emulator.api_root, Credentials("t", "s"), rate_limit=0) as client:
        zone = client.dns_zones.create("example.com")
    result = doctor(folder, api_root=emulator.api_root, server_group=group, dns={"zone": "example.com"})
    assert failed(result) == ["zones", "DNS"]
    assert "zone is1b has no plan with 7 cores and 5 GB" in result.output
    assert f'adopt_zone: "{zone.id}"' in result.output
    looked_up = {"zone": "example.com", "lookup": True}
    assert failed(doctor(folder, api_root=emulator.api_root, dns=looked_up)) == []


def test_keys_that_nobody_would_read(folder: Folder, emulator: Running) -> None:
    folder.write(api_root=emulator.api_root)
    file = folder.stack_file("test")
    config = yaml.safe_load(file.read_text())["config"]
    file.write_text(yaml.safe_dump({"config": {**config, "sakurafleet:size": 5}}))
    result = folder.run("doctor", "-s", "test")
    assert "did you mean sakura-fleet:size? [unknown-namespace]" in result.output
    file.write_text(yaml.safe_dump({"config": config}) + "config:\n  a:b: 1\n")
    result = folder.run("doctor", "-s", "test")
    assert "a key is there twice, and only one of its values would count: 'config'" in result.output
