"""`sakura-fleet repair` acts on proof, under the stack's lock; what costs money is never called done."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from sakura_fleet.engine.project import Project
from sakura_fleet.engine.stack import StackEngine, StackLockedError
from sakura_fleet.inventory.owned import InState
from tests.program.crash import clock_stands, kill_during_up
from tests.program.elb import ELB
from tests.program.fleet import Fleet
from tests.waiting import PATIENCE, wait_for


def repair(fleet: Fleet, *arguments: str) -> subprocess.CompletedProcess[str]:
    return fleet.run("sakura-fleet", "repair", "--stack", fleet.stack, "--yes", *arguments, check=False)


def scaler(fleet: Fleet, *arguments: str) -> str:
    done = fleet.run("scaler", *arguments, "--stack", fleet.stack, check=False, CI="")
    return done.stdout + done.stderr


def exported(fleet: Fleet) -> dict[str, Any]:
    """The state's resources and their outputs, and what is pending."""
    deployment = json.loads(fleet.pulumi("stack", "export").stdout)["deployment"]
    return {key: deployment.get(key) for key in ("resources", "pending_operations")}


@pytest.fixture
def engine(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> StackEngine:
    for key, value in fleet.env.items():
        monkeypatch.setenv(key, value)
    with chdir(fleet.folder):
        return StackEngine(Project.here(), fleet.stack)


def test_the_lock_is_the_engines_own_and_holding_it_changes_nothing(fleet: Fleet, engine: StackEngine) -> None:
    fleet.up()
    before = exported(fleet)
    with engine.locked("a test"):
        refused = fleet.up(check=False)
        assert refused.returncode != 0
        assert "the stack is currently locked by 1 lock(s)" in refused.stdout + refused.stderr
        with pytest.raises(StackLockedError) as caught, engine.locked("another test"):
            pass
        (lock,) = caught.value.locks
        assert "or one that died has left its lock (`sakura-fleet repair` removes it then)" in str(caught.value)
        assert engine.owner_tags_in_program() == InState.of(engine.resources()).owner_tags
    assert lock.pid
    assert exported(fleet) == before
    with engine.locked("it is free again"):
        pass
    fleet.pulumi("preview", "--expect-no-changes")
    assert len(fleet.members()) == 2


def test_unfinished_operations_are_cleared_by_a_run_of_the_engine(fleet: Fleet) -> None:
    fleet.up()
    before = exported(fleet)
    (file,) = (fleet.folder / "state" / ".pulumi" / "stacks").rglob(f"{fleet.stack}.json")  # an import clears them
    document = json.loads(file.read_text())
    latest = document["checkpoint"]["latest"]
    server = next(r for r in latest["resources"] if r["urn"].endswith("-001"))
    made = {**server, "urn": f"{server['urn'][:-4]}-009", "id": ""}
    latest["pending_operations"] = [
        {"resource": made, "type": "creating"},
        {"resource": server, "type": "updating"},
    ]
    file.write_text(json.dumps(document))

    done = repair(fleet)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[-1][-4:] for line in done.stdout.splitlines() if "the unfinished" in line] == ["-009"]
    assert not exported(fleet)["pending_operations"]
    assert len(exported(fleet)["resources"]) == len(before["resources"])
    fleet.pulumi("preview", "--expect-no-changes")


def test_nothing_is_removed_while_a_run_is_at_work(make_fleet: Callable[..., Fleet]) -> None:
    fleet = make_fleet(size=1, latency="baseline")
    fleet.control("clock", {"time_scale": 1000})
    fleet.up()
    fleet.write(size=3)
    with clock_stands(fleet):
        run = subprocess.Popen(
            fleet.command("up", "--yes", "--skip-preview"), cwd=fleet.folder, env=fleet.env, stdout=subprocess.DEVNULL
        )
        wait_for("the disks of the new servers", lambda: fleet.count().get("disk", 0) == 3)
        fleet.write(size=1)  # as in a checkout of somebody else: here, the new servers look like orphans
        refused = repair(fleet, "--remove")
    assert run.wait(PATIENCE) == 0
    assert refused.returncode == 1
    assert "is or may be still running" in refused.stderr
    assert fleet.count()["server"] == 3


def test_a_second_clone_with_a_state_of_its_own_removes_nothing(make_fleet: Callable[..., Fleet]) -> None:
    fleet = make_fleet(size=3)
    fleet.up()
    clone = make_fleet("clone", size=1, url=fleet.url)
    refused = repair(clone, "--remove")
    assert refused.returncode == 1
    assert refused.stdout.count("another state of this stack has made it") == 4
    assert "removed" not in refused.stdout
    assert "is PULUMI_BACKEND_URL right?" in scaler(clone, "auto", "--once")
    assert len(fleet.servers()) == 3
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")


def test_no_run_takes_over_what_another_state_has_made(make_fleet: Callable[..., Fleet], tmp_path: Path) -> None:
    """As with a forgotten PULUMI_BACKEND_URL: `up` would adopt all of it, and `destroy` delete it."""
    fleet = make_fleet(size=2)
    fleet.write(elb=ELB)
    fleet.up()
    before = fleet.servers()
    clone = make_fleet("clone", size=2, url=fleet.url)
    clone.write(elb=ELB)
    since = len(fleet.requests())
    refused = clone.up(check=False)
    assert refused.returncode != 0
    assert "belongs to another state of this stack" in refused.stdout
    assert [call for call in fleet.requests(since) if call["method"] != "GET"] == []
    clone.pulumi("destroy", "--yes", "--skip-preview")
    assert fleet.servers() == before
    assert "so no `pulumi up` here takes it over" in repair(clone).stdout

    # The state is moved, as a folder or a bucket is: it is still the same.
    shutil.copytree(fleet.folder / "state", tmp_path / "moved")
    fleet.write(size=3)
    fleet.up(PULUMI_BACKEND_URL=f"file://{tmp_path / 'moved'}")
    assert len(fleet.servers()) == 3

    # The other state is lost for good, and somebody says so.
    (command,) = {*re.findall(r"lost for good: `(pulumi stack tag set [^`]+)`", refused.stdout)}
    clone.run(*command.split(), "--stack", clone.stack)
    clone.write(size=3)
    clone.up()
    assert {server["ID"] for server in before} <= {server["ID"] for server in clone.servers()}
    clone.pulumi("preview", "--refresh", "--expect-no-changes")


def test_a_first_run_that_was_killed_and_then_destroyed_is_not_done(make_fleet: Callable[..., Fleet]) -> None:
    fleet = make_fleet(size=2, latency="baseline")
    with clock_stands(fleet):
        kill_during_up(fleet, lambda: fleet.count().get("disk", 0) == 2)
    fleet.pulumi("cancel", "--yes")
    fleet.pulumi("destroy", "--yes", "--skip-preview")
    assert fleet.count()["server"] == 2, "the engine goes by its state"
    shown = repair(fleet)
    assert shown.returncode == 1
    assert "nothing is left behind" not in shown.stdout
    (command,) = re.findall(r"costs money meanwhile; to remove it instead: `(.+)`", shown.stdout)
    fleet.run(*command.split(), "--yes")
    assert fleet.count() == {}
    assert "nothing is left behind" in repair(fleet).stdout


def broken_off(fleet: Fleet, *arguments: str) -> None:
    """A job of the scaler that is interrupted twice while a disk is copied."""
    disks = fleet.count()["disk"]
    with clock_stands(fleet):
        job = subprocess.Popen(
            ["scaler", *arguments, "--yes", "--stack", fleet.stack, "--progress", "plain"],
            cwd=fleet.folder,
            env={**fleet.env, "CI": ""},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for("the disk of the new server", lambda: fleet.count().get("disk", 0) > disks)
            while job.poll() is None:
                job.send_signal(signal.SIGINT)
                try:
                    job.wait(1)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            job.kill()
            job.wait()


def test_a_server_that_a_job_left_half_built_is_named_until_it_is_gone(make_fleet: Callable[..., Fleet]) -> None:
    fleet = make_fleet(size=2, latency="baseline")
    fleet.control("clock", {"time_scale": 1000})
    fleet.up()
    broken_off(fleet, "up")
    assert "pending  server hscale-group-003" in repair(fleet).stdout
    (orphan,) = [server for server in fleet.servers() if server["Name"] == "hscale-group-003"]
    named = f"orphan   server hscale-group-003 ({orphan['ID']} in tk1b)"
    assert named in scaler(fleet, "set", "2", "--yes")
    fleet.control("load", {"prefix": "hscale-group", "value": 0.3})
    fleet.control("load", {"server": orphan["ID"], "value": 1.0})
    fleet.control("clock", {"advance": 3600})
    for _ in range(2):
        tick = json.loads(scaler(fleet, "auto", "--once", "-o", "json"))
        assert tick["job"] is None, "nothing is done again and again"
        assert tick["metric"]["max"] == 30.0
        assert tick["orphans"][0].startswith(named)
    for command in (["auto", "--once"], ["explain"], ["status"], ["describe"], ["history"]):
        assert named in scaler(fleet, *command), command
    assert "not in the state" in fleet.run("sakura-fleet", "show", "--stack", fleet.stack).stdout
    assert f"removed  server hscale-group-003 ({orphan['ID']} in tk1b)" in repair(fleet, "--remove").stdout
    assert named not in scaler(fleet, "status")
    assert fleet.count() == {"server": 2, "disk": 2, "interface": 2, "note": 1}
