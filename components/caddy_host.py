"""`CaddyHost`: a host on which Caddy serves sites over HTTP/1.1, HTTP/2 and HTTP/3."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi

from sakura_fleet.errors import Problem
from sakura_fleet.model.caddy.host import CaddyHostArgs
from sakura_fleet.model.caddy.script import host_script, local_ca
from sakura_fleet.model.serving import Serving
from sakura_fleet.provider.adapter import refuse
from sakura_fleet.provider.references import Reference
from sakura_fleet.resources import Server, StartupScript
from sakura_fleet.tokens import CADDY_HOST

from .network import packet_filters, server_interfaces

if TYPE_CHECKING:
    from sakura_fleet.model.dns import RecordSet
    from sakura_fleet.resources import HostProbe

    from .dns import DnsRecords

DIAL_ERRORS = 30
"""How often the command provider tries to connect, in 111 s. The host has answered by then; it may restart sshd."""


class CaddyHost(pulumi.ComponentResource):
    """A server of ours, or a host that is there already, made to serve the sites of `args`.

    By a startup script, which runs at the first boot, so that other sites make another server; or over SSH, where they
    are changed while the old ones are served, and where Caddy's refusal fails the run and leaves the old ones serving.

    With `dns` the host's records come in this order: A, then the host, then a probe of each site over each protocol,
    then HTTPS. A host that does not serve is never announced. A protocol that is taken away leaves the HTTPS record
    first. A server named in `args.adopt` is taken over as it is, instead of one being made: a startup script is not run
    on it. `apex` gives the zone's own name to this host, too.

    Outputs: `address`, `urls`, `https_record`, `verified_protocols`, `certificates` (when each ends, by URL), and over
    SSH `host_key`.
    """

    args: CaddyHostArgs
    address: pulumi.Output[str]
    urls: list[str]

    def __init__(
        self,
        name: str,
        args: CaddyHostArgs,
        *,
        dns: DnsRecords | None = None,
        apex: bool = False,
        password: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        refuse(args.check(), f"host {name}")
        private_key = _private_key(args, name)
        super().__init__(CADDY_HOST, name, {}, opts)
        self.args = args
        self.server: Server | None = None
        self.reference: Reference | None = None
        self.host_key: pulumi.Output[str] | None = None
        self.probe: HostProbe | None = None
        self.https_record: pulumi.Output[str] | None = None
        self._name = name
        self._apex = apex
        self._script = host_script(args, names=_full_names(args, dns.zone_name) if dns else ())
        self._content = sha256(self._script.encode()).hexdigest()
        self.urls = [f"https://{one}/" for one in self._served(dns)]
        before = self._withdrawal(dns) if dns else []
        if args.address:
            self.address = pulumi.Output.from_input(args.address)
        else:
            self._make_server(password, before)
        records: list[pulumi.Resource] = [*self._addresses(dns)] if dns else []
        served: list[pulumi.Resource] = [*before, *records]
        ca = pulumi.Output.from_input(args.trusted_ca or args.acme_ca_root)
        if args.over_ssh:
            command, internal_ca = self._over_ssh(private_key, served)
            served.append(command)
        else:
            internal_ca = pulumi.Output.from_input(args.trusted_ca)
        if self.urls and args.ready_deadline:
            self._prove(ca, internal_ca, served)
            served = [*served, *([self.probe] if self.probe else [])]
        if dns:
            self._announce(dns, served)
        self.https_record = self.address.apply(self._https_text)
        self.register_outputs(self.output())

    @property
    def serving(self) -> Serving:
        """What an HTTPS record has to say of it. Hints follow a server of ours; a literal address stands in A alone."""
        return Serving(protocols=self.args.alpn_ids, servers=[self.reference] if self.reference else [])

    def output(self) -> dict[str, pulumi.Input[Any]]:
        """The host as a stack output."""
        found: dict[str, pulumi.Input[Any]] = {"name": self.args.name, "address": self.address}
        found |= {"urls": self.urls, "https_record": self.https_record}
        if self.probe:
            found |= {"verified_protocols": self.probe.verified, "certificates": self.probe.certificates}
        return {**found, "host_key": self.host_key} if self.host_key is not None else found

    def _options(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after) or None)

    def _served(self, dns: DnsRecords | None) -> Sequence[str]:
        """The names that are served over HTTPS, as far as they are known."""
        if not self.args.ends_tls:
            return ()
        if self.args.sites:
            return [site.name for site in self.args.sites]
        return _full_names(self.args, dns.zone_name) if dns else ()

    def _withdrawal(self, dns: DnsRecords) -> list[pulumi.Resource]:
        from sakura_fleet.resources import Http3Withdrawal

        args = self.args
        if not args.all_records:
            return []
        return [
            Http3Withdrawal(
                f"{self._name}-withdrawal",
                zone_name=dns.zone_name,
                names=args.all_records,
                protocols=self.serving.alpn,
                ttl=args.ttl,
                opts=self._options(),
            )
        ]

    def _make_server(self, password: pulumi.Input[str] | None, before: Sequence[pulumi.Resource]) -> None:
        args, template = self.args, self.args.template
        child = self._options()
        scripts = []
        if not args.over_ssh:
            startup = f"{args.name}-caddy"
            scripts = [StartupScript(f"{self._name}-startup", name=startup, content=self._script, opts=child)]
        filters = packet_filters(self._name, args.name, [args.zone], template.network_interfaces, child)
        self.server = Server(
            self._name,
            name=args.name,
            zones=[args.zone],
            plan=template.plan,
            disks=template.disks,
            network_interfaces=server_interfaces(template.network_interfaces, filters, slot=0),
            edit_parameter=replace(template.edit_parameter, startup_scripts=()),
            startup_scripts=scripts,
            password=password,
            description=template.description,
            tags=template.tags,
            icon_id=template.icon_id,
            interface_driver=template.interface_driver,
            adopt=args.adopt,
            opts=self._options(*before),
        )
        self.reference = self.server.reference
        self.address = self.server.address

    def _over_ssh(
        self, private_key: str, after: Sequence[pulumi.Resource]
    ) -> tuple[pulumi.Resource, pulumi.Output[str]]:
        """The script, run over SSH: again whenever it or the settings in it change. Also the CA that it prints."""
        from pulumi_command import remote  # only for those who use it: it takes a while to load

        from sakura_fleet.resources import SshHostKey

        args, ssh = self.args, self.args.ssh
        key = SshHostKey(
            f"{self._name}-host-key",
            name=args.name,
            server=self.reference,
            address=args.address,
            port=ssh.port,
            pinned=ssh.host_key,
            content=self._content,
            opts=self._options(*after),
        )
        self.host_key = key.host_key
        command = remote.Command(
            f"{self._name}-sites",
            connection=remote.ConnectionArgs(
                host=self.address,
                port=float(ssh.port),
                user=ssh.user,
                private_key=pulumi.Output.secret(private_key) if private_key else None,
                host_key=key.host_key,
                dial_error_limit=DIAL_ERRORS,
            ),
            # The old sites are served until the new ones are: there is nothing to undo when this goes, so no `delete`.
            create="bash -s" if ssh.user == "root" else "sudo -n bash -s",
            stdin=self._script,
            triggers=[self.server.id if self.server else args.address],
            add_previous_output_in_env=False,
            opts=self._options(*after, key),
        )
        return command, command.stdout.apply(lambda text: local_ca(text or "") or args.trusted_ca)

    def _addresses(self, dns: DnsRecords) -> Iterator[pulumi.Resource]:
        names = [*self.args.all_records, *(["@"] if self._apex else [])]
        if names:
            # After the zone's other sets: where this host had a place among them, it has left it by then.
            yield self._sets(dns, "address", [self._address_set(name) for name in names], [dns])

    def _address_set(self, name: str) -> RecordSet:
        from sakura_fleet.model.dns import RecordSet

        from .dns import address_records

        args = self.args
        if self.reference:
            return address_records(name, self.reference, ttl=args.ttl)
        return RecordSet(name, "A" if ip_address(args.address).version == 4 else "AAAA", [args.address], args.ttl)

    def _prove(self, ca: pulumi.Output[str], internal: pulumi.Output[str], after: Sequence[pulumi.Resource]) -> None:
        from sakura_fleet.resources import HostProbe

        args = self.args
        own = [f"https://{name}/" for name in args.internal_names]
        self.probe = HostProbe(
            f"{self._name}-probe",
            name=args.name,
            targets=[{"url": url, "ca": internal if url in own else ca} for url in self.urls],
            protocols=args.serves,
            server=self.reference,
            address=args.address,
            content=self._content,
            deadline=args.ready_deadline,
            opts=self._options(*after),
        )

    def _announce(self, dns: DnsRecords, after: Sequence[pulumi.Resource]) -> None:
        from sakura_fleet.model.caddy.rules import ADDRESS_COMES_FIRST

        from .dns import https_alias, https_record_for

        args = self.args
        if not args.ends_tls or not args.all_records:
            return
        sets = [https_record_for(name, self, ttl=args.ttl) for name in args.all_records]
        if self._apex:
            sets.append(https_alias(f"{args.record}.{dns.zone_name}.", ttl=args.ttl))
        self._sets(dns, "https", [replace(one, allow=(ADDRESS_COMES_FIRST,)) for one in sets], after)

    def _https_text(self, address: str) -> str:
        """The HTTPS record's text; empty where the host has no TLS: what stands before it says what it serves."""
        from sakura_fleet.model.dns.svcb import read_structure
        from sakura_fleet.model.reading import Reader

        from .dns import https_record_for

        for value in https_record_for("@", self).values:
            hints = [address for _ in value.pop("ipv4hint", ())]
            read = read_structure(Reader(value, "", []), {"ipv4hint": hints, "ipv6hint": []})
            return read.text() if read else ""
        return ""

    def _sets(
        self, dns: DnsRecords, what: str, sets: Sequence[RecordSet], after: Sequence[pulumi.Resource]
    ) -> pulumi.Resource:
        from sakura_fleet.resources import DnsRecordSets

        return DnsRecordSets(
            f"{self._name}-{what}",
            zone_id=dns.zone_id,
            zone_name=dns.zone_name,
            record_sets=sets,
            adopt=dns.adopt,
            opts=self._options(*after),
        )


def _full_names(args: CaddyHostArgs, zone: str) -> list[str]:
    from sakura_fleet.model.dns.names import full_name

    return [full_name(name, zone) for name in args.all_records]


def _private_key(args: CaddyHostArgs, name: str) -> str:
    """The text of the key file; empty where the SSH agent is to be asked. Stops the program where it cannot be read."""
    path = args.ssh.private_key_file
    if not path or not args.over_ssh:
        return ""
    try:
        return Path(path).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = (
            f"{path} cannot be read ({type(error).__name__}); name a private key's file, or leave this out to use "
        )
        refuse([Problem("ssh.private_key_file", "ssh-key-file", message + "the SSH agent")], f"host {name}")
        raise  # `refuse` does not come back
