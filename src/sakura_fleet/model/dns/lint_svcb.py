"""The rules of SVCB and HTTPS sets among the other records of a zone: where they lead, and their hints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sakura_fleet.model.dns.merge import Key
from sakura_fleet.model.dns.names import full_name
from sakura_fleet.model.dns.rdata import ADDRESS_TYPES, SVCB_TYPES, Address, target_of
from sakura_fleet.model.dns.svcb import Svcb, keys
from sakura_fleet.model.dns.values import AddressOf, Value, hints_of, svcb_of
from sakura_fleet.model.dns.zone_view import Broken, ZoneView

LONGEST_CHAIN: Final = 8
"""Aliases and CNAMEs in a row; resolvers and clients give up at limits of their own, few below this."""
_HINTED: Final = (("A", keys.IPV4HINT), ("AAAA", keys.IPV6HINT))


def chain(view: ZoneView, key: Key) -> Broken:
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


def _next(view: ZoneView, name: str, kind: str) -> tuple[str | None, bool]:
    """Where a name leads for a type, and whether by an alias of that type (else by CNAME)."""
    if kind in SVCB_TYPES and (name, kind) in view.sets:
        for value in view.svcb((name, kind)):
            if value.is_alias and value.target.labels:
                return value.target.text(), True
        return None, False
    if (name, "CNAME") in view.sets:
        return target_of(view.sets[name, "CNAME"][0].data), False
    return None, False


def _loop(view: ZoneView, key: Key, seen: Sequence[str]) -> Broken:
    shown = " -> ".join(full_name(name, view.zone) for name in seen)
    if key[1] == "CNAME":
        yield "cname-loop", f"{shown} is a loop; point at a name that has an address"
    elif len(seen) > 2:  # an alias of the name itself is a rule of the set alone
        yield "svcb-alias-loop", f"{shown} is a loop; alias a name that has an address"


def hints(view: ZoneView, key: Key) -> Broken:
    """Address hints beside the addresses at the target."""
    for value in (record.data for record in view.sets[key]):
        svcb = svcb_of(value)
        target = svcb.target.text() if svcb else ""
        name = key[0] if target == "." else view.relative(target)
        if svcb is None or svcb.is_alias or name is None:
            continue
        for kind, family in _HINTED:
            hinted = hints_of(value, family)
            there = [record.data for record in view.sets.get((name, kind), ())]
            if hinted and there and _comparable(hinted, there):
                known = {address.identity for address in there}
                strange = [hint.text() for hint in hinted if hint.identity not in known]
                if strange:
                    message = f"the hint {', '.join(strange)} is none of the addresses of {full_name(name, view.zone)}"
                    yield "svcb-stale-hint", f"{message}; take it from the same server, or leave it out"
        v6 = view.sets.get((name, "AAAA"))
        if v6 and svcb.param(keys.IPV4HINT) is not None and svcb.param(keys.IPV6HINT) is None:
            yield "svcb-ipv6hint-missing", f"{full_name(name, view.zone)} has AAAA; give ipv6hint beside ipv4hint"


def _comparable(hinted: Sequence[Value], there: Sequence[Value]) -> bool:
    """Whether all are addresses, or all refer to servers that are known."""
    values = [*hinted, *there]
    if all(isinstance(value, Address) for value in values):
        return True
    return all(isinstance(value, AddressOf) and value.can_be_told_apart for value in values)


def targets(view: ZoneView, key: Key, values: Sequence[Svcb]) -> Broken:
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


def owner_without_address(view: ZoneView, key: Key, values: Sequence[Svcb]) -> Broken:
    """A host whose address only those clients find that follow the record."""
    elsewhere = [value for value in values if value.target.labels]
    if key[1] == "HTTPS" and elsewhere and not key[0].startswith("_") and not view.has(key[0], ADDRESS_TYPES):
        yield (
            "svcb-owner-without-address",
            "the name has no address of its own, and not all clients follow the record; add A, AAAA or ALIAS",
        )
