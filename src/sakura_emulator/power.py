"""A server's power, worked out from what was asked of it and when.

A server keeps a list of `[time, status]`, some of them in the future: a boot that was requested at t becomes `up` at
t + the boot's duration, and nothing has to happen in between.
"""

from __future__ import annotations

from sakura_emulator.clock import stamp
from sakura_emulator.errors import conflict
from sakura_emulator.store import Record
from sakura_emulator.wire import JSON

Event = tuple[float, str]
_EVENTS_MAX = 400


def events(server: Record) -> list[Event]:
    """Past and coming changes, oldest first."""
    return [(float(at), str(status)) for at, status in server["power"]]


def _past(server: Record, now: float) -> list[Event]:
    return [event for event in events(server) if event[0] <= now]


def _coming(server: Record, now: float) -> list[Event]:
    return [event for event in events(server) if event[0] > now]


def status(server: Record, now: float) -> str:
    """`up`, `cleaning` or `down`."""
    past = _past(server, now)
    return past[-1][1] if past else "down"


def up_since(server: Record, now: float) -> float | None:
    """When the server came up, if it is up."""
    past = _past(server, now)
    return past[-1][0] if past and past[-1][1] == "up" else None


def is_off(server: Record, now: float) -> bool:
    """Down, and not on its way up."""
    return status(server, now) == "down" and not _coming(server, now)


def require_off(server: Record, now: float) -> None:
    """409 unless the server is down and stays so."""
    if not is_off(server, now):
        doing = status(server, now) if not _coming(server, now) else "changing its power state"
        raise conflict("server_power_must_be_down", f"server {server.id} is {doing}")


def was_up(server: Record, start: float, end: float) -> bool:
    """Whether the server was up for all of that time."""
    current = "down"
    for at, changed in events(server):
        if at > start:
            break
        current = changed
    return current == "up" and not any(start < at <= end and changed != "up" for at, changed in events(server))


def _set(server: Record, now: float, *coming: Event) -> None:
    server["power"] = [list(event) for event in [*_past(server, now), *coming]][-_EVENTS_MAX:]


def boot(server: Record, now: float, up_at: float, *, fails: bool = False) -> None:
    """Power on: `up` at the given time, or still `down` if the boot fails."""
    if status(server, now) != "down":
        raise conflict("conflict", f"server {server.id} is {status(server, now)}")
    if _coming(server, now):
        raise conflict("conflict", f"server {server.id} is booting")
    _set(server, now, (up_at, "down" if fails else "up"))


def stop(server: Record, now: float, *, force: bool, shutdown: float, pull_plug: float) -> None:
    """Power off: on request, or at once by force, which also ends a boot or a stop that is under way."""
    current, coming = status(server, now), _coming(server, now)
    if current == "down" and not coming:
        raise conflict("server_power_must_be_up", f"server {server.id} is down")
    if current == "cleaning":
        raise conflict("conflict", f"server {server.id} is being stopped")
    if coming and not force:
        raise conflict("conflict", f"server {server.id} is {'booting' if current == 'down' else 'being stopped'}")
    seconds = pull_plug if force else shutdown
    cleaning = now + max(0.0, seconds - max(pull_plug, 1.0))
    _set(server, now, *([(cleaning, "cleaning")] if seconds else []), (now + seconds, "down"))


def instance(server: Record, now: float) -> JSON:
    """The part of `Instance` that is about power."""
    past = _past(server, now)
    before = past[-2][1] if len(past) > 1 else ("down" if past else None)
    return {
        "Server": {"ID": server.id},
        "Status": past[-1][1] if past else "down",
        "BeforeStatus": before,
        "StatusChangedAt": stamp(past[-1][0]) if past else None,
    }
