"""Rules about DNS records: HTTPS records say what the servers behind them do, and no set is odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from policies.levels import EVERYWHERE, HINT
from policies.look import UNKNOWN, Unknown, holds_unknown, items, mapping, number, text
from policies.rule import Breach, Context, Resource, Rule, Setting
from sakura_fleet import tokens
from sakura_fleet.errors import Problem
from sakura_fleet.model.dns import RULES as KNOWN
from sakura_fleet.model.dns import read_record_sets
from sakura_fleet.model.dns.names import relative_name
from sakura_fleet.model.dns.rdata import ADDRESS_TYPES, parsed_svcb
from sakura_fleet.model.reading import Reader

HTTP3: Final = "h3"


@dataclass(frozen=True, slots=True)
class HttpsValue:
    """One value of an HTTPS set. `target` and `alpn` are None where they are not known yet."""

    alias: bool
    target: str | None
    alpn: tuple[str, ...] | None
    hints: Sequence[Any] = ()

    @classmethod
    def of(cls, value: Any) -> HttpsValue | None:
        """The value of a text or mapping; None where it cannot be told."""
        if isinstance(value, str):
            parsed = parsed_svcb(value)
            return None if parsed is None else cls(parsed.is_alias, parsed.target.text(), parsed.alpn)
        priority = number(mapping(value).get("priority"))
        if priority is None:
            return None
        alpn, hints = value.get("alpn", []), value.get("ipv4hint", [])
        return cls(
            priority == 0,
            text(value.get("target", ".")),
            None if holds_unknown(alpn) else tuple(str(one) for one in items(alpn)),
            [UNKNOWN] if hints is UNKNOWN else items(hints),
        )


def https_record_agrees(record_sets: Resource, context: Context) -> Iterator[Breach]:
    """Every HTTPS record announces what is served where it leads."""
    zone = text(record_sets.props.get("zone_name"))
    written = record_sets.props.get("record_sets", [])
    sets = [mapping(one) for one in items(written)]
    complete = written is not UNKNOWN and all(
        text(one.get("name")) is not None and text(one.get("type")) is not None for one in sets
    )
    # A host writes its addresses before its HTTPS record, in sets of their own.
    before = [one for one in context.of_type(tokens.DNS_RECORD_SETS) if one.urn != record_sets.urn]
    same_zone = [one for one in before if zone and text(one.props.get("zone_name")) == zone]
    addresses: dict[str, list[Any]] = {}
    for one in [*sets, *(mapping(other) for each in same_zone for other in items(each.props.get("record_sets")))]:
        if text(one.get("type")) in ADDRESS_TYPES:
            values = one.get("values")
            found = [UNKNOWN] if values is UNKNOWN else items(values)
            addresses.setdefault(str(one.get("name")), []).extend(found)
    known_elsewhere = context.settings["addressed_elsewhere"]
    for index, one in enumerate(sets):
        name = text(one.get("name"))
        if text(one.get("type")) != "HTTPS" or name is None:
            continue
        for number_of_value, raw in enumerate(items(one.get("values"))):
            value = HttpsValue.of(raw)
            if value is None:
                continue
            path = f"record_sets[{index}].values[{number_of_value}]"
            if complete and name not in known_elsewhere and name not in addresses and not name.startswith("_"):
                yield Breach(path, "there is no address beside the record, for clients that go by addresses alone")
            if value.alias or value.target is None:
                continue
            host = name if value.target == "." else relative_name(value.target, zone) if zone else None
            behind = addresses.get(host or "", [])
            if value.alpn and any(protocol.startswith(HTTP3) for protocol in value.alpn):
                yield from _speaks_http3(path, behind, context)
            if _strangers(value.hints, behind):
                yield Breach(f"{path}.ipv4hint", "the hints are not among the addresses at that name")


def _speaks_http3(path: str, behind: Sequence[Any], context: Context) -> Iterator[Breach]:
    for one in map(mapping, behind):
        if "elb" in one:
            yield Breach(path, "HTTP/3 is announced, but an ELB answers, which carries no UDP")
            return
        server = _server(text(mapping(one.get("server")).get("key")), context)
        others = context.settings["http3_servers"]
        if server and not server.inside(tokens.CADDY_HOST) and server.name not in others:
            yield Breach(path, "HTTP/3 is announced, but the server behind is no CaddyHost")
            return


def _server(key: str | None, context: Context) -> Resource | None:
    """The declared server with this owner tag."""
    for one in context.of_type(tokens.SERVER):
        if key and text(mapping(one.props.get("owner_tags")).get("resource")) == key:
            return one
    return None


def _strangers(hints: Sequence[Any], behind: Sequence[Any]) -> bool:
    """Whether a hint names what the addresses do not; False where that cannot be told."""
    here, there = [_place(one) for one in hints], [_place(one) for one in behind]
    kinds = {kind for kind, _ in (*here, *there)}
    return bool(here and there) and len(kinds) == 1 and "" not in kinds and not set(here) <= set(there)


def _place(value: Any) -> tuple[str, str]:
    """What an address stands for: a literal one, a server's owner tag, or nothing that can be compared."""
    if isinstance(value, str):
        return "address", value
    key = text(mapping(mapping(value).get("server")).get("key")) if isinstance(value, Mapping) else None
    return ("server", key) if key else ("", "")


def dns_records_sound(record_sets: Resource, context: Context) -> Iterator[Breach]:
    """No set breaks a rule, not even one that only warns, and what is allowed has a reason."""
    if not all(isinstance(one, Mapping) for one in items(record_sets.props.get("record_sets"))):
        return
    problems: list[Problem] = []
    reader = Reader(record_sets.props, "", problems, Unknown)
    zone = text(record_sets.props.get("zone_name")) or ""
    warnings: list[Problem] = []
    sets = read_record_sets(reader, "record_sets", zone=zone, unknown=Unknown, warnings=warnings)
    for one in (*problems, *warnings):
        source = KNOWN.get(one.rule, (None, ""))[1]
        yield Breach(one.path, f"the rule {one.rule}{f' ({source})' if source else ''} is broken")
    for index, declared in enumerate(sets):
        for number_of_rule, allowed in enumerate(declared.allow):
            if isinstance(allowed, str):
                yield Breach(f"record_sets[{index}].allow[{number_of_rule}]", "a rule is allowed without a reason")


RULES = (
    Rule(
        id="https-record-agrees",
        types=(tokens.DNS_RECORD_SETS,),
        needs=(tokens.SERVER,),
        what="An HTTPS record announces what is served where it leads.",
        why="A browser that reads h3 tries UDP first and waits in vain where nothing answers: an ELB carries no UDP, "
        "and only a CaddyHost is known to serve HTTP/3. A client that follows no alias mode, or reads no HTTPS records "
        "at all, needs an address beside the record. Hints that name other hosts than the addresses lead astray.",
        way_out="announce alpn h2 for what an ELB or another server serves, put A or ALIAS beside the HTTPS record, "
        "and take hints and addresses from the same servers",
        levels=EVERYWHERE,
        settings={
            "http3_servers": Setting([], "Pulumi names of servers that serve HTTP/3 though they are no CaddyHost"),
            "addressed_elsewhere": Setting([], "names in the zone whose address records are made elsewhere"),
        },
        check_resource=https_record_agrees,
    ),
    Rule(
        id="dns-records-sound",
        types=(tokens.DNS_RECORD_SETS,),
        what="No record set is odd, and what it may break has a reason.",
        why="What the DNS takes and clients stumble over shows only where it hurts. A run refuses what does harm and "
        "warns of the rest; a warning scrolls by, and an exception without a reason is never taken back.",
        way_out="change the record as docs/dns.md says for the rule, or write the reason beside it: "
        "allow: [{rule: reason}]",
        levels=HINT,
        check_resource=dns_records_sound,
    ),
)
