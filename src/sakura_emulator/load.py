"""Load that is offered to servers: to one, to all with a prefix, or to an ELB, which spreads it over what it has UP.

A rule says from when on it holds and what it offers: `samples` with one value for each 5-minute mark, or a `trace` of
`[seconds after the start, value]` steps; the last value stays. For servers a value is the share of each core that is
busy; for an ELB it is a number of busy cores in all.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from sakura_emulator import power
from sakura_emulator.catalogue.plans import SERVER_PLANS
from sakura_emulator.clock import LAST, parse_stamp
from sakura_emulator.cloud import Cloud
from sakura_emulator.errors import ControlError
from sakura_emulator.store import Record
from sakura_emulator.values import number

STEP = 300
RULES_MAX = 1000
_GONE_MAX = 400
_NUMBER_MAX = 10**12  # seconds or cores: more is a mistake, and too much for the arithmetic in the end
_TARGETS = ("server", "prefix", "elb")
_OFFERS = ("value", "samples", "trace")

Rule = dict[str, Any]
Span = tuple[float, float]


# Rules


def rules(cloud: Cloud) -> list[Rule]:
    """All rules, oldest first."""
    found: list[Rule] = cloud.store.meta("loads", [])
    return found


def add(cloud: Cloud, body: Rule) -> Rule:
    """One more rule; the newest that fits a server wins."""
    unknown = sorted(body.keys() - {*_TARGETS, *_OFFERS, "since"})
    if unknown:
        raise ControlError(
            400, f"unknown key {', '.join(unknown)}; there are {', '.join((*_TARGETS, *_OFFERS, 'since'))}"
        )
    if len(body.keys() & set(_TARGETS)) != 1:
        raise ControlError(400, "give one of server (an ID), prefix (of names) or elb (an ID or a name)")
    if len(body.keys() & set(_OFFERS)) != 1:
        raise ControlError(400, "give one of value (a number), samples (a list of them) or trace (a list of steps)")
    rule = {"since": _since(cloud, body.get("since")), **_target(cloud, body), **_offer(body)}
    _store(cloud, [*rules(cloud), rule][-RULES_MAX:])
    return rule


def clear(cloud: Cloud) -> None:
    """No rules."""
    _store(cloud, [])


def _store(cloud: Cloud, wanted: list[Rule]) -> None:
    with cloud.store.transaction():
        cloud.store.set_meta("loads", wanted)


def _target(cloud: Cloud, body: Rule) -> Rule:
    if "prefix" in body:
        return {"prefix": str(body["prefix"])}
    if "server" in body:
        if not number(body["server"]):
            raise ControlError(400, f"server {body['server']!r} is not an ID")
        return {"server": number(body["server"])}
    wanted = str(body["elb"])
    for record in cloud.store.by("item", "class", "proxylb"):
        if wanted in (str(record.id), record["name"]):
            return {"elb": record["vip"]}  # what stays when a new plan gives the ELB a new ID
    raise ControlError(400, f"there is no ELB with the ID or the name {wanted!r}")


def _offer(body: Rule) -> Rule:
    if "trace" in body:
        trace = body["trace"]
        if not isinstance(trace, list) or not trace or not all(_is_step(step) for step in trace):
            raise ControlError(400, "trace is a list of [seconds, value] steps, both numbers from 0 on")
        if any(before[0] >= after[0] for before, after in pairwise(trace)):
            raise ControlError(400, "the seconds of a trace rise from step to step")
        return {"trace": trace}
    samples = body["samples"] if "samples" in body else [body["value"]]
    if (
        not isinstance(samples, list)
        or not samples
        or not all(sample is None or _is_number(sample) for sample in samples)
    ):
        raise ControlError(400, "a sample is a number from 0 on, or null for a mark without a value")
    return {"samples": samples}


def _is_step(step: Any) -> bool:
    return isinstance(step, list) and len(step) == 2 and all(_is_number(number) for number in step)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _NUMBER_MAX


def _since(cloud: Cloud, value: Any) -> float:
    """A time, or seconds relative to now; without it, now: a load does not rewrite history unless told so."""
    if value is None:
        return cloud.clock.now()
    moment: float | None
    if isinstance(value, int | float) and not isinstance(value, bool):
        moment = value if value > 10**8 else cloud.clock.now() + max(value, -LAST)
    else:
        moment = parse_stamp(str(value))
    if moment is None or not 0 <= moment < LAST:
        raise ControlError(400, f"since {value!r} is neither a time (RFC 3339) nor a number of seconds")
    return moment


# What a server has to do


def per_core(cloud: Cloud, server: Record, mark: int) -> tuple[bool, float | None]:
    """Whether a rule applies to this server at this mark, and the share of each core that is busy; null for a gap."""
    for rule in reversed(rules(cloud)):
        if mark < rule["since"]:
            continue
        if "elb" in rule:
            share = _spread(cloud, rule, server, mark)
            if share is not None:
                return True, share
        elif rule.get("server") in (None, server.id) and str(server["name"]).startswith(rule.get("prefix") or ""):
            return True, _mean(rule, mark)
    return False, None


def _sample(rule: Rule, mark: int) -> float | None:
    samples = rule["samples"]
    index = (mark - math.ceil(rule["since"] / STEP) * STEP) // STEP
    value: float | None = samples[min(index, len(samples) - 1)]
    return value


def _mean(rule: Rule, mark: int) -> float | None:
    """What a rule offers in the 5 minutes up to a mark, on average."""
    if "trace" not in rule:
        return _sample(rule, mark)
    begin = max(float(mark - STEP), rule["since"])
    return sum(_at(rule, (a + b) / 2) * (b - a) for a, b in pairwise(_cuts(rule, begin, mark))) / STEP


def _at(rule: Rule, moment: float) -> float:
    """The value of a trace at a moment; nothing before its first step."""
    value = 0.0
    for seconds, offered in rule["trace"]:
        if rule["since"] + seconds > moment:
            break
        value = float(offered)
    return value


def _cuts(rule: Rule, begin: float, end: float, *others: float) -> list[float]:
    """Both ends, and between them every moment at which something changes."""
    steps = (rule["since"] + seconds for seconds, _ in rule.get("trace", []))
    return sorted({begin, end, *(moment for moment in (*steps, *others) if begin < moment < end)})


# What an ELB spreads


def _address(interface: Record) -> str:
    """The shared segment's, or what the user gave it on a switch."""
    return str(interface["ip"] or interface["user_ip"] or "")


def _spread(cloud: Cloud, rule: Rule, server: Record, mark: int) -> float | None:
    """This server's share, per core, of what its ELB was offered; None if it was not in the ELB at all."""
    elb = next((item for item in cloud.store.by("item", "class", "proxylb") if item["vip"] == rule["elb"]), None)
    own = {_address(interface) for interface in cloud.store.by("interface", "server", server.id)} - {""}
    entries = _enabled(elb, float(mark)) if elb else {}
    if not any(begin < mark and end > mark - STEP for address in own for begin, end in entries.get(address, [])):
        return None
    serving = {address: _serving(cloud, address, spans) for address, spans in entries.items()}
    begin, end = max(float(mark - STEP), rule["since"]), float(mark)
    ends = [moment for _, spans in serving.values() for span in spans for moment in span]
    busy = 0.0
    for a, b in pairwise(_cuts(rule, begin, end, *ends)):
        middle = (a + b) / 2
        at_work = {
            address: cores
            for address, (cores, spans) in serving.items()
            if any(first <= middle < last for first, last in spans)
        }
        if own & at_work.keys():
            offered = _at(rule, middle) if "trace" in rule else _sample(rule, mark) or 0.0
            busy += min(1.0, offered / sum(at_work.values())) * (b - a)
    return round(busy / STEP, 6)


def _enabled(elb: Record, until: float) -> dict[str, list[Span]]:
    """For each address, when the ELB had an enabled entry of it."""
    spans: dict[str, list[Span]] = {}
    history = [(float(at), addresses) for at, addresses in elb.get("history", [])]
    for (begin, addresses), (end, _) in pairwise([*history, (math.inf, [])]):
        for address in addresses:
            known = spans.setdefault(address, [])
            if known and known[-1][1] == begin:
                known[-1] = (known[-1][0], end)
            elif begin < until:
                known.append((begin, end))
    return spans


def _serving(cloud: Cloud, address: str, enabled: list[Span]) -> tuple[int, list[Span]]:
    """The cores behind an address, and when the ELB called them UP and sent them requests."""
    found = _machine(cloud, address)
    if found is None:
        return 0, []
    cores, events = found
    health = cloud.settings.health_seconds
    up: list[Span] = []
    for (begin, status), (end, _) in pairwise([*events, (math.inf, "")]):
        if status == "up" and up and up[-1][1] == begin:
            up[-1] = (up[-1][0], end)
        elif status == "up":
            up.append((begin, end))
    spans = [(max(a, c) + health, min(b, d)) for a, b in enabled for c, d in up]
    return cores, [(begin, end) for begin, end in spans if begin < end]


def _machine(cloud: Cloud, address: str) -> tuple[int, list[tuple[float, str]]] | None:
    """Cores and power of the server that has the address, or had it: a deleted server's past stays as it was."""
    server = cloud.server_at(address)
    if server is not None:
        return int(SERVER_PLANS[server["plan"]]["CPU"]), _with_failures(cloud, server)
    for machine in cloud.store.meta("gone", []):
        if machine["address"] == address:
            return int(machine["cores"]), [(float(at), str(status)) for at, status in machine["power"]]
    return None


def set_unhealthy(cloud: Cloud, servers: list[int]) -> None:
    """Which servers fail the ELBs' health checks from now on, whatever their power; they get no load."""
    history = [*cloud.store.meta("unhealthy_since", []), [cloud.clock.now(), servers]]
    with cloud.store.transaction():
        cloud.store.set_meta("unhealthy", servers)
        cloud.store.set_meta("unhealthy_since", history[-_GONE_MAX:])


def _with_failures(cloud: Cloud, server: Record) -> list[tuple[float, str]]:
    """A server's power, where it counts as `down` while it fails its health checks."""
    marks = [(float(at), server.id in servers) for at, servers in cloud.store.meta("unhealthy_since", [])]
    if not any(failing for _, failing in marks):
        return power.events(server)
    status, failing, events = "down", False, []
    changes = [*((at, (word, None)) for at, word in power.events(server)), *((at, (None, bad)) for at, bad in marks)]
    for at, (word, bad) in sorted(changes, key=lambda change: change[0]):
        status, failing = word or status, failing if bad is None else bad
        events.append((at, "down" if failing else status))
    return events


def remember(cloud: Cloud, server: Record, now: float) -> None:
    """Keep of a server that is being deleted what the graphs of the others depend on."""
    if not any("elb" in rule for rule in rules(cloud)):
        return
    cores = int(SERVER_PLANS[server["plan"]]["CPU"])
    events = [*_with_failures(cloud, server), (now, "down")]
    gone = [
        {"address": _address(interface), "cores": cores, "power": [list(event) for event in events]}
        for interface in cloud.store.by("interface", "server", server.id)
        if _address(interface)
    ]
    cloud.store.set_meta("gone", [*cloud.store.meta("gone", []), *gone][-_GONE_MAX:])
