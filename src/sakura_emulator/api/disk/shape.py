"""A disk as the API shows it."""

from __future__ import annotations

from sakura_emulator import power
from sakura_emulator.api.disk import rules
from sakura_emulator.api.resource import Resource, common_shape
from sakura_emulator.call import Call
from sakura_emulator.catalogue.places import ZONES
from sakura_emulator.catalogue.plans import DISK_PLANS
from sakura_emulator.store import Record
from sakura_emulator.wire import JSON

_DELAYS = {"Start": {"Max": 0, "Min": 0}, "Finish": {"Max": 90, "Min": 60}}


def shape(call: Call, record: Record) -> JSON:
    """The whole disk."""
    store = call.cloud.store
    plan = _plan(record)
    zone = ZONES[record.zone]
    state = rules.availability(record, call.now)
    server = store.get("server", record["server"]) if record["server"] else None
    archive = store.get("archive", record["source_archive"]) if record["source_archive"] else None
    disk = store.get("disk", record["source_disk"]) if record["source_disk"] else None
    job = {"Status": "running", "Delays": _DELAYS} if state == "migrating" else None
    return {
        **common_shape(call, record),
        "DisplayOrder": record.id,
        "ServiceClass": _service_class(record),
        "Connection": record["connection"],
        "ConnectionOrder": record["order"],
        "ReinstallCount": 0,
        "JobStatus": job,
        "Availability": state,
        "SizeMB": record["size"],
        "MigratedMB": rules.migrated(record, call.now),
        "WaitingJobCount": None,
        "EncryptionAlgorithm": record["encryption"],
        "EncryptionKey": _key(record),
        "Plan": plan,
        "SourceDisk": _source(disk, rules.availability(disk, call.now)) if disk else None,
        "SourceArchive": {**_source(archive, "available"), "Scope": archive.get("scope", "user")} if archive else None,
        "Storage": {
            "ID": zone["ID"] * 100000 + 97001,
            "Name": f"sac-{record.zone}-arc-st01",
            "Description": "",
            "Class": plan["StorageClass"],
            "Generation": 100,
            "Zone": {"ID": zone["ID"], "Name": zone["Name"]},
            "DiskPlan": plan,
        },
        "Server": _server(call, server) if server else None,
        "BundleInfo": None,
    }


def attached(call: Call, record: Record) -> JSON:
    """A disk inside its server."""
    plan = _plan(record)
    return {
        "ID": record.id,
        "Name": record["name"],
        "Connection": record["connection"],
        "ConnectionOrder": record["order"],
        "ReinstallCount": 0,
        "Availability": rules.availability(record, call.now),
        "SizeMB": record["size"],
        "Plan": plan,
        "EncryptionAlgorithm": record["encryption"],
        "EncryptionKey": _key(record),
        "Storage": {"ID": ZONES[record.zone]["ID"] * 100000 + 97001, "Class": plan["StorageClass"], "Generation": 100},
    }


def _plan(record: Record) -> JSON:
    plan = DISK_PLANS[record["plan"]]
    return {key: plan[key] for key in ("ID", "StorageClass", "Name")}


def _service_class(record: Record) -> str:
    sizes = DISK_PLANS[record["plan"]]["Size"]
    return str(next(size["ServiceClass"] for size in sizes if size["SizeMB"] == record["size"]))


def _key(record: Record) -> JSON | None:
    return {"KMSKeyID": record["kms_key"]} if record["kms_key"] else None


def _source(record: Record, state: str) -> JSON:
    return {"ID": record.id, "Name": record["name"], "Availability": state, "SizeMB": record["size"]}


def _server(call: Call, server: Record) -> JSON:
    return {"ID": server.id, "Name": server["name"], "Instance": {"Status": power.status(server, call.now)}}


DISK = Resource("disk", "Disk", "Disks", shape)
