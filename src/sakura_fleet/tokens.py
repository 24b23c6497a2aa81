"""Type tokens, shared with policies and tests. They are in every state: never change one without an alias."""

from __future__ import annotations

from typing import Final

MODULE: Final = "sakura"
DYNAMIC: Final = f"pulumi-python:dynamic/{MODULE}:"

SERVER: Final = f"{DYNAMIC}Server"
STARTUP_SCRIPT: Final = f"{DYNAMIC}StartupScript"
SSH_KEY: Final = f"{DYNAMIC}SshKey"
SWITCH: Final = f"{DYNAMIC}Switch"
PACKET_FILTER: Final = f"{DYNAMIC}PacketFilter"
ELB: Final = f"{DYNAMIC}Elb"
ELB_CERTIFICATE: Final = f"{DYNAMIC}ElbCertificate"
ELB_MEMBERSHIP: Final = f"{DYNAMIC}ElbMembership"
DNS_ZONE: Final = f"{DYNAMIC}DnsZone"
DNS_RECORD_SETS: Final = f"{DYNAMIC}DnsRecordSets"
SSH_HOST_KEY: Final = f"{DYNAMIC}SshHostKey"
HTTP3_WITHDRAWAL: Final = f"{DYNAMIC}Http3Withdrawal"
HOST_PROBE: Final = f"{DYNAMIC}HostProbe"

SERVER_GROUP: Final = "sakura-fleet:index:ServerGroup"
CADDY_HOST: Final = "sakura-fleet:index:CaddyHost"
WEB_ELB: Final = "sakura-fleet:index:WebElb"
DNS_RECORDS: Final = "sakura-fleet:index:DnsRecords"

REMOTE_COMMAND: Final = "command:remote:Command"
"""Of Pulumi's own provider `command`: what runs over SSH."""

CONFIG_NAMESPACE: Final = "sakura-fleet"
"""The namespace of the settings that every program uses, whatever its project is called (`sakura-fleet:fleet_id`)."""
