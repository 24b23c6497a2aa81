"""One type at a name: what is expected, what everybody answers, and what the rules have against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.lint import lint
from sakura_fleet.model.dns.merge import Record
from sakura_fleet.model.dns.published import Answer, Finding, Value, Verdict, expected_answer
from sakura_fleet.model.dns.rdata import SVCB_TYPES
from sakura_fleet.model.dns.record_set import RecordSet
from sakura_fleet.model.dns.svcb import check_svcb, check_svcb_set
from sakura_fleet.model.dns.values import svcb_of


class Outcome(Enum):
    """What all answers together say."""

    AGREED = "agreed"
    DIFFERS = "differs"
    """A name server has something else than another one, or than the stack."""
    CACHED = "cached"
    """Only a resolver has something else."""
    NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True)
class NameCheck:
    """The answers for one type at a name beside the expected one."""

    name: str
    kind: str
    expected: Answer
    findings: Sequence[Finding]
    odd: Sequence[Problem]

    @property
    def outcome(self) -> Outcome:
        if any(finding.verdict is Verdict.DIFFERS and not finding.resolver for finding in self.findings):
            return Outcome.DIFFERS
        if any(finding.verdict is Verdict.NO_ANSWER for finding in self.findings):
            return Outcome.NO_ANSWER
        cached = any(finding.verdict is Verdict.DIFFERS for finding in self.findings)
        return Outcome.CACHED if cached else Outcome.AGREED


def expected_of(source: str, sets: Iterable[RecordSet], kind: str) -> Answer | None:
    """The answer that the sets at a name ask for; None where the cloud works it out, as for ALIAS."""
    by_type = {written.type: written for written in sets}
    if kind in by_type:
        return expected_answer(source, by_type[kind])
    if "ALIAS" in by_type and kind in ("A", "AAAA"):
        return None
    cname = by_type.get("CNAME")
    return Answer(source, cnames=tuple(value.text() for value in cname.values[:1]) if cname else ())


def odd_answer(
    owner: str, kind: str, values: Sequence[Value], beside: Mapping[str, Sequence[Value]], *, zone: str
) -> list[Problem]:
    """What the rules have against the set of `kind` at `owner`, beside the addresses there by their type."""
    records = [Record(owner, other, value.text) for other, found in beside.items() for value in found]
    own = [Record(owner, kind, value.text) for value in values]
    problems: list[Problem] = []
    if kind in SVCB_TYPES:
        known = [svcb for svcb in (svcb_of(record.data) for record in own) if svcb is not None]
        for svcb in known:
            problems += check_svcb(svcb, "", https=kind == "HTTPS")
        problems += check_svcb_set(known, owner=owner, zone=zone, https=kind == "HTTPS", path="")
        # Whether a hint does harm shows beside the addresses.
        problems = [problem for problem in problems if problem.rule != "svcb-hint-at-owner"]
    return problems + lint([*records, *own], zone=zone, of=[(owner, kind)], complete=False)
