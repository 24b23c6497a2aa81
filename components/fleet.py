"""`Fleet`: all that one stack declares, and how its parts meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from sakura_fleet.errors import Problem
from sakura_fleet.model.stack import StackConfig
from sakura_fleet.provider.adapter import refuse

from .server_group import ServerGroup

if TYPE_CHECKING:
    from sakura_fleet.model.dns import RecordSet

    from .caddy.host import CaddyHost
    from .dns import DnsRecords
    from .elb import WebElb


class Fleet:
    """The server group of a stack's configuration; its ELB, DNS zone and Caddy hosts where there are any.

    The zone has the ELB's records and those of the configuration; hosts write their own when they serve. The ELB's
    certificate waits for the zone, as a CA issues one only for names that already lead to the ELB.

    It is no component: its parts are the top of the stack, and their URNs name nothing above them. Each part is loaded
    only where the configuration has it.
    """

    def __init__(self, config: StackConfig, *, password: pulumi.Input[str] | None = None) -> None:
        self.config = config
        refuse(_of_this_machine(config), f"stack {pulumi.get_stack()}", unchanged="nothing")
        self.group = ServerGroup(config.server_group.name, config.server_group, password=password)
        self.elb: WebElb | None = self._elb()
        self.dns: DnsRecords | None = self._dns()
        self._certificate()
        self.hosts: list[CaddyHost] = self._hosts(password)

    def export(self) -> None:
        """The stack's outputs."""
        pulumi.export("size", len(self.group.members))
        pulumi.export("members", [member.output() for member in self.group.members])
        if self.elb:
            elb = self.elb.elb
            pulumi.export("elb", {"id": elb.elb_id, "fqdn": elb.fqdn, "vip": elb.vip})
        if self.dns:
            pulumi.export("dns", {"name_servers": self.dns.name_servers, "records": self.dns.records})
        pulumi.export("hosts", [host.output() for host in self.hosts])

    def _elb(self) -> WebElb | None:
        args = self.config.elb
        if not args:
            return None
        from .elb import WebElb

        return WebElb(args.resource_name, args, self.group)

    def _dns(self) -> DnsRecords | None:
        dns = self.config.dns
        if not dns:
            return None
        from .dns import DnsRecords, DnsRecordsArgs

        return DnsRecords(
            dns.zone,
            DnsRecordsArgs(
                zone=dns.zone,
                record_sets=[*dns.record_sets, *self._elb_records(dns.elb)],
                lookup=dns.lookup,
                adopt_zone=dns.adopt_zone,
                adopt=dns.adopt,
                description=dns.description,
                tags=dns.tags,
            ),
        )

    def _elb_records(self, name: str) -> list[RecordSet]:
        if not name or not self.elb or not self.config.elb:
            return []
        from .dns import elb_record, https_record_for

        failover = self.config.elb.vip_failover
        return [elb_record(name, self.elb.elb.reference, failover=failover), https_record_for(name, self.elb)]

    def _certificate(self) -> None:
        args = self.config.elb
        if not args or not self.elb or not self.dns or not args.lets_encrypt_names:
            return
        from sakura_fleet.resources import ElbCertificate

        ElbCertificate(
            args.resource_name,
            elb=self.elb.elb,
            lets_encrypt_names=args.lets_encrypt_names,
            opts=pulumi.ResourceOptions(depends_on=[self.dns]),
        )

    def _hosts(self, password: pulumi.Input[str] | None) -> list[CaddyHost]:
        if not self.config.hosts:
            return []
        from .caddy.host import CaddyHost

        return [
            CaddyHost(args.name, args, dns=self.dns, apex=self.config.apex_of(args), password=password)
            for args in self.config.hosts
        ]


def _of_this_machine(config: StackConfig) -> list[Problem]:
    """What a host would be refused for, before the parts that are declared before it are made."""
    if not config.hosts:
        return []
    from sakura_fleet.resources.caddy.local_check import local_problems

    return [
        problem.under(f"hosts[{index}]") for index, host in enumerate(config.hosts) for problem in local_problems(host)
    ]
