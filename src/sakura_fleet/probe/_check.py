"""`check_host`: does a host serve what its DNS record and its own headers promise?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sakura_fleet.errors import DnsError, FleetError, ProbeError
from sakura_fleet.model.dns.svcb import Svcb
from sakura_fleet.model.dns.svcb import keys as svcb_keys
from sakura_fleet.model.dns.svcb.keys import IPV4HINT, IPV6HINT, NO_DEFAULT_ALPN, PORT
from sakura_fleet.probe._probe import probe, read_target
from sakura_fleet.probe._records import HttpsRecords, Resolver, is_address
from sakura_fleet.probe._result import PROTOCOLS, ProbeResult, Protocol, Target

Verdict = Literal["ok", "info", "warning", "failed"]
DEFAULT_DAYS: Final = 14
_ALPN: Final[dict[str, Protocol]] = {"http/1.1": "h1", "h2": "h2", "h3": "h3"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked. `info` is neither good nor bad."""

    check: str
    verdict: Verdict
    text: str


@dataclass(slots=True)
class HostReport:
    """What was found. `findings` has one per protocol, Alt-Svc, certificate and HTTPS record, and one per promise of
    the record or of Alt-Svc that is not kept."""

    url: str
    findings: list[Finding] = field(default_factory=list)
    answers: dict[Protocol, ProbeResult] = field(default_factory=dict)
    record: HttpsRecords | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst of all."""
        found = {finding.verdict for finding in self.findings}
        return "failed" if "failed" in found else "warning" if "warning" in found else "ok"

    def note(self, check: str, verdict: Verdict, text: str) -> None:
        """Add one finding."""
        self.findings.append(Finding(check, verdict, text))

    def to_json(self) -> dict[str, Any]:
        """The report for programs."""
        record = self.record
        return {
            "url": self.url,
            "verdict": self.verdict,
            "protocols": {
                protocol: {
                    "address": answer.address,
                    "status": answer.status,
                    "alt_svc": answer.alt_svc,
                    "seconds": round(answer.seconds, 4),
                    "certificate": {
                        "issuer": answer.certificate_issuer,
                        "not_after": answer.certificate_not_after.isoformat(),
                    },
                }
                for protocol, answer in self.answers.items()
            },
            "https_record": {
                "owner": record.owner,
                "ttl": record.ttl,
                "aliases": list(record.aliases),
                "records": [entry.text() for entry in record.records],
            }
            if record and record.records
            else None,
            "findings": [
                {"check": finding.check, "verdict": finding.verdict, "text": finding.text} for finding in self.findings
            ],
        }


def check_host(
    url: str,
    *,
    now: datetime,
    resolver: str = "",
    address: str | None = None,
    ca_file: str | None = None,
    timeout: float = 10.0,
    require: Sequence[Protocol] = (),
    days: int = DEFAULT_DAYS,
) -> HostReport:
    """Ask a URL over HTTP/1.1, HTTP/2 and HTTP/3, and compare the answers with the name's HTTPS record.

    `resolver` (`address:port`) answers for the record and, unless `address` is given, for the host's address; empty
    means those of this machine. `require` are protocols that must answer though nobody promises them. A certificate
    with fewer than `days` days left at the time `now` is a warning. `ca_file` and `timeout` are those of `probe`.

    Raises `InputError` for what cannot be asked; what is wrong with the host is in the report.
    """
    return _Check(
        target=read_target(url, "h1", address, None, ca_file, timeout),
        resolver=Resolver(resolver, timeout=timeout),
        address=address,
        require=tuple(require),
        least=timedelta(days=days),
        now=now,
    ).run()


@dataclass(slots=True)
class _Check:
    target: Target
    resolver: Resolver
    address: str | None
    require: tuple[Protocol, ...]
    least: timedelta
    now: datetime
    report: HostReport = field(init=False)
    asked: dict[tuple[Protocol, str, int], ProbeResult | ProbeError] = field(default_factory=dict)
    promised: dict[Protocol, str] = field(default_factory=dict)
    """Who promises a protocol at the host's own address and port."""

    def __post_init__(self) -> None:
        self.report = HostReport(self.target.url)

    def run(self) -> HostReport:
        if self.address is None and self.resolver.server:
            found = self.resolver.addresses(self.target.name)
            if not found:
                self.report.note("address", "failed", f"{self.target.name} has no address at {self.resolver.server}")
                return self.report
            self.address = found[0]
        self.promised = dict.fromkeys(self.require, "required")
        promises = list(self._promises_of_the_record())
        answers = {protocol: self._ask(protocol, self.address, self.target.port) for protocol in PROTOCOLS}
        self.report.answers = {key: answer for key, answer in answers.items() if isinstance(answer, ProbeResult)}
        promises += self._promises_of_alt_svc()
        for protocol, answer in answers.items():
            self._judge(protocol, answer)
        alt_svc = next((answer.alt_svc for answer in self.report.answers.values() if answer.alt_svc), "")
        self.report.note("alt-svc", "info", alt_svc or "none")
        self._judge_certificate()
        self._judge_record()
        for who, protocol, address, port in dict.fromkeys(promises):
            answer = self._ask(protocol, address, port)
            if isinstance(answer, ProbeError):
                self.report.note(who, "failed", f"promises {protocol}, but {answer}")
        return self.report

    def _ask(self, protocol: Protocol, address: str | None, port: int) -> ProbeResult | ProbeError:
        place = (protocol, address or "", port)
        if place not in self.asked:
            try:
                self.asked[place] = probe(
                    self.target.url,
                    protocol=protocol,
                    address=address,
                    port=port,
                    ca_file=self.target.ca_file or None,
                    timeout=self.target.timeout,
                )
            except ProbeError as error:
                self.asked[place] = error
        return self.asked[place]

    def _promises_of_the_record(self) -> Iterator[tuple[str, Protocol, str | None, int]]:
        """What the record promises elsewhere; what it promises right here goes to `promised`."""
        name, port = self.target.name, self.target.port
        if is_address(name):
            self.report.record = HttpsRecords(name)  # an address has no records
            return
        owner = name if port == 443 else f"_{port}._https.{name}"  # RFC 9460 section 9.1
        try:
            self.report.record = self.resolver.https(owner)
            for record in self.report.record.records:
                if record.is_alias:
                    continue
                place = self._place_of(record)
                for protocol in promised_by(record):
                    if place == (self.address, port):
                        self.promised[protocol] = "promised by the HTTPS record"
                    else:
                        yield ("https record", protocol, *place)
        except FleetError as error:
            self.report.note("https record", "failed", str(error))

    def _place_of(self, record: Svcb) -> tuple[str | None, int]:
        """Where a client of this record connects: its port, and its target's address or else its hints."""
        found = record.param(PORT)
        port = self.target.port if found is None else int.from_bytes(found)
        if not record.target.labels and not (self.report.record and self.report.record.aliases):
            return self.address, port
        name = record.target.text() if record.target.labels else (self.report.record or HttpsRecords("")).owner
        addresses = self.resolver.addresses(name) or hints(record)
        if not addresses:
            raise DnsError(f"the record's target {name} has neither an address nor hints")
        return addresses[0], port

    def _promises_of_alt_svc(self) -> Iterator[tuple[str, Protocol, str | None, int]]:
        for answer in self.report.answers.values():
            for host, port in answer.alternatives:
                if not host and port == self.target.port:
                    self.promised.setdefault("h3", "promised by Alt-Svc")
                else:
                    yield "alt-svc", "h3", host or self.address, port

    def _judge(self, protocol: Protocol, answer: ProbeResult | ProbeError) -> None:
        who = self.promised.get(protocol, "")
        if isinstance(answer, ProbeResult):
            text = f"{answer.status} from {answer.address} in {answer.seconds * 1000:.0f} ms"
            self.report.note(protocol, "failed" if answer.status >= 500 else "ok", text)
        elif who:
            self.report.note(protocol, "failed", f"{who}, but {answer}")
        elif not self.report.answers:
            self.report.note(protocol, "failed", str(answer))
        else:
            self.report.note(protocol, "info", f"not served, and not promised: {answer}")

    def _judge_certificate(self) -> None:
        if not self.report.answers:
            return
        answer = min(self.report.answers.values(), key=lambda answer: answer.certificate_not_after)
        left = answer.certificate_not_after - self.now
        until = f"until {answer.certificate_not_after:%Y-%m-%d %H:%M} UTC, {left.days} days left"
        verdict: Verdict = "warning" if left < self.least else "ok"
        self.report.note("certificate", verdict, f"{until}, from {answer.certificate_issuer}")

    def _judge_record(self) -> None:
        """What the record says of itself, apart from its promises."""
        record = self.report.record
        if record is None:
            return  # why is noted
        if not record.records:
            text = f"none at {record.owner.rstrip('.')}"
            self.report.note("https record", "warning" if record.aliases else "info", text)
            return
        services = [entry for entry in record.records if not entry.is_alias]
        said = {protocol for service in services for protocol in promised_by(service)}
        unsaid = [protocol for protocol in ("h3", "h2") if protocol in self.report.answers and protocol not in said]
        if unsaid and services:
            self.report.note("https record", "warning", f"{record.text()}; it does not say that {unsaid[0]} is served")
        else:
            self.report.note("https record", "ok", record.text())
        for service in services:
            name = service.target.text() if service.target.labels else record.owner
            try:
                addresses = self.resolver.addresses(name)
            except FleetError as error:
                self.report.note("https record", "failed", str(error))
                continue
            if addresses and (stale := [hint for hint in hints(service) if hint not in addresses]):
                text = f"the hint {stale[0]} is no address of {name.rstrip('.')}, which has {', '.join(addresses)}"
                self.report.note("https record", "failed", text)


def promised_by(record: Svcb) -> tuple[Protocol, ...]:
    """The protocols of one record in service mode; HTTP/1.1 unless it says otherwise (RFC 9460 sections 7.1, 9.5)."""
    named = [_ALPN[identifier] for identifier in record.alpn if identifier in _ALPN]
    if record.param(NO_DEFAULT_ALPN) is None and "h1" not in named:
        named.append("h1")
    return tuple(named)


def hints(record: Svcb) -> tuple[str, ...]:
    """The addresses of `ipv4hint` and `ipv6hint`, as text."""
    found: list[str] = []
    for number in (IPV4HINT, IPV6HINT):
        wire = record.param(number)
        if wire is not None:
            found += svcb_keys.key_format(number).decode(wire, svcb_keys.key_name(number)).decode().split(",")
    return tuple(found)
