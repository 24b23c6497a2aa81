"""The ELB's name in the stack's zone: the record sets that lead there, and whether others leave them room."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.args import DnsArgs
from sakura_fleet.model.dns.https import elb_record, https_record_of
from sakura_fleet.model.dns.record_set import RecordSet
from sakura_fleet.model.dns.set_rules import check_sets
from sakura_fleet.model.elb import ElbArgs
from sakura_fleet.model.reference import ElbReference

_PATH: Final = "dns.record_sets"
_PLACE: Final = re.compile(r"dns\.record_sets\[(\d+)\]")
_STAND_IN: Final = ElbReference("elb", "elb")
"""For an ELB of which a stack file says nothing but its settings."""


def check_elb_name(dns: DnsArgs, elb: ElbArgs) -> list[Problem]:
    """What the record sets of `dns.elb` break together with those that are declared, beyond what the latter break by
    themselves. Paths are those of the stack file."""
    own = _record_sets(dns.elb, elb) if dns.elb else []
    keys = {record_set.key for record_set in own}
    found = [
        Problem(
            f"dns.record_sets[{index}]",
            "duplicate-set",
            f"{record_set} is what dns.elb writes for the ELB already; remove it here, or choose another name there",
        )
        for index, record_set in enumerate(dns.record_sets)
        if record_set.key in keys
    ]
    declared = {index: record_set for index, record_set in enumerate(dns.record_sets) if record_set.values}
    there = {record_set.key for record_set in declared.values()}
    new = [record_set for record_set in own if record_set.key not in there]
    known = {(problem.path, problem.rule) for problem in _broken(dns.zone, declared)}
    end = len(dns.record_sets)
    beyond = [
        problem
        for problem in _broken(dns.zone, declared | dict(enumerate(new, start=end)))
        if (problem.path, problem.rule) not in known
    ]
    return [*found, *(_at_the_elb(problem, end) for problem in beyond)]


def _broken(zone: str, sets: Mapping[int, RecordSet]) -> list[Problem]:
    """What the sets break, by their places in the list."""
    problems: list[Problem] = []
    check_sets([*sets.values()], zone=zone, path=_PATH, problems=problems, warnings=[], indexes=[*sets])
    return problems


def _at_the_elb(problem: Problem, end: int) -> Problem:
    """The problem at `dns.elb`, where it is in a set beyond the `end` of the list that was written."""
    place = _PLACE.match(problem.path)
    return replace(problem, path="dns.elb") if place and int(place[1]) >= end else problem


def _record_sets(name: str, elb: ElbArgs) -> list[RecordSet]:
    sets = [elb_record(name, _STAND_IN, failover=elb.vip_failover), https_record_of(name, elb.serving)]
    return [record_set for record_set in sets if record_set.values]
