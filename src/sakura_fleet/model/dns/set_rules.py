"""The rules that declared sets keep: each by itself, and all of them together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.lint import lint, set_path
from sakura_fleet.model.dns.merge import Record
from sakura_fleet.model.dns.names import MAX_RECORDS, relative_name
from sakura_fleet.model.dns.rdata import ADDRESS_TYPES, SVCB_TYPES, TYPES, Address, Target
from sakura_fleet.model.dns.record_set import RecordSet
from sakura_fleet.model.dns.rules import severity_of, with_way_out
from sakura_fleet.model.dns.svcb import Severity, check_svcb, check_svcb_set, keys
from sakura_fleet.model.dns.values import AddressOf, Pending, SvcbTemplate, Value, hints_of, svcb_of

SINGLE: Final = ("CNAME", "ALIAS")
_SRV_NAME: Final = re.compile(r"_[a-z0-9-]+\._[a-z0-9-]+(\..+)?")
_ELB_NAME: Final = re.compile(r"\.proxylb\d+\.sakura\.ne\.jp\.$")


def note(found: Sequence[Problem], declared: RecordSet, problems: list[Problem], warnings: list[Problem]) -> None:
    """Pass problems of a set on, each to where it belongs, but those that the set allows."""
    for problem in found:
        severity = severity_of(problem)
        if severity is Severity.HARMFUL and problem.rule in declared.allowed:
            continue
        noted = with_way_out(Problem(problem.path, problem.rule, f"{declared}: {problem.message}"))
        (warnings if severity is Severity.WARNING else problems).append(noted)


def check_sets(
    sets: Sequence[RecordSet],
    *,
    zone: str,
    path: str,
    problems: list[Problem],
    warnings: list[Problem],
    indexes: Sequence[int] | None = None,
) -> None:
    """What the sets break by themselves and together, before anybody has asked the zone.

    What is to be refused goes to `problems`, what is only to be known to `warnings`. The paths begin with `path[…]`;
    `indexes` are the places of the sets in the list that was written, where some of it is left out here.
    """
    paths = [f"{path}[{index}]" for index in (range(len(sets)) if indexes is None else indexes)]
    for own_path, declared in zip(paths, sets, strict=True):
        note(list(_alone(declared, zone, own_path)), declared, problems, warnings)
    problems += _twice(sets, paths)
    total = sum(len(declared.values) for declared in sets)
    if total > MAX_RECORDS:
        message = f"{total} records; a zone takes at most {MAX_RECORDS}"
        problems.append(Problem(path, "too-many-records", message))
    for index, found in _beside_each_other(sets, zone, paths):
        note(found, sets[index], problems, warnings)
    elbs = {declared.name for declared in sets if any(_is_elb(declared.type, value) for value in declared.values)}
    for own_path, declared in zip(paths, sets, strict=True):
        note(_http3_of_elb(declared, elbs, zone, own_path), declared, problems, warnings)


def _alone(declared: RecordSet, zone: str, path: str) -> Iterator[Problem]:
    name, kind, values = declared.name, declared.type, declared.values
    seen = set()
    for index, value in enumerate(values):
        yield from _of_value(kind, value, f"{path}.values[{index}]")
        if isinstance(value, Pending) or (isinstance(value, AddressOf) and not value.known):
            continue
        if value.identity in seen:
            yield Problem(f"{path}.values[{index}]", "duplicate-value", "the value is in the set twice")
        seen.add(value.identity)
    if kind in SINGLE and len(values) > 1:
        yield Problem(f"{path}.values", "single-value", f"{kind} has one value, not {len(values)}")
    if kind == "NS" and name == "@":
        message = "the zone's own name servers are set by the appliance; delegate names below it"
        yield Problem(path, "ns-apex", message)
    if kind == "SRV" and name and not _SRV_NAME.fullmatch(name):
        yield Problem(f"{path}.name", "srv-name", "SRV is at a name such as _sip._tcp")
    if kind in SVCB_TYPES:
        known = [svcb for svcb in map(svcb_of, values) if svcb is not None]
        yield from check_svcb_set(known, owner=name, zone=zone, https=kind == "HTTPS", path=path)


def _of_value(kind: str, value: Value, path: str) -> Iterator[Problem]:
    svcb = svcb_of(value)
    if svcb is None:
        return
    # A hint that follows its server is never stale, and that is the harm the rule warns of.
    hints = [*hints_of(value, keys.IPV4HINT), *hints_of(value, keys.IPV6HINT)]
    follows = isinstance(value, SvcbTemplate) and not any(isinstance(hint, Address) for hint in hints)
    for problem in check_svcb(svcb, path, https=kind == "HTTPS"):
        if not (follows and problem.rule == "svcb-hint-at-owner"):
            yield problem


def _twice(sets: Sequence[RecordSet], paths: Sequence[str]) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for path, declared in zip(paths, sets, strict=True):
        if declared.key in seen:
            message = f"{declared} is in the list twice; put all values into one set"
            yield Problem(path, "duplicate-set", message)
        seen.add(declared.key)


def _beside_each_other(
    sets: Sequence[RecordSet], zone: str, paths: Sequence[str]
) -> Iterator[tuple[int, list[Problem]]]:
    """What the sets show without the records that others have in the zone, by the index of the set."""
    first: dict[tuple[str, str], int] = {}
    for index, declared in enumerate(sets):
        if declared.name and declared.type in TYPES:
            first.setdefault(declared.key, index)
    records = [
        Record.of(declared, value)
        for declared in sets
        if declared.key in first
        for value in declared.values or (Pending(None),)  # all were refused; something is meant to be there
    ]
    found: dict[str, list[Problem]] = {}
    for problem in lint(records, zone=zone, complete=False):
        found.setdefault(problem.path, []).append(problem)
    for key, index in first.items():
        yield index, [Problem(paths[index], p.rule, p.message) for p in found.get(set_path(key), ())]


def _is_elb(kind: str, value: Value) -> bool:
    if isinstance(value, AddressOf):
        return value.kind == "elb"
    return kind in ADDRESS_TYPES and isinstance(value, Target) and bool(_ELB_NAME.search(value.target))


def _http3_of_elb(declared: RecordSet, elbs: set[str], zone: str, path: str) -> list[Problem]:
    for value in map(svcb_of, declared.values) if declared.type == "HTTPS" else ():
        if value is None or value.is_alias or not any(protocol.startswith("h3") for protocol in value.alpn):
            continue
        target = value.target.text()
        host = declared.name if target == "." else relative_name(target, zone)
        if host in elbs or _ELB_NAME.search(target):
            message = "HTTP/3 runs over UDP, and the address here is an ELB, which has none; write alpn h2"
            return [Problem(path, "svcb-elb-h3", message)]
    return []
