"""Runs points: from a snapshot of stack and cloud, through the failure and the recovery, to a verdict."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sakura_emulator.server import Running, running
from sakura_fleet.provider.processes import session
from tests.calls import Call
from tests.chaos.pictures import Foreign, picture, put_foreign, state_error
from tests.chaos.points import Point
from tests.chaos.scenarios import Scenario
from tests.chaos.trap import KILLS, Kind, Trap
from tests.lies.lie import Lie, Rule
from tests.lies.proxy import LyingProxy, lying
from tests.local_http import HTTP
from tests.program.fleet import Fleet, group_settings, new_fleet
from tests.program.snapshots import Snapshot, restore, snapshot_of

LONGEST_RUN = 300.0
"""Seconds for one `pulumi up`: a timeout of the client and a minute of looking for what may have been made are less."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a scenario begins: the stack and its cloud, and what others have in it."""

    scenario: Scenario
    snapshot: Snapshot
    foreign: Foreign


@dataclass(frozen=True, slots=True)
class Clean:
    """A scenario without failures: its calls, the fields of their answers, and what must be there after it."""

    beginning: Beginning
    calls: list[Call]
    fields: dict[Call, frozenset[str]]
    same: Counter[str]
    other: Counter[str]


@dataclass(slots=True)
class Verdict:
    """What came of a point. `reached` tells whether the run came to the call at all: calls overtake each other."""

    point: Point
    reached: bool = False
    absorbed: bool = False
    leaked: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    error: str = ""
    seconds: float = 0.0

    @property
    def converged(self) -> bool:
        return not (self.leaked or self.duplicated or self.missing or self.touched or self.error)

    def compare(self, actual: Counter[str], expected: Counter[str]) -> None:
        """What is there too much, twice, or not at all."""
        for line in (actual - expected).elements():
            (self.duplicated if line in expected else self.leaked).append(line)
        self.missing = list((expected - actual).elements())

    def report(self) -> str:
        """What is wrong, in lines."""
        lists = {"leaked": self.leaked, "twice": self.duplicated, "missing": self.missing, "touched": self.touched}
        lines = [f"  {word}: {line}" for word, found in lists.items() for line in found]
        return "\n".join([f"{self.point}", *lines, *([f"  {self.error}"] if self.error else [])])


class Bay:
    """A place to run points: an emulator with a trap, or behind a proxy that lies, and a stack's folder.

    One point at a time. Where there are lies, runs read the cloud first (`--refresh`): all answers are lied about.
    """

    def __init__(self, folder: Path, cloud: Running, proxy: LyingProxy | None = None) -> None:
        self.cloud = cloud
        self.trap = Trap(cloud.cloud)
        cloud.cloud.faults = self.trap
        self.proxy = proxy
        self.fleet = new_fleet(folder, proxy.url if proxy else cloud.url)
        self.fleet.patience = LONGEST_RUN

    def prepare(self, scenario: Scenario) -> Beginning:
        """Bring a scenario to where it begins."""
        fleet = self.fleet
        self._empty()
        fleet.settings = group_settings(fleet.url, size=scenario.size)
        fleet.write()
        scenario.prepare(fleet)
        foreign = put_foreign(fleet, parts=scenario.foreign_parts)
        return Beginning(scenario, snapshot_of(fleet), foreign)

    def _empty(self) -> None:
        """No state, and no cloud."""
        self._disarm()
        HTTP.post(f"{self.cloud.url}/_emulator/reset", json={}).raise_for_status()
        self.cloud.cloud.faults = self.trap
        self.fleet.stack_file.unlink()
        self.fleet.write()
        self.fleet.new_state()

    def clean(self, beginning: Beginning) -> Clean:
        """The scenario without failures, to its end, and to the other size."""
        calls, fields, pictures = [], {}, {}
        for other in (False,) if self.proxy else (True, False):
            self.begin(beginning)
            self._declare(beginning.scenario, other=other)
            self._disarm()
            self._must("up" if other else beginning.scenario.command)
            calls = list(self.proxy.record if self.proxy else self.trap.record)
            fields = dict(self.proxy.fields) if self.proxy else {}
            pictures[other] = picture(self.fleet, beginning.foreign)
            touched = beginning.foreign.touched(self.fleet)
            if touched:
                raise AssertionError(f"{beginning.scenario.name} without any failure: {touched}")
        return Clean(beginning, calls, fields, same=pictures[False], other=pictures.get(True, Counter()))

    def begin(self, beginning: Beginning) -> None:
        """Stack and cloud as the scenario begins with them."""
        self._disarm()
        restore(self.fleet, beginning.snapshot)

    def run(self, point: Point, clean: Clean) -> Verdict:
        """One point, from the snapshot to the verdict."""
        verdict = Verdict(point)
        started = time.monotonic()
        try:
            expected = self._run(point, clean, verdict)
        except (AssertionError, subprocess.SubprocessError) as error:
            verdict.error = str(error)
            expected = clean.other if point.other else clean.same
        self._judge(verdict, clean, expected)
        verdict.seconds = time.monotonic() - started
        return verdict

    def _run(self, point: Point, clean: Clean, verdict: Verdict) -> Counter[str]:
        """Failure, recovery and preview; returns what must be there now."""
        scenario = clean.beginning.scenario
        self.begin(clean.beginning)
        self._declare(scenario, other=False)
        engine = Engine(self.fleet, self._command(scenario.command))
        self._arm(point, engine)
        code = engine.run()
        verdict.reached = bool(self.proxy.told) if self.proxy else self.trap.sprung
        # A `destroy` that Ctrl-C has ended says that all is deleted, with exit code 0, though it is not.
        unsaid = scenario.command == "destroy" and point.kind is Kind.INTERRUPT
        verdict.absorbed = code == 0 and not unsaid
        self._disarm()
        other = point.other and not verdict.absorbed
        if not verdict.absorbed:
            self._recover(point, scenario, other=other)
        if self.proxy and point.call.method == "POST":
            self._remove_orphans()  # a call that was carried out twice
        if (other or scenario.command == "up") and (self.proxy or point.call.is_write or not verdict.absorbed):
            refresh = ["--refresh"] if self.proxy or not verdict.absorbed else []
            self.fleet.pulumi("preview", "--expect-no-changes", *refresh)
        verdict.error = state_error(self.fleet, clean.beginning.foreign)
        return clean.other if other else clean.same

    def _recover(self, point: Point, scenario: Scenario, *, other: bool) -> None:
        """What docs/recovery.md says."""
        if other:
            self._declare(scenario, other=True)
        if other or point.kind in KILLS:
            self._repair()
        self._must("up" if other else scenario.command)
        if other:
            self._remove_orphans()

    def _repair(self, *arguments: str) -> str:
        """What `repair` says, whether orphans remain or not."""
        done = self.fleet.run("sakura-fleet", "repair", "--stack", self.fleet.stack, "--yes", *arguments, check=False)
        if done.returncode not in (0, 1) or "Error:" in done.stderr:
            raise AssertionError(f"repair exited {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def _remove_orphans(self) -> None:
        """Remove what `repair` reports; what it does not report stays, and is judged."""
        shown = self._repair("--remove")
        if doubtful := re.findall(r"once you are sure: `sakura-fleet (.+)`", shown):
            self.fleet.run("sakura-fleet", *doubtful[0].split(), "--yes")

    def _arm(self, point: Point, engine: Engine) -> None:
        if self.proxy:
            call = point.call
            self.proxy.tell(Rule(call.method, call.path, Lie(point.kind), point.field, nth=call.nth))
        else:
            self.trap.arm(point, kill=engine.kill, interrupt=engine.interrupt)

    def _disarm(self) -> None:
        self.trap.disarm()
        if self.proxy:
            self.proxy.stop()

    def _judge(self, verdict: Verdict, clean: Clean, expected: Counter[str]) -> None:
        verdict.compare(picture(self.fleet, clean.beginning.foreign), expected)
        verdict.touched = clean.beginning.foreign.touched(self.fleet)

    def _declare(self, scenario: Scenario, *, other: bool) -> None:
        scenario.change(self.fleet)
        if other:
            self.fleet.write(size=scenario.other_size)

    def _must(self, command: str) -> None:
        self.fleet.run(*self._command(command))

    def _command(self, command: str) -> list[str]:
        refresh = ["--refresh"] if self.proxy and command == "up" else []
        return self.fleet.command(command, "--yes", "--skip-preview", *refresh)


@dataclass(slots=True)
class Engine:
    """The run that is to fail: the engine and its children, in a session of their own."""

    fleet: Fleet
    command: list[str]
    _process: subprocess.Popen[bytes] | None = None
    _started: threading.Event = field(default_factory=threading.Event)

    def run(self) -> int:
        """Start it, and wait for its end and that of all its children; returns the exit code."""
        self._process = subprocess.Popen(
            self.command,
            cwd=self.fleet.folder,
            env=self.fleet.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._started.set()
        try:
            return self._process.wait(LONGEST_RUN)
        finally:
            self.kill()
            self._process.wait()

    def kill(self) -> None:
        """SIGKILL for the engine, its language host and its provider hosts, until none of them is left."""
        while members := session(self._pid):
            for pid in members:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def interrupt(self) -> None:
        """What Ctrl-C sends: Pulumi keeps its children out of the terminal's group."""
        os.kill(self._pid, signal.SIGINT)

    @property
    def _pid(self) -> int:
        self._started.wait()
        assert self._process is not None
        return self._process.pid


def cleans(scenarios: Iterable[Scenario], bays: Bays) -> dict[str, Clean]:
    """Every scenario without a failure, by name."""

    def recorded(scenario: Scenario) -> Clean:
        with bays.free() as bay:
            return bay.clean(bay.prepare(scenario))

    with ThreadPoolExecutor(bays.count) as pool:
        return {clean.beginning.scenario.name: clean for clean in pool.map(recorded, scenarios)}


def verdicts(points: Iterable[Point], clean: dict[str, Clean], bays: Bays) -> Iterator[Verdict]:
    """Run points, several at a time; verdicts come as they are ready."""

    def judged(point: Point) -> Verdict:
        with bays.free() as bay:
            return bay.run(point, clean[point.scenario])

    with ThreadPoolExecutor(bays.count) as pool:
        for done in as_completed([pool.submit(judged, point) for point in points]):
            yield done.result()


class Bays:
    """Places to run points; as many points run at a time."""

    def __init__(self, bays: list[Bay]) -> None:
        self.count = len(bays)
        self._free: queue.Queue[Bay] = queue.Queue()
        for bay in bays:
            self._free.put(bay)

    @contextmanager
    def free(self) -> Iterator[Bay]:
        """A place that nobody else uses for as long."""
        bay = self._free.get()
        try:
            yield bay
        finally:
            self._free.put(bay)


@contextmanager
def opened(folder: Path, count: int, *, lies: bool = False) -> Iterator[Bays]:
    """`count` places below a folder; with `lies` a proxy is before each emulator."""
    with ExitStack() as stack:
        clouds = [stack.enter_context(running(latency="instant")) for _ in range(count)]
        proxies = [stack.enter_context(lying(cloud.url)) if lies else None for cloud in clouds]
        places = [folder / f"bay {number}" for number in range(1, count + 1)]
        yield Bays([Bay(*place) for place in zip(places, clouds, proxies, strict=True)])
