"""One emulated cloud: its objects, its clock, how it was started, and what was asked of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sakura_emulator.catalogue import places, shared
from sakura_emulator.clock import Clock
from sakura_emulator.errors import ControlError
from sakura_emulator.faults import Faults
from sakura_emulator.request_log import RequestLog
from sakura_emulator.settings import Settings
from sakura_emulator.store import MEMORY, Record, Store

SNAPSHOT_VERSION = 1
KINDS = (
    *("server", "disk", "archive", "interface", "switch", "internet", "bridge", "packetfilter"),
    *("note", "sshkey", "icon", "cdrom", "license", "privatehost", "appliance", "item"),
)
_CLOCK_EVERY = 1.0  # real seconds between two saves of the clock when nothing else is written


class Cloud:
    """Everything that handlers work on."""

    def __init__(self, path: str = MEMORY, settings: Settings | None = None, clock: Clock | None = None) -> None:
        self.settings = settings or Settings()
        self.clock = clock or Clock()
        self.store = Store(path)
        self.store.before_commit = self._keep_clock
        self.read_all: Callable[[Cloud], None] = lambda cloud: None  # what a snapshot must stand before it is taken
        self.faults = Faults(self.settings.chance)
        self.log = RequestLog()
        if self.settings.request_log:
            self.log.open(self.settings.request_log)
        self._clock_saved = 0.0
        for record in shared.records():
            self.store.seed(record)
        saved = self.store.meta("clock")
        if saved:
            self.clock.restore(saved)
        if self.settings.time_scale is not None:
            self.clock.rescale(self.settings.time_scale)
        self.save_clock()

    def close(self) -> None:
        """Save the clock and close the files."""
        self.save_clock()
        self.store.close()
        self.log.close()

    # The clock is saved with every write, so that no time a client has seen passes twice.

    def _keep_clock(self) -> None:
        self.store.set_meta("clock", self.clock.state())
        self._clock_saved = time.monotonic()

    def save_clock(self, *, at_most_every: float = 0.0) -> None:
        """Save the clock on its own."""
        if time.monotonic() - self._clock_saved >= at_most_every:
            with self.store.transaction():
                self._keep_clock()

    def save_clock_sometimes(self) -> None:
        """Save the clock if that was long ago: reads see time pass, too."""
        self.save_clock(at_most_every=_CLOCK_EVERY)

    # Addresses

    def new_mac(self) -> str:
        """A MAC address that was never used before."""
        number = self.store.count("next_mac", 1)
        return f"9C:A3:BA:{number >> 16 & 255:02X}:{number >> 8 & 255:02X}:{number & 255:02X}"

    def new_shared_address(self, zone: str) -> str:
        """A free address of a zone's shared segment; the one given back longest ago comes last."""
        for _ in range(places.shared_capacity(zone)):
            address = places.shared_address(zone, self.store.count(f"next_address_{zone}"))
            if not self.store.by("interface", "ip", address):
                return address
        raise RuntimeError(f"the shared segment of {zone} has no free address left")

    def server_at(self, address: str) -> Record | None:
        """The server with this address, wherever it is."""
        for interface in self.store.by("interface", "ip", address):
            return self.store.get("server", int(interface["server"]))
        return None

    # The whole cloud

    def reset(self) -> None:
        """An empty cloud with a clock that shows the real time."""
        self.store.load({"meta": {}, "objects": []})
        self.faults.clear()
        self.log = RequestLog()
        if self.settings.request_log:
            self.log.open(self.settings.request_log)
        self.clock.restore({"now": time.time(), "time_scale": self.settings.time_scale or 1.0})
        self.save_clock()

    def snapshot(self) -> dict[str, Any]:
        """The whole cloud as one document."""
        self.save_clock()
        return {"sakura_emulator_snapshot": SNAPSHOT_VERSION, **self.store.dump()}

    def load(self, document: dict[str, Any]) -> None:
        """Go back to a snapshot, with its clock."""
        if document.get("sakura_emulator_snapshot") != SNAPSHOT_VERSION:
            raise ControlError(
                400, f"not a snapshot of version {SNAPSHOT_VERSION}, as GET /_emulator/snapshot gives it"
            )
        trial = Cloud(MEMORY, replace(self.settings, request_log=""))
        try:
            trial._take(document)
            self.read_all(trial)
        except ControlError:
            raise
        except Exception as error:  # whatever it is, the document brought it
            raise ControlError(400, f"the snapshot is damaged, nothing was changed: {error!r}") from error
        finally:
            trial.close()
        self._take(document)

    def _take(self, document: dict[str, Any]) -> None:
        for at, item in enumerate(document["objects"]):
            if item["kind"] not in KINDS or item["zone"] not in ("", *places.ZONES):
                raise ValueError(f"objects[{at}] is a {item['kind']!r} in {item['zone']!r}")
        self.store.load(document)
        saved = self.store.meta("clock")
        if saved:
            self.clock.restore(saved)
        self.save_clock()

    def counts(self) -> dict[str, Any]:
        """How many objects of each kind users made, in all and by zone."""
        words = [kind for kind in KINDS if kind != "item"] + ["proxylb", "dns"]
        resources: dict[str, dict[str, Any]] = {word: {"total": 0, "zones": {}} for word in words}
        for kind in KINDS:
            self._count(resources, kind)
        return {"total": sum(count["total"] for count in resources.values()), "resources": resources}

    def _count(self, resources: dict[str, dict[str, Any]], kind: str) -> None:
        for record in self.store.all(kind):
            if record.shared:
                continue
            word = record["class"] if kind == "item" else kind
            entry = resources.setdefault(word, {"total": 0, "zones": {}})
            entry["total"] += 1
            if record.zone:
                entry["zones"][record.zone] = entry["zones"].get(record.zone, 0) + 1
