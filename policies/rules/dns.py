"""Rules about DNS records: HTTPS records say what the servers behind them do, and no set is odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from policies.levels import EVERYWHERE, HINT
from policies.properties import UNKNOWN, Unknown, items, mapping, text
from policies.rule import Breach, Context, Resource, Rule, Setting
from sakura_fleet import tokens
from sakura_fleet.errors import Problem
from sakura_fleet.model.dns import RULES as KNOWN
from sakura_fleet.model.dns import RecordSet, read_record_sets, typed_sets
from sakura_fleet.model.dns.names import relative_name
from sakura_fleet.model.dns.rdata import ADDRESS_TYPES, Address, Target
from sakura_fleet.model.dns.svcb import keys
from sakura_fleet.model.dns.values import AddressOf, Value, hints_of, svcb_of
from sakura_fleet.model.reading import Reader

HTTP3: Final = "h3"


def https_record_agrees(record_sets: Resource, context: Context) -> Iterator[Breach]:
    """Every HTTPS record announces what is served where it leads."""
    zone = text(record_sets.props.get("zone_name"))
    written = record_sets.props.get("record_sets", [])
    sets = _typed(written)
    complete = written is not UNKNOWN and all(declared.name and declared.type for declared in sets)
    addresses = _addresses(sets, zone, record_sets, context)
    known_elsewhere = context.settings["addressed_elsewhere"]
    for index, declared in enumerate(sets):
        name = declared.name
        if declared.type != "HTTPS" or not name:
            continue
        for place, value in enumerate(declared.values):
            svcb = svcb_of(value)
            if svcb is None:
                continue
            path = f"record_sets[{index}].values[{place}]"
            if complete and name not in known_elsewhere and name not in addresses and not name.startswith("_"):
                yield Breach(path, "there is no address beside the record, for clients that go by addresses alone")
            if svcb.is_alias:
                continue
            target = svcb.target.text()
            host = name if target == "." else relative_name(target, zone) if zone else None
            behind = addresses.get(host or "", ())
            if any(protocol.startswith(HTTP3) for protocol in svcb.alpn):
                yield from _speaks_http3(path, behind, context)
            if _strangers(hints_of(value, keys.IPV4HINT), behind):
                yield Breach(f"{path}.ipv4hint", "the hints are not among the addresses at that name")


def _typed(written: Any) -> list[RecordSet]:
    return typed_sets(items(written), unknown=Unknown)


def _addresses(
    sets: Sequence[RecordSet], zone: str | None, record_sets: Resource, context: Context
) -> dict[str, list[Value]]:
    """What says where a host is, by name: in these sets, and in those of the zone that were declared before.

    A host writes its addresses before its HTTPS record, in sets of their own.
    """
    before = [
        declared
        for other in context.of_type(tokens.DNS_RECORD_SETS)
        if other.urn != record_sets.urn and zone and text(other.props.get("zone_name")) == zone
        for declared in _typed(other.props.get("record_sets"))
    ]
    addresses: dict[str, list[Value]] = {}
    for declared in (*sets, *before):
        if declared.type in ADDRESS_TYPES:
            addresses.setdefault(declared.name, []).extend(declared.values)
    return addresses


def _speaks_http3(path: str, behind: Sequence[Value], context: Context) -> Iterator[Breach]:
    for value in behind:
        if not isinstance(value, AddressOf):
            continue
        if value.kind == "elb":
            yield Breach(path, "HTTP/3 is announced, but an ELB answers, which carries no UDP")
            return
        server = _server(value.key, context)
        others = context.settings["http3_servers"]
        if server and not server.inside(tokens.CADDY_HOST) and server.name not in others:
            yield Breach(path, "HTTP/3 is announced, but the server behind is no CaddyHost")
            return


def _server(key: str | None, context: Context) -> Resource | None:
    """The declared server with this owner tag."""
    for server in context.of_type(tokens.SERVER):
        if key and text(mapping(server.props.get("owner_tags")).get("resource")) == key:
            return server
    return None


def _strangers(hints: Sequence[Value], behind: Sequence[Value]) -> bool:
    """Whether a hint names what the addresses do not; False where that cannot be told."""
    here, there = [_place(hint) for hint in hints], [_place(address) for address in behind]
    kinds = {kind for kind, _ in (*here, *there)}
    return bool(here and there) and len(kinds) == 1 and "" not in kinds and not set(here) <= set(there)


def _place(value: Value) -> tuple[str, str]:
    """What an address is: a literal one, a server's owner tag, or nothing that can be compared."""
    if isinstance(value, Address | Target):
        return "address", value.text()
    if isinstance(value, AddressOf) and value.kind == "server" and value.key:
        return "server", value.key
    return "", ""


def dns_records_sound(record_sets: Resource, context: Context) -> Iterator[Breach]:
    """No set breaks a rule, not even one that only warns, and what is allowed has a reason."""
    if not all(isinstance(written, Mapping) for written in items(record_sets.props.get("record_sets"))):
        return
    problems: list[Problem] = []
    reader = Reader(record_sets.props, "", problems, Unknown)
    zone = text(record_sets.props.get("zone_name")) or ""
    warnings: list[Problem] = []
    sets = read_record_sets(reader, "record_sets", zone=zone, unknown=Unknown, warnings=warnings)
    for problem in (*problems, *warnings):
        source = KNOWN.get(problem.rule, (None, ""))[1]
        yield Breach(problem.path, f"the rule {problem.rule}{f' ({source})' if source else ''} is broken")
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
