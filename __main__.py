"""The program: one stack's configuration in, its fleet out."""

import asyncio
import gc

import pulumi

import components
from sakura_fleet import resources

gc.disable()  # a program ends before there is much to collect; at 1,000 servers, looking for it is a third of its time

config = components.stack_config()
password = pulumi.Config("sakura-fleet").get_secret("server_password")
records = list(config.dns.record_sets) if config.dns else []

group = components.ServerGroup(config.server_group.name, config.server_group, password=password)
pulumi.export("size", len(group.members))
pulumi.export("members", [member.output() for member in group.members])

elb = components.WebElb(config.elb.name or config.elb.lookup, config.elb, group) if config.elb else None
if elb and config.elb:
    pulumi.export("elb", {"id": elb.elb.elb_id, "fqdn": elb.elb.fqdn, "vip": elb.elb.vip})
    if config.dns and config.dns.elb:
        records += [
            components.elb_record(config.dns.elb, elb.elb.reference, failover=config.elb.vip_failover),
            components.https_record_for(config.dns.elb, elb),
        ]

dns = None
if config.dns:
    dns = components.DnsRecords(
        config.dns.zone,
        components.DnsRecordsArgs(
            zone=config.dns.zone,
            record_sets=records,
            lookup=config.dns.lookup,
            adopt_zone=config.dns.adopt_zone,
            adopt=config.dns.adopt,
            description=config.dns.description,
            tags=config.dns.tags,
        ),
    )
    pulumi.export("dns", {"name_servers": dns.name_servers, "records": dns.records})
    if elb and config.elb and config.elb.lets_encrypt_names:
        # A certificate is only issued for names that already point at the ELB.
        resources.ElbCertificate(
            config.elb.name or config.elb.lookup,
            elb=elb.elb,
            lets_encrypt_names=config.elb.lets_encrypt_names,
            opts=pulumi.ResourceOptions(depends_on=[dns]),
        )

hosts = [
    components.CaddyHost(host.name, host, dns=dns, apex=config.apex_of(host), password=password)
    for host in config.hosts
]
pulumi.export("hosts", [host.output() for host in hosts])


async def let_registrations_begin() -> None:
    """One turn of the loop: the SDK then waits for each registration once, and not for all of them at each answer."""
    await asyncio.sleep(0)


pulumi.run(let_registrations_begin)
