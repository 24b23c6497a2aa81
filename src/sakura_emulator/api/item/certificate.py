"""Certificates of an ELB: uploaded ones, and Let's Encrypt ones that are made up."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sakura_emulator.api.item import x509
from sakura_emulator.api.item.proxylb import BEHAVIOUR
from sakura_emulator.api.item.resource import ITEM
from sakura_emulator.call import Answer, Call, done
from sakura_emulator.errors import refused
from sakura_emulator.store import Record
from sakura_emulator.values import mapping, objects
from sakura_emulator.wire import JSON

_PEM_KEYS = ("ServerCertificate", "IntermediateCertificate", "PrivateKey")
_READ_KEYS = ("CertificateEndDate", "CertificateCommonName", "CertificateAltNames")
_ADDITIONAL_MAX = 19
_LIFE = 90 * 86400

# Six texts must always be there: the Go client panics without them.
NO_CERTIFICATE = dict.fromkeys((*_PEM_KEYS, *_READ_KEYS), "")


def _current(call: Call, record: Record) -> JSON:
    stored = record["certificate"]
    issue = record.get("lets_encrypt")
    if issue and call.now >= issue["at"]:
        return {"PrimaryCert": _issued(issue), "AdditionalCerts": stored["AdditionalCerts"] if stored else []}
    return stored or {"PrimaryCert": NO_CERTIFICATE, "AdditionalCerts": []}


def _issued(issue: JSON) -> JSON:
    body = base64.b64encode(f"emulator certificate of {issue['name']}".encode()).decode()
    pem = f"-----BEGIN {{0}}-----\n{body}\n-----END {{0}}-----\n"
    return {
        "ServerCertificate": pem.format("CERTIFICATE"),
        "IntermediateCertificate": pem.format("CERTIFICATE"),
        "PrivateKey": pem.format("PRIVATE KEY"),
        "CertificateEndDate": end_date(float(issue["at"]) + _LIFE),
        "CertificateCommonName": issue["name"],
        "CertificateAltNames": issue["others"],
    }


def _all_names(common_name: str, others: Iterable[str]) -> str:
    """`CertificateAltNames`: the common name first, each name once."""
    return ", ".join(dict.fromkeys(filter(None, (common_name, *others))))


def end_date(seconds: float) -> str:
    """OpenSSL's text: the day padded with a blank."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S %Y} GMT"


def _certificate(value: Any) -> JSON:
    if not isinstance(value, dict):
        raise refused("a certificate is not an object")
    kept = {key: str(value.get(key) or "") for key in _PEM_KEYS}
    if bool(kept["ServerCertificate"]) != bool(kept["PrivateKey"]):
        raise refused("ServerCertificate and PrivateKey go together")
    for key, pem in kept.items():
        if pem and "-----BEGIN " not in pem:
            raise refused(f"{key} is not PEM")
    facts = x509.facts(kept["ServerCertificate"])
    if facts is None:  # not a certificate that can be read: keep what the client says about it
        return {**kept, **{key: str(value.get(key) or "") for key in _READ_KEYS[1:]}, "CertificateEndDate": ""}
    read = (end_date(facts.not_after), facts.common_name, _all_names(facts.common_name, facts.alt_names))
    return {**kept, **dict(zip(_READ_KEYS, read, strict=True))}


def read(call: Call) -> Answer:
    """GET …/sslcertificate."""
    return Answer({"ProxyLB": _current(call, ITEM.of_class(call, "proxylb")), "is_ok": True})


def put(call: Call) -> Answer:
    """PUT …/sslcertificate: replaces the set."""
    ITEM.of_class(call, "proxylb")
    record = ITEM.own(call)
    with BEHAVIOUR.judging():
        record["certificate"] = _set(mapping(call.body, "ProxyLB") or call.body)
    record["lets_encrypt"] = None
    return done(ProxyLB=record["certificate"])


def _set(body: JSON) -> JSON:
    """The primary certificate and the additional ones, whose list may be absent but not null."""
    if body.get("AdditionalCerts", []) is None:
        raise refused("AdditionalCerts is null")
    additional = objects({"AdditionalCerts": body.get("AdditionalCerts") or []}, "AdditionalCerts")
    if len(additional) > _ADDITIONAL_MAX:
        raise refused(f"{len(additional)} additional certificates; {_ADDITIONAL_MAX} are allowed")
    certificates = [_certificate(certificate) for certificate in additional]
    return {"PrimaryCert": _certificate(body.get("PrimaryCert") or {}), "AdditionalCerts": certificates}


def delete(call: Call) -> Answer:
    """DELETE …/sslcertificate: removes all."""
    ITEM.of_class(call, "proxylb")
    ITEM.own(call).data |= {"certificate": None, "lets_encrypt": None}
    return done()


def renew(call: Call) -> Answer:
    """PUT …/letsencryptrenew: the certificate is there after a while."""
    ITEM.of_class(call, "proxylb")
    record = ITEM.own(call)
    wanted = mapping(record["settings"]["ProxyLB"], "LetsEncrypt")
    if not wanted.get("Enabled") or not wanted.get("CommonName"):
        raise refused("LetsEncrypt is not enabled in the settings, or has no CommonName", BEHAVIOUR.said)
    names = str(wanted.get("SubjectAltNames") or "").replace(",", " ").split()
    ready = call.now + call.cloud.settings.durations.certificate
    name = str(wanted["CommonName"])
    record["lets_encrypt"] = {"at": ready, "name": name, "others": _all_names(name, names)}
    return done()
