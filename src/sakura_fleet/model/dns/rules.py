"""The rules of a zone's records: those of SVCB and HTTPS, and those of every other type.

What has no entry here (a malformed address, a TTL out of range …) is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.svcb import RULES as SVCB_RULES
from sakura_fleet.model.dns.svcb import Severity

ZONE_RULES: Final[Mapping[str, tuple[Severity, str]]] = MappingProxyType(
    {
        "cname-beside-others": (Severity.ERROR, "RFC 1034 3.6.2, RFC 2181 10.1"),
        "cname-apex": (Severity.ERROR, "RFC 1034 3.6.2"),
        "too-many-records": (Severity.ERROR, "the appliance's limit since 2022-02-18"),
        "many-records": (Severity.WARNING, "the appliance's limit since 2022-02-18"),
        "unequal-ttls": (Severity.HARMFUL, "RFC 2181 5.2"),
        "cname-loop": (Severity.HARMFUL, "RFC 1034 3.6.2"),
        "target-without-address": (Severity.HARMFUL, "RFC 1912 2.4, 2.8"),
        "target-is-cname": (Severity.HARMFUL, "RFC 2181 10.3, RFC 2782"),
        "null-mx-beside-others": (Severity.HARMFUL, "RFC 7505 3"),
        "idna-label": (Severity.HARMFUL, "RFC 5890 2.3.2.1"),
    }
)

RULES: Final[Mapping[str, tuple[Severity, str]]] = MappingProxyType({**SVCB_RULES, **ZONE_RULES})
"""Every rule with a severity of its own, by its id: severity and section (without a document: of RFC 9460)."""

ALLOWABLE: Final = tuple(rule for rule, (severity, _) in RULES.items() if severity is Severity.HARMFUL)
"""What a set's `allow` may name."""


def severity_of(problem: Problem) -> Severity:
    """How bad a problem is; a problem of a rule that is in no table is an error."""
    return RULES.get(problem.rule, (Severity.ERROR, ""))[0]


def with_way_out(problem: Problem) -> Problem:
    """The problem, and for one that may be allowed how to do that."""
    if problem.rule not in ALLOWABLE:
        return problem
    return Problem(problem.path, problem.rule, problem.message + _way_out(problem.rule))


def without_way_out(problem: Problem) -> str:
    """The message alone, for where there is no `allow`."""
    return problem.message.removesuffix(_way_out(problem.rule))


def _way_out(rule: str) -> str:
    return f" (or put {rule} into the set's `allow`)"
