"""The data of one SVCB or HTTPS record: priority, target, parameters."""

from __future__ import annotations

import re
import struct
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.svcb import keys
from sakura_fleet.model.dns.svcb.names import DomainName
from sakura_fleet.model.dns.svcb.rules import BrokenRuleError
from sakura_fleet.model.dns.svcb.text import BLANKS, WrittenParam, not_ascii, read_uint16, split_params, value_text

_RDATA: Final = re.compile(r"[ \t\r\n]*([^ \t\r\n]+)[ \t\r\n]+([^ \t\r\n]+)(?:[ \t\r\n]+(.*))?", re.DOTALL)
_LONGEST: Final = 0xFFFF
"""Octets of a value, and of a record's data as a whole (RFC 1035 3.2.1): both lengths have 16 bits."""
_HTTPS_MANDATORY: Final = (keys.PORT, keys.NO_DEFAULT_ALPN)
_DRAFT_HTTP3: Final = re.compile(rb"h3-.+")
_UNSAFE_PORTS: Final = frozenset(
    {0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95}
    | {101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512}
    | {513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720}
    | {1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
)
"""Ports that browsers refuse to talk HTTP to (https://fetch.spec.whatwg.org/#port-blocking), and 0."""


@dataclass(frozen=True, slots=True)
class Svcb:
    """One record's data. `params` are wire values, ascending by key number; priority 0 is alias mode."""

    priority: int
    target: DomainName
    params: tuple[tuple[int, bytes], ...] = ()

    @property
    def is_alias(self) -> bool:
        """Alias mode: the name is another name for the target, for this record type."""
        return self.priority == 0

    @property
    def identity(self) -> bytes:
        """Equal for records that mean the same: the wire bytes, the target in lower case."""
        return type(self)(self.priority, self.target.folded(), self.params).wire()

    @property
    def alpn(self) -> tuple[str, ...]:
        """The protocols in the author's order."""
        wire = self.param(keys.ALPN)
        return () if wire is None else tuple(i.decode("latin-1") for i in keys.ALPN_IDS.items(wire, "alpn"))

    def param(self, number: int) -> bytes | None:
        """The wire value of a key; None where it is absent."""
        return dict(self.params).get(number)

    def without_alpn(self, gone: Container[str]) -> Self:
        """The same record without some protocols, and without the key once none is left."""
        left = [protocol.encode("latin-1") for protocol in self.alpn if protocol not in gone]
        wire = b"".join(struct.pack("!B", len(protocol)) + protocol for protocol in left)
        dropped = (keys.ALPN,) if left else (keys.ALPN, keys.NO_DEFAULT_ALPN)
        kept = dict(param for param in self.params if param[0] not in dropped)
        params = {**kept, keys.ALPN: wire} if left else kept
        return type(self)(self.priority, self.target, tuple(sorted(params.items())))

    def wire(self) -> bytes:
        """The record data on the wire (2.2)."""
        params = (struct.pack("!HH", number, len(value)) + value for number, value in self.params)
        return struct.pack("!H", self.priority) + self.target.wire() + b"".join(params)

    def text(self) -> str:
        """The one canonical text, so that diffs are stable."""
        return " ".join([str(self.priority), self.target.text(), *(_param_text(n, v) for n, v in self.params)])

    @classmethod
    def from_wire(cls, wire: bytes) -> Self:
        """Record data from its wire bytes. Raises `BrokenRuleError`."""
        if len(wire) < 3:
            raise BrokenRuleError("svcb-wire", "the record data is cut off")
        (priority,) = struct.unpack("!H", wire[:2])
        try:
            target, taken = DomainName.from_wire(wire[2:])
        except ValueError as error:
            raise BrokenRuleError("svcb-target", str(error)) from None
        params: list[tuple[int, bytes]] = []
        at = 2 + taken
        while at < len(wire):
            if at + 4 > len(wire):
                raise BrokenRuleError("svcb-wire", "a parameter is cut off")
            number, length = struct.unpack("!HH", wire[at : at + 4])
            value = wire[at + 4 : at + 4 + length]
            if len(value) != length:
                raise BrokenRuleError("svcb-wire", "a parameter is cut off")
            if params and number <= params[-1][0]:
                raise BrokenRuleError("svcb-wire", "the keys are not in ascending order")
            keys.key_format(number).decode(value, keys.key_name(number))
            params.append((number, value))
            at += 4 + length
        return cls(priority, target, tuple(params))


def read_svcb(text: str, path: str, problems: list[Problem]) -> Svcb | None:
    """The record of a text; None where it is malformed. Says nothing of the record as a whole."""
    match = _RDATA.fullmatch(text)
    blank = next((character for character in text if character.isspace() and character not in BLANKS), "")
    if blank:
        problems.append(Problem(path, "svcb-ascii", not_ascii(blank, text)))
        return None
    if not match:
        message = f"{text!r} is not `priority target parameters`, such as `10 . alpn=h3,h2`"
        problems.append(Problem(path, "svcb-syntax", message))
        return None
    priority, target, params = match.groups()
    noted: list[Problem] = []
    number = read_uint16(priority)
    written: list[WrittenParam] = []
    try:
        written = list(split_params(params or ""))
    except BrokenRuleError as error:
        noted.append(Problem(path, error.rule, str(error)))
    return _built(-1 if number is None else number, priority, target, written, path, problems, noted)


def build_svcb(
    priority: int, target: str, written: Iterable[WrittenParam], path: str, problems: list[Problem]
) -> Svcb | None:
    """The record of its parts; None where one is wrong."""
    # This is no zone file: a name with dots is meant whole.
    whole = target if target.endswith(".") or "." not in target else f"{target}."
    return _built(priority, str(priority), whole, written, path, problems, [])


def _built(
    priority: int,
    shown: str,
    target: str,
    written: Iterable[WrittenParam],
    path: str,
    problems: list[Problem],
    noted: list[Problem],
) -> Svcb | None:
    if not 0 <= priority <= 0xFFFF:
        noted.append(Problem(path, "svcb-priority", f"priority {shown} is not a whole number from 0 to 65535"))
    name = DomainName(())
    try:
        name, absolute = DomainName.read(target)
    except ValueError as error:
        noted.append(Problem(path, "svcb-target", str(error)))
    else:
        if not absolute:
            message = f"the target {target} has no final dot; write {target}. if that is the whole name"
            problems.append(Problem(path, "svcb-relative-target", message))
    params: dict[int, bytes] = {}
    for param in written:
        try:
            number, value = _param(param)
        except BrokenRuleError as error:
            noted.append(Problem(path, error.rule, str(error)))
            continue
        if number in params:
            message = f"the key {keys.key_name(number)} is there twice"
            noted.append(Problem(path, "svcb-duplicate-key", message))
        params[number] = value
    built = None if noted else Svcb(priority, name, tuple(sorted(params.items())))
    if built and (length := len(built.wire())) > _LONGEST:
        noted.append(Problem(path, "svcb-value-length", f"the record has {length} octets; at most {_LONGEST} fit"))
    problems += noted
    return None if noted else built


def _param(param: WrittenParam) -> tuple[int, bytes]:
    number = keys.key_number(param.key)
    form = keys.key_format(number)
    octets = param.value or b""
    if param.key == f"key{number}":  # a numbered key takes the wire octets, whatever its own format is (2.1)
        form.decode(octets, param.key)
        value = octets
    else:
        if param.escaped and not form.escapes:
            raise BrokenRuleError("svcb-escape", f"the value of {param.key} must not hold escapes")
        value = form.encode(octets, param.key)
    if len(value) > _LONGEST:
        message = f"the value of {param.key} has {len(value)} octets; at most {_LONGEST} fit"
        raise BrokenRuleError("svcb-value-length", message)
    return number, value


def _param_text(number: int, wire: bytes) -> str:
    name = keys.key_name(number)
    # A key without a name is written in the opaque form; where it is registered, its own format is judged elsewhere.
    octets = keys.key_format(number).decode(wire, name) if name in keys.NAMES else wire
    return f"{name}={value_text(octets)}" if octets else name


def check_svcb(value: Svcb, path: str, *, https: bool = True) -> list[Problem]:
    """The rules that one record must keep as a whole; `https` for type HTTPS, else SVCB."""
    present = dict(value.params)
    broken: list[tuple[str, str]] = []
    if keys.INVALID_KEY in present:
        broken.append(("svcb-invalid-key", "key65535 is reserved and never valid; remove it"))
    if value.is_alias:
        if present:
            message = "clients ignore the parameters of an alias (priority 0); remove them, or use a priority from 1 on"
            broken.append(("svcb-alias-params", message))
        if not value.target.labels:
            broken.append(("svcb-alias-dot", "an alias to `.` says that there is no such service"))
        return [Problem(path, rule, message) for rule, message in broken]
    if keys.NO_DEFAULT_ALPN in present and keys.ALPN not in present:
        broken.append(("svcb-no-default-alpn", "no-default-alpn leaves no protocol at all; add alpn"))
    broken += _mandatory(present, https=https) + _protocols(value)
    port = present.get(keys.PORT)
    if port is not None and int.from_bytes(port) in _UNSAFE_PORTS:
        broken.append(("svcb-port-unsafe", f"browsers refuse port {int.from_bytes(port)}"))
    if not value.target.labels and (keys.IPV4HINT in present or keys.IPV6HINT in present):
        message = "address hints serve a target elsewhere; at the name itself its A and AAAA records say the same"
        broken.append(("svcb-hint-at-owner", message))
    return [Problem(path, rule, message) for rule, message in broken]


def _mandatory(present: Mapping[int, bytes], *, https: bool) -> list[tuple[str, str]]:
    wire = present.get(keys.MANDATORY, b"")
    listed = struct.unpack(f"!{len(wire) // 2}H", wire)
    broken = [
        ("svcb-mandatory-missing", f"mandatory lists {keys.key_name(number)}, which is not there")
        for number in listed
        if number not in present
    ]
    if https:
        broken += [
            ("svcb-default-mandatory", f"{keys.key_name(number)} is always mandatory for HTTPS; do not list it")
            for number in listed
            if number in _HTTPS_MANDATORY
        ]
    return broken


def _protocols(value: Svcb) -> list[tuple[str, str]]:
    broken = []
    for protocol in value.alpn:
        if protocol == "h2c":
            broken.append(("svcb-cleartext-alpn", "h2c is HTTP/2 without TLS and has no place here; write h2"))
        elif _DRAFT_HTTP3.fullmatch(protocol.encode("latin-1")):
            broken.append(("svcb-draft-alpn", f"{protocol} is the id of an obsolete draft; HTTP/3 is h3"))
    return broken
