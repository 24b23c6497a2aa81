"""Zone files (RFC 1035, section 5): records out and in.

The appliance makes SOA and the zone's own NS itself. A file that is written has them all the same, so that other name
servers can load it; in a file that is read they are passed over. Its own type ALIAS is a line of
that type, as PowerDNS writes it; other name servers refuse that line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.nsbase

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.merge import Key, Record, ttl_of
from sakura_fleet.model.dns.names import DEFAULT_TTL, relative_name
from sakura_fleet.model.dns.rdata import SVCB_TYPES, read_rdata
from sakura_fleet.model.dns.svcb import Svcb, keys
from sakura_fleet.model.dns.svcb.rules import BrokenRuleError
from sakura_fleet.model.dns.svcb.text import value_text
from sakura_fleet.model.dns.zone_lines import Entry, absolute, problem_at, read_entries
from sakura_fleet.model.yaml_lines import one_line

ALIAS_TYPE: Final = 65401
"""PowerDNS's number for ALIAS, of the range for private use (RFC 6895, 3.1). Nothing sends it."""
_ENDS_A_NAME: Final = re.compile(r"[\s;\"()\\$\x00-\x20\x7f-\xa0]")
"""What would be read as the end of a name, or of its line."""
_STRING: Final = 255
"""Octets of one character-string."""
_STRINGS: Final = re.compile(r'"(?:\\.|[^"\\])*"|(?:\\.|[^"\\])+')
_ESCAPE: Final = re.compile(rb"\\([0-9]{3})|\\(.)", re.DOTALL)
_SOA: Final = "hostmaster 1 3600 600 604800 300"
_GENERIC: Final = "\\#"
"""What data in hexadecimal digits begins with (RFC 3597)."""
_NAME_AT: Final = {"ALIAS": 0, "CNAME": 0, "NS": 0, "PTR": 0, "MX": 1, "SRV": 3, "HTTPS": 1, "SVCB": 1}
"""Which field of a type's data is a name, and so may be relative."""
_NAMED_EVERYWHERE: Final = keys.IPV6HINT
"""Name servers in use know the SvcParam keys up to this one by name; a number is understood by all of them."""


class _Alias(dns.rdtypes.nsbase.NSBase):
    """ALIAS: one name."""


dns.rdata.register_type(_Alias, ALIAS_TYPE, "ALIAS")


@dataclass(frozen=True)
class FileRecord(Record):
    """A record of a zone file, and its line."""

    line: int = field(default=0, compare=False)


def write_zone_file(
    zone: str, name_servers: Sequence[str], records: Sequence[Record], skipped: Callable[[Record], None]
) -> str:
    """The zone as a file that name servers load; `skipped` is told of each record that is left out."""
    primary = name_servers[0] if name_servers else "ns." + zone
    lines = [
        f"; {zone} on SAKURA Cloud's DNS appliance, which makes SOA and the NS of @ itself",
        f"$ORIGIN {zone}.",
        f"$TTL {DEFAULT_TTL}",
        f"@ {DEFAULT_TTL} IN SOA {primary}. {_SOA}",
        *(f"@ {DEFAULT_TTL} IN NS {server}." for server in name_servers),
    ]
    left_out = unwritable(zone, records)
    for record in records:
        if record.key in left_out:
            why = left_out[record.key]
            lines.append(one_line(f"; left out: {record.name} {ttl_of(record)} IN {record.type}: {why}"))
            skipped(record)
        else:
            lines.append(_line(zone, record))
    return "\n".join(lines) + "\n"


def unwritable(zone: str, records: Iterable[Record]) -> Mapping[Key, str]:
    """The sets that no file can hold, and why: one value is enough, as a set is all of its values."""
    found: dict[Key, str] = {}
    for record in records:
        try:
            _line(zone, record)
        except ValueError as error:
            found.setdefault(record.key, str(error))
    return found


def _line(zone: str, record: Record) -> str:
    """A record's line in a file. Raises `ValueError` where it would be read as anything else than this record."""
    start = f"{_name(record)} {ttl_of(record)} IN {record.key[1]}"
    meant = [(record.key, record.identity, ttl_of(record))]
    for data in (record_data(record), record.text):
        line = f"{start} {data}"
        if line.isascii() and line.isprintable():
            again = read_zone_file(line, zone, [])
            if [(found.key, found.identity, found.ttl) for found in again] == meant:
                return line
    raise ValueError(f"{record.text!r} would be read as something else")


def read_zone_file(text: str, zone: str, problems: list[Problem]) -> list[FileRecord]:
    """The file's records, in its order, without SOA and the zone's own NS.

    Only what the file's grammar asks for is judged here, line by line; what is wrong goes to `problems`.
    """
    return [record for entry in read_entries(text, zone, problems) for record in _records(entry, zone, problems)]


def _records(entry: Entry, zone: str, problems: list[Problem]) -> Iterator[FileRecord]:
    name = relative_name(entry.owner.folded().text(), zone)
    kind = _type(entry.type)
    if name is None:
        message = f"{entry.owner.text()} {kind}: the name is not in the zone {zone}"
        problems.append(problem_at(entry.line, message, "outside-zone"))
    elif kind != "SOA" and (name, kind) != ("@", "NS"):
        try:
            text = _record_text(kind, entry)
        except BrokenRuleError as error:
            problems.append(problem_at(entry.line, f"{name} {kind}: {error}", error.rule))
        except UnicodeDecodeError:
            message = f"{name} {kind}: the text is not UTF-8, and the API takes nothing else"
            problems.append(problem_at(entry.line, message, f"{kind.lower()}-value"))
        except (dns.exception.DNSException, ValueError) as error:
            problems.append(problem_at(entry.line, f"{name} {kind}: {error}"))
        else:
            yield FileRecord(name, kind, read_rdata(kind, text).text(), entry.ttl, line=entry.line)


def _type(written: str) -> str:
    """A type by its name; one written as `TYPE65` may have one."""
    try:
        kind = dns.rdatatype.from_text(written)
    except (dns.exception.DNSException, ValueError):
        return written
    return "ALIAS" if kind == ALIAS_TYPE else dns.rdatatype.to_text(kind)


def _record_text(kind: str, entry: Entry) -> str:
    """Record data of a file in the appliance's words. Raises `ValueError`."""
    fields = list(entry.fields)
    if fields[0] == _GENERIC:
        generic: Any = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(kind), " ".join(fields))
        if kind in SVCB_TYPES:
            return Svcb.from_wire(generic.to_wire()).text()
        return b"".join(generic.strings).decode() if kind == "TXT" else str(generic.to_text())
    if kind == "TXT":
        return b"".join(_octets(string) for part in fields for string in _STRINGS.findall(part)).decode()
    if kind == "CAA" and len(fields) == 3:
        return f'{fields[0]} {fields[1]} "{_octets(fields[2]).decode()}"'
    at = _NAME_AT.get(kind)
    if at is not None and at < len(fields):
        with suppress(ValueError):  # the rules of the type say what is wrong with the name
            fields[at] = absolute(fields[at], entry.origin).text()
    return " ".join(fields)


def _octets(string: str) -> bytes:
    """What a character-string stands for. Raises `ValueError`."""
    bare = string[1:-1] if len(string) > 1 and string.startswith('"') else string
    for found in _ESCAPE.finditer(bare.encode()):
        if found[1] and int(found[1]) > 255:
            raise ValueError(f"{found[0].decode()} is not an octet; write three digits from 000 to 255")
    return _ESCAPE.sub(lambda found: bytes([int(found[1])]) if found[1] else found[2], bare.encode())


def _name(record: Record) -> str:
    """A record's name in a file. Raises `ValueError` for one that would be read as more than a name."""
    if _ENDS_A_NAME.search(record.name):
        raise ValueError(f"{record.name!r} is no name")
    return record.name or "@"


def record_data(record: Record) -> str:
    """A record's data in a file's words: names in it keep their letter case. Raises `ValueError`."""
    kind, text, data = record.key[1], record.text, record.data
    if isinstance(data, Svcb):
        return " ".join([str(data.priority), data.target.text(), *(_param(*param) for param in data.params)])
    if kind in SVCB_TYPES:
        raise ValueError(f"{text!r} cannot be read")
    if kind == "TXT":
        octets = text.encode()
        parts = [octets[at : at + _STRING] for at in range(0, len(octets), _STRING)] or [b""]
        return " ".join(_quoted(part) for part in parts)
    try:
        rdata = dns.rdata.from_text(
            dns.rdataclass.IN, dns.rdatatype.from_text(kind), text, origin=dns.name.root, relativize=False
        )
    except dns.exception.DNSException as error:
        raise ValueError(f"{text!r} cannot be read ({error})") from None
    return str(rdata.to_text())


def _param(number: int, wire: bytes) -> str:
    if number > _NAMED_EVERYWHERE:
        return f"key{number}={value_text(wire)}" if wire else f"key{number}"
    name = keys.key_name(number)
    octets = keys.key_format(number).decode(wire, name)
    return f"{name}={value_text(octets)}" if octets else name


def _quoted(octets: bytes) -> str:
    shown = value_text(octets)
    return shown if shown.startswith('"') else f'"{shown}"'
