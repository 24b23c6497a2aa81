"""The rules that the SVCB or HTTPS records of one name keep together."""

from __future__ import annotations

from collections.abc import Sequence

from sakura_fleet.errors import Problem
from sakura_fleet.model.svcb import keys
from sakura_fleet.model.svcb.names import DomainName
from sakura_fleet.model.svcb.rdata import Svcb


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
        broken.append(("svcb-ech-mixed", "some records have ech and some have not, which invites a downgrade"))
    return [Problem(path, rule, message) for rule, message in broken]


def _owner(owner: str, values: Sequence[Svcb], *, https: bool) -> list[tuple[str, str]]:
    broken = []
    labels = owner.split(".")
    if "_http" in labels:
        broken.append(("svcb-owner", "the prefix _http is never used; https records also serve http"))
    if not https and "_https" in labels:
        broken.append(("svcb-owner", "the prefix _https belongs to type HTTPS; write HTTPS instead of SVCB"))
    elif not https and not labels[0].startswith("_"):
        message = "SVCB stands at a name such as _dns.resolver; for a web host write HTTPS instead"
        broken.append(("svcb-owner", message))
    if any(value.param(keys.DOHPATH) is not None for value in values) and (https or "_dns" not in labels):
        broken.append(("svcb-dohpath-owner", "dohpath belongs to type SVCB at a name that begins with _dns"))
    return broken


def _same(target: DomainName, owner: str, zone: str) -> bool:
    full = zone if owner == "@" else f"{owner}.{zone}"
    return target.folded().text() == f"{full.casefold()}."
