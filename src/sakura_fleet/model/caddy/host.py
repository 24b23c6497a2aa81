"""A host on which Caddy serves sites over HTTP/1.1, HTTP/2 and HTTP/3: its settings and the rules they keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.caddy.site import Site, is_host_name, read_sites
from sakura_fleet.model.names import CADDY_HOST_NAME, RELATIVE_NAME, RESOURCE_ID
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.server.packet_filter import admits
from sakura_fleet.model.server.template import ServerTemplate, read_template
from sakura_fleet.model.serving import HTTP1, HTTP2, HTTP3
from sakura_fleet.model.zones import ZONES

ALPN_IDS: Final = {"h1": HTTP1, "h2": HTTP2, "h3": HTTP3}
PROTOCOLS: Final = tuple(ALPN_IDS)
"""In Caddy's words."""
BEHIND_MODES: Final = ("http", "tcp")
MANAGED: Final = ("startup", "ssh")
DEFAULT_TTL: Final = 30
"""Seconds; short, as the record follows the host when it is built anew."""
DEFAULT_READY_DEADLINE: Final = 600
"""Seconds that a host has until it serves: a first boot, its packages, its certificates."""
_PEM: Final = re.compile(r"(?s)\s*-----BEGIN CERTIFICATE-----\s.+-----END CERTIFICATE-----\s*")
_IN_THE_CADDYFILE: Final = ("email", "acme_ca", "acme_ca_root", "storage", "behind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What stands before the host, an ELB or another proxy: `networks` are its addresses.

    `http`: it ends TLS and speaks plain HTTP to the host. `tcp`: it passes connections on, and TLS ends at the host.
    """

    networks: tuple[str, ...]
    mode: str = "http"
    proxy_protocol: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """Caddy as one file, with the SHA-256 that it must have."""

    url: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SshAccess:
    """How the host is reached. Without a key file the SSH agent is asked; without `host_key` the key is taken at the
    first connection."""

    user: str = "root"
    port: int = 22
    private_key_file: str = ""
    host_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaddyHostArgs:
    """One host: a server that is made in `zone`, or one that is there already, by `address`; or one of `zone` that is
    there and becomes the stack's, by `adopt` (an ID).

    `record` and `records` are its names in the stack's DNS zone, with A and HTTPS records of `ttl` seconds.
    `acme_ca_root` and `trusted_ca` are PEM texts. `ready_deadline` is in seconds; 0 does not ask whether it serves.
    """

    name: str
    zone: str = ""
    address: str = ""
    adopt: str = ""
    sites: tuple[Site, ...] = ()
    caddyfile: str = ""
    protocols: tuple[str, ...] = ()
    record: str = ""
    records: tuple[str, ...] = ()
    ttl: int = DEFAULT_TTL
    email: str = ""
    acme_ca: str = ""
    acme_ca_root: str = ""
    storage: str = ""
    behind: Behind | None = None
    binary: Binary | None = None
    manage: str = ""
    ssh: SshAccess = field(default_factory=SshAccess)
    ready_deadline: int = DEFAULT_READY_DEADLINE
    trusted_ca: str = ""
    template: ServerTemplate = field(default_factory=ServerTemplate)

    @property
    def over_ssh(self) -> bool:
        """Whether changes reach the host over SSH, rather than a startup script at the first boot of another server."""
        return self.manage == "ssh" or bool(self.address)

    @property
    def serves(self) -> tuple[str, ...]:
        """The protocols: as set, else all that can reach the host."""
        return self.protocols or (("h1", "h2") if self.behind else PROTOCOLS)

    @property
    def ends_tls(self) -> bool:
        """Whether the host has certificates of its own."""
        return self.behind is None or self.behind.mode == "tcp"

    @property
    def acme_names(self) -> tuple[str, ...]:
        """The names that the host gets certificates for from a CA."""
        return tuple(site.name for site in self.sites if site.tls == "auto") if self.ends_tls else ()

    @property
    def internal_names(self) -> tuple[str, ...]:
        """The names with certificates of Caddy's own CA."""
        return tuple(site.name for site in self.sites if site.tls == "internal") if self.ends_tls else ()

    @property
    def all_records(self) -> tuple[str, ...]:
        """All its names in the DNS zone."""
        return (self.record, *self.records) if self.record else self.records

    @property
    def open_ports(self) -> tuple[tuple[str, int], ...]:
        """What must be open: protocol and port."""
        ports = (("tcp", 80), ("tcp", 443)) if self.ends_tls else (("tcp", 80),)
        return (*ports, ("udp", 443)) if "h3" in self.serves else ports

    def check(self) -> list[Problem]:
        """What is wrong with the settings as a whole; single values are judged where they are read."""
        return [Problem(*one) for one in _broken(self)]

    @property
    def alpn_ids(self) -> tuple[str, ...]:
        """What the host speaks https over; nothing where something before it ends TLS."""
        return tuple(ALPN_IDS[one] for one in self.serves) if self.ends_tls else ()


def read_caddy_host(reader: Reader) -> CaddyHostArgs:
    """One host from configuration; problems go to the reader."""
    shape = "a name in the DNS zone"
    host = CaddyHostArgs(
        name=reader.text("name", pattern=CADDY_HOST_NAME, shape="a host name of 1 to 32 characters"),
        zone=reader.text("zone", "", choices=tuple(ZONES)),
        address=reader.text("address", ""),
        adopt=reader.text("adopt", "", pattern=RESOURCE_ID, shape="the 12 digits of a server's ID, in quotes"),
        sites=read_sites(reader),
        caddyfile=reader.text("caddyfile", ""),
        protocols=_read_protocols(reader),
        record=reader.text("record", "", pattern=RELATIVE_NAME, shape=shape),
        records=reader.texts("records", ()),
        ttl=reader.whole("ttl", DEFAULT_TTL, minimum=10, maximum=3_600_000),
        email=reader.text("email", "", pattern=r"[^\s@\"\\]+@[^\s@\"\\]+", shape="an e-mail address"),
        acme_ca=reader.text(
            "acme_ca",
            "",
            pattern=r"staging|https://[^\s\"\\]+",
            shape="`staging` or an ACME directory's https URL",
        ),
        acme_ca_root=_read_pem(reader, "acme_ca_root"),
        storage=reader.text("storage", "", pattern=r"/[A-Za-z0-9._/-]+", shape="an absolute path"),
        behind=_read_behind(reader.child("behind")) if reader.has("behind") else None,
        binary=_read_binary(reader.child("binary")) if reader.has("binary") else None,
        manage=reader.text("manage", "", choices=MANAGED),
        ssh=_read_ssh(reader.child("ssh")),
        ready_deadline=reader.whole("ready_deadline", DEFAULT_READY_DEADLINE, minimum=0, maximum=3_600),
        trusted_ca=_read_pem(reader, "trusted_ca"),
        template=read_template(reader.child("template")),
    )
    for problem in host.check():
        reader.problem(problem.path, problem.rule, problem.message)
    reader.close()
    return host


def _broken(host: CaddyHostArgs) -> Iterator[tuple[str, str, str]]:
    """The rules over several settings: path, rule, message."""
    yield from _place(host)
    yield from _content(host)
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
            yield "zone" if host.zone else "template", "not-our-server", message
        if host.adopt:
            message = "a host with an `address` stays somebody else's; name the server's `zone` instead of its address"
            yield "adopt", "not-our-server", message
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
            yield key, "in-the-caddyfile", "with a Caddyfile of your own this stands in there; remove it here"


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
            message = f"{name!r} stands in the list twice; put all that it serves into one site"
            yield f"sites[{index}].name", "duplicate-site", message
    for index, name in enumerate(host.records):
        if not re.fullmatch(RELATIVE_NAME, name):
            yield f"records[{index}]", "shape", f"{name!r} is not a name in the DNS zone"
        if name in (host.record, *host.records[:index]):
            yield f"records[{index}]", "duplicate-record", f"{name!r} stands there twice"


def _read_protocols(reader: Reader) -> tuple[str, ...]:
    written = reader.texts("protocols", (), choices=PROTOCOLS)
    return tuple(protocol for protocol in PROTOCOLS if protocol in written)


def _read_pem(reader: Reader, key: str) -> str:
    text = reader.text(key, "")
    if text and not _PEM.fullmatch(text):
        reader.problem(key, "pem", "this is no certificate in PEM form, from -----BEGIN CERTIFICATE----- on")
    return text


def _read_behind(reader: Reader) -> Behind:
    behind = Behind(
        networks=reader.texts("networks"),
        mode=reader.text("mode", "http", choices=BEHIND_MODES),
        proxy_protocol=reader.flag("proxy_protocol", default=False),
    )
    for index, network in enumerate(behind.networks):
        try:
            ip_network(network)
        except ValueError:
            reader.problem(f"networks[{index}]", "network", f"{network!r} is not a network such as 192.0.2.0/24")
    if reader.has("networks") and not behind.networks:
        reader.problem("networks", "no-network", "the list is empty; name the networks of what stands before the host")
    reader.close()
    return behind


def _read_binary(reader: Reader) -> Binary:
    binary = Binary(
        url=reader.text("url", pattern=r"https://[^\s\"'\\]+", shape="an https URL"),
        sha256=reader.text("sha256", pattern=r"[0-9a-f]{64}", shape="a SHA-256: 64 hex digits in lower case"),
    )
    reader.close()
    return binary


def _read_ssh(reader: Reader) -> SshAccess:
    ssh = SshAccess(
        user=reader.text("user", "root", pattern=r"[a-z_][a-z0-9_-]{0,31}", shape="a user's name"),
        port=reader.whole("port", 22, minimum=1, maximum=65_535),
        private_key_file=reader.text("private_key_file", ""),
        host_key=reader.text(
            "host_key",
            "",
            pattern=r"(?:ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)) [A-Za-z0-9+/]+=*(?: .*)?",
            shape="a host's public key such as `ssh-ed25519 AAAA…`",
        ),
    )
    reader.close()
    return replace(ssh, host_key=" ".join(ssh.host_key.split()[:2]))
