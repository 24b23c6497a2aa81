"""A job changes the size and nothing else, and carries out the plan that was shown, with the real engine."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sakura_fleet.engine.exit_codes import JobExit
from sakura_fleet.scaler.job_result import JobResult
from sakura_fleet.scaler.job_runner import Effort, JobRunner
from sakura_fleet.scaler.plan_limits import PlanLimits
from sakura_fleet.scaler.sizes import Target
from tests.program.elb import ELB
from tests.program.fleet import Fleet
from tests.program.scaled import ScaledFleet, scaled_fleet
from tests.waiting import PATIENCE, wait_for


@pytest.fixture
def scaled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScaledFleet]:
    """Two servers behind an ELB, with a record that leads to it."""
    dns = {"zone": "example.com", "elb": "www", "record_sets": [{"name": "@", "type": "TXT", "values": ["hello"]}]}
    with scaled_fleet(tmp_path, monkeypatch, elb=ELB, dns=dns) as fleet:
        yield fleet


def ids(fleet: Fleet) -> list[str]:
    return [server["ID"] for server in fleet.servers()]


def plans(fleet: Fleet) -> list[int]:
    return [server["ServerPlan"]["CPU"] for server in fleet.servers()]


def declared(fleet: Fleet) -> int:
    return int(fleet.pulumi("config", "get", "size").stdout)


def command(fleet: Fleet, *arguments: str, check: bool = False) -> tuple[int, dict[str, Any]]:
    done = fleet.run(*arguments, "--stack", fleet.stack, "-o", "json", check=check, CI="")
    assert done.stdout, done.stderr
    return done.returncode, dict(json.loads(done.stdout.splitlines()[-1]))


def edit_template(fleet: Fleet) -> None:
    fleet.template(plan={"core": 2, "memory": 4})


def edit_tags(fleet: Fleet) -> None:
    fleet.template(tags=["another"])


def edit_record(fleet: Fleet) -> None:
    dns = fleet.settings["dns"]
    fleet.write(dns={**dns, "record_sets": [{"name": "@", "type": "TXT", "values": ["bye"]}]})


@pytest.mark.parametrize("edit", [edit_template, edit_tags, edit_record])
def test_what_else_was_edited_is_not_shipped(scaled: ScaledFleet, edit: Callable[[Fleet], None]) -> None:
    fleet = scaled.fleet
    before, settings = fleet.servers(), fleet.get("/_emulator/state")["resources"]
    edit(fleet)
    code, result = command(fleet, "scaler", "up", "--yes")
    assert (code, result["status"], result["size_after"]) == (JobExit.BLOCKED, "BLOCKED", 2), result
    assert {finding["rule"] for finding in result["blocked"]} == {"beyond-the-size"}
    assert "[blocked]" in result["error"]
    assert (fleet.servers(), fleet.get("/_emulator/state")["resources"]) == (before, settings)
    assert declared(fleet) == 2
    assert "BLOCKED" in fleet.run("scaler", "history", "-s", fleet.stack).stdout

    code, result = command(fleet, "scaler", "up", "--yes", "--allow-changes")
    assert (code, result["status"], len(ids(fleet))) == (0, "DONE", 3), "without the protection it is shipped"
    assert fleet.changes() == {}


def test_the_size_goes_up_and_down_and_nothing_else_differs(scaled: ScaledFleet) -> None:
    fleet = scaled.fleet
    first = ids(fleet)
    for arguments, count in ((("up",), 3), (("set", "5"), 5), (("keep",), 5), (("down",), 4), (("set", "0"), 0)):
        code, result = command(fleet, "scaler", *arguments, "--yes")
        assert (code, result["status"], result["blocked"]) == (0, "DONE", []), result
        assert len(ids(fleet)) == count
        assert not count or ids(fleet)[:2] == first
    assert command(fleet, "scaler", "up", "--yes")[1]["status"] == "DONE"
    assert fleet.changes() == {}


def test_auto_does_not_ship_an_edit_either(scaled: ScaledFleet) -> None:
    fleet = scaled.fleet
    scaled.pass_time(1_800, load=0.9)
    edit_template(fleet)
    before = ids(fleet)
    _, result = scaled.autoscaler.tick()
    assert result is not None
    assert (result.status, result.exit_code) == ("BLOCKED", JobExit.BLOCKED)
    assert (ids(fleet), declared(fleet)) == (before, 2)
    observation, nothing = scaled.autoscaler.tick()
    assert (observation.decision.reason.value, nothing) == ("BackoffAfterFailure", None)


def test_plans_changed_by_hand_are_not_made_good_with_an_unhealthy_server(scaled: ScaledFleet) -> None:
    fleet = scaled.fleet
    scaled.pass_time(1_800, load=0.3)
    for server in ids(fleet):
        fleet.call("DELETE", f"server/{server}/power", {"Force": True})
        fleet.call("PUT", f"server/{server}/plan", {"CPU": 2, "MemoryMB": 4096})
    off, on = ids(fleet)
    fleet.call("PUT", f"server/{on}/power")
    scaled.pass_time(1_800, load=0.3)
    before = ids(fleet)
    assert before == [off, on]
    _, nothing = scaled.autoscaler.tick()
    assert nothing is None, "one sample may be wrong"
    _, result = scaled.autoscaler.tick()
    assert result is not None
    assert (result.status, result.reason) == ("BLOCKED", "ServersUnhealthy"), result
    assert {finding.message.split(" (")[0] for finding in result.findings} == {"it would be replaced"}
    assert (ids(fleet), plans(fleet)) == (before, [2, 2])


def runner_of(fleet: Fleet, scaled: ScaledFleet, **limits: Any) -> JobRunner:
    from sakura_fleet.engine.project import Project

    project = Project(fleet.folder, fleet.folder / "stacks")
    return JobRunner(project, fleet.stack, clock=scaled.now, limits=PlanLimits(**limits))


def edited_between(scaled: ScaledFleet, edit: Callable[[], object], size: int = 3, **options: Any) -> JobResult:
    """A job whose plan somebody agrees to who edits something first."""

    def agree(_: JobResult) -> bool:
        edit()
        return True

    runner = runner_of(scaled.fleet, scaled)
    return runner.run("set", lambda _: Target(size, "for the test"), agree=agree, **options)


def test_a_stack_file_that_is_edited_after_the_plan_is_not_rolled_out(scaled: ScaledFleet) -> None:
    fleet, before = scaled.fleet, ids(scaled.fleet)
    result = edited_between(scaled, lambda: edit_template(fleet))
    assert result.status == "IGNORED"
    assert (ids(fleet), declared(fleet)) == (before, 2)


def test_a_program_that_is_edited_after_the_plan_is_not_rolled_out(scaled: ScaledFleet) -> None:
    fleet, before = scaled.fleet, fleet_descriptions(scaled.fleet)
    module = fleet.folder / "components" / "server_group.py"
    text = module.read_text()

    def edit() -> None:
        changed = text.replace("description=template.description", 'description="edited"')
        assert changed != text
        module.write_text(changed)

    result = edited_between(scaled, edit)
    assert result.status in ("BLOCKED", "FAILED"), result
    assert "violates plan" in result.error
    assert "edited" not in fleet_descriptions(fleet)
    assert fleet_descriptions(fleet)[:2] == before


def fleet_descriptions(fleet: Fleet) -> list[str]:
    return [server["Description"] for server in fleet.servers()]


def test_a_cloud_that_changes_after_the_plan_is_not_made_good(scaled: ScaledFleet) -> None:
    fleet = scaled.fleet
    first = ids(fleet)[0]

    def edit() -> None:
        fleet.call("DELETE", f"server/{first}/power", {"Force": True})
        fleet.call("PUT", f"server/{first}/plan", {"CPU": 2, "MemoryMB": 4096})

    result = edited_between(scaled, edit, 2, effort=Effort.REFRESH)
    assert result.status in ("BLOCKED", "FAILED"), result
    assert "violates plan" in result.error
    assert plans(fleet) == [2, 1]


def test_deploy_runs_plan_check(scaled: ScaledFleet) -> None:
    fleet = scaled.fleet
    subprocess.run(["git", "init", "-q"], cwd=fleet.folder, check=True)
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", "add", "stacks"], cwd=fleet.folder, check=True)
    subprocess.run(["git", *who, "commit", "-qm", "the stack files"], cwd=fleet.folder, check=True)
    dns = {key: value for key, value in fleet.settings["dns"].items() if key != "elb"}
    fleet.write(elb=None, dns=dns)
    before = fleet.count()
    deploy = ("sakura-fleet", "deploy", "--base", "HEAD", "--yes")
    code, result = command(fleet, *deploy)
    assert (code, result["status"]) == (JobExit.BLOCKED, "BLOCKED")
    rules = {finding["rule"] for finding in result["blocked"]}
    assert rules == {"elb-deleted", "elb-entries-deleted", "dns-records-deleted"}
    assert fleet.count() == before
    code, result = command(
        fleet, *deploy, "--allow-delete", ELB["name"], "--allow-delete", fleet.settings["dns"]["zone"]
    )
    assert (code, result["status"]) == (0, "DONE"), result
    assert fleet.count() != before


def test_the_plan_is_shown_before_the_question_and_nobody_else_works_meanwhile(scaled: ScaledFleet) -> None:
    fleet = scaled.fleet
    log = fleet.folder / "asked.log"
    with log.open("w") as out:
        job = subprocess.Popen(
            ["scaler", "up", "--stack", fleet.stack],
            cwd=fleet.folder,
            env=fleet.env,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            text=True,
        )
        wait_for("the question", lambda: "Carry out this plan? [y/N]" in log.read_text())
        assert "hscale-group-003" in log.read_text().partition("Carry out")[0].replace("\n", " ") or (
            "003" in log.read_text()
        )
        assert declared(fleet) == 2
        code, result = command(fleet, "scaler", "set", "4", "--yes")
        assert (code, result["status"]) == (0, "IGNORED")
        job.communicate("y\n", timeout=PATIENCE)
    assert job.returncode == 0, log.read_text()
    assert (declared(fleet), len(ids(fleet))) == (3, 3)
