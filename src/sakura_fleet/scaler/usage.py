"""What was measured of a group's servers: plain values, so that a decision can be made, repeated and tested without a
cloud."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sakura_fleet.scaler.rounding import plain_mean


@dataclass(frozen=True, slots=True)
class CpuPoint:
    """CPU seconds used per second, over all cores, in the five minutes that end at `time`."""

    time: datetime
    cpu_time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUsage:
    """One server with its newest samples, oldest first.

    `key` is its owner tag, where it has one. `healthy` is the load balancer's word, None where it has none. `booting`
    servers are counted in the size but not in the mean: what they use is the boot, not the load. `entered` says whether
    it has an entry in the load balancer, None where that is not known. `changed_at` is when
    it was made, or its power changed last.
    """

    name: str
    zone: str
    cores: int
    points: tuple[CpuPoint, ...] = ()
    id: str = ""
    key: str = ""
    is_on: bool = True
    healthy: bool | None = None
    booting: bool = False
    entered: bool | None = None
    changed_at: datetime | None = None

    def percent(self, point: CpuPoint) -> float:
        """One sample as a percentage of all cores."""
        return 100 * point.cpu_time / self.cores

    @property
    def avg(self) -> float | None:
        """The mean of the samples in per cent; None where there are none.

        In the order of sacloud-cpu-usage v0.0.4, the cron rule's: any other order may end in another last digit.
        """
        if not self.points or self.cores <= 0:
            return None
        total = 0.0
        for point in self.points:
            total += point.cpu_time / self.cores
        return total * 100 / len(self.points)

    @property
    def avg_of_percents(self) -> float:
        """The mean as sacloud-cpu-usage v0.1 and later make it; 0 where there are no samples."""
        return plain_mean(self.percent(point) for point in self.points) if self.cores > 0 else 0.0

    @property
    def ready(self) -> bool:
        """Whether requests can come to it."""
        return not (self.booting or self.failed or self.entered is False)

    @property
    def failed(self) -> bool:
        """Whether it should serve and does not: off, or DOWN for the load balancer."""
        return not self.booting and (not self.is_on or self.healthy is False)


@dataclass(frozen=True, slots=True)
class Usage:
    """All servers of a group, in the order in which they were found.

    `whole` says that these are the group's servers and no others (found by owner tag, not by the beginning of a
    name), so that their number means something. `orphans` are servers with the group's names that the state does not
    know: they count for nothing. `clock` is the newest 5-minute step that the cloud spoke of, measured or not.
    """

    servers: tuple[ServerUsage, ...] = ()
    whole: bool = False
    clock: datetime | None = None
    orphans: tuple[ServerUsage, ...] = ()

    @property
    def members(self) -> int:
        """How many members of the group there are. A member and the one that takes its place have one name, and count
        once."""
        return len({server.name for server in self.servers})

    @property
    def changed_at(self) -> datetime | None:
        """The newest change of a server's power, or the newest creation, orphans included: a job made them, too."""
        servers = (*self.servers, *self.orphans)
        return max((server.changed_at for server in servers if server.changed_at), default=None)

    @property
    def counted(self) -> tuple[ServerUsage, ...]:
        """The servers whose samples count."""
        return tuple(server for server in self.servers if server.avg is not None and not server.booting)

    @property
    def stamp(self) -> datetime | None:
        """The newest sample that counts."""
        return max((server.points[-1].time for server in self.counted), default=None)
