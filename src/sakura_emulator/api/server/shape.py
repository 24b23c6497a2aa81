"""A server as the API shows it."""

from __future__ import annotations

from sakura_emulator import power
from sakura_emulator.api import interface
from sakura_emulator.api.disk import shape as disks
from sakura_emulator.api.resource import Resource, common_shape
from sakura_emulator.call import Call
from sakura_emulator.catalogue.places import ZONES
from sakura_emulator.catalogue.plans import SERVER_PLANS
from sakura_emulator.store import Record
from sakura_emulator.wire import JSON


def shape(call: Call, record: Record) -> JSON:
    """The whole server, with its disks and interfaces. `Zone` is the zone of the call: clients follow it."""
    plan = SERVER_PLANS[record["plan"]]
    store = call.cloud.store
    attached = sorted(store.by("disk", "server", record.id), key=lambda disk: (disk["order"] or 0, disk.id))
    return {
        **common_shape(call, record),
        "HostName": record["host_name"],
        "ServiceClass": plan["ServiceClass"],
        "Availability": "available",
        "InterfaceDriver": record["driver"],
        "WaitDiskMigration": record["wait_disk"],
        "ConnectedSwitches": None,
        "ServerPlan": {**plan, "GPUModel": plan["GPUModel"] or None},
        "Zone": ZONES[record.zone],
        "Instance": _instance(call, record),
        "Disks": [disks.attached(call, disk) for disk in attached],
        "Interfaces": [interface.brief(call, card) for card in store.by("interface", "server", record.id)],
        "PrivateHost": {"ID": record["private_host"]} if record["private_host"] else None,
        "BundleInfo": None,
        "Appliance": None,
    }


def _instance(call: Call, record: Record) -> JSON:
    cdrom = call.cloud.store.get("cdrom", record["cdrom"]) if record["cdrom"] else None
    state = power.instance(record, call.now)
    up = state["Status"] == "up"
    host = f"sac-{record.zone}-sv{record.id % 97 + 1:03}"
    return {
        **state,
        "MigrationProgress": None,
        "Host": {"Name": host, "InfoURL": "", "SystemVersion": "0"} if up else None,
        "CDROM": {"ID": cdrom.id, "Name": cdrom["name"]} if cdrom else None,
        "Warnings": None,
        "WarningsValue": 0,
    }


SERVER = Resource("server", "Server", "Servers", shape)
