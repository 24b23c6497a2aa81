"""What a cloud is started with: switches for the points of the specification that nobody has measured, and latency."""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass, field
from typing import Any

from sakura_emulator.clock import SCALE_MAX


@dataclass(frozen=True, slots=True)
class Latency:
    """Durations in emulated seconds. `create` is a range: the answer to `POST server` takes that long."""

    create: tuple[float, float] = (0.0, 0.0)
    copy: float = 0.0  # a disk from a public archive
    copy_by_zone: dict[str, float] = field(default_factory=dict)
    blank: float = 0.0  # a disk or archive without a source
    config: float = 0.0  # `PUT disk/:id/config` with Background
    boot: float = 0.0
    shutdown: float = 0.0  # the guest obeys the ACPI request
    pull_plug: float = 0.0  # a forced stop
    health: float = 0.0  # from a server's boot, or its entry in the ELB, until the ELB calls it UP
    drain: float = 0.0  # from disabling an entry until its last connection is gone
    sample: tuple[float, float] = (0.0, 0.0)  # from a 5-minute mark until its sample can be read
    certificate: float = 0.0  # from letsencryptrenew until the certificate is there


PROFILES = {
    "instant": Latency(),
    # What the article that this project grew from saw in its logs; of its 49 seconds of booting, its client slept 20
    # before it asked for the power, and then found the server up at its next look.
    "seed": Latency((2, 7), 68, {"tk1a": 160}, 5, 5, 27, 15, 1, 10, 30, (75, 172), 20),
    # The figures that the benchmarks compare tools with.
    "baseline": Latency((2, 2), 68, {}, 5, 5, 15, 15, 1, 10, 30, (75, 172), 20),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a start of the emulator decides."""

    latency: str = "instant"
    time_scale: float | None = None  # None: as saved in the database, 1 in a new one
    seed: int = 0
    token: str = ""
    secret: str = ""
    account_id: int = 113000000001
    settings_hash: str = "enforce"  # or "ignore"
    elb_plan_change: str = "new-id"  # or "same-id"
    last_entry_status: int = 409  # or 400: the service's code is unverified
    sandbox: str = "refuse"  # or "allow"
    health_delay: float | None = None  # overrides the profile's
    drain: float | None = None
    connections: int = 10  # connections on each UP entry of an ELB
    host: str = "127.0.0.1"
    request_log: str = ""  # a file that gets every request as a line of JSON

    def __post_init__(self) -> None:
        """Refuse what cannot work, naming the choices."""
        for name, value, allowed in (
            ("latency", self.latency, tuple(PROFILES)),
            ("settings_hash", self.settings_hash, ("enforce", "ignore")),
            ("elb_plan_change", self.elb_plan_change, ("new-id", "same-id")),
            ("last_entry_status", self.last_entry_status, (400, 409)),
            ("sandbox", self.sandbox, ("refuse", "allow")),
        ):
            if value not in allowed:
                raise ValueError(f"{name} is {value!r}; it is one of {', '.join(map(str, allowed))}")
        if self.time_scale is not None and not 0 < self.time_scale <= SCALE_MAX:
            raise ValueError(f"time_scale is {self.time_scale:g}; it must be more than 0 and at most {SCALE_MAX:.0f}")
        for name, seconds in (("health_delay", self.health_delay), ("drain", self.drain)):
            if seconds is not None and not 0 <= seconds < math.inf:
                raise ValueError(f"{name} is {seconds:g}; it is a number of seconds from 0 on")
        if bool(self.token) != bool(self.secret):
            raise ValueError("token and secret go together: give both or neither")
        if ":" in self.token:
            raise ValueError("token has a colon; HTTP Basic (RFC 7617) has none in what comes before the secret")
        if not self.is_loopback and not self.token:
            raise ValueError(f"host {self.host} is not a loopback address: set token and secret to listen there")

    def public(self) -> dict[str, Any]:
        """Every setting but the clock's speed, which may have changed since, and but the token and its secret."""
        return {key: value for key, value in asdict(self).items() if key not in ("time_scale", "token", "secret")}

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the emulator."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    @property
    def durations(self) -> Latency:
        """The chosen latency profile."""
        return PROFILES[self.latency]

    @property
    def health_seconds(self) -> float:
        """How long the ELB takes to call a server UP."""
        return self.durations.health if self.health_delay is None else self.health_delay

    @property
    def drain_seconds(self) -> float:
        """How long connections stay on a disabled entry."""
        return self.durations.drain if self.drain is None else self.drain

    def chance(self, *words: object) -> float:
        """A number in [0, 1) that depends on the seed and these words only."""
        text = "\0".join(map(str, (self.seed, *words)))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "big") / 2**56

    def word(self, *words: object) -> str:
        """A made-up secret that depends on the seed and these words only."""
        return f"{int(self.chance(*words) * 2**48):012x}"
