"""ELBs: enhanced load balancers (API path `commonserviceitem`, provider class `proxylb`, global)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from sakura_fleet.client._elb_document import ElbDocument, ElbEntry, ElbRule
from sakura_fleet.client._fields import Fields
from sakura_fleet.client._service_items import ServiceItemsApi, settings_in
from sakura_fleet.client._values import Json, labels, number, optional_text, text
from sakura_fleet.client._x509 import not_before
from sakura_fleet.model.elb.settings import ElbSettings

__all__ = [
    "Elb",
    "ElbCertificate",
    "ElbCertificates",
    "ElbDocument",
    "ElbEntry",
    "ElbHealth",
    "ElbRule",
    "ElbServerHealth",
    "ElbsApi",
]

SERVICE_CLASS = re.compile(r"cloud/proxylb/(?:plain|anycast)/(\d+)")
OPENSSL_TIME = "%b %d %H:%M:%S %Y GMT"


@dataclass(frozen=True, slots=True)
class Elb:
    """One ELB. `plan` is connections per second; `region` "is1", "tk1" or "anycast".

    `document` is all that it is set to; `entries` and `settings` are views of it. `fqdn` is set with VIP failover, else
    `vip`.
    """

    id: str
    name: str
    description: str
    tags: tuple[str, ...]
    icon_id: str | None
    availability: str
    plan: int
    region: str
    vip_failover: bool
    fqdn: str | None
    vip: str | None
    proxy_networks: tuple[str, ...]
    document: ElbDocument
    settings_hash: str
    created_at: datetime | None

    @property
    def entries(self) -> tuple[ElbEntry, ...]:
        """The servers behind it, whoever entered them."""
        return self.document.entries

    @property
    def items(self) -> tuple[ElbEntry, ...]:
        """The list in `wire` that a state writes into: the entries."""
        return self.entries

    @property
    def wire(self) -> Json:
        """All that a write of the document replaces, as the API sent it."""
        return self.document.wire

    @property
    def settings(self) -> ElbSettings:
        """Its settings, without entries and certificates."""
        return self.document.settings

    @property
    def address(self) -> str | None:
        """Where clients reach it: the name if there is one, else the address."""
        return self.fqdn or self.vip

    @classmethod
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        status = fields.child("Status")
        plan = SERVICE_CLASS.fullmatch(fields.text("ServiceClass"))
        return cls(
            **fields.described(),
            icon_id=fields.reference("Icon"),
            availability=fields.text("Availability"),
            plan=int(plan[1]) if plan else 0,
            region=text(status.get("Region")),
            vip_failover=status.flag("UseVIPFailover"),
            fqdn=optional_text(status.get("FQDN")),  # one of the two, never the other
            vip=optional_text(status.get("VirtualIPAddress")),
            proxy_networks=status.optional_texts("ProxyNetworks"),
            document=ElbDocument.from_api(settings_in(fields, "ProxyLB")),
            settings_hash=fields.text("SettingsHash"),
        )


@dataclass(frozen=True, slots=True)
class ElbServerHealth:
    """How the ELB sees one entry."""

    ip_address: str
    port: int
    up: bool
    active_connections: int
    connections_per_second: int

    @classmethod
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        return cls(
            ip_address=fields.text("IPAddress"),
            port=fields.positive("Port"),
            up=fields.text("Status").casefold() == "up",
            active_connections=fields.number("ActiveConn"),
            connections_per_second=number(fields.get("CPS")),
        )


@dataclass(frozen=True, slots=True)
class ElbHealth:
    """The ELB's load and the health of its entries."""

    active_connections: int
    connections_per_second: int
    current_vip: str | None
    servers: tuple[ElbServerHealth, ...]

    @classmethod
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        return cls(
            active_connections=number(fields.get("ActiveConn")),
            connections_per_second=number(fields.get("CPS")),
            current_vip=optional_text(fields.get("CurrentVIP")),
            servers=tuple(ElbServerHealth.from_api(server) for server in fields.items("Servers")),
        )


@dataclass(frozen=True, slots=True)
class ElbCertificate:
    """One certificate, all parts PEM. The private key does not appear in `repr`.

    `start_date` (of the certificate itself), `end_date`, `common_name` and `alt_names` are only in answers.
    """

    server_certificate: str
    private_key: str = field(repr=False)
    intermediate_certificate: str = ""
    end_date: datetime | None = None
    common_name: str = ""
    alt_names: str = ""
    start_date: datetime | None = None

    @classmethod
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        return cls(
            server_certificate=fields.blank_text("ServerCertificate"),
            private_key=text(fields.get("PrivateKey")),
            intermediate_certificate=fields.blank_text("IntermediateCertificate"),
            start_date=not_before(text(fields.get("ServerCertificate"))),
            end_date=_openssl_time(text(fields.get("CertificateEndDate"))),
            common_name=text(fields.get("CertificateCommonName")),
            alt_names=text(fields.get("CertificateAltNames")),
        )

    def to_api(self) -> Json:
        return {
            "ServerCertificate": self.server_certificate,
            "IntermediateCertificate": self.intermediate_certificate,
            "PrivateKey": self.private_key,
        }


@dataclass(frozen=True, slots=True)
class ElbCertificates:
    """The certificates of an ELB: the primary one, None if there is none, and those chosen by name (SNI)."""

    primary: ElbCertificate | None = None
    additional: tuple[ElbCertificate, ...] = ()

    @classmethod
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        there = fields.optional_child("PrimaryCert")
        primary = ElbCertificate.from_api(there) if there else None
        # The service says "" for none.
        additional = [] if fields.get("AdditionalCerts") == "" else fields.items("AdditionalCerts")
        return cls(
            primary=primary if primary and primary.server_certificate else None,
            additional=tuple(ElbCertificate.from_api(certificate) for certificate in additional),
        )

    def to_api(self) -> Json:
        return {
            "PrimaryCert": (self.primary or ElbCertificate("", "")).to_api(),
            "AdditionalCerts": [certificate.to_api() for certificate in self.additional],
        }


def _openssl_time(value: str) -> datetime | None:
    """A time as OpenSSL prints it, `May  4 01:37:47 2027 GMT`; None for "" and anything else."""
    try:
        return datetime.strptime(value, OPENSSL_TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def _service_class(plan: int, region: str | None) -> str:
    return f"cloud/proxylb/{'anycast' if region == 'anycast' else 'plain'}/{plan}"


class ElbsApi(ServiceItemsApi[Elb]):
    """ELBs of the account."""

    VALUE = Elb
    SETTINGS, CLASS = "ProxyLB", "proxylb"
    FILTERS = {"Provider.Class": [CLASS]}

    def create(
        self,
        *,
        name: str,
        plan: int,
        settings: ElbSettings,
        region: str | None = None,
        vip_failover: bool = False,
        description: str = "",
        tags: Sequence[str] = (),
        icon_id: str | None = None,
    ) -> Elb:
        """Make an ELB for `plan` connections per second. Region and VIP failover can never be changed.

        Raises `UnreachableError` or `UnavailableError` with `maybe_done` set where it may exist without an answer.
        """
        status: dict[str, Any] = {"UseVIPFailover": vip_failover}
        if region is not None:
            status["Region"] = region
        fixed = {"ServiceClass": _service_class(plan, region), "Status": status}
        return self._make({**labels(name, description, tags, icon_id), **fixed}, ElbDocument.new(settings).wire)

    def update(
        self,
        elb: Elb,
        *,
        name: str,
        description: str,
        tags: Sequence[str],
        icon_id: str | None,
        document: ElbDocument,
    ) -> Elb:
        """Replace labels and document of an ELB in one write. Raises `ConflictError` if it was changed since."""
        return self._put(elb.id, labels(name, description, tags, icon_id), document.wire, elb.settings_hash)

    def update_document(self, elb: Elb, document: ElbDocument) -> Elb:
        """Replace the document of an ELB; its labels stay. Raises `ConflictError` if it was changed since."""
        return self._put(elb.id, {}, document.wire, elb.settings_hash)

    def change_plan(self, elb_id: str, plan: int, *, region: str | None = None) -> Elb:
        """Change the connections per second. The ELB may get a new ID: go on with the one of the answer."""
        body = {self.SINGULAR: {"ServiceClass": _service_class(plan, region)}}
        return self._object("PUT", self._zone, self._at(elb_id, "plan"), body)

    def health(self, elb_id: str) -> ElbHealth:
        """How the ELB sees its entries now."""
        return ElbHealth.from_api(self._below("GET", elb_id, "health"))

    def get_certificates(self, elb_id: str) -> ElbCertificates:
        """The certificates, private keys included: treat the answer as a secret."""
        return ElbCertificates.from_api(self._below("GET", elb_id, "proxylb/sslcertificate"))

    def set_certificates(self, elb_id: str, certificates: ElbCertificates) -> ElbCertificates:
        """Replace all certificates."""
        body = {self.SETTINGS: certificates.to_api()}
        return ElbCertificates.from_api(self._below("PUT", elb_id, "proxylb/sslcertificate", body))

    def delete_certificates(self, elb_id: str) -> None:
        """Remove all certificates."""
        self._call("DELETE", self._zone, self._at(elb_id, "proxylb/sslcertificate"))

    def renew_lets_encrypt(self, elb_id: str) -> None:
        """Ask for a new certificate from Let's Encrypt; it comes later, see `get_certificates`."""
        self._call("PUT", self._zone, self._at(elb_id, "proxylb/letsencryptrenew"))

    def _below(self, method: str, elb_id: str, action: str, body: Json | None = None) -> Fields:
        return self._call(method, self._zone, self._at(elb_id, action), body=body).child(self.SETTINGS)
