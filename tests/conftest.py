"""What every test starts from: no API key and no engine setting of this machine, and an emulator for who asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from sakura_emulator.server import Running
    from sakura_fleet.client import Client
    from sakura_fleet.provider.session import Session

settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")  # how long an example takes says something about the machine only

FOREIGN = ("SAKURA", "USACLOUD", "PULUMI_", "GIT_", "GITHUB_")
"""How the variables begin that would let a test see this machine's accounts, stacks (`SAKURACLOUD` among them) or
repositories: git sets its own while it runs a hook."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests measured and no assertion judges, after the run: `record_property("measured", text)`."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == "measured" and report.when == "call":
                terminalreporter.write_line(f"{report.nodeid}\n{text}")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of this machine and no setting of its git leads a test to a real account or stack."""
    for name in [name for name in os.environ if name.startswith(FOREIGN) or name == "CI"]:
        monkeypatch.delenv(name)
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)


@pytest.fixture
def emulator() -> Iterator[Running]:
    """An emulator in this process whose states change at once."""
    from sakura_emulator.server import running

    with running(latency="instant") as started:
        yield started


@pytest.fixture
def client(emulator: Running) -> Iterator[Client]:
    """A client of the emulator, without a rate limit."""
    from sakura_fleet.client import Client, Credentials

    with Client(emulator.api_root, Credentials("token", "secret"), rate_limit=0) as made:
        yield made


@pytest.fixture
def session(emulator: Running, client: Client) -> Session:
    """A session on that client."""
    from sakura_fleet.provider.session import Session
    from sakura_fleet.provider.settings import SessionSettings

    return Session(SessionSettings(api_root=emulator.api_root), env={}, client=client)
