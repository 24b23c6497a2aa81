"""The `scaler` command and `sakura-fleet deploy`: real updates, one job at a time, and what their exit codes say."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sakura_fleet.ownership import OwnerTags
from tests.program.crash import HeardEngine, clock_stands
from tests.program.elb import ELB
from tests.program.fleet import PREFIX, Fleet
from tests.program.snapshots import bring_up
from tests.waiting import PATIENCE, wait_for


def scaler(fleet: Fleet, *arguments: str, check: bool = True, stack: str = "") -> subprocess.CompletedProcess[str]:
    return fleet.run("scaler", *arguments, "--stack", stack or fleet.stack, check=check, **state_home(fleet))


def state_home(fleet: Fleet) -> dict[str, str]:
    """A person's machine, whoever runs the tests: job runners keep their files here, and this is no CI."""
    return {"XDG_STATE_HOME": str(fleet.folder / "state-home"), "CI": ""}


def scaled(fleet: Fleet, *arguments: str) -> dict[str, Any]:
    return dict(json.loads(scaler(fleet, *arguments, "--yes", "-o", "json").stdout))


def declared(fleet: Fleet) -> int:
    return int(yaml.safe_load(fleet.stack_file.read_text())["config"][f"{PREFIX}size"])


def git(fleet: Fleet, *arguments: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    subprocess.run(["git", *who, *arguments], cwd=fleet.folder, check=True, capture_output=True)


def commit_stacks(fleet: Fleet) -> None:
    """Put the stack files as they are now into the folder's repository."""
    git(fleet, "init", "-q")
    git(fleet, "add", "stacks")
    git(fleet, "commit", "-m", "the stack files")


@pytest.fixture
def running_fleet(fleet: Fleet) -> Fleet:
    return bring_up(fleet)


@pytest.mark.parametrize(
    ("settings", "code", "status"),
    [
        ({"api_root": "https://127.0.0.1:1/cloud/zone"}, "auth", 3),
        ({"account_id": "113000000099"}, "wrong-account", 3),
        ({"api_root": "http://127.0.0.1:1/cloud/zone"}, "unreachable", 1),
    ],
    ids=["no-api-key", "another-account", "no-cloud"],
)
def test_the_exit_code_follows_from_the_code_of_the_error(
    fleet: Fleet, settings: dict[str, str], code: str, status: int
) -> None:
    fleet.write(**settings)
    names = [f"{prefix}_ACCESS_TOKEN{half}" for prefix in ("SAKURA", "SAKURACLOUD") for half in ("", "_SECRET")]
    no_key = dict.fromkeys(names, "")
    commit_stacks(fleet)
    for command in (("scaler", "keep", "--yes"), ("sakura-fleet", "deploy", "--base", "HEAD", "--yes")):
        done = fleet.run(*command, "--stack", fleet.stack, check=False, **no_key, **state_home(fleet))
        text = done.stdout + done.stderr
        assert f"[{code}]" in text
        assert "Traceback" not in text
        assert done.returncode == status, text
    assert fleet.count() == {}


def test_a_rule_that_a_resources_check_finds_broken_is_wrong_input(fleet: Fleet) -> None:
    fleet.template(plan={"core": 3, "memory": 200})
    commit_stacks(fleet)
    for command in (("scaler", "keep", "--yes"), ("sakura-fleet", "deploy", "--base", "HEAD", "--yes")):
        done = fleet.run(*command, "--stack", fleet.stack, check=False, **state_home(fleet))
        text = done.stdout + done.stderr
        assert "[unknown-plan] [input]" in text
        assert done.returncode == 15, text
    assert fleet.count() == {}


def test_a_stack_that_is_not_there_yet_is_named(fleet: Fleet) -> None:
    fleet.write(elb=ELB)
    commit_stacks(fleet)
    blocked = scaler(fleet, "up", "--yes", check=False)
    assert blocked.returncode == 7
    assert f"the stack {fleet.stack} has not been brought up yet" in blocked.stderr
    assert "`pulumi up --stack" in blocked.stderr

    unknown = scaler(fleet, "history", check=False, stack="nope")
    assert (unknown.returncode, "[no-stack]" in unknown.stderr) == (6, True), unknown.stderr

    elsewhere = fleet.folder / "elsewhere"
    elsewhere.mkdir()
    for command in (("scaler", "set", "3", "--yes"), ("sakura-fleet", "deploy", "--yes"), ("sakura-fleet", "show")):
        other = {**state_home(fleet), "PULUMI_BACKEND_URL": f"file://{elsewhere}"}
        done = fleet.run(*command, "--stack", fleet.stack, check=False, **other)
        text = done.stdout + done.stderr
        assert "[no-stack]" in text, text
        assert f"PULUMI_BACKEND_URL is file://{elsewhere}: name the backend" in text
        assert done.returncode == (1 if "show" in command else 6), text
    assert fleet.count() == {}


def test_a_preview_says_so(running_fleet: Fleet) -> None:
    fleet = running_fleet
    shown = json.loads(scaler(fleet, "set", "4", "--preview", "-o", "json").stdout)
    assert "hscale-group-004" in shown["plan"].replace("hscale-group-1e7593-", "hscale-group-")
    assert "yen" in shown["price"]
    assert (shown["status"], shown["size_before"], shown["size_wanted"]) == ("PREVIEWED", 2, 4)
    noop = scaler(fleet, "keep", "--yes", "--detailed-exitcode", check=False)
    assert noop.returncode == 10, noop.stdout + noop.stderr


def test_verbs_change_size_and_servers(running_fleet: Fleet) -> None:
    fleet = running_fleet
    up = scaled(fleet, "up")
    assert (up["status"], up["size_before"], up["size_after"]) == ("DONE", 2, 3)
    assert [server["operation"] for server in up["servers"]] == ["create"]
    assert (declared(fleet), fleet.count()["server"]) == (3, 3)

    assert scaled(fleet, "state", "largest")["size_after"] == 5
    assert fleet.count()["server"] == 5
    down = scaled(fleet, "set", "1")
    assert [server["operation"] for server in down["servers"]] == ["delete"] * 4
    assert fleet.count()["server"] == 1

    history = [json.loads(line) for line in scaler(fleet, "history", "-o", "json").stdout.splitlines()]
    assert [(job["request"], job["status"], job["size_after"]) for job in history] == [
        ("up", "DONE", 3),
        ("state", "DONE", 5),
        ("set", "DONE", 1),
    ]


def test_comments_of_the_stack_file_stay(running_fleet: Fleet) -> None:
    text = running_fleet.stack_file.read_text()
    running_fleet.stack_file.write_text("# mine\n" + text)
    scaled(running_fleet, "up")
    assert running_fleet.stack_file.read_text().startswith("# mine\n")


def test_dry_run_and_preview_change_nothing(running_fleet: Fleet) -> None:
    fleet = running_fleet
    before = fleet.stack_file.read_text()
    decision = json.loads(scaler(fleet, "up", "--dry-run", "-o", "json").stdout)
    assert (decision["size_before"], decision["size_after"], decision["reason"]) == (2, 3, "one more")
    shown = scaler(fleet, "set", "4", "--preview").stdout
    assert "+ 2 to create" in shown
    assert "yen a month" in shown
    assert fleet.stack_file.read_text() == before
    assert fleet.count()["server"] == 2


def test_up_counts_from_the_servers_that_are_there_and_down_is_refused(running_fleet: Fleet) -> None:
    fleet = running_fleet
    fleet.write(size=1)  # as a file that was taken from a repository
    ids = {server["ID"] for server in fleet.servers()}
    refused = scaler(fleet, "down", "--yes", check=False)
    assert (refused.returncode, "2 servers are there, but 1 are declared" in refused.stderr) == (1, True)
    assert json.loads(scaler(fleet, "set", "0", "--dry-run", "-o", "json").stdout)["reason"].endswith("2 go")
    up = scaled(fleet, "up")
    assert (up["size_before"], up["size_after"]) == (1, 3)
    assert ids < {server["ID"] for server in fleet.servers()}
    assert fleet.count()["server"] == 3


def test_nothing_to_do(running_fleet: Fleet) -> None:
    assert scaler(running_fleet, "set", "2", "--yes").returncode == 0
    assert scaler(running_fleet, "set", "2", "--yes", "--detailed-exitcode", check=False).returncode == 10
    assert scaler(running_fleet, "set", "2", "--yes", "--compat", check=False).returncode == 129


def test_size_outside_the_limits_is_a_usage_error(running_fleet: Fleet) -> None:
    refused = scaler(running_fleet, "set", "40", "--yes", check=False)
    assert refused.returncode == 2
    assert "40 is outside min_size 0 .. max_size 10" in refused.stderr
    assert declared(running_fleet) == 2


def test_keep_repairs_what_differs(running_fleet: Fleet) -> None:
    fleet = running_fleet
    gone = fleet.servers()[0]
    fleet.call("DELETE", f"server/{gone['ID']}/power", {"Force": True})
    fleet.pulumi("refresh", "--yes", "--skip-preview")
    kept = scaled(fleet, "keep")
    assert kept["status"] == "DONE"
    assert {server["Instance"]["Status"] for server in fleet.servers()} == {"up"}


def test_failed_server_is_a_failure_and_the_size_stays_declared(running_fleet: Fleet) -> None:
    fleet = running_fleet
    fleet.control("faults", {"method": "POST", "path": "^/disk$", "nth": [1], "kind": "failed_disk"})
    failed = scaler(fleet, "up", "--yes", "-o", "json", check=False)
    assert failed.returncode == 4, failed.stdout + failed.stderr
    result = json.loads(failed.stdout)
    assert (result["status"], result["size_before"], result["size_wanted"]) == ("FAILED", 2, 3)
    assert "failed to be copied" in result["error"]
    assert declared(fleet) == 3
    assert scaled(fleet, "keep")["status"] == "DONE"
    assert fleet.count() == {"server": 3, "disk": 3, "interface": 3, "note": 1}


def test_wrong_key_is_told_apart(make_fleet: Callable[..., Fleet]) -> None:
    fleet = make_fleet(token="right", secret="right-secret")
    refused = scaler(fleet, "up", "--yes", check=False)
    assert refused.returncode == 3, refused.stdout + refused.stderr
    assert declared(fleet) == 2, "the preview failed, so the size is as it was"


def test_one_job_at_a_time_and_an_interrupted_one_ends_well(make_fleet: Callable[..., Fleet]) -> None:
    fleet = bring_up(make_fleet(size=0, latency="baseline"))
    commit_stacks(fleet)
    engine = HeardEngine(fleet)
    with clock_stands(fleet):
        first = subprocess.Popen(
            ["scaler", "set", "2", "--yes", "--stack", fleet.stack, "-o", "json"],
            cwd=fleet.folder,
            env={**fleet.env, **state_home(fleet), **engine.env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for("the servers of the first job", lambda: fleet.count().get("disk", 0) == 2)
        busy = scaler(fleet, "up", "--yes", "-o", "json")
        assert json.loads(busy.stdout)["status"] == "IGNORED"
        assert scaler(fleet, "up", "--yes", "--detailed-exitcode", check=False).returncode == 12
        deploy = ("sakura-fleet", "deploy", "--base", "HEAD", "--yes", "--stack", fleet.stack)
        nothing = fleet.run(*deploy, check=False, **state_home(fleet))
        assert (nothing.returncode, "IGNORED" in nothing.stdout) == (12, True), "it has deployed nothing"

        first.send_signal(signal.SIGINT)
        engine.wait_for_interrupt()
    output, said = first.communicate(timeout=PATIENCE)
    assert first.returncode == 8, output
    assert json.loads(output)["status"] == "CANCELED"
    told = next(line for line in said.splitlines() if line.startswith("interrupted: finishing "))
    assert "hscale-group-1e7593-001 (" in told, "what goes on is said"
    assert "Press Ctrl-C again to stop at once" in told
    assert "Traceback" not in said
    assert scaled(fleet, "keep")["status"] == "DONE"
    assert fleet.count() == {"server": 2, "disk": 2, "interface": 2, "note": 1}


def killed(fleet: Fleet, *victims: str) -> str:
    """A job from 0 to 3 whose `scaler` or `engine` or both are killed while disks are copied; gives what it said."""
    with clock_stands(fleet):
        job = subprocess.Popen(
            ["scaler", "set", "3", "--yes", "--stack", fleet.stack],
            cwd=fleet.folder,
            env={**fleet.env, **state_home(fleet)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for("the disks", lambda: fleet.count().get("disk", 0) == 3)
        (lock,) = lock_files(fleet)
        if "scaler" in victims:
            job.kill()
            job.wait()
        if "engine" in victims:
            os.kill(json.loads(lock.read_text())["pid"], signal.SIGKILL)
    return job.communicate(timeout=PATIENCE)[1]


def lock_files(fleet: Fleet) -> list[Path]:
    return list((fleet.folder / "state" / ".pulumi" / "locks").rglob("*.json"))


@pytest.mark.parametrize("victims", [["scaler", "engine"], ["engine"], ["scaler"]], ids=" and ".join)
def test_what_a_killed_job_left_is_repaired_first(make_fleet: Callable[..., Fleet], victims: list[str]) -> None:
    fleet = bring_up(make_fleet(size=0, latency="baseline"))
    said = killed(fleet, *victims)
    assert "scaler" in victims or "the engine was ended by SIGKILL; run the same command again" in said

    # A stack with the same fleet ID, as somebody copied the file.
    theirs = fleet.call("POST", "server", {"Server": {
        "Name": "theirs", "ServerPlan": {"CPU": 1, "MemoryMB": 1024}, "ConnectedSwitches": [],
        "Tags": OwnerTags.of(fleet.settings["fleet_id"], "urn:of-another-stack").tag(()),
    }})["Server"]["ID"]  # fmt: skip
    done = scaled(fleet, "set", "2")
    assert done["status"] == "DONE"
    assert any(note.startswith("cleared  the lock") for note in done["notes"])
    assert any("hscale-group-003" in note for note in done["notes"] if note.startswith("removed"))
    assert any(theirs in note for note in done["notes"] if note.startswith("orphan"))
    fleet.call("DELETE", f"server/{theirs}")
    assert fleet.count() == {"server": 2, "disk": 2, "interface": 2, "note": 1}
    assert scaled(fleet, "set", "2")["status"] == "DONE_NOOP"


def test_a_lock_that_nothing_proves_stale_stays_and_the_command_is_printed(make_fleet: Callable[..., Fleet]) -> None:
    fleet = bring_up(make_fleet(size=0, latency="baseline"))
    killed(fleet, "scaler", "engine")
    before = fleet.count()
    way_out = f"sakura-fleet repair --stack {fleet.stack}"
    (lock,) = lock_files(fleet)
    for why in ("CI", "another's lock"):
        if why == "another's lock":
            lock.write_text(json.dumps({**json.loads(lock.read_text()), "hostname": "elsewhere"}))
        env = state_home(fleet) | {"CI": "true" if why == "CI" else ""}
        refused = fleet.run("scaler", "keep", "--yes", "-o", "json", "--stack", fleet.stack, **env)
        result = json.loads(refused.stdout)
        assert (result["status"], result["reason"]) == ("IGNORED", "busy"), why
        assert way_out in result["error"]
        assert lock_files(fleet) == [lock]
    assert (declared(fleet), fleet.count()) == (3, before)

    fleet.pulumi("cancel", "--yes")  # what a person does who knows
    assert scaled(fleet, "keep")["status"] == "DONE", "the job that died is still known, and its work is finished"
    assert fleet.count() == {"server": 3, "disk": 3, "interface": 3, "note": 1}


def test_deploy_keeps_the_scalers_size_and_takes_a_persons(running_fleet: Fleet) -> None:
    fleet = running_fleet

    def deploy() -> dict[str, Any]:
        command = ["sakura-fleet", "deploy", "--stack", fleet.stack, "--yes", "-o", "json"]
        return dict(json.loads(fleet.run(*command, **state_home(fleet)).stdout))

    commit_stacks(fleet)
    scaled(fleet, "set", "5")
    git(fleet, "checkout", "stacks")  # the job's size is not in the repository
    fleet.settings["size"] = 2
    fleet.template(description="an unrelated change")
    commit_stacks(fleet)
    deployed = deploy()
    assert (deployed["status"], deployed["size_after"]) == ("DONE", 5)
    assert fleet.count()["server"] == 5
    assert {server["Description"] for server in fleet.servers()} == {"an unrelated change"}

    fleet.write(size=3)
    commit_stacks(fleet)
    assert deploy()["size_after"] == 3
    assert fleet.count()["server"] == 3

    scaled(fleet, "set", "5")  # in another clone, so the repository says 3
    git(fleet, "checkout", "stacks")
    again = deploy()
    assert (again["size_after"], again["reason"]) == (5, "size of the last update, 5"), (
        "this commit was deployed before"
    )
    assert fleet.count()["server"] == 5
