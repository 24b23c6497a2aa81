"""The rules of SVCB and HTTPS records: a stable id, how bad a breach is, and the section that says so.

A section without a document is one of RFC 9460.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final


class Severity(Enum):
    """What a broken rule means for the record."""

    ERROR = "E"
    """Malformed: one such record makes clients drop the whole set (2.2). Always refused."""
    HARMFUL = "P"
    """Legal on the wire and yet not what anybody wants. Refused, unless the set's `allow` names the rule."""
    WARNING = "W"
    """A warning. Never refused."""


RULES: Final[Mapping[str, tuple[Severity, str]]] = MappingProxyType(
    {
        # The text as a whole
        "svcb-syntax": (Severity.ERROR, "2.1"),
        "svcb-priority": (Severity.ERROR, "2.1, 2.4.1"),
        "svcb-target": (Severity.ERROR, "2.1, RFC 1035 2.3.4"),
        "svcb-relative-target": (Severity.HARMFUL, "RFC 1035 5.1"),
        "svcb-wire": (Severity.ERROR, "2.2"),
        "svcb-ascii": (Severity.ERROR, "2.1, Appendix A"),
        # Keys
        "svcb-key-syntax": (Severity.ERROR, "2.1"),
        "svcb-unknown-key": (Severity.ERROR, "2.1, 14.3.2"),
        "svcb-duplicate-key": (Severity.ERROR, "2.1, 2.2"),
        "svcb-invalid-key": (Severity.HARMFUL, "14.3.2"),
        # Values
        "svcb-quoting": (Severity.ERROR, "2.1, Appendix A"),
        "svcb-escape": (Severity.ERROR, "Appendix A"),
        "svcb-empty-value": (Severity.ERROR, "2.1, Appendix A"),
        "svcb-value-length": (Severity.ERROR, "2.2"),
        "svcb-list": (Severity.ERROR, "Appendix A.1"),
        "svcb-mandatory": (Severity.ERROR, "8"),
        "svcb-mandatory-self": (Severity.ERROR, "8"),
        "svcb-mandatory-duplicate": (Severity.ERROR, "8"),
        "svcb-alpn": (Severity.ERROR, "7.1"),
        "svcb-flag": (Severity.ERROR, "7.1.1, RFC 9540 4"),
        "svcb-port": (Severity.ERROR, "7.2"),
        "svcb-ipv4hint": (Severity.ERROR, "7.3"),
        "svcb-ipv6hint": (Severity.ERROR, "7.3"),
        "svcb-ech": (Severity.ERROR, "RFC 9848, RFC 9849 4"),
        "svcb-dohpath": (Severity.ERROR, "RFC 9461 5"),
        "svcb-groups": (Severity.ERROR, "draft-ietf-tls-key-share-prediction 3.1"),
        # One record
        "svcb-mandatory-missing": (Severity.ERROR, "8"),
        "svcb-no-default-alpn": (Severity.ERROR, "7.1.1, 2.4.3"),
        "svcb-alias-params": (Severity.HARMFUL, "2.4.2"),
        "svcb-cleartext-alpn": (Severity.HARMFUL, "7.1"),
        "svcb-alias-dot": (Severity.WARNING, "2.5.1"),
        "svcb-default-mandatory": (Severity.WARNING, "9"),
        "svcb-draft-alpn": (Severity.WARNING, "RFC 9114 3.1"),
        "svcb-port-unsafe": (Severity.WARNING, "9"),
        "svcb-hint-at-owner": (Severity.WARNING, "7.3"),
        # One record set
        "svcb-mixed-modes": (Severity.HARMFUL, "2.4.1"),
        "svcb-several-aliases": (Severity.HARMFUL, "2.4.2"),
        "svcb-alias-loop": (Severity.HARMFUL, "2.4.2"),
        "svcb-owner": (Severity.HARMFUL, "9.1, 2.3"),
        "svcb-dohpath-owner": (Severity.HARMFUL, "RFC 9461 5"),
        "svcb-dohpath-missing": (Severity.HARMFUL, "RFC 9461 5"),
        "svcb-docpath-owner": (Severity.HARMFUL, "RFC 9953 3"),
        "svcb-no-default-alpn-everywhere": (Severity.WARNING, "7.1.2"),
        "svcb-ech-mixed": (Severity.WARNING, "RFC 9848"),
        # What is at the target
        "svcb-target-without-address": (Severity.HARMFUL, "2.5.2, 3"),
        "svcb-owner-without-address": (Severity.WARNING, "2.4.2, 3"),
        "svcb-alias-chain": (Severity.WARNING, "2.4.2"),
        "svcb-long-chain": (Severity.HARMFUL, "2.4.2, 10.2"),
        "svcb-stale-hint": (Severity.WARNING, "7.3"),
        "svcb-ipv6hint-missing": (Severity.WARNING, "7.3"),
        "svcb-https-only": (Severity.WARNING, "9.5"),
        "svcb-elb-hint": (Severity.ERROR, "7.3"),
        "svcb-elb-h3": (Severity.HARMFUL, "7.1"),
    }
)
"""Every rule by its id: severity and section."""


class BrokenRuleError(ValueError):
    """A rule that the value in hand breaks; becomes a `Problem` where the path is known."""

    def __init__(self, rule: str, message: str) -> None:
        self.rule = rule
        super().__init__(message)
