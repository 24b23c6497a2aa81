"""Activity graphs: measured use over time (API path `server/:id/monitor`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sakura_fleet.client._api import Caller
from sakura_fleet.client._values import Json, mapping, moment

__all__ = ["ActivityApi", "CpuSample"]


@dataclass(frozen=True, slots=True)
class CpuSample:
    """CPU seconds used per second, summed over all cores, at a five-minute mark.

    Per cent is `100 * cpu_time / cores`. None means not measured: not finished yet, or the server was off.
    """

    time: datetime
    cpu_time: float | None

    @classmethod
    def from_api(cls, time: datetime, body: Json) -> CpuSample:
        value = body.get("CPU-TIME")
        return cls(time, float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None)


class ActivityApi(Caller):
    """Reads activity graphs."""

    PATH = "server"

    def cpu(
        self, zone: str, server_id: str, *, start: datetime | None = None, end: datetime | None = None
    ) -> list[CpuSample]:
        """The CPU samples of a server, oldest first; without bounds what the API keeps at hand.

        A naive `start` or `end` is local time. Raises `NotFoundError` if the server is gone.
        """
        bounds = {"Start": start, "End": end}
        query = {key: _seconds(value) for key, value in bounds.items() if value is not None}
        answer = self._ask(zone, self._at(server_id, "monitor"), query)
        samples = {} if answer.get("Data") == [] else answer.child("Data").body  # the API's empty object
        timed = ((moment(time), mapping(body)) for time, body in samples.items())
        return sorted(
            (CpuSample.from_api(time, body) for time, body in timed if time is not None), key=lambda sample: sample.time
        )


def _seconds(value: datetime) -> str:
    return value.astimezone().isoformat(timespec="seconds")
