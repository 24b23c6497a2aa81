"""Carrying out the steps to a server: each by itself, each from what the ones before have left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from sakura_fleet.provider.idempotent_create import create_idempotently
from sakura_fleet.resources.server import disks
from sakura_fleet.resources.server.addresses import refuse_twice
from sakura_fleet.resources.server.observation import Observation, find_server
from sakura_fleet.resources.server.power import power_off, power_on
from sakura_fleet.resources.server.spec import in_zone
from sakura_fleet.resources.server.steps import (
    ConnectDisk,
    ConnectPacketFilter,
    CreateDisk,
    CreateServer,
    DiscardDisk,
    PowerOff,
    PowerOn,
    SetUserIp,
    Step,
    WaitForDisks,
    WriteLabels,
)

if TYPE_CHECKING:
    from sakura_fleet import client as api
    from sakura_fleet.provider.session import Session
    from sakura_fleet.resources.server.spec import ServerSpec


def carry_out(session: Session, spec: ServerSpec, observed: Observation, todo: Iterable[Step]) -> api.Server:
    """Take the steps in order; returns the server as it was observed last."""
    for step in todo:
        observed = apply(session, spec, observed, step)
    return _server(observed)


def apply(session: Session, spec: ServerSpec, observed: Observation, step: Step) -> Observation:
    """Take one step; returns what is there after it."""
    if isinstance(step, CreateServer):
        return Observation(_create_server(session, spec, step.zone))
    server = _server(observed)
    match step:
        case WriteLabels():
            return replace(observed, server=session.client.servers.update(server.zone, server.id, **spec.labels()))
        case ConnectPacketFilter():
            _connect_packet_filter(session, server, step)
        case SetUserIp():
            interfaces = list(server.interfaces)
            interfaces[step.interface] = replace(interfaces[step.interface], user_ip_address=step.address)
            session.client.interfaces.set_user_ip(server.zone, interfaces[step.interface].id, step.address)
            refuse_twice(session, spec, server, step.interface, step.address)
            return replace(observed, server=replace(server, interfaces=tuple(interfaces)))
        case PowerOff():
            return replace(observed, server=power_off(session, server, spec.owner_tags, force=True))
        case DiscardDisk():
            disks.discard(session, server, observed.disk(step.disk_id))
            return replace(observed, disks=tuple(disk for disk in observed.disks if disk.id != step.disk_id))
        case ConnectDisk():
            disks.connect(session, server, observed.disk(step.disk_id))
        case CreateDisk():
            made = disks.create(session, server, spec, step.index, boots=step.boots)
            return replace(observed, disks=(*observed.disks, made))
        case WaitForDisks():
            disks.wait_until_ready(session, server, spec, observed.disks, boots=step.boots)
        case PowerOn():
            return replace(observed, server=power_on(session, server, spec.owner_tags, ordered=step.ordered))
    return observed


def _server(observed: Observation) -> api.Server:
    if observed.server is None:
        raise LookupError("there is no server yet: the first step creates it")
    return observed.server


def _create_server(session: Session, spec: ServerSpec, zone: str) -> api.Server:
    plan = spec.machine_plan

    def create() -> api.Server:
        return session.client.servers.create(
            zone,
            core=plan.core,
            memory_gb=plan.memory,
            dedicated_cpu=plan.dedicated_cpu,
            interface_driver=spec.interface_driver,
            nics=[in_zone(interface.upstream, zone) or None for interface in spec.network_interfaces],
            **spec.labels(),
        )

    return create_idempotently(
        session,
        f"server {spec.name} in {zone}",
        create,
        lambda moment: find_server(session, spec.zones, spec.owner_tags, since=moment),
    )


def _connect_packet_filter(session: Session, server: api.Server, step: ConnectPacketFilter) -> None:
    interface = server.interfaces[step.interface]
    if step.packet_filter_id:
        session.client.interfaces.connect_packet_filter(server.zone, interface.id, step.packet_filter_id)
    else:
        session.client.interfaces.disconnect_packet_filter(server.zone, interface.id)
