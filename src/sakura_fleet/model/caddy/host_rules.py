"""The rules that the settings of one Caddy host keep together; single values are judged where they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.caddy.host import CaddyHostArgs, SshAccess
from sakura_fleet.model.caddy.site import is_host_name
from sakura_fleet.model.names import RELATIVE_NAME
from sakura_fleet.model.server.packet_filter import admits
from sakura_fleet.model.server.template import ServerTemplate

_IN_THE_CADDYFILE: Final = ("email", "acme_ca", "acme_ca_root", "storage", "behind")
_VARIABLE: Final = re.compile(r"\{\$(?P<name>[^{}:\s]+)\}")
"""A variable without a default; Caddy puts its value in before it reads the file."""


def host_problems(host: CaddyHostArgs) -> list[Problem]:
    """What is wrong with the settings as a whole."""
    return [Problem(path, rule, message) for path, rule, message in _problems(host)]


def _problems(host: CaddyHostArgs) -> Iterator[tuple[str, str, str]]:
    """The rules over several settings: path, rule, message."""
    yield from _place(host)
    yield from _content(host)
    yield from _variables(host)
    yield from _names(host)
    if "h3" in host.protocols and host.behind:
        message = "HTTP/3 does not pass an ELB or proxy, so nothing may announce it; take h3 out, or remove `behind`"
        yield "protocols", "h3-behind", message
    if "h1" not in host.serves and "h2" not in host.serves:
        message = "HTTP/3 alone leaves out every client without it, and the CA's own checks; add h1 and h2"
        yield "protocols", "h3-only", message
    for index, interface in enumerate(host.template.network_interfaces[:1]):
        for protocol, port in host.open_ports:
            if not admits(interface.packet_filter, protocol, port):
                path = f"template.network_interfaces[{index}].packet_filter"
                rule = "h3-port-closed" if protocol == "udp" else "port-closed"
                way_out = ", or take h3 out of `protocols`" if protocol == "udp" else ""
                message = (
                    f"nobody gets through to {port}/{protocol}; add "
                    f'{{protocol: {protocol}, destination_port: "{port}"}} before the rule that denies it{way_out}'
                )
                yield path, rule, message
    if host.ready_deadline and not host.trusted_ca:
        what = ""
        if host.internal_names and not host.over_ssh:
            what = "`tls: internal`"
        elif host.acme_names and host.acme_ca == "staging":
            what = "certificates of the staging CA"
        if what:
            message = (
                f"{what} cannot be checked with the public CAs; put the CA's certificate (PEM) here, or set "
                "ready_deadline to 0, which announces the host unseen"
            )
            yield "trusted_ca", "trusted-ca-missing", message


def _place(host: CaddyHostArgs) -> Iterator[tuple[str, str, str]]:
    if not host.zone and not host.address:
        message = "the setting is missing; name the zone of a server to be made, or the address of a host that is there"
        yield "zone", "required", message
    if host.address:
        try:
            ip_address(host.address)
        except ValueError:
            yield "address", "ip-address", f"{host.address!r} is not an IPv4 or IPv6 address"
        if host.zone or host.template != ServerTemplate():
            message = "a host with an `address` is there already; remove this, or the address"
            yield "zone" if host.zone else "template", "existing-host", message
        if host.adopt:
            message = "a host with an `address` stays somebody else's; name the server's `zone` instead of its address"
            yield "adopt", "existing-host", message
        if host.manage == "startup":
            message = "a host that is there already has had its first boot; it is managed over ssh"
            yield "manage", "address-needs-ssh", message
    if host.ssh != SshAccess() and not host.over_ssh:
        yield "ssh", "ssh-not-used", "this host is made by a startup script; set `manage: ssh`, or remove this"
    edit = host.template.edit_parameter
    if edit.startup_scripts:
        message = "a Caddy host brings its own startup script; remove this one, or use a server group"
        yield "template.edit_parameter.startup_scripts", "caddy-host-script", message
    disk = host.template.disks[0] if host.template.disks else None
    if host.over_ssh and not host.address and not edit.ssh_keys and not (disk and disk.source_archive):
        message = "nobody could log in; put the public key of the one who runs pulumi here"
        yield "template.edit_parameter.ssh_keys", "ssh-key-missing", message


def _content(host: CaddyHostArgs) -> Iterator[tuple[str, str, str]]:
    if not host.sites and not host.caddyfile:
        yield "caddyfile", "required", "the setting is missing; list `sites`, or write a whole Caddyfile"
    if not host.caddyfile:
        return
    if host.sites:
        yield "caddyfile", "sites-or-caddyfile", "a host has `sites` or a whole Caddyfile; remove one of them"
    for key in _IN_THE_CADDYFILE:
        if getattr(host, key):
            yield key, "in-the-caddyfile", "with a Caddyfile of your own this belongs in there; remove it here"
    if host.answers_decide and host.all_records and not host.ready_deadline:
        message = (
            "what a Caddyfile of your own serves shows in its answers only, and 0 asks for none; set a time, or name "
            "`protocols`, which are announced unseen then"
        )
        yield "ready_deadline", "caddyfile-unseen", message


def _variables(host: CaddyHostArgs) -> Iterator[tuple[str, str, str]]:
    """Variables of Caddyfiles that would be empty: nothing sets any for the service on the host."""
    snippets = [(f"sites[{index}].snippet", site.snippet) for index, site in enumerate(host.sites)]
    for path, text in (("caddyfile", host.caddyfile), *snippets):
        for number, line in enumerate(text.split("\n"), start=1):
            for match in _VARIABLE.finditer("" if line.lstrip().startswith("#") else line):
                message = (
                    f"line {number}: {match[0]} has no value, as the host has no variable {match['name']}; write the "
                    f"value itself, or with a default {{${match['name']}:VALUE}}"
                )
                yield path, "caddyfile-variable", message


def _names(host: CaddyHostArgs) -> Iterator[tuple[str, str, str]]:
    names = [site.name for site in host.sites]
    for index, name in enumerate(names):
        if name and not is_host_name(name):
            message = (
                f"{name!r} is not the name of a host such as www.example.com: lower case, without scheme, port or "
                "path, and no wildcard, whose certificate would need a DNS module"
            )
            yield f"sites[{index}].name", "site-name", message
        elif name in names[:index]:
            message = f"{name!r} is in the list twice; put all that it serves into one site"
            yield f"sites[{index}].name", "duplicate-site", message
    for index, name in enumerate(host.records):
        if not re.fullmatch(RELATIVE_NAME, name):
            yield f"records[{index}]", "shape", f"{name!r} is not a name in the DNS zone"
        if name in (host.record, *host.records[:index]):
            yield f"records[{index}]", "duplicate-record", f"{name!r} is there twice"
