"""Shared objects: one public archive per OS type and zone, one CD-ROM per zone, one icon, the note with NFS plans."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from sakura_emulator.catalogue.places import ZONES
from sakura_emulator.catalogue.plans import NFS_PLANS
from sakura_emulator.store import Record

SHARED_ICON = 112901627749
_NFS_NOTE = 112900000101
_CREATED = datetime.fromisoformat("2026-06-01T10:00:00+09:00").timestamp()

# Name, distribution tags. Which version carries `current-stable` is the vendor's choice; here it is the first of each.
_SYSTEMS = (
    ("AlmaLinux 9.6 (64bit)", ("current-stable", "distro-alma", "alma-9-latest")),
    ("AlmaLinux 10.0 (64bit)", ("distro-alma", "alma-10-latest")),
    ("AlmaLinux 8.10 (64bit)", ("distro-alma", "alma-8-latest")),
    ("Rocky Linux 9.6 (64bit)", ("current-stable", "distro-rocky", "rocky-9-latest")),
    ("Rocky Linux 10.0 (64bit)", ("distro-rocky", "rocky-10-latest")),
    ("Rocky Linux 8.10 (64bit)", ("distro-rocky", "rocky-8-latest")),
    ("MIRACLE LINUX 9.6 (64bit)", ("current-stable", "distro-miracle", "miracle-9-latest")),
    ("MIRACLE LINUX 8.10 (64bit)", ("distro-miracle", "miracle-8-latest")),
    ("Ubuntu Server 24.04.2 LTS 64bit", ("current-stable", "distro-ubuntu", "ubuntu-24.04-latest")),
    ("Ubuntu Server 22.04.5 LTS 64bit", ("distro-ubuntu", "ubuntu-22.04-latest")),
    ("Debian GNU/Linux 12.11 (bookworm) 64bit", ("current-stable", "distro-debian", "debian-12-latest")),
    ("Debian GNU/Linux 11.11 (bullseye) 64bit", ("distro-debian", "debian-11-latest")),
    ("KUSANAGI 9 (AlmaLinux 9)", ("current-stable", "pkg-kusanagi")),
)


def _common(name: str, tags: tuple[str, ...]) -> dict[str, object]:
    fields = {"name": name, "description": "", "tags": list(tags), "icon": 0}
    return {**fields, "scope": "shared", "created": _CREATED, "modified": _CREATED}


def _nfs_plans() -> dict[str, object]:
    """The vendor keeps the plans of NFS appliances in a note, which clients read before they make one."""
    plans = {
        storage: [
            {"size": size, "availability": "available", "planId": first + number} for number, size in enumerate(sizes)
        ]
        for storage, (first, sizes) in NFS_PLANS.items()
    }
    fields = _common("sys-nfs", tuple(f"@zone={zone}" for zone in ZONES))
    return {**fields, "class": "json", "content": json.dumps({"plans": plans})}


def records() -> Iterator[Record]:
    """Everything, with IDs that differ per zone."""
    yield Record(SHARED_ICON, "icon", "", _common("Almalinux", ()))
    yield Record(_NFS_NOTE, "note", "", _nfs_plans())
    for order, zone in enumerate(ZONES):
        for number, (name, tags) in enumerate(_SYSTEMS, 1):
            fields = _common(name, ("@size-extendable", "arch-64bit", *tags, "os-linux"))
            fields |= {"size": 20480, "ready_at": _CREATED, "ready_from": _CREATED}
            yield Record(113601000000 + order * 1000 + number, "archive", zone, fields)
        fields = _common("AlmaLinux 9.6 netinst (64bit)", ("distro-alma", "os-linux"))
        yield Record(113701000001 + order * 1000, "cdrom", zone, {**fields, "size": 5120})
