"""The one clock of all commands; everything below them gets it handed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sakura_fleet.engine.project import Project
from sakura_fleet.errors import FleetError
from sakura_fleet.provider.settings import SessionSettings


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def clock_of(project: Project, stack: str) -> Callable[[], datetime]:
    """The clock that a stack's cloud goes by: this machine's, or the emulator's, which may run faster."""

    def read() -> datetime:
        try:
            api_root = project.setting(stack)("api_root") or ""
        except FleetError:  # a stack file that cannot be read: whoever needs it says so
            return now()
        if not SessionSettings(api_root=api_root).is_emulator:
            return now()
        from sakura_fleet.client.emulator_clock import emulator_time  # the HTTP client takes long to load

        return emulator_time(api_root) or now()

    return read
