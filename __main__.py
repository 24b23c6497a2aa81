"""The program: one stack's configuration in, its fleet out."""

import pulumi

from components import ServerGroup, stack_config

config = stack_config()
password = pulumi.Config("sakura-fleet").get_secret("server_password")

group = ServerGroup(config.server_group.name, config.server_group, password=password)

pulumi.export("size", len(group.members))
pulumi.export("members", [member.output() for member in group.members])
