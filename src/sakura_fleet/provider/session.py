"""What all resources of one run share: one client with one rate limit, one find a zone, one waiter, the account check.

A session knows no host: its log, its clock, whether the run was cancelled and whether it was interrupted are handed to
it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from sakura_fleet.client import RetryPolicy
from sakura_fleet.errors import (
    AccountMismatchError,
    CancelledError,
    FleetError,
)
from sakura_fleet.provider.engine_cancel import interrupted
from sakura_fleet.provider.engine_watch import engine_gone
from sakura_fleet.provider.polling import SharedFind
from sakura_fleet.provider.settings import SessionSettings
from sakura_fleet.provider.waiting import Waiter

if TYPE_CHECKING:
    from sakura_fleet.client import AuthStatus, Client, Disk, Elb, Server

FIRST_CONTACT = RetryPolicy(deadline=20.0)
"""A root that does not answer at all is most often a wrong root: say so soon, before anything is changed."""
RECENT = 10.0
"""Seconds for which a find still shows what earlier runs left, unless this run has deleted a server since."""


class Log(Protocol):
    """Where a life cycle says what a person should know, while it is at work."""

    def info(self, msg: str) -> None: ...

    def warn(self, msg: str) -> None: ...


class Silent:
    """A log that nobody reads."""

    def info(self, msg: str) -> None:
        """Say nothing."""

    def warn(self, msg: str) -> None:
        """Say nothing."""


class Session:
    """The shared side of one run. Everything here may be called from many threads."""

    def __init__(
        self,
        settings: SessionSettings,
        *,
        env: Mapping[str, str] | None = None,
        client: Client | None = None,
        log: Log | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        interrupted: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self.log: Log = log or Silent()
        self.cancelled = cancelled
        self.interrupted = interrupted
        self.clock = clock
        self.waiter = Waiter(
            clock=clock,
            sleep=sleep,
            cancelled=lambda: self.cancelled(),
            interrupted=lambda: self.interrupted(),
            queue=self._queue,
        )
        self._env = os.environ if env is None else env
        self._given = client
        self._lock = threading.RLock()
        self._servers: dict[tuple[str, str], SharedFind[Server]] = {}
        self._disks: dict[tuple[str, str], SharedFind[Disk]] = {}
        self._departed: float | None = None
        self._tried: set[str] = set()
        self._plans: dict[tuple[str, int, int, bool], bool] = {}
        self._sizes: dict[tuple[str, str], tuple[int, ...]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._warned: set[str] = set()
        self.promises: dict[tuple[Hashable, str], str] = {}
        """Which address on which switch was promised to whom; guarded by the lock of its user."""
        self._claims: dict[Hashable, set[str]] = {}
        self._elbs: SharedFind[Elb] | None = None
        self._catalogue_lock = threading.RLock()  # its own, so that a slow answer keeps nobody from the client
        self._archives: dict[tuple[str, str], str] = {}
        self._contacted: tuple[Client, AuthStatus] | None = None
        self._refusal: FleetError | None = None

    @property
    def client(self) -> Client:
        """The client, once the account behind it is known to be the right one.

        Raises `CredentialsError`, `AuthenticationError`, `AccountMismatchError` or `UnreachableError`; a refusal is
        kept, so that a run with fifty servers asks once.
        """
        return self._contact()[0]

    @property
    def account(self) -> AuthStatus:
        """Whose the API key is, and what it may do: the answer that the client was checked by. Raises as `client`."""
        return self._contact()[1]

    def close(self) -> None:
        """Close the client's connections, if there are any."""
        if self._contacted:
            self._contacted[0].close()

    def _contact(self) -> tuple[Client, AuthStatus]:
        with self._lock:
            if self._refusal is not None:
                raise self._refusal
            if self._contacted is None:
                try:
                    self._contacted = self._first_contact()
                except CancelledError:
                    raise
                except FleetError as error:
                    self._refusal = error
                    raise
            return self._contacted

    def _first_contact(self) -> tuple[Client, AuthStatus]:
        if self._given is not None:
            return self._given, self._checked_account(self._given)
        with self._connect(FIRST_CONTACT) as client:
            account = self._checked_account(client)
        return self._connect(RetryPolicy()), account

    def _connect(self, retry: RetryPolicy) -> Client:
        from sakura_fleet.client import Client  # loads the HTTP client, which an update without changes never needs

        return Client(
            self.settings.api_root,
            self.settings.credentials(self._env),
            rate_limit=self.settings.rate_limit,
            retry=retry,
            cancelled=self.cancelled,
        )

    def _checked_account(self, client: Client) -> AuthStatus:
        wanted = self.settings.account_id
        status = client.auth_status()
        if wanted and status.account_id != wanted:
            raise AccountMismatchError(
                f"the API key belongs to account {status.account_id} ({status.account_name}), but the stack is for "
                f"account {wanted} (sakura-fleet:account_id); use the other account's API key, or another stack, "
                "or correct sakura-fleet:account_id. Nothing was changed"
            )
        return status

    def lock(self, what: str) -> threading.Lock:
        """This run's lock for one shared document."""
        with self._lock:
            return self._locks.setdefault(what, threading.Lock())

    def warn_once(self, message: str) -> None:
        """Warn in the log, unless this run has done so already."""
        with self._lock:
            if message in self._warned:
                return
            self._warned.add(message)
        self.log.warn(message)

    def claim(self, owner: str, parts: Iterable[Hashable]) -> None:
        """Note that a resource of today's program (`owner`, its owner tag) wants these parts of shared documents.

        Every resource of the program is checked before any that has left it is deleted.
        """
        with self._lock:
            for part in parts:
                self._claims.setdefault(part, set()).add(owner)

    def is_claimed_by_another(self, owner: str, part: Hashable) -> bool:
        """Whether another resource of today's program wants the part."""
        with self._lock:
            return bool(self._claims.get(part, set()) - {owner})

    def departed(self) -> None:
        """Note that this run has deleted or released a server: finds from before show what is no more."""
        self._departed = self.clock()

    def fresh_enough(self, resource_tag: str) -> float:
        """The moment that a find must not be older than to show whether that owner tag's resource is there already.

        Now, where this run has tried to make it before (a hook may repeat what failed): a find from before that does
        not show what came of it.
        """
        now = self.clock()
        with self._lock:
            again = resource_tag in self._tried
            self._tried.add(resource_tag)
        if again:
            return now
        recent = now - RECENT
        return recent if self._departed is None else max(self._departed, recent)

    def servers(self, zone: str, fleet: str, *, since: float | None) -> list[Server]:
        """The fleet's servers in a zone, from a find that began at or after `since`; from any earlier one with None."""
        client = self.client
        with self._lock:
            find = self._servers.setdefault(
                (zone, fleet), SharedFind(lambda: client.servers.find(zone, tags=[fleet]), self.clock)
            )
        return list(find.newer_than(since))

    def account_servers(self, zone: str, *, since: float) -> list[Server]:
        """All servers of the account in a zone, from a find that began at or after `since`."""
        client = self.client
        with self._lock:
            find = self._servers.setdefault((zone, ""), SharedFind(lambda: client.servers.find(zone), self.clock))
        return list(find.newer_than(since))

    def disks(self, zone: str, fleet: str, *, since: float | None) -> list[Disk]:
        """The fleet's disks in a zone, from a find that began at or after `since`; from any earlier one with None."""
        client = self.client
        with self._lock:
            find = self._disks.setdefault(
                (zone, fleet), SharedFind(lambda: client.disks.find(zone, tags=[fleet]), self.clock)
            )
        return list(find.newer_than(since))

    def elbs(self, *, since: float) -> list[Elb]:
        """The account's ELBs, from a find that began at or after `since`."""
        client = self.client
        with self._lock:
            self._elbs = self._elbs or SharedFind(client.elbs.find, self.clock)
        return list(self._elbs.newer_than(since))

    def has_plan(self, zone: str, core: int, memory: int, dedicated_cpu: bool) -> bool:
        """Whether the zone offers a server plan; asked once a run."""
        key = (zone, core, memory, dedicated_cpu)
        with self._catalogue_lock:
            if key not in self._plans:
                plan = self.client.server_plans.lookup(zone, core, memory, dedicated_cpu)
                self._plans[key] = plan is not None
            return self._plans[key]

    def disk_sizes(self, zone: str, plan: str) -> tuple[int, ...]:
        """The sizes (GB) in which the zone offers disks of a plan; asked once a run."""
        with self._catalogue_lock:
            if (zone, plan) not in self._sizes:
                for offered in self.client.disk_plans.find(zone):
                    self._sizes[zone, offered.plan] = offered.sizes_gb
            return self._sizes.setdefault((zone, plan), ())

    def archive_id(self, zone: str, os_type: str) -> str:
        """The newest public archive of an OS in a zone; asked once a run, so that a group's members are alike."""
        with self._catalogue_lock:
            if (zone, os_type) not in self._archives:
                self._archives[zone, os_type] = self.client.archives.find_by_os_type(zone, os_type).id
            return self._archives[zone, os_type]

    def _queue(self) -> float:
        return self._contacted[0].queue() if self._contacted else 0.0  # a wait for something else needs no client


_sessions: dict[SessionSettings, Session] = {}
_sessions_lock = threading.Lock()


def session_for(settings: SessionSettings, log: Log | None = None) -> Session:
    """The one session of this process for these settings; what is said in it goes to the `log` of the first caller."""
    with _sessions_lock:
        if settings not in _sessions:
            _sessions[settings] = Session(settings, log=log, cancelled=engine_gone, interrupted=interrupted)
        return _sessions[settings]
