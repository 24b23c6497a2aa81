"""How a stack's server group scales: thresholds, pace and brakes, and the rules that keep them from harm.

The defaults are those of the cron rule that this scaler replaces: up over 50 %, down under 20 %, one server at a time,
540 seconds between two changes. Which sizes are allowed is in the server group (`min_size`, `max_size`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.reading import Reader

MODES: Final = ("threshold",)
DAY: Final = 86_400
SAMPLE_SECONDS: Final = 300
"""The activity graph has one value each five minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cooldown:
    """Seconds after the end of a change, in either direction, in which the group does not grow (`up`) or shrink
    (`down`)."""

    up: int = 540
    down: int = 540


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Seconds until a failed change is tried again: `first`, then twice as long each time, up to `longest`."""

    first: int = 300
    longest: int = 1_800

    def after(self, failures: int) -> int:
        """The wait after so many failures in a row."""
        return min(self.first * int(2 ** min(max(failures - 1, 0), 20)), self.longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingArgs:
    """The settings of a stack's scaling. Thresholds are per cent of all cores, times are seconds."""

    mode: str = "threshold"
    up: int = 50
    down: int = 20
    idle: int = 1
    samples: int = 1
    step: int = 1
    max_age: int = 900
    heal: bool = True
    unhealthy_threshold: int = 2
    brake: int = 45
    enforce: bool = False
    cooldown: Cooldown = field(default_factory=Cooldown)
    backoff: Backoff = field(default_factory=Backoff)

    def check(self, *, min_size: int, max_size: int) -> list[Problem]:
        """What only shows when the settings are seen together, and with the group's limits."""
        problems = []
        if self.down >= self.up:
            problems.append(
                Problem(
                    "down",
                    "thresholds-order",
                    f"down {self.down} is not under up {self.up}: every load would be too much or too little; "
                    f"choose a down well under {self.up}, such as {self.up * 2 // 5}",
                )
            )
        if self.down and self.down <= self.idle + 1:
            problems.append(
                Problem(
                    "down",
                    "never-down",
                    f"no load lies between idle {self.idle} and down {self.down}, so the group would never shrink; "
                    "raise down, lower idle, or write down: 0 if that is what you want",
                )
            )
        if self.down and not problems:
            problems += self._check_flapping(min_size, max_size)
        if self.backoff.longest < self.backoff.first:
            problems.append(
                Problem(
                    "backoff.longest",
                    "backoff-order",
                    f"longest {self.backoff.longest} is under first {self.backoff.first}; make it at least as long",
                )
            )
        return problems

    def _check_flapping(self, min_size: int, max_size: int) -> list[Problem]:
        """Scale-in at a constant load must not lead to a load that scales out again; it is worst at the smallest
        size."""
        floor = smallest(min_size, max_size)
        size = min(floor + self.step, max_size)
        if size <= floor:
            return []
        before, after = self.down * size, self.down * size / floor
        if before < self.up * floor:
            return []
        limit = -(-self.up * floor // size) - 1
        ways = [f"lower down to {limit}"] if limit > self.idle + 1 else []
        ways.append(f"raise up over {after:.0f}" if after < 99 else "raise min_size")
        ways += ["set step: 1"] if self.step > 1 else []
        return [
            Problem(
                "down",
                "thresholds-flap",
                f"{size} servers at just under {self.down} % would become {floor} at {after:.0f} %, which is not under "
                f"up {self.up}: the group would shrink and grow by turns; {' or '.join(ways)}",
            )
        ]


def smallest(min_size: int, max_size: int) -> int:
    """The size under which scaling by load does not go: without a server there is no load to see."""
    return min(max(min_size, 1), max_size)


def read_scaling(reader: Reader) -> ScalingArgs:
    """The scaling settings from configuration; problems go to the reader."""
    scaling = ScalingArgs(
        mode=reader.text("mode", "threshold", choices=MODES),
        up=reader.whole("up", 50, minimum=1, maximum=99),
        down=reader.whole("down", 20, minimum=0, maximum=98),
        idle=reader.whole("idle", 1, minimum=0, maximum=97),
        samples=reader.whole("samples", 1, minimum=1, maximum=12),
        step=reader.whole("step", 1, minimum=1, maximum=100),
        max_age=reader.whole("max_age", 900, minimum=2 * SAMPLE_SECONDS, maximum=DAY),
        heal=reader.flag("heal", default=True),
        unhealthy_threshold=reader.whole("unhealthy_threshold", 2, minimum=1, maximum=10),
        brake=reader.whole("brake", 45, minimum=1, maximum=100),
        enforce=reader.flag("enforce", default=False),
        cooldown=_read_cooldown(reader),
        backoff=_read_backoff(reader.child("backoff")),
    )
    reader.close()
    return scaling


def _read_cooldown(reader: Reader) -> Cooldown:
    """One number for both directions, or one for each, as sacloud/autoscaler has it."""
    written = reader.structure("cooldown")
    if written is not None and not isinstance(written, Mapping):
        both = reader.whole("cooldown", 540, minimum=0, maximum=DAY)
        return Cooldown(up=both, down=both)
    child = reader.child("cooldown")
    cooldown = Cooldown(
        up=child.whole("up", 540, minimum=0, maximum=DAY), down=child.whole("down", 540, minimum=0, maximum=DAY)
    )
    child.close()
    return cooldown


def _read_backoff(reader: Reader) -> Backoff:
    backoff = Backoff(
        first=reader.whole("first", 300, minimum=1, maximum=DAY),
        longest=reader.whole("longest", 1_800, minimum=1, maximum=DAY),
    )
    reader.close()
    return backoff
