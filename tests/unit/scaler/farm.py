"""Servers in an emulated cloud whose clock is stopped until a test moves it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sakura_emulator.clock import JST
from sakura_emulator.server import Running
from sakura_fleet.client import Client, Server
from sakura_fleet.ownership import OwnerTags
from tests.local_http import HTTP

FLEET = "0123456789abcdef"


class Farm:
    """Makes and loads servers. Time begins half a second after a five-minute step."""

    def __init__(self, emulator: Running, client: Client) -> None:
        self._url = f"{emulator.url}/_emulator"
        self._client = client
        self._control("/clock", {"freeze": True})
        now = self._clock()
        self.advance(300 - now % 300 + 0.5)

    @property
    def now(self) -> datetime:
        """The cloud's time."""
        return datetime.fromtimestamp(self._clock(), JST)

    def past_step(self) -> timedelta:
        """How far the whole minute of now is past the newest 5-minute step."""
        return timedelta(minutes=self.now.minute % 5)

    def advance(self, seconds: float) -> None:
        self._control("/clock", {"advance": seconds})

    def load(self, prefix: str, value: float) -> None:
        self._control("/load", {"prefix": prefix, "value": value})

    def samples(self, prefix: str, values: Sequence[float | None]) -> None:
        self._control("/load", {"prefix": prefix, "samples": list(values)})

    def fault(self, **rule: Any) -> None:
        self._control("/faults", rule)

    def server(
        self,
        name: str,
        *,
        zone: str = "is1b",
        core: int = 1,
        memory_gb: int = 1,
        tags: Sequence[str] = (),
        power: bool = True,
    ) -> Server:
        made = self._client.servers.create(zone, name=name, core=core, memory_gb=memory_gb, tags=tags, nics=["shared"])
        if power:
            self._client.servers.power_on(zone, made.id)
        return self._client.servers.read(zone, made.id)

    def member(self, name: str, *, fleet: str = FLEET, **other: Any) -> Server:
        """A server with a fleet's owner tags."""
        return self.server(name, tags=OwnerTags.of(fleet, f"urn:{name}").tag(["web"]), **other)

    def off(self, server: Server) -> None:
        self._client.servers.power_off(server.zone, server.id, force=True)

    def _clock(self) -> float:
        return float(HTTP.get(f"{self._url}/clock").json()["now"])

    def _control(self, path: str, body: dict[str, Any]) -> None:
        answer = HTTP.post(f"{self._url}{path}", json=body)
        assert answer.is_success, answer.text
