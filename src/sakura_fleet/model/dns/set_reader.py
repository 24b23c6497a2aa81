"""Reading one record set: its values, references among them, and the rules it keeps by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.names import DEFAULT_TTL, MAX_FULL_NAME, MAX_TTL, MIN_TTL, full_name, record_name
from sakura_fleet.model.dns.rdata import (
    HINTS,
    STRUCTURED,
    SVCB_TYPES,
    TYPES,
    identity,
    parsed_svcb,
    read_mapping,
    read_rdata,
)
from sakura_fleet.model.dns.record_set import REFERENCES, RecordSet, Resolve, Unknown, holds_unknown, is_reference
from sakura_fleet.model.dns.rules import ALLOWABLE, severity_of, with_way_out
from sakura_fleet.model.dns.svcb import Severity, check_svcb, check_svcb_set, read_structure
from sakura_fleet.model.reading import Reader

SINGLE: Final = ("CNAME", "ALIAS")
_SRV_NAME: Final = re.compile(r"_[a-z0-9-]+\._[a-z0-9-]+(\..+)?")


class SetReader:
    """One set while it is read: its values, and which of them are behind an ELB."""

    def __init__(self, reader: Reader, zone: str, unknown: Unknown, resolve: Resolve, warnings: list[Problem]) -> None:
        self.reader = reader
        self.path = reader.path
        self.behind_elb = False
        self._unknown = unknown
        self._resolve = resolve
        self._warnings = warnings
        self._noted: list[Problem] = []
        kind = reader.text("type", choices=TYPES)
        self.kind = kind
        self.name = self._name(reader, zone)
        ttl = reader.whole("ttl", DEFAULT_TTL, minimum=MIN_TTL, maximum=MAX_TTL)
        self.allow = self._allow(reader)
        self._allowed = RecordSet("", "", (), allow=self.allow).allowed
        raw = reader.structure("values")
        reader.close()
        values = self._values(raw) if kind in TYPES else []
        self.record_set = RecordSet(self.name, kind, tuple(values), ttl, self.allow)
        self._check(zone)
        self.note(self._noted)

    def note(self, problems: Sequence[Problem]) -> None:
        """Pass problems on, each to where it belongs, but those that the set allows."""
        for p in problems:
            severity = severity_of(p)
            if severity is Severity.HARMFUL and p.rule in self._allowed:
                continue
            noted = with_way_out(Problem(p.path, p.rule, f"{self.name} {self.kind}: {p.message}"))
            (self._warnings if severity is Severity.WARNING else self.reader.problems).append(noted)

    def _name(self, reader: Reader, zone: str) -> str:
        written = reader.text("name")
        try:
            name = record_name(written) if written else ""
        except ValueError as error:
            reader.problem("name", "record-name", str(error))
            return written
        if zone and len(full_name(name, zone)) > MAX_FULL_NAME:
            message = f"{full_name(name, zone)} has more than {MAX_FULL_NAME} characters"
            reader.problem("name", "record-name", message)
        return name

    def _allow(self, reader: Reader) -> tuple[str | Mapping[str, str], ...]:
        """Rule ids, or `{id: reason}`: a reason is kept beside the rule that it is for."""
        raw = reader.structure("allow")
        if raw is None or isinstance(raw, self._unknown):
            return ()
        if isinstance(raw, str | Mapping) or not isinstance(raw, Sequence):
            reader.problem("allow", "type", f"{raw!r} is not a list of rules")
            return ()
        allow: list[str | Mapping[str, str]] = []
        for index, one in enumerate(raw):
            if isinstance(one, self._unknown):
                continue
            rule, reason = next(iter(one.items())) if isinstance(one, Mapping) and len(one) == 1 else (one, "-")
            if not isinstance(rule, str) or not isinstance(reason, str) or not reason.strip():
                reader.problem(f"allow[{index}]", "type", f"{one!r} is neither a rule nor `rule: reason`")
                continue
            if rule not in ALLOWABLE:
                message = f"{rule!r} is no rule that can be allowed; those are {', '.join(ALLOWABLE)}"
                reader.problem(f"allow[{index}]", "unknown-rule", message)
            allow.append(one if isinstance(one, str) else {rule: reason})
        return tuple(allow)

    def _values(self, raw: Any) -> list[str]:
        if isinstance(raw, self._unknown):
            return []
        if isinstance(raw, str | Mapping) or not isinstance(raw, Sequence) or not raw:
            self._noted.append(Problem(f"{self.path}.values", "no-values", "the values are missing; list at least one"))
            return []
        values: list[str] = []
        seen: set[Any] = set()
        for index, item in enumerate(raw):
            path = f"{self.path}.values[{index}]"
            text = self._value(item, path)
            if text is None:
                continue
            known = identity(self.kind, text)
            if known in seen:
                self._noted.append(Problem(path, "duplicate-value", "the value stands in the set twice"))
            seen.add(known)
            values.append(text)
        return values

    def _value(self, item: Any, path: str) -> str | None:
        if isinstance(item, self._unknown):
            return None
        if isinstance(item, str):
            return read_rdata(self.kind, item, path, self._noted)
        if isinstance(item, Mapping):
            for kind in REFERENCES:
                if kind in item:
                    return self._referred(kind, item[kind], path)
            if self.kind in SVCB_TYPES:
                return self._structure(item, path)
            if self.kind in STRUCTURED:
                return self._mapping(item, path)
        message = f"{item!r} is neither a text nor a reference to a server or ELB"
        self._noted.append(Problem(path, "type", message))
        return None

    def _referred(self, kind: str, reference: Any, path: str) -> str | None:
        if self.kind not in REFERENCES[kind]:
            allowed = ", ".join(REFERENCES[kind])
            self._noted.append(Problem(path, "reference-type", f"a reference to a {kind} can stand in {allowed} only"))
            return None
        self.behind_elb = self.behind_elb or kind == "elb"
        if holds_unknown(reference, self._unknown):
            return None
        if not is_reference(kind, reference):
            self._noted.append(Problem(path, "reference", f"{reference!r} does not refer to a {kind}"))
            return None
        return read_rdata(self.kind, self._resolve(kind, reference, self.kind), path, self._noted)

    def _structure(self, item: Mapping[str, Any], path: str) -> str | None:
        if holds_unknown({key: value for key, value in item.items() if key not in HINTS}, self._unknown):
            return None
        hints = {name: self._hints(item.get(name), f"{path}.{name}") for name in HINTS}
        if any(found is None for found in hints.values()):
            return None
        known = {name: found or [] for name, found in hints.items()}
        bare = {key: value for key, value in item.items() if key not in HINTS}
        value = read_structure(Reader(bare, path, self._noted), known)
        if value is None:
            return None
        found = check_svcb(value, path, https=self.kind == "HTTPS")
        # A hint that follows its server is never stale, and that is the harm the rule warns of.
        follows = not any(isinstance(one, str) for name in HINTS for one in item.get(name) or ())
        self._noted += [p for p in found if not (follows and p.rule == "svcb-hint-at-owner")]
        return value.text()

    def _mapping(self, item: Mapping[str, Any], path: str) -> str | None:
        if holds_unknown(item, self._unknown):
            return None
        return read_mapping(self.kind, Reader(item, path, self._noted))

    def _hints(self, written: Any, path: str) -> list[str] | None:
        """The addresses of a list of hints; None where one is not known yet or wrong."""
        if isinstance(written, self._unknown):
            return None
        if written is not None and (isinstance(written, str | Mapping) or not isinstance(written, Sequence)):
            self._noted.append(Problem(path, "type", f"{written!r} is not a list of addresses"))
            return None
        found: list[str | None] = [self._hint(one, f"{path}[{index}]") for index, one in enumerate(written or ())]
        return None if None in found else [one for one in found if one is not None]

    def _hint(self, one: Any, path: str) -> str | None:
        if isinstance(one, self._unknown):
            return None
        if isinstance(one, str):
            return one
        if isinstance(one, Mapping) and "elb" in one:
            message = (
                "an ELB speaks no UDP, and with VIP failover its address changes, so it is no address hint; leave the "
                "hint out: A with alpn h2, or ALIAS with HTTPS without hints"
            )
            self._noted.append(Problem(path, "svcb-elb-hint", message))
            return None
        if isinstance(one, Mapping) and "server" in one and path.rpartition(".")[2].startswith("ipv4hint"):
            if holds_unknown(one, self._unknown):
                return None
            if is_reference("server", one["server"]):
                return self._resolve("server", one["server"], "A")
        self._noted.append(Problem(path, "type", f"{one!r} is neither an address nor a reference to a server"))
        return None

    def _check(self, zone: str) -> None:
        name, kind, values = self.name, self.kind, self.record_set.values
        if kind in SINGLE and len(values) > 1:
            self._noted.append(
                Problem(f"{self.path}.values", "single-value", f"{kind} has one value, not {len(values)}")
            )
        if kind == "NS" and name == "@":
            message = "the zone's own name servers are set by the appliance; delegate names below it"
            self._noted.append(Problem(self.path, "ns-apex", message))
        if kind == "SRV" and name and not _SRV_NAME.fullmatch(name):
            message = "SRV stands at a name such as _sip._tcp"
            self._noted.append(Problem(f"{self.path}.name", "srv-name", message))
        if kind in SVCB_TYPES:
            parsed = [value for value in map(parsed_svcb, values) if value is not None]
            self._noted += check_svcb_set(parsed, owner=name, zone=zone, https=kind == "HTTPS", path=self.path)
