"""What will change by itself, and when: every state that follows from a stored time which has not come yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sakura_emulator import power
from sakura_emulator.cloud import Cloud


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """One change that is to come."""

    at: float
    kind: str
    id: int
    becomes: str


def coming(cloud: Cloud) -> list[Due]:
    """All changes that are due after now, the next one first."""
    now = cloud.clock.now()
    return sorted(change for change in (*_power(cloud), *_copies(cloud), *_entries(cloud)) if change.at > now)


def _power(cloud: Cloud) -> Iterator[Due]:
    for kind in ("server", "appliance"):
        for record in cloud.store.all(kind):
            for at, status in power.events(record):
                yield Due(at, kind, record.id, status)


def _copies(cloud: Cloud) -> Iterator[Due]:
    for kind in ("disk", "archive", "appliance"):
        for record in cloud.store.all(kind):
            if not record.shared and record["ready_at"] is not None:
                yield Due(float(record["ready_at"]), kind, record.id, "failed" if record.get("failed") else "available")


def _entries(cloud: Cloud) -> Iterator[Due]:
    """An ELB's entries come UP and drain; its certificate is issued."""
    health, drain = cloud.settings.health_seconds, cloud.settings.drain_seconds
    now = cloud.clock.now()
    for elb in cloud.store.by("item", "class", "proxylb"):
        if elb.get("lets_encrypt"):
            yield Due(float(elb["lets_encrypt"]["at"]), "proxylb", elb.id, "certificate issued")
        for address_port, entry in elb["entries"].items():
            server = cloud.server_at(address_port.rpartition(":")[0])
            if server is None:
                continue
            if not entry["enabled"]:
                yield Due(float(entry["since"]) + drain, "proxylb", elb.id, f"{address_port} has drained")
                continue
            # For a server that boots, this is due once it is up: one step after the other.
            up_since = power.up_since(server, now)
            if up_since is not None and server.id not in cloud.store.meta("unhealthy", []):
                yield Due(max(up_since, float(entry["since"])) + health, "proxylb", elb.id, f"{address_port} is UP")
