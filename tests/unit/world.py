"""An emulated cloud whose time only moves when somebody waits, and inputs as a program would send them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import httpx
import pulumi

from sakura_emulator.server import Running, running
from sakura_fleet.client import Client, Credentials, Disk, RetryPolicy, Server
from sakura_fleet.model.server.template import DiskTemplate, EditParameter, MachinePlan
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Lifecycle
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.settings import SessionSettings
from sakura_fleet.resources.server.server_lifecycle import ServerLifecycle

ZONE = "is1b"
OTHER_ZONE = "is1c"
FLEET = "0123456789abcdef"
OWNER_TAGS = OwnerTags.of(FLEET, "urn:pulumi:test::p::pulumi-python:dynamic/sakura:Server::web-001")
FOREIGN = OwnerTags.of("another-fleet", "urn:pulumi:test::p::pulumi-python:dynamic/sakura:Server::web-001")
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN8AKyLHm0LLUxWMBKNbA4zdETB+3fP0eRNPoFYYo3cx example@sakura-fleet"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f other@sakura-fleet"


class Pace:
    """A clock that `sleep` moves on; `on_sleep` is called with the seconds."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.on_sleep: Callable[[float], None] = lambda _: None
        self._lock = threading.Lock()

    def clock(self) -> float:
        return self.now

    def since(self, start: float) -> float:
        """Seconds since then, to the millisecond: a sum of jittered sleeps carries rounding errors."""
        return round(self.now - start, 3)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds
        self.on_sleep(seconds)


class Wire(httpx.BaseTransport):
    """Real HTTP that keeps what was asked; `answer` may replace an answer once it has come."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.answer: Callable[[str, httpx.Response], httpx.Response] = lambda _, response: response
        self._http = httpx.HTTPTransport(verify=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        call = f"{request.method} {request.url.path.partition('/api/cloud/1.1/')[2]}"
        self.calls.append(call)
        response = self._http.handle_request(request)
        response.request = request
        return self.answer(call, response)

    def again(self, request: httpx.Request) -> None:
        """Carry a call out once more; nobody sees its answer."""
        self._http.handle_request(request).read()

    def close(self) -> None:
        self._http.close()


@dataclass
class World:
    """A cloud, a clock, and a session of one run."""

    emulator: Running
    pace: Pace
    wire: Wire
    client: Client
    session: Session

    def calls(self, call: str) -> int:
        """How often `METHOD path` was sent."""
        return self.wire.calls.count(call)

    def changes(self) -> list[str]:
        """All calls sent that change something."""
        return [call for call in self.wire.calls if not call.startswith("GET ")]

    def fault(self, **document: Any) -> None:
        self.emulator.cloud.faults.add(document)

    def servers(self, zone: str = ZONE) -> list[Server]:
        return self.client.servers.find(zone)

    def disks(self, zone: str = ZONE) -> list[Disk]:
        return self.client.disks.find(zone)

    def count(self, kind: str) -> int:
        return int(self.emulator.cloud.counts()["resources"][kind]["total"])

    def next_run(self) -> Session:
        """The session of another run: it remembers nothing."""
        return new_session(self.emulator, self.client, self.pace)


def new_session(emulator: Running, client: Client, pace: Pace, **settings: Any) -> Session:
    return Session(
        SessionSettings(api_root=emulator.api_root, **settings),
        env={},
        client=client,
        log=pulumi.log,
        clock=pace.clock,
        sleep=pace.sleep,
    )


EMULATORS = ExitStack()
"""The emulators that run; closed after the last test."""


@cache
def _emulator(**settings: Any) -> Running:
    return EMULATORS.enter_context(running(**settings))


@contextmanager
def world(**settings: Any) -> Iterator[World]:
    """A new cloud; its emulator is started with `settings`, once for all tests that give the same ones."""
    pace, wire = Pace(), Wire()
    emulator = _emulator(**{"latency": "instant", **settings})
    emulator.cloud.reset()
    emulator.cloud.clock.freeze()
    pace.on_sleep = emulator.cloud.clock.advance
    with Client(
        emulator.api_root,
        Credentials("token", "secret"),
        rate_limit=0,
        retry=RetryPolicy(attempts=4),
        transport=wire,
        sleep=pace.sleep,
        clock=pace.clock,
    ) as client:
        yield World(emulator, pace, wire, client, new_session(emulator, client, pace))


def checked(lifecycle: Lifecycle, **inputs: Any) -> dict[str, Any]:
    """Inputs with their defaults, as `check` leaves them."""
    return {**lifecycle.defaults, **inputs}


def server_inputs(**changes: Any) -> dict[str, Any]:
    """The inputs of a small server, defaults filled in."""
    edit = asdict(EditParameter(ssh_keys=(PUBLIC_KEY,)))
    del edit["startup_scripts"]
    small = {
        "name": "web-001",
        "zones": [ZONE, OTHER_ZONE],
        "plan": asdict(MachinePlan(core=1, memory=2)),
        "disks": [asdict(DiskTemplate(os_type="almalinux"))],
        "network_interfaces": [{"upstream": "shared", "assign_cidr_block": "", "default_route": ""}],
        "packet_filters": [""],
        "edit_parameter": {**edit, "ssh_keys": list(edit["ssh_keys"])},
        "tags": ["web"],
        "owner_tags": dict(OWNER_TAGS.inputs()),
    }
    return checked(ServerLifecycle(), **{**small, **changes})
