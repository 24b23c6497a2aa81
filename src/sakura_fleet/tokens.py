"""Type tokens, shared with policies and tests. They stand in every state: never change one without an alias."""

from __future__ import annotations

from typing import Final

MODULE: Final = "sakura"
DYNAMIC: Final = f"pulumi-python:dynamic/{MODULE}:"

SERVER: Final = f"{DYNAMIC}Server"
STARTUP_SCRIPT: Final = f"{DYNAMIC}StartupScript"
SSH_KEY: Final = f"{DYNAMIC}SshKey"
SWITCH: Final = f"{DYNAMIC}Switch"
PACKET_FILTER: Final = f"{DYNAMIC}PacketFilter"

SERVER_GROUP: Final = "sakura-fleet:index:ServerGroup"

CONFIG_NAMESPACE: Final = "sakura-fleet"
"""The namespace of the settings that every program uses, whatever its project is called (`sakura-fleet:fleet_id`)."""
