"""What a decision rests on, and nothing else: the settings, the memory, the servers' usage and the time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from sakura_fleet.model.scaling import ScalingArgs, smallest
from sakura_fleet.model.server.group import ServerGroupArgs
from sakura_fleet.scaler.memory import ScalingMemory, SizeJob
from sakura_fleet.scaler.usage import ServerUsage, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSettings:
    """What is declared now: the group's size, its limits, and how to scale. Must have passed `ScalingArgs.check`."""

    size: int
    min_size: int
    max_size: int
    scaling: ScalingArgs = field(default_factory=ScalingArgs)

    @classmethod
    def of(cls, group: ServerGroupArgs, scaling: ScalingArgs) -> GroupSettings:
        """From a stack's configuration."""
        return cls(size=group.size, min_size=group.min_size, max_size=group.max_size, scaling=scaling)

    @property
    def within_limits(self) -> bool:
        """Whether the declared size is one that a run accepts."""
        return self.min_size <= self.size <= self.max_size

    @property
    def floor(self) -> int:
        """The size under which the load never takes the group."""
        return smallest(self.min_size, self.max_size)


@dataclass(frozen=True, slots=True)
class Situation:
    """A group at one moment. `usage` is None where the metrics could not be read; `now` has a time zone.

    `memory_trouble` says why the memory could not be read, or could not be kept: `memory` is then an empty one.
    """

    group: GroupSettings
    memory: ScalingMemory
    usage: Usage | None
    now: datetime
    memory_trouble: str = ""
    last_job: SizeJob | None = None
    """The newest job that changed the size, where a person asked for it."""

    @property
    def scaling(self) -> ScalingArgs:
        return self.group.scaling

    @property
    def servers(self) -> tuple[ServerUsage, ...]:
        return self.usage.servers if self.usage else ()

    @property
    def size_changed(self) -> bool:
        """Whether somebody else has declared another size than the autoscaler did last."""
        return self.memory.written_size is not None and self.memory.written_size != self.group.size

    @property
    def members(self) -> int | None:
        """How many members the cloud has; None where that is not known."""
        return self.usage.members if self.usage is not None and self.usage.whole else None

    @property
    def surplus(self) -> bool:
        """Whether the cloud is known to have more members than are declared."""
        return self.members is not None and self.members > self.group.size

    @property
    def servers_differ(self) -> bool:
        """Whether the cloud is known to have another number of servers than is declared."""
        return self.usage is not None and self.usage.whole and len(self.servers) != self.group.size

    @property
    def booting(self) -> int:
        """How many servers boot."""
        return sum(server.booting for server in self.servers)

    @property
    def unhealthy(self) -> tuple[str, ...]:
        """The names of the servers that should serve and do not, sorted."""
        return tuple(sorted(server.name for server in self.servers if server.failed))

    @property
    def left_out(self) -> tuple[str, ...]:
        """The names of the servers that run and have no entry in the ELB, sorted."""
        servers = (server for server in self.servers if server.entered is False)
        return tuple(sorted(server.name for server in servers if not (server.booting or server.failed)))

    @property
    def too_many_unhealthy(self) -> bool:
        """Whether the brake is on: all servers, or more than its share; but one dead server of two is an accident."""
        unhealthy, count = len(self.unhealthy), len(self.servers)
        return unhealthy > 0 and (
            unhealthy == count or (unhealthy > 1 and 100 * unhealthy > self.scaling.brake * count)
        )

    def cooldown_up(self) -> int:
        """Seconds until the group may grow; 0 where it may now."""
        return self._since(self.memory.changed_up_at, self.scaling.cooldown.up)

    def cooldown_down(self) -> int:
        """Seconds until the group may shrink; 0 where it may now."""
        return self._since(self.memory.changed_down_at, self.scaling.cooldown.down)

    def _since(self, moment: datetime | None, seconds: int) -> int:
        return self.seconds_until(moment and moment + timedelta(seconds=seconds))

    def seconds_until(self, moment: datetime | None) -> int:
        """Whole seconds until then; 0 where it is past, or None."""
        return max(0, ceil((moment - self.now) / timedelta(seconds=1))) if moment else 0

    def sample_age(self, server: ServerUsage) -> float:
        """Seconds since the server's newest sample, by this machine's clock or the cloud's, whichever is ahead."""
        stamp = server.points[-1].time
        clock = self.usage.clock if self.usage else None
        return max(self.now - stamp, (clock or stamp) - stamp).total_seconds()
