"""From the servers' usage to the figure that the rule judges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sakura_fleet.scaler.reasons import Reason
from sakura_fleet.scaler.rounding import half_away, plain_mean
from sakura_fleet.scaler.situation import Situation


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """The load in per cent: `averages` has one value for each server that counts, in the order of the usage.

    Where there are none, `unknown` says why. `left_out` servers boot, or have no fresh samples. `stamp` is the newest
    sample's time.
    """

    averages: tuple[float, ...] = ()
    left_out: int = 0
    stamp: datetime | None = None
    unknown: Reason | None = None

    @property
    def avg(self) -> float | None:
        """The mean over the servers; None where nothing is known, as in the other figures."""
        return plain_mean(self.averages) if self.averages else None

    @property
    def rounded(self) -> int | None:
        """What the thresholds are compared with."""
        return None if self.avg is None else half_away(self.avg)

    @property
    def lowest(self) -> float | None:
        return min(self.averages, default=None)

    @property
    def highest(self) -> float | None:
        return max(self.averages, default=None)

    @property
    def counted(self) -> int:
        return len(self.averages)


def measure(situation: Situation) -> Metric:
    """The mean over servers with fresh samples that are not booting."""
    usage = situation.usage
    if usage is None:
        return Metric(unknown=Reason.METRICS_UNAVAILABLE)
    fresh = [server for server in usage.counted if situation.sample_age(server) <= situation.scaling.max_age]
    left_out = len(usage.servers) - len(fresh)
    if not fresh:
        return Metric(left_out=left_out, stamp=usage.stamp, unknown=_why_unknown(situation))
    return Metric(
        averages=tuple(server.avg or 0.0 for server in fresh),
        left_out=left_out,
        stamp=max(server.points[-1].time for server in fresh),
    )


def _why_unknown(situation: Situation) -> Reason:
    if not situation.servers:
        return Reason.NO_SERVERS
    return Reason.STALE_SAMPLES if situation.usage and situation.usage.counted else Reason.NO_SAMPLES
