"""The cloud of a stack, as a command talks to it: one session, closed at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from sakura_fleet import client as api
from sakura_fleet import interrupts
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.settings import SessionSettings


@contextmanager
def open_session(
    setting: Callable[[str], str | None], *, env: Mapping[str, str] = os.environ, deadline: float = 0.0
) -> Iterator[Session]:
    """A session by the settings of a stack, which `Project.setting` reads; the API key comes from `env`.

    Nothing is sent before the session's client is asked for, which checks the account first. With a `deadline`, in
    seconds, each call gives up after that time: for a question whose answer nobody waits long for. Raises `InputError`
    where a setting is malformed, and with a deadline `CredentialsError` where there is no API key.
    """
    settings = SessionSettings.from_config(setting)
    client = None
    if deadline:
        client = api.Client(
            settings.api_root,
            settings.credentials(env),
            rate_limit=settings.rate_limit,
            cancelled=interrupts.seen,
            retry=api.RetryPolicy(deadline=deadline),
        )
    session = Session(settings, env=env, client=client, cancelled=interrupts.seen)
    try:
        yield session
    finally:
        (client or session).close()
