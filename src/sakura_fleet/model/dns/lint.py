"""What is wrong with the records of a zone taken together: beside each other, and at the names that they lead to.

One set of rules for four callers. A program's own sets are judged before anybody has asked the zone (`complete` is
False: what is missing may stand in the zone), the provider judges them among the records of others, `dns plan` judges
all of a zone, and the policies what a stack declares. A problem's path is the set, as in `www HTTPS`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from ipaddress import IPv4Network, ip_address
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.merge import Key, Record
from sakura_fleet.model.dns.names import DEFAULT_TTL, MAX_RECORDS, full_name, relative_name, wildcards
from sakura_fleet.model.dns.rdata import ADDRESS_TYPES, HOST_TYPES, SVCB_TYPES, TYPES, parsed_svcb, target_of
from sakura_fleet.model.dns.record_set import RecordSet
from sakura_fleet.model.dns.rules import severity_of, with_way_out
from sakura_fleet.model.dns.svcb import Severity, Svcb, keys
from sakura_fleet.model.dns.svcb.names import DomainName

LONGEST_CHAIN: Final = 8
"""Aliases and CNAMEs in a row; resolvers and clients give up at limits of their own, few below this."""
MANY_RECORDS: Final = MAX_RECORDS * 8 // 10
_HINTED: Final = (("A", keys.IPV4HINT), ("AAAA", keys.IPV6HINT))
_STAND_INS: Final = IPv4Network("0.0.0.0/8")
"""Where the addresses are that stand for servers which are not known yet."""


def lint(
    records: Iterable[Record],
    *,
    zone: str,
    of: Collection[Key] | None = None,
    joining: Collection[Key] = (),
    complete: bool = True,
) -> list[Problem]:
    """The problems of the sets `of` (all of them unless said) among `records`; those of `joining` are new."""
    view = _View(records, zone, complete)
    judged = view.sets.keys() if of is None else [key for key in of if key in view.sets]
    problems = list(_how_many(view)) if complete else []
    problems += _beside_cnames(view, judged)
    for key in judged:
        problems += [Problem(set_path(key), rule, message) for rule, message in _broken(view, key)]
    for key in joining:
        if key[1] == "HTTPS" and key in view.sets:
            message = "browsers that see it use https only: a certificate that they trust must be there first"
            problems.append(Problem(set_path(key), "svcb-https-only", message))
    return problems


def set_path(key: Key) -> str:
    """How a set is named in a problem."""
    return f"{key[0]} {key[1]}"


def check_merged(
    merged: Sequence[Record], wanted: Iterable[RecordSet], *, zone: str, warnings: list[Problem] | None = None
) -> list[Problem]:
    """What would break the zone, or the wanted sets, once they stand beside the records of others.

    What is only worth a look goes to `warnings`, unless the sets alone have shown it before.
    """
    wanted = list(wanted)
    keys_of = [one.key for one in wanted]
    allowed = {set_path(one.key): one.allowed for one in wanted}
    problems = []
    for problem in lint(merged, zone=zone, of=keys_of):
        if problem.rule in allowed.get(problem.path, ()):
            continue
        if severity_of(problem) is not Severity.WARNING:
            problems.append(with_way_out(problem))
        elif warnings is not None:
            warnings.append(problem)
    if warnings:
        known = lint([r for r in merged if r.key in {*keys_of}], zone=zone, of=keys_of, complete=False)
        warnings[:] = [one for one in warnings if one not in known]
    return problems


class _View:
    """A zone by name and type."""

    def __init__(self, records: Iterable[Record], zone: str, complete: bool) -> None:
        self.zone = zone
        self.complete = complete
        self.sets: dict[Key, list[Record]] = {}
        self.types: dict[str, list[str]] = {}
        for record in records:
            name, kind = record.key
            self.sets.setdefault((name, kind), []).append(record)
            if kind not in self.types.setdefault(name, []):
                self.types[name].append(kind)

    def relative(self, target: str) -> str | None:
        """The relative name of a target inside the zone."""
        return relative_name(target, self.zone) if self.zone and target != "." else None

    def has(self, name: str, kinds: Collection[str]) -> bool:
        """Whether one of the types is at the name, or a wildcard above it, or somebody else answers for it."""
        if any(kind in kinds for kind in self.types.get(name, ())):
            return True
        labels = name.split(".")
        above = [".".join(labels[index:]) for index in range(1, len(labels))]
        if any("NS" in self.types.get(one, ()) for one in (name, *above)):
            return True
        wild = [kind for one in wildcards(name) for kind in self.types.get(one, ())]
        return name not in self.types and any(kind in kinds for kind in wild)

    def svcb(self, key: Key) -> list[Svcb]:
        """The values of an HTTPS or SVCB set that can be read."""
        return [value for value in map(parsed_svcb, (one.rdata for one in self.sets[key])) if value is not None]


Broken = Iterator[tuple[str, str]]


def _how_many(view: _View) -> Iterator[Problem]:
    count = sum(map(len, view.sets.values()))
    if count > MAX_RECORDS:
        message = f"the zone would have {count} records; at most {MAX_RECORDS} are allowed"
        yield Problem("", "too-many-records", message)
    elif count > MANY_RECORDS:
        yield Problem("", "many-records", f"the zone has {count} records, and {MAX_RECORDS} is the limit")


def _broken(view: _View, key: Key) -> Broken:
    kind = key[1]
    yield from _alone(view, key)
    yield from _ttls(view, key)
    yield from _labels(view, key)
    if kind in SVCB_TYPES:
        values = view.svcb(key)
        yield from _chain(view, key)
        yield from _hints(view, key, values)
        if view.complete:
            yield from _svcb_targets(view, key, values)
            yield from _owner_without_address(view, key, values)
    elif kind == "CNAME":
        yield from _chain(view, key)
    if kind in HOST_TYPES or kind in ("CNAME", "ALIAS"):
        yield from _targets(view, key)


def _beside_cnames(view: _View, judged: Iterable[Key]) -> Iterator[Problem]:
    """One problem a name: at its CNAME, or at the first set that is judged where the CNAME is not."""
    first: dict[str, Key] = {}
    for key in judged:
        if key[1] == "CNAME" or key[0] not in first:
            first[key[0]] = key
    for name, key in first.items():
        types = view.types[name]
        if "CNAME" in types and len(types) > 1:
            if view.complete:
                others = "the zone would have " + "; ".join(str(view.sets[name, one][0]) for one in types)
            else:
                others = "there is " + ", ".join(sorted({*types} - {"CNAME"}))
            message = f"no other record may stand beside a CNAME, but {others}; remove one of them"
            yield Problem(set_path(key), "cname-beside-others", message)


def _alone(view: _View, key: Key) -> Broken:
    if key == ("@", "CNAME"):
        yield (
            "cname-apex",
            "the zone itself has SOA and NS records, and CNAME stands alone; use ALIAS, or HTTPS with priority 0",
        )
    values = view.sets[key]
    if key[1] == "MX" and len(values) > 1 and any(target_of("MX", one.rdata) == "." for one in values):
        yield "null-mx-beside-others", "`0 .` says that the name takes no mail; it stands alone"


def _ttls(view: _View, key: Key) -> Broken:
    ttls = sorted({DEFAULT_TTL if one.ttl is None else one.ttl for one in view.sets[key]})
    if len(ttls) > 1:
        shown = ", ".join(map(str, ttls))
        yield "unequal-ttls", f"the records of one set have the TTLs {shown}; name servers make one of them; give one"


def _labels(view: _View, key: Key) -> Broken:
    targets = [target_of(key[1], one.rdata) for one in view.sets[key]]
    if key[1] in SVCB_TYPES:
        targets = [value.target.text() for value in view.svcb(key)] if _has_a_label(view.sets[key]) else []
    for text in dict.fromkeys([key[0], *filter(None, targets)]):
        if "xn--" not in text.casefold():
            continue
        try:
            broken = DomainName.read(text)[0].broken_a_labels()
        except ValueError:
            continue
        for label in broken:
            yield "idna-label", f"{label} begins as an internationalized label does, and stands for none (IDNA 2008)"


def _has_a_label(records: Sequence[Record]) -> bool:
    return any("xn--" in one.rdata.casefold() for one in records)


def _chain(view: _View, key: Key) -> Broken:
    """Where aliases of a set and CNAMEs lead, one after the other."""
    name, kind = key
    seen, here = [name], name
    aliases = 0
    while True:
        target, alias = _next(view, here, kind)
        if target is None:
            break
        aliases += alias
        inside = view.relative(target)
        seen.append(inside or target)
        if inside is None:
            break
        if inside in seen[:-1]:
            yield from _loop(view, key, seen)
            return
        here = inside
    hops = len(seen) - 1
    if kind == "CNAME":
        return
    if hops > LONGEST_CHAIN:
        message = f"{hops} aliases and CNAMEs follow each other; clients give up before. Point at the last one"
        yield "svcb-long-chain", message
    elif aliases > 1:
        yield "svcb-alias-chain", f"{aliases} aliases follow each other; clients must follow one only"


def _next(view: _View, name: str, kind: str) -> tuple[str | None, bool]:
    """Where a name leads for a type, and whether by an alias of that type (else by CNAME)."""
    if kind in SVCB_TYPES and (name, kind) in view.sets:
        for value in view.svcb((name, kind)):
            if value.is_alias and value.target.labels:
                return value.target.text(), True
        return None, False
    if (name, "CNAME") in view.sets:
        return target_of("CNAME", view.sets[name, "CNAME"][0].rdata), False
    return None, False


def _loop(view: _View, key: Key, seen: Sequence[str]) -> Broken:
    shown = " -> ".join(full_name(one, view.zone) for one in seen)
    if key[1] == "CNAME":
        yield "cname-loop", f"{shown} is a loop; point at a name that has an address"
    elif len(seen) > 2:  # an alias of the name itself is a rule of the set alone
        yield "svcb-alias-loop", f"{shown} is a loop; alias a name that has an address"


def _hints(view: _View, key: Key, values: Sequence[Svcb]) -> Broken:
    for value in values:
        target = value.target.text()
        name = key[0] if target == "." else view.relative(target)
        if value.is_alias or name is None:
            continue
        for kind, number in _HINTED:
            hints = _addresses(value, number)
            there = [str(one.rdata) for one in view.sets.get((name, kind), ())]
            if hints and there and _comparable(hints, there) and not set(hints) <= set(there):
                strange = ", ".join(one for one in hints if one not in there)
                message = f"the hint {strange} is none of the addresses of {full_name(name, view.zone)}"
                yield "svcb-stale-hint", f"{message}; take it from the same server, or leave it out"
        v6 = view.sets.get((name, "AAAA"))
        if v6 and value.param(keys.IPV4HINT) is not None and value.param(keys.IPV6HINT) is None:
            yield "svcb-ipv6hint-missing", f"{full_name(name, view.zone)} has AAAA; give ipv6hint beside ipv4hint"


def _addresses(value: Svcb, number: int) -> list[str]:
    wire = value.param(number)
    return [] if wire is None else keys.key_format(number).decode(wire, "").decode().split(",")


def _comparable(hints: Sequence[str], there: Sequence[str]) -> bool:
    """Whether all are real addresses, or all stand for servers that are not known yet."""
    return {_kind(one) for one in (*hints, *there)} in ({"real"}, {"stand-in"})


def _kind(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    return "stand-in" if found.version == 4 and found in _STAND_INS else "real"


def _svcb_targets(view: _View, key: Key, values: Sequence[Svcb]) -> Broken:
    """Targets inside the zone at which nothing says where the host is."""
    for value in values:
        target = value.target.text()
        if target == "." and value.is_alias:
            continue
        name = key[0] if target == "." else view.relative(target)
        kinds = (*ADDRESS_TYPES, key[1]) if value.is_alias else ADDRESS_TYPES
        if name is not None and not view.has(name, kinds):
            yield (
                "svcb-target-without-address",
                f"clients are sent to {full_name(name, view.zone)}, but the zone has no address there; add A, AAAA or "
                "ALIAS",
            )


def _owner_without_address(view: _View, key: Key, values: Sequence[Svcb]) -> Broken:
    """A host whose address only those clients find that follow the record."""
    elsewhere = [value for value in values if value.target.labels]
    if key[1] == "HTTPS" and elsewhere and not key[0].startswith("_") and not view.has(key[0], ADDRESS_TYPES):
        yield (
            "svcb-owner-without-address",
            "the name has no address of its own, and not all clients follow the record; add A, AAAA or ALIAS",
        )


def _targets(view: _View, key: Key) -> Broken:
    """Hosts that CNAME, ALIAS, MX, NS and SRV lead to, inside the zone."""
    kind = key[1]
    for record in view.sets[key]:
        target = target_of(kind, record.rdata)
        name = view.relative(target) if target else None
        if name is None:
            continue
        if kind in HOST_TYPES and "CNAME" in view.types.get(name, ()):
            yield "target-is-cname", f"{target} is a CNAME, and {kind} must name a host; write the name behind it"
        elif view.complete and not view.has(name, TYPES if kind == "CNAME" else ADDRESS_TYPES):
            what = "nothing" if kind == "CNAME" else "no address"
            yield "target-without-address", f"{target} is in this zone, which has {what} there; add it"
