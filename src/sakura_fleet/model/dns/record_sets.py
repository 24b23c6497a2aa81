"""Record sets as a person declares them, and the rules they keep together.

A value is a text, or a reference: `{"server": {…}}` is that server's address, `{"elb": {…}}` the address or name of
that ELB. An HTTPS or SVCB value may be a mapping (`priority`, `target`, `alpn`, `ipv4hint` …) whose hints are texts or
references. So no address is ever typed twice. What a reference stands for is asked from the caller; while judging, when
nobody knows yet, a stand-in takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.lint import lint, set_path
from sakura_fleet.model.dns.merge import Record
from sakura_fleet.model.dns.names import MAX_RECORDS, relative_name
from sakura_fleet.model.dns.rdata import ADDRESS_TYPES, parsed_svcb
from sakura_fleet.model.dns.record_set import RecordSet, Resolve, StandIns, Unknown
from sakura_fleet.model.dns.set_reader import SetReader
from sakura_fleet.model.reading import Reader

_ELB_NAME: Final = re.compile(r"\.proxylb\d+\.sakura\.ne\.jp\.$")


def read_record_sets(
    reader: Reader,
    key: str,
    *,
    zone: str,
    unknown: Unknown = (),
    resolve: Resolve | None = None,
    warnings: list[Problem] | None = None,
) -> list[RecordSet]:
    """The sets under `key` with canonical texts as values.

    What is to be refused goes to the reader, what is only worth a look to `warnings`. A set with a value of a type in
    `unknown` has only its known values.
    """
    resolve = resolve or StandIns()
    written = reader.children(key)
    read = [SetReader(child, zone, unknown, resolve, [] if warnings is None else warnings) for child in written]
    _check_together(read, reader, key, zone)
    return [one.record_set for one in read]


def _check_together(sets: Sequence[SetReader], reader: Reader, key: str, zone: str) -> None:
    """Rules over several sets."""
    types: dict[str, list[str]] = {}
    for index, one in enumerate(sets):
        others = types.setdefault(one.name, [])
        if one.kind in others:
            message = f"{one.name} {one.kind} stands in the list twice; put all values into one set"
            reader.problem(f"{key}[{index}]", "duplicate-set", message)
        others.append(one.kind)
    total = sum(len(one.record_set.values) for one in sets)
    if total > MAX_RECORDS:
        reader.problem(key, "too-many-records", f"{total} records; a zone takes at most {MAX_RECORDS}")
    _lint(sets, zone)
    elbs = {one.name for one in sets if one.behind_elb or _names_elb(one)}
    for one in sets:
        if one.kind == "HTTPS":
            one.note(_http3_of_elb(one, elbs, zone))


def _lint(sets: Sequence[SetReader], zone: str) -> None:
    """What the sets show without the records that others have in the zone."""
    readers: dict[tuple[str, str], SetReader] = {}
    for one in sets:
        if one.name and one.kind:
            readers.setdefault(one.record_set.key, one)
    declared = [
        Record(one.name, one.kind, value, one.record_set.ttl)
        for one in sets
        for value in one.record_set.values or ["?"]  # not known yet, but something will be there
        if one.record_set.key in readers
    ]
    found: dict[str, list[Problem]] = {}
    for problem in lint(declared, zone=zone, complete=False):
        found.setdefault(problem.path, []).append(problem)
    for key, one in readers.items():
        one.note([Problem(one.path, p.rule, p.message) for p in found.get(set_path(key), ())])


def _names_elb(one: SetReader) -> bool:
    return one.kind in ADDRESS_TYPES and any(_ELB_NAME.search(str(value)) for value in one.record_set.values)


def _http3_of_elb(one: SetReader, elbs: set[str], zone: str) -> list[Problem]:
    for text in one.record_set.values:
        value = parsed_svcb(text)
        if value is None or value.is_alias or not any(protocol.startswith("h3") for protocol in value.alpn):
            continue
        target = value.target.text()
        host = one.name if target == "." else relative_name(target, zone)
        if host in elbs or _ELB_NAME.search(target):
            message = "HTTP/3 runs over UDP, and the address here is an ELB, which has none; write alpn h2"
            return [Problem(one.path, "svcb-elb-h3", message)]
    return []
