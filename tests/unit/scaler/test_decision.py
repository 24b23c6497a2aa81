"""The decision: the seed's rule row for row, every edge of it, and what must hold whatever the load does."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sakura_fleet.model.scaling import Cooldown, ScalingArgs
from sakura_fleet.model.server.group import ServerGroupArgs
from sakura_fleet.scaler.decision import Decision, decide
from sakura_fleet.scaler.memory import ScalingMemory, SizeJob
from sakura_fleet.scaler.reasons import Action, Reason, Wanted
from sakura_fleet.scaler.rounding import half_away
from sakura_fleet.scaler.situation import GroupSettings, Situation
from sakura_fleet.scaler.sizes import after_down, after_up
from sakura_fleet.scaler.usage import CpuPoint, ServerUsage, Usage
from tests.unit.scaler.situations import NOW, STAMP, after, decided, declared, server, usage

TABLE = Path(__file__).resolve().parents[2] / "data" / "seed_rule.csv"


def table() -> list[dict[str, str]]:
    lines = [line for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def measured(words: str) -> Usage | None:
    """One row's servers."""
    if words == "error":
        return None
    servers = []
    for number, word in enumerate(words.split(), start=1):
        cpu_time, _, cores = word.partition("/")
        points = () if cpu_time == "-" else (CpuPoint(STAMP, float(cpu_time)),)
        servers.append(ServerUsage(name=f"s{number}", zone="tk1b", cores=int(cores), points=points))
    return Usage(tuple(servers))


# The seed's rule


def test_the_table_is_whole() -> None:
    rows = table()
    assert len(rows) >= 200
    assert {row["action"] for row in rows} == {"up", "down", "keep", "none"}
    printed = {int(row["printed"]) for row in rows if row["printed"]}
    assert set(range(102)) <= printed


def test_every_row_of_the_table_is_decided_as_the_script_did() -> None:
    differences = []
    for row in table():
        decision = decide(Situation(declared(3), ScalingMemory(written_size=3), measured(row["servers"]), NOW))
        action = {"up": Action.UP, "down": Action.DOWN}.get(row["action"], Action.NONE)
        rounded = str(half_away(decision.metric.avg or 0.0)) if row["action"] != "none" else ""
        found = (decision.wanted.value or "none", rounded, decision.action)
        if found != (row["action"], row["printed"], action):
            differences.append((row, found))
    assert differences == []


@pytest.mark.parametrize("size", range(9))
@pytest.mark.parametrize(("min_size", "max_size"), [(2, 5), (1, 5), (2, 2), (3, 7)])
def test_sizes_are_the_incumbents(size: int, min_size: int, max_size: int) -> None:
    group = ServerGroupArgs(name="web", zones=("is1b",), size=size, min_size=min_size, max_size=max_size)
    limits = {"min_size": min_size, "max_size": max_size}
    if size:
        assert decided(size, 60.0, **limits).recommended == after_up(group, size).size
        assert decided(size, 10.0, **limits).recommended == after_down(group, size).size
    kept = decided(size, 30.0, **limits).recommended
    assert kept == (min_size if size < min_size else size)


@pytest.mark.parametrize(
    ("percent", "wanted"),
    [(50.4, "keep"), (50.5, "up"), (20.0, "keep"), (19.5, "keep"), (19.4, "down"), (1.5, "down"),
     (1.4, "keep"), (0.0, "keep")],
)  # fmt: skip
def test_edges(percent: float, wanted: str) -> None:
    assert decided(3, percent).wanted == wanted


def test_other_thresholds_and_steps() -> None:
    assert decided(3, 65.0, up=70).wanted is Wanted.KEEP
    assert decided(2, 90.0, step=2).size == 4
    assert decided(4, 90.0, step=2).size == 5
    assert decided(5, 5.0, step=2).size == 3
    assert decided(3, 5.0, step=2).size == 2
    assert decided(3, 5.0, down=0).wanted is Wanted.KEEP
    assert decided(3, 0.6, idle=0, down=5).wanted is Wanted.DOWN


# Edge cases of the specification


@pytest.mark.parametrize(("min_size", "expected"), [(2, 2), (1, 1), (0, 1)])
@pytest.mark.parametrize("samples", [Usage(whole=True), Usage(), None, usage(3.0, 90.0, whole=False)])
def test_no_servers_are_made_at_least_one_without_a_metric(min_size: int, expected: int, samples: Usage | None) -> None:
    decision = decide(Situation(declared(0, min_size=min_size), ScalingMemory(), samples, NOW))
    assert (decision.action, decision.size, decision.reason) == (Action.UP, expected, Reason.NO_SERVERS)
    assert decision.message == f"New size: {expected}; reason: no servers"


def test_scaling_by_load_ends_at_one_server() -> None:
    decision = decided(1, 5.0, min_size=0)
    assert (decision.action, decision.reason) == (Action.NONE, Reason.AT_MINIMUM)


def test_max_size_0_switches_scaling_off() -> None:
    decision = decide(Situation(declared(0, min_size=0, max_size=0), ScalingMemory(), Usage(whole=True), NOW))
    assert (decision.action, decision.reason) == (Action.NONE, Reason.SCALING_DISABLED)
    assert decision.condition("ScalingActive").reason == "ScalingDisabled"


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (usage(None, None, None), Reason.NO_SAMPLES),
        (usage(90.0, 90.0, 90.0, stamp=NOW - timedelta(seconds=901)), Reason.STALE_SAMPLES),
        (usage(5.0, 5.0, 5.0, stamp=NOW - timedelta(seconds=901)), Reason.STALE_SAMPLES),
        (usage(1.4, 0.2, 0.9), Reason.IDLE_OR_UNKNOWN),
        (None, Reason.METRICS_UNAVAILABLE),
        (Usage(), Reason.NO_SERVERS),
    ],
    ids=str,
)
def test_unknown_keeps_the_size_and_counts(samples: Usage | None, reason: Reason) -> None:
    memory, statuses = ScalingMemory(written_size=3), []
    for tick in range(4):
        decision = decide(
            Situation(declared(3), memory, samples, after(120 * tick) if reason is not Reason.STALE_SAMPLES else NOW)
        )
        assert (decision.action, decision.size, decision.reason) == (Action.NONE, 3, reason)
        statuses.append(decision.condition("ScalingActive").status)
        memory = decision.memory
    assert statuses == ["Unknown", "Unknown", "False", "False"]
    decision = decide(Situation(declared(3), memory, usage(30.0, 30.0, 30.0), NOW))
    assert decision.condition("ScalingActive").status == "True"
    assert decision.memory.unknown_ticks == 0


def test_a_sample_at_the_age_limit_still_counts() -> None:
    assert decided(3, 90.0, now=STAMP + timedelta(seconds=900)).action is Action.UP
    assert decided(3, 90.0, now=STAMP + timedelta(seconds=901)).action is Action.NONE


def test_the_age_is_also_counted_by_the_clouds_clock() -> None:
    ahead = replace(usage(90.0, 90.0, 90.0), clock=STAMP + timedelta(hours=1))
    assert decide(Situation(declared(3), ScalingMemory(), ahead, NOW)).reason is Reason.STALE_SAMPLES
    future = usage(90.0, 90.0, 90.0, stamp=NOW + timedelta(days=3))
    assert (
        decide(Situation(declared(3), ScalingMemory(), replace(future, clock=NOW + timedelta(days=3)), NOW)).action
        is Action.UP
    )


def test_the_same_stamp_is_judged_again_and_the_cooldown_protects() -> None:
    first = decided(3, 60.0)
    assert (first.action, first.size) == (Action.UP, 4)
    assert decided(3, 60.0) == first
    memory = first.memory.succeeded(action="up", before=3, after=4, now=after(216))
    second = decide(Situation(declared(4), memory, usage(60.0, 60.0, 60.0, None), after(240)))
    assert (second.action, second.wanted, second.reason) == (Action.NONE, Wanted.UP, Reason.COOLDOWN_UP)
    assert (second.recommended, second.wait) == (5, 516)


def test_servers_without_samples_are_left_out() -> None:
    decision = decided(3, 60.0, 60.0, None)
    assert (decision.action, decision.metric.counted, decision.metric.left_out) == (Action.UP, 2, 1)
    low = decided(2, 35.0, None)
    assert low.wanted is Wanted.KEEP, "sacloud-cpu-usage v0.1 saw 17.5 % here, and scaled in just after a scale-out"


def test_a_server_whose_samples_have_stopped_is_left_out() -> None:
    servers = (server(90.0, 1), server(0.0, 2, stamp=NOW - timedelta(hours=1)))
    decision = decide(Situation(declared(2), ScalingMemory(), Usage(servers), NOW))
    assert (decision.metric.avg, decision.metric.left_out) == (90.0, 1)


def test_a_booting_server_is_counted_in_the_size_but_not_in_the_mean() -> None:
    servers = (server(60.0, 1), server(60.0, 2), server(5.0, 3, booting=True))
    decision = decide(Situation(declared(3), ScalingMemory(), Usage(servers, whole=True), NOW))
    assert (decision.action, decision.size, decision.metric.avg) == (Action.UP, 4, 60.0)
    assert decision.condition("Progressing").reason == "ServersBooting"


def test_no_scale_in_while_a_server_boots() -> None:
    servers = (server(5.0, 1), server(5.0, 2), server(None, 3, booting=True, is_on=False))
    memory = ScalingMemory(written_size=3)
    decision = decide(Situation(declared(3), memory, Usage(servers, whole=True), NOW))
    assert (decision.action, decision.wanted, decision.reason) == (Action.NONE, Wanted.DOWN, Reason.SERVERS_BOOTING)
    assert decision.condition("AbleToScale").reason == "ScaleDownStabilized"
    assert decision.heal == ()


def test_one_busy_server_among_idle_ones_is_imbalanced_and_the_mean_decides() -> None:
    decision = decided(5, 100.0, 20.0, 20.0, 20.0, 20.0)
    assert (decision.action, decision.metric.rounded) == (Action.NONE, 36)
    assert decision.condition("Imbalanced").status == "True"
    assert decided(5, 60.0, 20.0, 20.0, 20.0, 20.0).condition("Imbalanced").status == "False", (
        "40 points are not more than 40"
    )
    assert decided(2, 100.0, 20.0).condition("Imbalanced").status == "True"
    assert decided(1, 100.0, min_size=1).condition("Imbalanced").status == "False"


def test_one_dead_server_is_to_be_mended_at_the_same_size() -> None:
    servers = (server(30.0, 1), server(None, 2, is_on=False), server(30.0, 3))
    memory = ScalingMemory(written_size=3).cooling(NOW)
    first = decide(Situation(declared(3), memory, Usage(servers, whole=True), NOW))
    assert (first.action, first.heal) == (Action.NONE, ()), "one sample may be wrong"
    assert first.condition("Degraded").reason == "ServersUnhealthy"
    assert "to be mended now, after 2 ticks in a row: none" in first.explain()
    decision = decide(Situation(declared(3), first.memory, Usage(servers, whole=True), after(120)))
    assert (decision.action, decision.size, decision.heal) == (Action.NONE, 3, ("web-002",))
    assert "to be mended now, after 2 ticks in a row: web-002" in decision.explain()
    left_alone = decide(Situation(declared(3, heal=False), memory, Usage(servers, whole=True), NOW))
    assert (left_alone.action, left_alone.heal) == (Action.NONE, ())
    assert "heal is off" in left_alone.explain()


@pytest.mark.parametrize(("count", "failed", "healed"), [(2, 1, 1), (5, 2, 1), (20, 8, 2), (30, 9, 3), (19, 8, 1)])
def test_at_most_a_tenth_is_replaced_at_once(count: int, failed: int, healed: int) -> None:
    servers = tuple(server(30.0, number, healthy=number > failed) for number in range(1, count + 1))
    limits = declared(count, max_size=50, unhealthy_threshold=1)
    decision = decide(Situation(limits, ScalingMemory(), Usage(servers, whole=True), NOW))
    assert decision.heal == tuple(f"web-{number:03}" for number in range(1, healed + 1))


@pytest.mark.parametrize(("count", "failed"), [(1, 1), (3, 2), (3, 3), (20, 10), (11, 5)])
def test_the_brake_stops_healing_and_scale_in_but_not_scale_out(count: int, failed: int) -> None:
    def servers(percent: float) -> Usage:
        some = [server(percent, number, healthy=number > failed) for number in range(1, count + 1)]
        return Usage(tuple(some), whole=True)

    limits = declared(count, min_size=0, max_size=50, unhealthy_threshold=1)
    memory = ScalingMemory(written_size=count)
    low = decide(Situation(limits, memory, servers(5.0), NOW))
    assert (low.action, low.heal) == (Action.NONE, ())
    assert low.condition("Degraded").reason == "TooManyUnhealthy"
    if count > 1:
        assert (low.wanted, low.reason) == (Wanted.DOWN, Reason.TOO_MANY_UNHEALTHY)
    high = decide(Situation(limits, memory, servers(90.0), NOW))
    assert (high.action, high.size, high.heal) == (Action.UP, count + 1, ())


def test_just_under_the_brake() -> None:
    servers = tuple(server(5.0, number, healthy=number > 9) for number in range(1, 21))
    situation = Situation(declared(20, max_size=50), ScalingMemory(written_size=20), Usage(servers, whole=True), NOW)
    assert decide(situation).action is Action.DOWN


def test_an_unknown_health_is_no_death() -> None:
    assert decided(3, 30.0).heal == ()
    assert decided(3, 30.0).condition("Degraded").status == "False"


def test_at_the_largest_size() -> None:
    decision = decided(5, 90.0)
    assert (decision.action, decision.size, decision.reason) == (Action.NONE, 5, Reason.AT_MAXIMUM)
    assert decision.condition("ScalingLimited").reason == "TooManyReplicas"


def test_at_the_smallest_size() -> None:
    decision = decided(2, 5.0)
    assert (decision.action, decision.size, decision.reason) == (Action.NONE, 2, Reason.AT_MINIMUM)
    assert decision.condition("ScalingLimited").reason == "TooFewReplicas"


def test_within_the_limits() -> None:
    assert decided(3, 90.0).condition("ScalingLimited").reason == "DesiredWithinRange"
    assert decided(4, 90.0, step=2).condition("ScalingLimited").reason == "TooManyReplicas"
    assert decided(3, 5.0, step=2).condition("ScalingLimited").reason == "TooFewReplicas"


@pytest.mark.parametrize(
    ("size", "percent", "enforce", "action", "to", "reason"),
    [
        (1, 30.0, False, "up", 2, Reason.BELOW_MINIMUM),
        (1, 90.0, False, "up", 2, Reason.BELOW_MINIMUM),
        (1, 5.0, False, "none", 1, Reason.BELOW_MINIMUM),
        (1, 5.0, True, "up", 2, Reason.BELOW_MINIMUM),
        (7, 30.0, False, "none", 7, Reason.ABOVE_MAXIMUM),
        (7, 90.0, False, "none", 7, Reason.ABOVE_MAXIMUM),
        (7, 5.0, False, "down", 5, Reason.ABOVE_MAXIMUM),
        (7, 30.0, True, "down", 5, Reason.ABOVE_MAXIMUM),
        (7, 90.0, True, "down", 5, Reason.ABOVE_MAXIMUM),
    ],
)
def test_a_size_outside_the_limits(
    size: int, percent: float, enforce: bool, action: str, to: int, reason: Reason
) -> None:
    decision = decided(size, percent, enforce=enforce)
    assert (decision.action, decision.size, decision.reason) == (action, to, reason)


def test_without_metrics_only_enforce_acts() -> None:
    assert decide(Situation(declared(1), ScalingMemory(), None, NOW)).action is Action.NONE
    assert decide(Situation(declared(1, enforce=True), ScalingMemory(), None, NOW)).size == 2


# Cooldown


@pytest.mark.parametrize(
    ("percent", "wanted", "reason"), [(90.0, 4, Reason.COOLDOWN_UP), (5.0, 2, Reason.COOLDOWN_DOWN)]
)
@pytest.mark.parametrize("last", ["up", "down"])
def test_the_cooldown_holds_in_both_directions(percent: float, wanted: int, reason: Reason, last: str) -> None:
    before = 2 if last == "up" else 4
    memory = ScalingMemory().succeeded(action=last, before=before, after=3, now=NOW)
    held = decided(3, percent, memory=memory, now=after(539.2))
    assert (held.action, held.reason, held.recommended, held.wait) == (Action.NONE, reason, wanted, 1)
    assert held.condition("AbleToScale").status == "False"
    assert decided(3, percent, memory=memory, now=after(540)).size == wanted


def test_each_direction_has_its_own_time() -> None:
    scaling = ScalingArgs()
    memory = replace(ScalingMemory(written_size=3), changed_up_at=after(-540), changed_down_at=after(-1))
    assert decided(3, 90.0, memory=memory).action is Action.UP
    assert decided(3, 5.0, memory=memory).reason is Reason.COOLDOWN_DOWN
    assert scaling.cooldown.up == scaling.cooldown.down


@pytest.mark.parametrize("percent", [30.0, 0.0, None])
def test_nothing_to_do_does_not_end_the_cooldown(percent: float | None) -> None:
    memory = ScalingMemory().succeeded(action="up", before=2, after=3, now=NOW)
    memory = decided(3, percent, memory=memory, now=after(100)).memory
    memory = decided(5, 90.0, memory=replace(memory, written_size=5), now=after(200)).memory
    assert decided(3, 5.0, memory=replace(memory, written_size=3), now=after(300)).reason is Reason.COOLDOWN_DOWN


def test_a_failure_does_not_end_the_cooldown() -> None:
    scaling = ScalingArgs()
    memory = ScalingMemory().succeeded(action="up", before=2, after=3, now=NOW)
    memory = memory.failed(scaling, action="converge", before=3, after=3, now=after(10))
    memory = memory.succeeded(action="converge", before=3, after=3, now=after(320))
    assert memory.failures == 0
    assert decided(3, 5.0, memory=memory, now=after(400)).reason is Reason.COOLDOWN_DOWN


def test_a_replacement_starts_no_cooldown() -> None:
    memory = ScalingMemory(written_size=3).succeeded(action="converge", before=3, after=3, now=NOW)
    assert decided(3, 90.0, memory=memory).action is Action.UP


def test_bootstrap_waits_for_the_cooldown_too() -> None:
    memory = ScalingMemory(written_size=0).cooling(NOW)
    decision = decide(Situation(declared(0), memory, Usage(whole=True), after(60)))
    assert (decision.action, decision.reason, decision.wait) == (Action.NONE, Reason.COOLDOWN_UP, 480)


@pytest.mark.parametrize(("seconds", "action"), [(60, Action.UP), (540, Action.NONE), (3_600, Action.NONE)])
def test_the_cooldown_of_the_file_counts_and_not_that_of_the_change(seconds: int, action: Action) -> None:
    memory = ScalingMemory(written_size=3).succeeded(action="up", before=2, after=3, now=NOW)
    assert decided(3, 90.0, memory=memory, now=after(100), cooldown=Cooldown(up=seconds)).action is action


def test_the_size_that_a_persons_job_declared_is_not_somebody_elses() -> None:
    seen, memory = usage(*[90.0] * 4), ScalingMemory(written_size=2)
    held = decide(Situation(declared(4), memory, seen, NOW, last_job=SizeJob(4, after(-40))))
    assert (held.reason, held.wait) == (Reason.COOLDOWN_UP, 500)
    edited = decide(Situation(declared(4), memory, seen, NOW, last_job=SizeJob(3, after(-40))))
    assert edited.reason is Reason.SIZE_CHANGED


# Failures


def test_after_a_failure_the_declared_size_is_tried_again_later_and_later() -> None:
    scaling, memory, now = ScalingArgs(), ScalingMemory(written_size=3), NOW
    for wait in (300, 600, 1200, 1800, 1800):
        memory = memory.failed(scaling, action="up", before=3, after=4, now=now)
        held = decided(4, 5.0, memory=memory, now=now + timedelta(seconds=wait - 1))
        assert (held.action, held.reason, held.wait) == (Action.NONE, Reason.BACKOFF, 1)
        assert held.condition("AbleToScale").reason == "FailedUpdateScale"
        now += timedelta(seconds=wait)
        again = decided(4, 5.0, memory=memory, now=now)
        assert (again.action, again.size, again.reason) == (Action.CONVERGE, 4, Reason.RETRY), "no scale-in before that"
    memory = memory.succeeded(action="converge", before=4, after=4, now=now)
    assert (memory.failures, memory.retry_at) == (0, None)
    late = decide(Situation(declared(4), memory, usage(5.0, 5.0, 5.0, 5.0, stamp=now), now))
    assert late.reason is Reason.COOLDOWN_DOWN, "the change has only now ended"


def test_a_change_that_was_never_declared_leaves_the_size() -> None:
    memory = ScalingMemory(written_size=3).failed(ScalingArgs(), action="up", before=3, after=3, now=NOW)
    assert decided(3, 30.0, memory=memory, now=after(300)).reason is Reason.RETRY


# A size that somebody else changed


@pytest.mark.parametrize("percent", [90.0, 5.0, 30.0])
@pytest.mark.parametrize("size", [2, 4, 7, 1, 0])
def test_a_size_changed_by_a_person_is_taken_over_and_left_alone(percent: float, size: int) -> None:
    decision = decide(Situation(declared(size), ScalingMemory(written_size=3), usage(*[percent] * size), NOW))
    assert (decision.action, decision.size, decision.reason) == (Action.NONE, size, Reason.SIZE_CHANGED)
    assert decision.condition("AbleToScale").reason == "BackoffBoth"
    assert decision.memory.written_size == size
    assert decision.memory.changed_up_at == decision.memory.changed_down_at == NOW


def test_the_first_look_takes_the_size_as_it_is() -> None:
    decision = decide(Situation(declared(3), ScalingMemory(), usage(90.0, 90.0, 90.0), NOW))
    assert (decision.action, decision.memory.written_size) == (Action.UP, 3)
    assert decision.memory.changed_up_at is None


def test_our_own_size_is_not_a_persons() -> None:
    memory = ScalingMemory(written_size=3).declared(4, NOW)
    assert decided(4, 30.0, memory=memory).reason is Reason.WITHIN_BAND


# Other numbers in the cloud than declared


@pytest.mark.parametrize("percents", [(30.0, 30.0), (5.0, 5.0), (), (30.0,) * 4, (None, None)])
def test_missing_or_surplus_servers_are_put_right_first(percents: tuple[float | None, ...]) -> None:
    decision = decide(Situation(declared(3), ScalingMemory(written_size=3), usage(*percents), NOW))
    assert (decision.action, decision.size, decision.reason) == (Action.CONVERGE, 3, Reason.SERVERS_DIFFER)
    assert decision.condition("Progressing").reason == "ServersDiffer"


def test_they_are_put_right_in_a_cooldown_too() -> None:
    memory = ScalingMemory(written_size=3).cooling(NOW)
    for percent in (90.0, 5.0, 30.0):
        decision = decide(Situation(declared(3), memory, usage(percent, percent), NOW))
        assert (decision.action, decision.size) == (Action.CONVERGE, 3)
    assert decision.condition("AbleToScale").status == "True"


def test_a_scale_out_makes_the_missing_ones_as_well() -> None:
    decision = decide(Situation(declared(3), ScalingMemory(written_size=3), usage(90.0, 90.0), NOW))
    assert (decision.action, decision.size) == (Action.UP, 4)


def test_servers_found_by_name_are_not_counted_against_the_size() -> None:
    decision = decide(Situation(declared(3), ScalingMemory(written_size=3), usage(30.0, 30.0, whole=False), NOW))
    assert decision.action is Action.NONE


# More servers in the cloud than declared


@pytest.mark.parametrize(
    ("size", "there", "percent", "limits", "to"),
    [
        (3, 8, 90.0, {"max_size": 10}, 9),
        (3, 8, 90.0, {"max_size": 10, "step": 3}, 10),
        (3, 8, 90.0, {"max_size": 8}, 8),
        (0, 8, 30.0, {"max_size": 10}, 8),
        (0, 8, None, {"max_size": 10}, 8),
        (1, 8, 30.0, {"max_size": 10}, 8),
        (1, 8, 90.0, {"max_size": 10}, 9),
        (1, 8, 5.0, {"max_size": 10}, 8),
        (1, 8, 5.0, {"max_size": 10, "enforce": True}, 8),
    ],
)
def test_up_counts_from_the_servers_that_are_there(
    size: int, there: int, percent: float | None, limits: dict[str, Any], to: int
) -> None:
    decision = decided(size, *[percent] * there, **limits)
    assert (decision.action, decision.size) == (Action.UP, to)
    assert f"{there} servers are there, and none of them is removed" in decision.explain()
    unseen = decide(
        Situation(
            declared(size, **limits), ScalingMemory(written_size=size), usage(*[percent] * there, whole=False), NOW
        )
    )
    assert unseen.size < there, "what the declared size alone leads to"


@pytest.mark.parametrize(("size", "percent"), [(3, 90.0), (5, 90.0), (1, 30.0), (0, 30.0)])
@pytest.mark.parametrize("enforce", [True, False])
def test_none_is_removed_where_no_more_may_be_declared(size: int, percent: float, enforce: bool) -> None:
    decision = decided(size, *[percent] * 8, enforce=enforce)
    assert (decision.action, decision.size, decision.reason) == (Action.NONE, size, Reason.ABOVE_MAXIMUM)
    assert f"{size} declared, but 8 in the cloud" in decision.message
    low = decided(5, *[5.0] * 8)
    assert (low.action, low.reason) == (Action.CONVERGE, Reason.SERVERS_DIFFER), "a low load does not need them"


def test_a_cooldown_or_a_failed_run_removes_none_of_them() -> None:
    cooling = ScalingMemory(written_size=3).cooling(NOW)
    held = decided(3, *[90.0] * 8, memory=cooling, max_size=10)
    assert (held.action, held.reason) == (Action.NONE, Reason.COOLDOWN_UP)
    failed = ScalingMemory(written_size=3, failures=1, retry_at=NOW)
    retried = decided(3, *[90.0] * 8, memory=failed, max_size=10)
    assert (retried.action, retried.size) == (Action.UP, 9)
    assert decided(3, *[30.0] * 8, memory=failed, max_size=10).action is Action.CONVERGE


def test_a_member_that_is_being_replaced_counts_once() -> None:
    twins = tuple(server(90.0, number) for number in (1, 2, 3, 1, 2, 3))
    decision = decide(Situation(declared(3), ScalingMemory(written_size=3), Usage(twins, whole=True), NOW))
    assert (decision.action, decision.size) == (Action.UP, 4)


# A size outside the limits is no size for a run


@pytest.mark.parametrize(
    ("size", "there", "percent", "action", "to"),
    [
        (8, 5, 30.0, "down", 5),
        (8, 3, 90.0, "down", 5),
        (8, 8, 30.0, "none", 8),
        (8, 6, 30.0, "none", 8),
        (8, 8, 5.0, "down", 5),
        (1, 2, 5.0, "up", 2),
        (1, 3, 5.0, "up", 3),
        (1, 1, 5.0, "none", 1),
        (1, 0, None, "up", 2),
    ],
)
def test_it_is_brought_back_and_never_run(size: int, there: int, percent: float | None, action: str, to: int) -> None:
    for memory in (ScalingMemory(written_size=size), ScalingMemory(written_size=size, failures=3, retry_at=NOW)):
        decision = decided(size, *[percent] * there, memory=memory)
        assert (decision.action, decision.size) == (action, to)


def test_nothing_is_mended_at_it() -> None:
    servers = (server(30.0, 1), server(30.0, 2, healthy=False), *(server(30.0, number) for number in range(3, 9)))
    limits = {"max_size": 5, "unhealthy_threshold": 1}
    decision = decide(Situation(declared(8, **limits), ScalingMemory(written_size=8), Usage(servers, whole=True), NOW))
    assert (decision.action, decision.reason, decision.heal) == (Action.NONE, Reason.ABOVE_MAXIMUM, ())
    within = Situation(declared(8, max_size=8, unhealthy_threshold=1), ScalingMemory(), Usage(servers, whole=True), NOW)
    assert decide(within).heal == ("web-002",)


# A second look at an unhealthy server


def looked_at(*looks: bool | None, threshold: int = 2) -> Decision:
    """Decisions one after the other: the second of three servers is healthy or not; None for an API that is down."""
    memory, decision = ScalingMemory(written_size=3), None
    for tick, healthy in enumerate(looks):
        seen = Usage(tuple(server(30.0, n, healthy=healthy if n == 2 else True) for n in (1, 2, 3)), whole=True)
        limits = declared(3, unhealthy_threshold=threshold)
        decision = decide(Situation(limits, memory, None if healthy is None else seen, after(120 * tick)))
        memory = ScalingMemory.from_json(decision.memory.to_json())
    assert decision is not None
    return decision


@pytest.mark.parametrize(
    ("looks", "threshold", "heals"),
    [
        ((False,), 2, False),
        ((False, False), 2, True),
        ((False, True, False), 2, False),
        ((False, None, False), 2, True),
        ((False, None), 2, False),
        ((False, False), 3, False),
        ((False, False, False), 3, True),
        ((False,), 1, True),
    ],
)
def test_so_many_ticks_in_a_row_must_agree(looks: tuple[bool | None, ...], threshold: int, heals: bool) -> None:
    assert looked_at(*looks, threshold=threshold).heal == (("web-002",) if heals else ())


# A memory that is lost, or was written by a wrong clock


@pytest.mark.parametrize(
    ("age", "action"), [(30, Action.NONE), (539, Action.NONE), (540, Action.UP), (9_999, Action.UP)]
)
def test_a_lost_memory_buys_no_server_in_the_cooldown_of_the_last_one(age: float, action: Action) -> None:
    seen = Usage((server(90.0, 1, changed_at=after(-9_999)), server(90.0, 2, changed_at=after(-age))), whole=True)
    decision = decide(Situation(declared(2), ScalingMemory(), seen, NOW))
    assert decision.action is action
    if action is Action.NONE:
        assert (decision.reason, decision.wait) == (Reason.COOLDOWN_UP, 540 - age)
        assert "nothing is remembered of an earlier tick" in decision.explain()
        assert decide(Situation(declared(2), decision.memory, seen, after(540 - age))).action is Action.UP
    remembered = decide(Situation(declared(2), ScalingMemory(written_size=2), seen, NOW))
    assert remembered.action is Action.UP, "a memory knows better: a server that was mended begins no cooldown"


def test_a_lost_memory_removes_no_server_before_a_cooldown() -> None:
    first = decided(3, 5.0, memory=ScalingMemory())
    assert (first.action, first.reason, first.wait) == (Action.NONE, Reason.COOLDOWN_DOWN, 540)
    assert decided(3, 5.0, memory=first.memory, now=after(539)).action is Action.NONE
    assert decided(3, 5.0, memory=first.memory, now=after(540)).action is Action.DOWN


def test_while_the_servers_cannot_be_seen_the_memory_does_not_begin() -> None:
    unseen = decide(Situation(declared(2), ScalingMemory(), None, NOW))
    assert unseen.memory.written_size is None


def test_a_change_in_the_future_counts_as_now() -> None:
    seen = Usage((server(90.0, 1), server(90.0, 2, changed_at=after(86_400))), whole=True)
    decision = decide(Situation(declared(2), ScalingMemory(), seen, NOW))
    assert (decision.reason, decision.wait) == (Reason.COOLDOWN_UP, 540)


def test_one_tick_by_a_clock_a_month_ahead_holds_nothing_up_for_longer_than_a_cooldown() -> None:
    ahead = NOW + timedelta(days=30)
    wrong = decide(Situation(declared(4), ScalingMemory(written_size=3), usage(30.0, 30.0, 30.0, 30.0), ahead))
    assert wrong.reason is Reason.SIZE_CHANGED
    assert wrong.memory.changed_up_at == ahead
    right = decided(4, 90.0, memory=wrong.memory, now=NOW)
    assert (right.reason, right.wait) == (Reason.COOLDOWN_UP, 540)
    assert decided(4, 90.0, memory=right.memory, now=after(540)).action is Action.UP
    failed = ScalingMemory(written_size=3).failed(ScalingArgs(), action="up", before=3, after=3, now=ahead)
    assert decided(3, 90.0, memory=failed).wait == 300


def test_nothing_is_done_without_a_memory_that_can_be_read_and_kept() -> None:
    for seen in (usage(90.0, 90.0, 90.0), usage(90.0), usage(5.0, 5.0, 5.0)):
        decision = decide(Situation(declared(3), ScalingMemory(), seen, NOW, "it is damaged"))
        assert (decision.action, decision.reason) == (Action.NONE, Reason.MEMORY_UNAVAILABLE)
        assert decision.message == "nothing is done: it is damaged"
        able = decision.condition("AbleToScale")
        assert (able.status, able.reason) == ("False", "FailedGetMemory")
    dead = Usage((server(30.0, 1), server(30.0, 2), server(None, 3, is_on=False)), whole=True)
    sick = Situation(declared(3, unhealthy_threshold=1), ScalingMemory(written_size=3), dead, NOW)
    assert decide(sick).heal == ("web-003",)
    assert decide(replace(sick, memory_trouble="it is damaged")).heal == ()


# Explanations and documents


def test_explain_tells_every_step() -> None:
    text = decided(3, 60.0).explain()
    assert [line.partition(":")[0] for line in text.splitlines()[:-1]] == [
        "1. size", "2. metric", "3. rule", "4. limits", "5. gates",
    ]  # fmt: skip
    assert "cpu 60.00 % on average over 3 servers, rounded 60 %" in text
    assert "60 is over up 50: up" in text
    assert text.endswith("=> up, size 4: New size: 4; reason: cpu above target [CpuAboveUp]")


def test_the_document_is_json() -> None:
    document = decided(3, 60.0).to_json()
    assert document["metric"] == {
        "avg": 60.0, "rounded": 60, "min": 60.0, "max": 60.0, "stamp": "2021-09-27T00:55:00+00:00", "servers": 3,
        "left_out": 0,
    }  # fmt: skip
    assert {condition["type"] for condition in document["conditions"]} == {
        "AbleToScale", "ScalingActive", "ScalingLimited", "Progressing", "Degraded", "Imbalanced",
    }  # fmt: skip
    assert (document["size"], document["action"], document["reason"]) == (4, "up", "CpuAboveUp")


def test_settings_from_a_stack() -> None:
    group = ServerGroupArgs(name="web", zones=("is1b",), size=3, min_size=2, max_size=5)
    assert GroupSettings.of(group, ScalingArgs(up=70)) == declared(3, up=70)


# Whatever the load does

LOADS = st.one_of(st.none(), st.floats(0, 120))
TICKS = st.lists(st.tuples(st.integers(1, 900), LOADS, st.booleans()), min_size=1, max_size=60)
SETTINGS = st.fixed_dictionaries({"step": st.integers(1, 3), "enforce": st.booleans()})


def run(
    ticks: list[tuple[int, float | None, bool]], size: int, min_size: int, max_size: int, extra: dict[str, Any]
) -> list[tuple[datetime, Decision, bool]]:
    """A loop as the autoscaler runs it: what was decided when, and whether it succeeded."""
    memory, now, found = ScalingMemory(), NOW, []
    for gap, load, succeeds in ticks:
        now += timedelta(seconds=gap)
        limits = declared(size, min_size=min_size, max_size=max_size, **extra)
        seen = usage(*[load] * size, stamp=now - timedelta(seconds=60))
        decision = decide(Situation(limits, memory, seen, now))
        assert decide(Situation(limits, memory, seen, now)) == decision
        assert ScalingMemory.from_json(decision.memory.to_json()) == decision.memory
        found.append((now, decision, succeeds))
        memory = decision.memory
        if decision.action is not Action.NONE:
            end = now + timedelta(seconds=200)
            done = memory.succeeded if succeeds else partial(memory.failed, limits.scaling)
            memory = done(action=decision.action, before=size, after=decision.size, now=end)
            size, now = decision.size, end
    return found


@given(TICKS, st.integers(0, 8), st.integers(0, 4), st.integers(0, 4), SETTINGS)
@settings(max_examples=150, deadline=None)
def test_what_always_holds(
    ticks: list[tuple[int, float | None, bool]], size: int, min_size: int, more: int, extra: dict[str, Any]
) -> None:
    max_size = min_size + more
    last: datetime | None = None
    for moment, decision, _ in run(ticks, size, min_size, max_size, extra):
        if decision.action in (Action.UP, Action.DOWN):
            assert min_size <= decision.size <= max_size
            assert last is None or moment - last >= timedelta(seconds=200 + 540), "two actions inside a cooldown"
            last = moment
            assert (decision.size > size) == (decision.action is Action.UP)
        else:
            assert decision.size == size
        if decision.metric.rounded is None and not extra["enforce"]:
            assert decision.action is not Action.DOWN, "nobody scales in without knowing the load"
        assert decision.size > 0 or max_size == 0 or decision.action is Action.NONE
        size = decision.size


@given(st.lists(st.floats(0, 120), min_size=3, max_size=3), st.integers(0, 2))
def test_more_load_never_leads_to_fewer_servers(percents: list[float], which: int) -> None:
    more = list(percents)
    more[which] += 10
    low, high = decided(3, *percents), decided(3, *more)
    if (high.metric.rounded or 0) > 1 and (low.metric.rounded or 0) > 1:
        assert high.size >= low.size
