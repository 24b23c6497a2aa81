"""The program: one stack's configuration in, its fleet out."""

import pulumi

from components import ServerGroup, WebElb, stack_config

config = stack_config()
password = pulumi.Config("sakura-fleet").get_secret("server_password")

group = ServerGroup(config.server_group.name, config.server_group, password=password)

if config.elb:
    elb = WebElb(config.elb.name or config.elb.lookup, config.elb, group)
    pulumi.export("elb", {"id": elb.elb.elb_id, "fqdn": elb.elb.fqdn, "vip": elb.elb.vip})

pulumi.export("size", len(group.members))
pulumi.export("members", [member.output() for member in group.members])
