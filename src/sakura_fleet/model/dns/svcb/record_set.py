"""The rules that the SVCB or HTTPS records of one name keep together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.svcb import keys
from sakura_fleet.model.dns.svcb.names import DomainName
from sakura_fleet.model.dns.svcb.rdata import Svcb

_HTTP_IDS: Final = frozenset({"http/1.1", "h2", "h3"})


def check_svcb_set(values: Sequence[Svcb], *, owner: str, zone: str, https: bool, path: str) -> list[Problem]:
    """What is wrong with the records of `owner` (relative to `zone`) taken together."""
    broken: list[tuple[str, str]] = _owner(owner, values, https=https)
    aliases = [value for value in values if value.is_alias]
    services = [value for value in values if not value.is_alias]
    if aliases and services:
        message = "alias mode (priority 0) and service mode in one set: clients drop one half or the whole; keep one"
        broken.append(("svcb-mixed-modes", message))
    if len(aliases) > 1:
        broken.append(("svcb-several-aliases", "clients pick one of several aliases at random; keep one"))
    for alias in aliases:
        if alias.target.labels and _same(alias.target, owner, zone):
            broken.append(("svcb-alias-loop", f"{alias.target.text()} is this name itself; alias another name"))
    if services and all(value.param(keys.NO_DEFAULT_ALPN) is not None for value in services):
        message = "with no-default-alpn in every record clients may drop the set; leave it out of one"
        broken.append(("svcb-no-default-alpn-everywhere", message))
    with_ech = [value for value in services if value.param(keys.ECH) is not None]
    if with_ech and len(with_ech) != len(services):
        message = (
            "some records have ech and some have not, which invites a downgrade; give it to all, or to those with the "
            "smallest priority"
        )
        broken.append(("svcb-ech-mixed", message))
    return [Problem(path, rule, message) for rule, message in broken]


def _owner(owner: str, values: Sequence[Svcb], *, https: bool) -> list[tuple[str, str]]:
    labels = owner.split(".")
    broken = _https_owner(labels) if https else _svcb_owner(labels)
    if "_http" in labels:
        broken.append(("svcb-owner", "the prefix _http is never used; https records also serve http"))
    for_dns = not https and "_dns" in labels
    dohpath = [value.param(keys.DOHPATH) is not None for value in values]
    if any(dohpath) and not for_dns:
        broken.append(("svcb-dohpath-owner", "dohpath belongs to type SVCB at a name that begins with _dns"))
    if for_dns and any(not there and _HTTP_IDS & {*value.alpn} for there, value in zip(dohpath, values, strict=True)):
        message = 'DNS over HTTPS needs a path: add dohpath="/dns-query{?dns}", or leave the HTTP protocols out of alpn'
        broken.append(("svcb-dohpath-missing", message))
    if any(value.param(keys.DOCPATH) is not None for value in values) and not for_dns:
        broken.append(("svcb-docpath-owner", "docpath belongs to type SVCB at a name that begins with _dns"))
    return broken


def _https_owner(labels: Sequence[str]) -> list[tuple[str, str]]:
    """The host itself for port 443, `_8443._https.host` for another (9.1)."""
    if labels[:2] == ["_443", "_https"]:
        return [("svcb-owner", "port 443 has its record at the host itself; leave the prefix _443._https out")]
    port = labels[0].removeprefix("_")
    numbered = port != labels[0] and port.isascii() and port.isdigit() and 0 < int(port) <= 0xFFFF
    if "_https" in labels and not (labels.index("_https") == 1 and numbered):
        return [("svcb-owner", "_https comes after a port, as in _8443._https.host; port 443 needs no prefix")]
    if labels[0].startswith("_") and "_https" not in labels and "_http" not in labels:
        return [("svcb-owner", "HTTPS is at the host itself, or for another port at _8443._https.host")]
    return []


def _svcb_owner(labels: Sequence[str]) -> list[tuple[str, str]]:
    if "_https" in labels:
        return [("svcb-owner", "the prefix _https belongs to type HTTPS; write HTTPS instead of SVCB")]
    if not labels[0].startswith("_"):
        return [("svcb-owner", "SVCB is at a name such as _dns.resolver; for a web host write HTTPS instead")]
    return []


def _same(target: DomainName, owner: str, zone: str) -> bool:
    full = zone if owner == "@" else f"{owner}.{zone}"
    return target.folded().text() == f"{full.casefold()}."
