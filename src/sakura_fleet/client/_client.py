"""The client: one object with one attribute for each kind of resource."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import httpx

from sakura_fleet.client._retry import RetryPolicy
from sakura_fleet.client._transport import Transport
from sakura_fleet.client.account import AuthStatus
from sakura_fleet.client.activity import ActivityApi
from sakura_fleet.client.archives import ArchivesApi
from sakura_fleet.client.catalogue import DiskPlansApi, PricesApi, ServerPlansApi, ZonesApi
from sakura_fleet.client.credentials import Credentials
from sakura_fleet.client.disks import DisksApi
from sakura_fleet.client.dns_zones import DnsZonesApi
from sakura_fleet.client.elbs import ElbsApi
from sakura_fleet.client.icons import IconsApi
from sakura_fleet.client.interfaces import InterfacesApi
from sakura_fleet.client.notes import NotesApi
from sakura_fleet.client.packet_filters import PacketFiltersApi
from sakura_fleet.client.servers import ServersApi
from sakura_fleet.client.ssh_keys import SshKeysApi
from sakura_fleet.client.switches import SwitchesApi
from sakura_fleet.model.zones import DEFAULT_ZONE

__all__ = ["Client"]


class Client:
    """A client of the SAKURA Cloud API for one API root and one API key. Safe to share between threads.

    **Repeating.** What was refused (423, 429, 503) or never arrived (no connection) is sent again for every method.
    After a lost answer or a 500, 502 or 504 only GET, PUT and DELETE are: a POST then raises `UnreachableError` or
    `UnavailableError` with `maybe_done` set, and the caller finds what it made before making it again. A repeated
    PUT or DELETE may meet its own first attempt (`ConflictError`: up already; `NotFoundError`: gone already).
    `Retry-After` is honoured; `RetryPolicy` bounds attempts and time. After a 429, or a 503 that is about the API as a
    whole, every call of the client waits as long as the one that got it.

    **Errors.** Every call may raise `ApiError` and its kinds, `UnreachableError` and `CancelledError`; `InputError`
    for an ID or zone that cannot be one.

    `api_root` ends in `/cloud/zone`; plain http is refused except to this machine (`InputError`). `default_zone` is
    what is in the path of global resources. `rate_limit` is calls per second over all threads, 0 for no limit.
    `timeout` is seconds for each step of one attempt. `cancelled` is asked before each attempt and every second of
    a wait. `transport`, `sleep`, `clock` and `now` (UTC, for a `Retry-After` that is a
    date) are seams for tests.
    """

    def __init__(
        self,
        api_root: str,
        credentials: Credentials,
        *,
        default_zone: str = DEFAULT_ZONE,
        rate_limit: float | None = 5.0,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        http = self._transport = Transport(
            api_root,
            credentials,
            rate_limit=rate_limit,
            retry=retry,
            timeout=timeout,
            transport=transport,
            sleep=sleep,
            clock=clock,
            now=now,
            cancelled=cancelled,
        )
        self._default_zone = default_zone
        self.servers = ServersApi(http)
        self.disks = DisksApi(http)
        self.archives = ArchivesApi(http)
        self.switches = SwitchesApi(http)
        self.interfaces = InterfacesApi(http)
        self.packet_filters = PacketFiltersApi(http)
        self.server_plans = ServerPlansApi(http)
        self.disk_plans = DiskPlansApi(http)
        self.prices = PricesApi(http)
        self.activity = ActivityApi(http)
        self.notes = NotesApi(http, default_zone)
        self.ssh_keys = SshKeysApi(http, default_zone)
        self.icons = IconsApi(http, default_zone)
        self.zones = ZonesApi(http, default_zone)
        self.elbs = ElbsApi(http, default_zone)
        self.dns_zones = DnsZonesApi(http, default_zone)

    def __repr__(self) -> str:
        return f"Client({self.api_root!r})"

    @property
    def api_root(self) -> str:
        """The API root, without a final slash."""
        return self._transport.api_root

    def auth_status(self) -> AuthStatus:
        """Whom the API key belongs to (`GET auth-status`). Raises `AuthenticationError` for a wrong key."""
        return AuthStatus.from_api(self._transport.request("GET", self._default_zone, "auth-status"))

    def queue(self) -> float:
        """Seconds until the rate limit lets another call pass: the calls before it have reserved that time."""
        return self._transport.queue()

    def close(self) -> None:
        """Close the connections. The client cannot be used afterwards."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
