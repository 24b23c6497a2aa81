"""Ticks against an emulated cloud, without the engine: what is remembered, when, and what a damaged file stops."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sakura_emulator.server import Running
from sakura_fleet.cli import scaler_auto, scaler_jobs
from sakura_fleet.cli.clock import clock_of, now
from sakura_fleet.cli.main import main
from sakura_fleet.client import Client
from sakura_fleet.engine import job_lock as jobs
from sakura_fleet.engine.exit_codes import JobExit
from sakura_fleet.engine.project import Project, engine_environment
from sakura_fleet.errors import JobFolderError
from sakura_fleet.inventory.owned import InState
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.scaler.autoscaler import MEMORY_FILE, UNANSWERED_TICKS, Autoscaler, Observation, exit_code_of
from sakura_fleet.scaler.job_result import JobResult
from sakura_fleet.scaler.job_runner import MOST_BUSY, JobRunner, Rule
from sakura_fleet.scaler.reasons import Action, Reason
from sakura_fleet.scaler.sizes import Target
from tests.emulator.support import Api
from tests.unit.folder import Folder, inside
from tests.unit.full_disk import full_disk
from tests.unit.scaler.farm import FLEET, Farm


def member_tag(number: int) -> str:
    """The owner tag of a member of the farm."""
    return OwnerTags.of(FLEET, f"urn:web-{number:03}").resource


class PowerCut(BaseException):
    """This process ends here."""


class Runner(JobRunner):
    """A job runner whose jobs write the size and make the servers at once; the sizes of its runs are in `sizes`."""

    ends_with: Callable[[], object] = staticmethod(lambda: None)

    def __init__(self, stage: Stage, clock: Callable[[], datetime]) -> None:
        with inside(stage.folder.root):
            super().__init__(Project.here(), "test", clock=clock)
        self._stage = stage
        self.sizes: list[int] = []

    def state(self) -> InState:
        return InState(frozenset(), frozenset(self._stage.known))

    def run(self, request: str, rule: Rule, **_: Any) -> JobResult:
        before = self.group().size
        after = rule(self.group()).size
        self._stage.declare(after)
        for number in range(self._stage.members + 1, after + 1):
            self._stage.join(number)
        self.sizes.append(after)
        self.ends_with()
        return JobResult("1", request, jobs.DONE, before, after, "a test", size_wanted=after, ended=self.clock())


class Stage:
    """A group of two servers that were busy for hours, and its autoscaler."""

    def __init__(self, folder: Folder, farm: Farm, api_root: str) -> None:
        self.folder, self.farm, self.api_root = folder, farm, api_root
        self.declare(2)
        self.members = 2
        self.known = {member_tag(number) for number in (1, 2)}
        self.shift = timedelta()
        self.runner = Runner(self, lambda: farm.now + self.shift)
        self.autoscaler = Autoscaler(self.runner)
        self.jobs = self.runner.folder.folder

    def tick(self) -> Observation:
        return self.autoscaler.tick()[0]

    def declare(self, size: int) -> None:
        self.folder.write(size=size, api_root=self.api_root)

    def join(self, number: int) -> None:
        self.farm.member(f"web-{number:03}")
        self.members = number
        self.known.add(member_tag(number))

    def forget(self) -> None:
        (self.jobs / MEMORY_FILE).unlink()


@pytest.fixture
def stage(folder: Folder, emulator: Running, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    farm = Farm(emulator, client)
    farm.load("web-", 0.9)
    for number in (1, 2):
        farm.member(f"web-{number:03}")
    farm.advance(7_200)
    return Stage(folder, farm, emulator.api_root)


def test_a_busy_group_grows_once_in_a_cooldown(stage: Stage) -> None:
    assert stage.tick().decision.action is Action.UP
    assert stage.tick().decision.reason is Reason.COOLDOWN_UP
    assert stage.runner.sizes == [3]


# What is damaged is not new


def as_text(text: str) -> Callable[[Path], None]:
    return lambda path: void(path.write_text(text))


def void(_: object) -> None:
    return None


DAMAGE = {
    "empty memory": (MEMORY_FILE, as_text("")),
    "half a memory": (MEMORY_FILE, as_text('{"v": 1, ')),
    "memory []": (MEMORY_FILE, as_text("[]")),
    "memory {}": (MEMORY_FILE, as_text("{}")),
    "memory of another version": (MEMORY_FILE, as_text('{"v": 2}')),
    "memory is a folder": (MEMORY_FILE, Path.mkdir),
    "empty job file": ("job.json", as_text("")),
    "job file []": ("job.json", as_text("[]")),
    "job file is a folder": ("job.json", Path.mkdir),
    "lock is a folder": ("lock", Path.mkdir),
    "history is a folder": ("history.jsonl", Path.mkdir),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_stops_every_action_and_says_so(stage: Stage, damage: str) -> None:
    name, break_it = DAMAGE[damage]
    stage.jobs.mkdir(parents=True)
    file = stage.jobs / name
    break_it(file)
    for _ in range(3):
        observation = stage.tick()
        assert observation.decision.reason is Reason.MEMORY_UNAVAILABLE
        assert str(file) in observation.decision.message
        assert "[job-folder]" in observation.decision.message
        assert exit_code_of(observation, None) == (JobExit.JOB_FOLDER, JobExit.JOB_FOLDER)
        stage.farm.advance(120)
    assert stage.runner.sizes == []
    file.rmdir() if file.is_dir() else file.unlink()
    stage.tick()
    assert stage.runner.sizes == [3]


def test_a_full_disk_stops_it_before_anything_is_declared(stage: Stage) -> None:
    stage.jobs.mkdir(parents=True)
    with full_disk():
        observation = stage.tick()
    assert (observation.decision.reason, stage.runner.sizes) == (Reason.MEMORY_UNAVAILABLE, [])
    assert "XDG_STATE_HOME" in observation.decision.message
    assert stage.tick().decision.action is Action.UP


def test_a_folder_that_cannot_be_made_stops_it(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    for _ in range(3):
        assert stage.tick().decision.reason is Reason.MEMORY_UNAVAILABLE
    assert stage.runner.sizes == []


def test_to_look_needs_no_disk_but_a_memory_that_can_be_read(stage: Stage) -> None:
    stage.jobs.mkdir(parents=True)
    with full_disk():
        assert stage.autoscaler.observe().decision.action is Action.UP
    (stage.jobs / MEMORY_FILE).write_text("")
    assert stage.autoscaler.observe().decision.reason is Reason.MEMORY_UNAVAILABLE


# What is forgotten buys nothing


def test_a_run_that_ends_with_its_process_is_followed_by_a_cooldown(stage: Stage) -> None:
    def cut() -> None:
        raise PowerCut

    stage.runner.ends_with = cut
    with pytest.raises(PowerCut):
        stage.tick()
    for _ in range(4):
        stage.farm.advance(120)
        assert stage.tick().decision.reason is Reason.COOLDOWN_UP
    stage.farm.advance(120)
    with pytest.raises(PowerCut):
        stage.tick()
    assert stage.runner.sizes == [3, 4]


def test_a_disk_that_fills_up_during_the_run_loses_no_cooldown(stage: Stage) -> None:
    with ExitStack() as later:
        stage.runner.ends_with = lambda: later.enter_context(full_disk())
        _, result = stage.autoscaler.tick()
    assert result is not None
    assert (result.status, result.exit_code) == (jobs.DONE, JobExit.JOB_FOLDER)
    assert any("[job-folder]" in note for note in result.notes)
    assert stage.tick().decision.reason is Reason.COOLDOWN_UP


@pytest.mark.parametrize(("age", "sizes"), [(60, []), (600, [4])])
def test_a_memory_that_is_lost_at_each_tick_buys_no_server_beside_a_new_one(
    stage: Stage, age: float, sizes: list[int]
) -> None:
    stage.join(3)
    stage.declare(3)
    stage.farm.advance(age)
    for _ in range(3):
        stage.tick()
        stage.forget()
    assert stage.runner.sizes == sizes


# Clocks


def test_one_tick_by_a_clock_a_month_ahead(stage: Stage) -> None:
    stage.tick()
    stage.declare(4)
    stage.join(4)
    stage.shift = timedelta(days=30)
    assert stage.tick().decision.reason is Reason.SIZE_CHANGED
    stage.shift = timedelta()
    for _ in range(5):
        assert stage.tick().decision.action is not Action.UP
        stage.farm.advance(120)
    assert stage.tick().decision.action is Action.UP


# The loop


@contextmanager
def own_signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "config: [",
        "config:\n  sakura-fleet:fleet_id: 0123",
        "config: text",
        "text",
        "[]",
        "config: {1: 2}",
        "\udcff",
    ],
)
def test_the_loop_goes_on_after_a_stack_file_that_is_half_written(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    file = stage.folder.stack_file()
    whole = file.read_text()
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    ticks = []

    def tick() -> tuple[Observation, JobResult | None]:
        ticks.append(len(ticks))
        if len(ticks) == 3:
            file.write_text(whole)
            stage.autoscaler.tick()
            os.kill(os.getpid(), signal.SIGTERM)
        return stage.autoscaler.tick()

    looping = Autoscaler(stage.runner)
    monkeypatch.setattr(looping, "tick", tick)
    monkeypatch.setattr(scaler_auto, "Autoscaler", lambda _: looping)
    with inside(stage.folder.root), own_signals():
        done = CliRunner().invoke(main, ["scaler", "auto", "-s", "test", "--interval", "0"])
    assert (done.exit_code, len(ticks)) == (0, 3), done.output
    assert done.output.count("Error: ") == 2
    assert stage.runner.sizes == [3]
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with inside(stage.folder.root):
        once = CliRunner().invoke(main, ["scaler", "auto", "-s", "test", "--once"])
    assert once.exit_code in (1, JobExit.INPUT), "a single tick has nothing that goes on"
    assert isinstance(once.exception, SystemExit)


# A stack that stays busy


def test_a_stack_that_is_busy_at_every_request_becomes_an_error(stage: Stage) -> None:
    held = JobRunner(stage.runner.project, "test", clock=stage.runner.clock)

    def keep() -> JobResult:
        return held.run("keep", lambda group: Target(group.size, "keep"))

    with held.folder.job("another"):
        waiting = JobRunner(stage.runner.project, "test", clock=stage.runner.clock)
        for minutes in (0, 30, 29):
            stage.farm.advance(60 * minutes)
            result = waiting.run("keep", lambda group: Target(group.size, "keep"))
            assert (result.status, result.exit_code, result.detailed_exit_code) == (jobs.IGNORED, 0, JobExit.BUSY)
        stage.farm.advance(120)
        result = waiting.run("keep", lambda group: Target(group.size, "keep"))
        assert (result.status, result.exit_code) == (jobs.IGNORED, JobExit.BUSY)
        assert "`sakura-fleet repair --stack test`" in result.notes[0]
        stage.farm.load("web-", 0.3)
        stage.farm.advance(1_200)
        assert stage.autoscaler.tick()[1] is None
        assert waiting.run("keep", lambda group: Target(group.size, "keep")).exit_code == 0, "a quiet tick came between"
        stage.farm.advance(3_700)
        assert waiting.run("keep", lambda group: Target(group.size, "keep")).exit_code == JobExit.BUSY
    assert timedelta(hours=1) == MOST_BUSY
    assert keep().status == jobs.DONE_NOOP
    with held.folder.job("another"):
        assert waiting.run("keep", lambda group: Target(group.size, "keep")).exit_code == 0


# A server that the state does not know


def test_an_orphan_that_makes_up_for_a_missing_member_is_named_and_counts_for_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.known = {member_tag(1)}
    stage.farm.load("web-001", 0.3)
    stage.farm.advance(1_200)
    observation = stage.autoscaler.observe()
    assert observation.usage is not None
    assert [server.name for server in observation.usage.servers] == ["web-001"]
    assert observation.decision.metric.rounded == 30, "0.9 of the orphan would make it 60"
    assert stage.runner.members() == 1
    outputs = []
    monkeypatch.setattr(scaler_auto, "job_runner", lambda *_, **__: stage.runner)
    monkeypatch.setattr(scaler_jobs, "job_runner", lambda *_, **__: stage.runner)
    monkeypatch.setattr(Runner, "run", JobRunner.run)
    for command in ("status", "explain", "describe", "auto --once --dry-run", "set 2"):
        for output in ([], ["-o", "json"]):
            with inside(stage.folder.root):
                done = CliRunner().invoke(main, ["scaler", *command.split(), "-s", "test", *output])
            outputs.append((command, output, done.output))
    for command, output, text in outputs:
        assert text.count("orphan   server web-002 (") == 1, (command, output, text)
        assert text.count("`sakura-fleet repair --stack test` has the command that removes it") == 1, (command, output)
    assert "web-002" in stage.runner.history.last(1)[0]["notes"][0]


def test_a_second_server_of_a_member_is_named(stage: Stage) -> None:
    stage.farm.member("web-002")
    (orphan,) = stage.autoscaler.observe().orphans("test")
    assert "server web-002 (" in orphan
    assert stage.runner.members() == 2


def test_without_orphans_there_is_nothing_to_name(stage: Stage) -> None:
    assert stage.autoscaler.observe().orphans("test") == []


def test_an_empty_state_is_no_reason_to_act(stage: Stage) -> None:
    stage.known = set()
    observation = stage.tick()
    assert observation.decision.reason is Reason.METRICS_UNAVAILABLE
    assert "is PULUMI_BACKEND_URL right?" in observation.trouble
    assert stage.runner.sizes == []


# A cloud that does not answer


def test_how_many_servers_are_ready_is_not_known_where_the_cloud_does_not_say(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaler_auto, "job_runner", lambda *_, **__: stage.runner)

    def status(*options: str) -> Result:
        with inside(stage.folder.root):
            return CliRunner().invoke(main, ["scaler", "status", "-s", "test", *options])

    known = json.loads(status("-o", "json").stdout)
    numbers = ("READY", "CPU_PERCENT", "DOWN_PERCENT", "UP_PERCENT", "COOLDOWN_SECONDS")
    assert [known[key] for key in numbers] == [2, 90, 20, 50, 0], "no cooldown holds back what it would do now"
    stage.farm.fault(kind="status", status=401, path="/server")
    unknown = status("-o", "json")
    assert (unknown.exit_code, json.loads(unknown.stdout)["READY"]) == (0, None)
    assert "[auth]" in unknown.stderr
    assert status().stdout.count("<unknown>") == 2, "the load and the servers that are ready"


def test_a_timer_hears_of_it_after_three_ticks_in_a_row_without_an_answer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaler_auto, "job_runner", lambda *_, **__: stage.runner)
    monkeypatch.setattr(stage.runner, "run", lambda *_, **__: pytest.fail("nothing is to be done"))
    stage.farm.load("web-", 0.3)
    stage.farm.advance(1_200)

    def codes(count: int) -> list[int]:
        with inside(stage.folder.root):
            done = [CliRunner().invoke(main, ["scaler", "auto", "--once", "-s", "test"]) for _ in range(count)]
        return [one.exit_code for one in done]

    assert UNANSWERED_TICKS == 3
    stage.farm.fault(kind="status", status=401, path="/server", times=4)
    assert codes(5) == [0, 0, JobExit.AUTH, JobExit.AUTH, 0]
    stage.farm.fault(kind="status", status=400, path="/server", times=3)
    assert codes(4) == [0, 0, JobExit.UNKNOWN, 0]


def test_a_server_without_an_entry_in_the_elb_is_not_ready(stage: Stage, emulator: Running, client: Client) -> None:
    template = {"network_interfaces": [{"upstream": "shared", "expose": {"ports": [80], "server_group_name": "gr1"}}]}
    group = {"name": "web", "zones": ["is1b"], "max_size": 5, "template": template}
    stage.folder.write(size=2, api_root=stage.api_root, server_group=group, elb={"lookup": "web-elb"})
    first, _ = (server.ip_address for server in client.servers.find("is1b", name="web-"))
    entry = {"IPAddress": first, "Port": 80, "Enabled": True, "ServerGroup": "gr1"}
    api = Api(emulator.url)
    with api.http:
        api.make_elb("web-elb", Servers=[entry])
    observation = stage.autoscaler.observe()
    assert observation.usage is not None, observation.trouble
    assert [server.entered for server in observation.usage.servers] == [True, False]
    assert not observation.usage.servers[1].ready
    degraded = observation.decision.condition("Degraded")
    assert (degraded.status, degraded.reason) == ("True", "EntriesMissing")
    assert degraded.message == "no entry in the ELB: web-002; `scaler keep` enters them again"


def test_the_clock_of_a_stack_is_that_of_its_emulator(stage: Stage) -> None:
    stage.farm.advance(86_400)
    ahead = clock_of(stage.runner.project, "test")() - now()
    assert ahead > timedelta(hours=23)
    stage.folder.write(api_root="http://127.0.0.1:1/cloud/zone")
    assert clock_of(stage.runner.project, "test")() - now() < timedelta(hours=1), "no emulator answers there"


# A user without a name


def test_a_user_without_a_name_is_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)

    def unknown(number: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.setattr("pwd.getpwuid", unknown)
    record = JobResult("1", "up", jobs.DONE, 2, 3, "one more", size_wanted=3).record("test", "web", "cli")
    assert record["actor"] == engine_environment()["USER"] == f"uid-{os.getuid()}"
    monkeypatch.setenv("USER", "somebody")
    assert engine_environment()["USER"] == "somebody"


# By hand


def test_a_damaged_file_is_an_exit_code_of_its_own(stage: Stage) -> None:
    stage.jobs.mkdir(parents=True)
    (stage.jobs / "job.json").write_text("[]")
    with inside(stage.folder.root):
        done = CliRunner().invoke(main, ["scaler", "set", "3", "-s", "test", "--yes"])
        auto = CliRunner().invoke(main, ["scaler", "auto", "-s", "test", "--once"])
    assert (done.exit_code, auto.exit_code) == (JobExit.JOB_FOLDER, JobExit.JOB_FOLDER)
    assert "[job-folder]" in done.output
    assert stage.runner.group().size == 2
    with pytest.raises(JobFolderError):
        stage.runner.check()
