"""Record sets as a person or program declares them: read once into typed values, and judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.record_set import RecordSet
from sakura_fleet.model.dns.set_reader import read_set
from sakura_fleet.model.dns.set_rules import check_sets, note
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.unknown import UnknownType


def read_record_sets(
    reader: Reader,
    key: str,
    *,
    zone: str,
    unknown: UnknownType = (),
    warnings: list[Problem] | None = None,
) -> list[RecordSet]:
    """The sets under `key`, typed and judged.

    What is to be refused goes to the reader, what is only to be known to `warnings`. A value of a type in `unknown`
    passes unjudged.
    """
    warnings = [] if warnings is None else warnings
    sets = []
    for child in reader.children(key):
        declared, noted = read_set(child, zone, unknown)
        note(noted, declared, reader.problems, warnings)
        sets.append(declared)
    path = f"{reader.path}.{key}" if reader.path else key
    check_sets(sets, zone=zone, path=path, problems=reader.problems, warnings=warnings)
    return sets


def typed_sets(written: Sequence[Any], *, unknown: UnknownType = ()) -> list[RecordSet]:
    """The sets in a resource's inputs, which were judged before."""
    return [read_set(Reader(entry, "", [], unknown), "", unknown)[0] for entry in written]
