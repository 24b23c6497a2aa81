"""The life cycle of an ELB's certificates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sakura_fleet.client import Elb, ElbCertificates
from sakura_fleet.client import ElbCertificate as Certificate
from sakura_fleet.errors import FleetError, NotFoundError, Problem
from sakura_fleet.model.names import CERTIFICATE_NAME
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.reference import ElbReference
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Diff, Found, Inputs, Lifecycle, Outputs, Unknown
from sakura_fleet.provider.references import elb_again, find_elb, needs_other_elb
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.shared_document import edit

MAX_CERTIFICATES: Final = 20
LIFETIME: Final = timedelta(days=90)
"""Of a certificate that does not say when it began: that of Let's Encrypt, which gets shorter in the next years."""
ISSUE_DEADLINE: Final = 600.0
"""Seconds that Let's Encrypt gets."""
NONE: Final = ElbCertificates()
_PEM: Final = {
    "server_certificate": r"CERTIFICATE",
    "private_key": r"[A-Z ]*PRIVATE KEY",
    "intermediate_certificate": r"CERTIFICATE",
}
"""The label that each part of a certificate begins with."""


class ElbCertificateLifecycle(Lifecycle):
    """Certificates are compared by their public part: the API need not give private keys back.

    `now` tells the time, in UTC, by which a certificate is renewed.
    """

    defaults = {"certificates": [], "lets_encrypt_names": []}

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def problems(self, session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
        problems: list[Problem] = []
        reader = Reader(inputs, "", problems, Unknown)
        certificates = inputs["certificates"] if isinstance(inputs["certificates"], list) else []
        for index, certificate in enumerate(certificates):
            _check_certificate(f"certificates[{index}]", certificate, problems)
        names = reader.texts("lets_encrypt_names")
        for index, name in enumerate(names):
            if not re.fullmatch(CERTIFICATE_NAME, name):
                reader.problem(
                    f"lets_encrypt_names[{index}]", "host-name", f"{name!r} is not a host name in lower case"
                )
        if bool(certificates) == bool(names) and not isinstance(inputs["certificates"], Unknown):
            reader.problem("certificates", "one-kind", "give certificates or lets_encrypt_names, one of the two")
        if len(certificates) > MAX_CERTIFICATES:
            reader.problem("certificates", "too-many-certificates", f"at most {MAX_CERTIFICATES} are allowed")
        return problems

    def needs_replacement(self, key: str, olds: Outputs, news: Inputs) -> bool:
        return needs_other_elb(key, olds, news)

    def diff(self, olds: Outputs, news: Inputs) -> Diff:
        diff = super().diff(olds, news)
        if diff.changed or not news["lets_encrypt_names"] or not olds.get("expires"):
            return diff
        begins = datetime.fromisoformat(olds["begins"]) if olds.get("begins") else None
        due = _is_due(begins, datetime.fromisoformat(olds["expires"]), self._now())
        return Diff(("lets_encrypt_names",)) if due else diff

    def comparable(self, key: str, value: Any) -> Any:
        if key == "certificates" and isinstance(value, list):
            return [_public(certificate) for certificate in value]
        return value

    def create(self, session: Session, inputs: Inputs) -> tuple[str, Outputs]:
        object_id = OwnerTags.from_inputs(inputs["owner_tags"]).resource
        elb = find_elb(session, ElbReference.of(inputs["elb"]))
        try:
            return object_id, self._install(session, elb, inputs)
        except FleetError as error:
            error.left = object_id, {**inputs, "certificates": [], "lets_encrypt_names": [], **_results(NONE)}
            raise

    def read(self, session: Session, object_id: str, outputs: Outputs) -> Found | None:
        try:
            elb = find_elb(session, ElbReference.of(outputs["elb"]))
        except NotFoundError:
            return None
        there = session.client.elbs.get_certificates(elb.id)
        inputs = {key: value for key, value in outputs.items() if key in (*self.defaults, "elb", "owner_tags")}
        if outputs["lets_encrypt_names"]:
            inputs["lets_encrypt_names"] = list(elb.document.lets_encrypt_names)
        else:
            known = {tuple(_public(certificate)): certificate for certificate in outputs["certificates"]}
            found = [_shown(certificate) for certificate in (there.primary, *there.additional) if certificate]
            inputs["certificates"] = [known.get(tuple(_public(shown)), shown) for shown in found]
        return Found(object_id, inputs, {**inputs, **_results(there)})

    def update(self, session: Session, object_id: str, olds: Outputs, news: Inputs) -> Outputs:
        return self._install(session, find_elb(session, ElbReference.of(news["elb"])), news)

    def delete(self, session: Session, object_id: str, outputs: Outputs) -> None:
        try:
            elb = find_elb(session, ElbReference.of(outputs["elb"]))
            self._write_names(session, outputs, [])
            session.client.elbs.delete_certificates(elb.id)
        except NotFoundError:
            return

    def _install(self, session: Session, elb: Elb, inputs: Inputs) -> Outputs:
        if inputs["lets_encrypt_names"]:
            there = self._issued(session, elb, inputs)
        else:
            self._write_names(session, inputs, [])  # or Let's Encrypt would put its own in their place one day
            primary, *additional = [Certificate(**parts) for parts in inputs["certificates"]]
            session.client.elbs.set_certificates(elb.id, ElbCertificates(primary, tuple(additional)))
            there = session.client.elbs.get_certificates(elb.id)
        return {**inputs, **_results(there)}

    def _issued(self, session: Session, elb: Elb, inputs: Inputs) -> ElbCertificates:
        names = list(inputs["lets_encrypt_names"])
        before = session.client.elbs.get_certificates(elb.id).primary
        if before and _names_of(before) >= set(names) and not self._is_due(before):
            self._write_names(session, inputs, names)
            return session.client.elbs.get_certificates(elb.id)
        self._write_names(session, inputs, names)
        session.client.elbs.renew_lets_encrypt(elb.id)

        def issued(there: ElbCertificates) -> bool:
            return bool(there.primary and there.primary != before and _names_of(there.primary) >= set(names))

        return session.waiter.wait_for(
            f"a certificate from Let's Encrypt for {', '.join(names)}",
            lambda: session.client.elbs.get_certificates(elb.id),
            issued,
            phase=lambda _: "Let's Encrypt: not issued yet",
            remains="it was asked for, and the ELB gets it once it is issued",
            deadline=ISSUE_DEADLINE,
            way_out="each name must point at the ELB in the public DNS, and port 80 of the ELB must be open; "
            "then run `pulumi up` again",
        )

    def _is_due(self, certificate: Certificate) -> bool:
        ends = certificate.end_date
        return ends is None or _is_due(certificate.start_date, ends, self._now())

    def _write_names(self, session: Session, inputs: Inputs, names: list[str]) -> None:
        edit(
            session,
            f"the ELB {inputs['elb']['id']}",
            read=lambda: find_elb(session, ElbReference.of(inputs["elb"])),
            again=lambda elb: elb_again(session, elb),
            differs=lambda elb: list(elb.document.lets_encrypt_names) != names,
            write=lambda elb: session.client.elbs.update_document(elb, elb.document.with_lets_encrypt_names(names)),
        )


def _check_certificate(path: str, certificate: Any, problems: list[Problem]) -> None:
    """Judge one certificate without ever showing any of it: a private key may be in the wrong place."""
    if isinstance(certificate, Unknown):
        return
    if not isinstance(certificate, Mapping):
        problems.append(Problem(path, "type", "this is not a mapping with server_certificate and private_key"))
        return
    for key, label in _PEM.items():
        value = certificate.get(key)
        if isinstance(value, Unknown) or (key == "intermediate_certificate" and not value):
            continue
        if not isinstance(value, str) or not re.match(rf"\s*-----BEGIN {label}-----", value):
            what = label.rpartition("*")[2]
            problems.append(Problem(f"{path}.{key}", "shape", f"this is not PEM that begins with BEGIN {what}"))
    problems.extend(
        Problem(f"{path}.{key}", "unknown-key", f"no such setting; known are {', '.join(_PEM)}")
        for key in certificate
        if key not in _PEM
    )


def _is_due(begins: datetime | None, ends: datetime, now: datetime) -> bool:
    """Whether a certificate is in the last third of its lifetime, in which it is renewed."""
    lifetime = ends - begins if begins else LIFETIME
    return ends - now < lifetime / 3


def _names_of(certificate: Certificate) -> set[str]:
    others = certificate.alt_names.replace("DNS:", " ").replace(",", " ").split()
    return {certificate.common_name, *others}


def _public(certificate: Mapping[str, Any]) -> list[str]:
    """The public part of a certificate, as far as line ends go."""
    return [str(certificate.get(key) or "").strip() for key in ("server_certificate", "intermediate_certificate")]


def _shown(certificate: Certificate) -> dict[str, str]:
    """A certificate of the ELB without its private key."""
    return {
        "server_certificate": certificate.server_certificate,
        "intermediate_certificate": certificate.intermediate_certificate,
    }


def _results(there: ElbCertificates) -> dict[str, str]:
    primary = there.primary
    begins = primary.start_date.isoformat() if primary and primary.start_date else ""
    ends = primary.end_date.isoformat() if primary and primary.end_date else ""
    return {"common_name": primary.common_name if primary else "", "begins": begins, "expires": ends}
