"""Asking the cloud how busy servers are: many at a time, in a fixed order.

`fetch_by_prefix` finds servers as sacloud-cpu-usage does, by the beginning of their names. `fetch_group` finds a
group's own by the fleet's owner tag, and knows which of them are booting, off, or DOWN for the load balancer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from math import isfinite
from typing import TYPE_CHECKING, Final

from sakura_fleet.errors import NotFoundError
from sakura_fleet.model.server.group import MAX_SIZE, ServerGroupArgs
from sakura_fleet.ownership import OwnerTags, fleet_tag
from sakura_fleet.provider.duplicates import ordered
from sakura_fleet.scaler.usage import CpuPoint, ServerUsage, Usage

if TYPE_CHECKING:
    from sakura_fleet import client as api

STEP: Final = timedelta(minutes=5)
SPARE_SAMPLES: Final = 3
"""Samples asked for beyond the wanted ones: the newest may not be measured yet, and what is not there is null."""

BOOT_TIME: Final = timedelta(minutes=15)
"""How long after its creation a server that is off or without samples counts as booting, not as dead."""

WORKERS: Final = 16
THREADS: Final = "metrics"
_WITHIN_DEFAULT: Final = 9
"""So many samples are surely in the hour that the API answers with when no time is named."""


def fetch_by_prefix(
    client: api.Client,
    prefixes: Sequence[str],
    zones: Sequence[str],
    *,
    samples: int = 1,
    now: datetime | None = None,
    workers: int = WORKERS,
) -> Usage:
    """The servers whose names begin with one of `prefixes`, by prefix and then by zone.

    One that begins with two of them counts twice, as in sacloud-cpu-usage. `now` bounds the question; without it the
    cloud's own clock counts, which matters where that is an emulator's. Raises `FleetError` kinds, never half a result.
    """
    places = [(prefix, zone) for prefix in prefixes for zone in zones]
    with ThreadPoolExecutor(workers, THREADS) as pool:
        found = list(pool.map(lambda place: _named(client, *place), places))
        servers = [(zone, server) for (_, zone), some in zip(places, found, strict=True) for server in some]
        series = list(pool.map(lambda place: _series(client, place[0], place[1].id, samples, now), servers))
    return _usage(servers, series, samples)


def fetch_group(
    client: api.Client,
    fleet_id: str,
    group: ServerGroupArgs,
    *,
    now: datetime,
    cloud_clock: bool = False,
    samples: int = 1,
    owner_tags: Collection[str] | None = None,
    zones: Sequence[str] | None = None,
    health: api.ElbHealth | None = None,
    workers: int = WORKERS,
) -> Usage:
    """The servers of one group of a fleet.

    They carry the fleet's owner tag, and one of `owner_tags` where the caller knows them from the state; otherwise
    those of the fleet whose names the group gives. `zones` are others than the group's, such as one that has just
    left its list. `health` is the load balancer's view; a server that it does not list, and an empty list, are
    "unknown", not DOWN. With `cloud_clock` the question has no bounds by `now`, as an emulator's clock may be far
    ahead.
    """
    found = find_servers(client, fleet_id, group, owner_tags=owner_tags, zones=zones, workers=workers)
    members = one_of_each(found)
    return measure(client, members, now=now, cloud_clock=cloud_clock, samples=samples, health=health, workers=workers)


def measure(
    client: api.Client,
    members: Sequence[tuple[str, api.Server]],
    orphans: Sequence[tuple[str, api.Server]] = (),
    *,
    now: datetime,
    cloud_clock: bool = False,
    samples: int = 1,
    health: api.ElbHealth | None = None,
    entries: Collection[str] | None = None,
    workers: int = WORKERS,
) -> Usage:
    """The usage of a group's members, given with their zones, as in `fetch_group`; `orphans` are not measured.
    `entries` are the addresses that the load balancer has, None where the group is in none."""
    bound = None if cloud_clock else now
    with ThreadPoolExecutor(workers, THREADS) as pool:
        series = list(pool.map(lambda place: _series(client, place[0], place[1].id, samples, bound), members))
    usage = _usage(members, series, samples, now=now, health=health, entries=entries, whole=True)
    return replace(usage, orphans=_usage(orphans, [[] for _ in orphans], samples).servers)


def one_of_each(found: Iterable[tuple[str, api.Server]]) -> list[tuple[str, api.Server]]:
    """Servers that `find_servers` gave, by name, without second ones of a member: those are none themselves."""
    members: dict[str, list[api.Server]] = {}
    where: dict[str, str] = {}
    for zone, server in found:
        if tags := OwnerTags.from_tags(server.tags):
            members.setdefault(tags.resource, []).append(server)
            where[server.id] = zone
    chosen = [ordered(servers)[0] for servers in members.values()]
    return [(where[server.id], server) for server in sorted(chosen, key=lambda server: (server.name, server.id))]


def find_servers(
    client: api.Client,
    fleet_id: str,
    group: ServerGroupArgs,
    *,
    owner_tags: Collection[str] | None = None,
    zones: Sequence[str] | None = None,
    workers: int = WORKERS,
) -> list[tuple[str, api.Server]]:
    """The servers of one group of a fleet with their zones, by name, with second ones of a member and with what no
    state knows; `owner_tags` and `zones` as in `fetch_group`."""
    tag = fleet_tag(fleet_id)
    names = {group.server_name(slot) for slot in range(MAX_SIZE)}

    def is_member(server: api.Server, found: OwnerTags) -> bool:
        if not found.is_of(tag):
            return False
        return server.name in names if owner_tags is None else found.resource in owner_tags

    places = list(group.zones if zones is None else zones)
    with ThreadPoolExecutor(workers, THREADS) as pool:
        found = list(pool.map(lambda zone: client.servers.find(zone, tags=[tag]), places))
    there = [
        (zone, server)
        for zone, some in zip(places, found, strict=True)
        for server in some
        if (tags := OwnerTags.from_tags(server.tags)) and is_member(server, tags)
    ]
    return sorted(there, key=lambda place: (place[1].name, place[1].id))


def _named(client: api.Client, prefix: str, zone: str) -> list[api.Server]:
    """The API matches words anywhere in a name, so the beginning is checked here."""
    return [server for server in client.servers.find(zone, name=prefix) if server.name.startswith(prefix)]


def _series(
    client: api.Client, zone: str, server_id: str, samples: int, now: datetime | None
) -> list[api.CpuSample] | NotFoundError:
    """A server's samples, oldest first, or that it has gone since it was found."""
    span = (samples + SPARE_SAMPLES) * STEP
    try:
        if now is not None:
            return client.activity.cpu(zone, server_id, start=now - span, end=now)
        found = client.activity.cpu(zone, server_id)
        if found and samples > _WITHIN_DEFAULT:
            return client.activity.cpu(zone, server_id, start=found[-1].time - span)
    except NotFoundError as error:
        return error
    else:
        return found


def _usage(
    servers: Iterable[tuple[str, api.Server]],
    series: Iterable[list[api.CpuSample] | NotFoundError],
    samples: int,
    *,
    now: datetime | None = None,
    health: api.ElbHealth | None = None,
    entries: Collection[str] | None = None,
    whole: bool = False,
) -> Usage:
    """Without `now`, nobody is taken for booting."""
    there = [
        (zone, server, answer)
        for (zone, server), answer in zip(servers, series, strict=True)
        if not isinstance(answer, NotFoundError)
    ]
    clock = max((answer[-1].time for _, _, answer in there if answer), default=None)
    moment = max(now, clock) if now and clock else now
    found = []
    for zone, server, answer in there:
        points = [
            CpuPoint(sample.time, sample.cpu_time)
            for sample in answer
            if sample.cpu_time is not None and isfinite(sample.cpu_time)
        ][-samples:]
        healthy = _healthy(server, health)
        is_off = server.status not in ("up", "")  # what the answer does not say is no reason to mend a server
        young = healthy is not True and _is_young(server, moment)
        owner_tags = OwnerTags.from_tags(server.tags)
        found.append(
            ServerUsage(
                name=server.name,
                zone=zone,
                cores=server.core,
                points=tuple(points),
                id=server.id,
                key=owner_tags.resource if owner_tags else "",
                is_on=not is_off,
                healthy=healthy,
                booting=young and (is_off or not points or healthy is False),
                entered=_entered(server, entries),
                changed_at=_changed_at(server),
            )
        )
    return Usage(tuple(found), whole=whole, clock=clock)


def _is_young(server: api.Server, moment: datetime | None) -> bool:
    return moment is not None and server.created_at is not None and moment - server.created_at < BOOT_TIME


def _changed_at(server: api.Server) -> datetime | None:
    moments = (server.created_at, server.status_changed_at)
    return max((moment for moment in moments if moment and moment.tzinfo), default=None)


def _entered(server: api.Server, entries: Collection[str] | None) -> bool | None:
    return None if entries is None or not server.ip_address else server.ip_address in entries


def _healthy(server: api.Server, health: api.ElbHealth | None) -> bool | None:
    entries = [entry for entry in health.servers if entry.ip_address == server.ip_address] if health else []
    return all(entry.up for entry in entries) if entries and server.ip_address else None
