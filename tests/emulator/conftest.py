"""Emulators to test against: real HTTP on a loopback port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from sakura_emulator.server import running
from tests.emulator.support import Api

Factory = Callable[..., Api]


@pytest.fixture
def emulator() -> Iterator[Factory]:
    """Starts emulators with settings of the test's choice."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Api:
            api = Api(stack.enter_context(running(**settings)).url)
            stack.callback(api.http.close)
            return api

        yield start


@pytest.fixture
def api(emulator: Factory) -> Api:
    """An emulator where nothing takes any time."""
    return emulator()


@pytest.fixture
def slow(emulator: Factory) -> Api:
    """An emulator with real durations, whose clock moves only when told."""
    api = emulator(latency="seed")
    api.control("POST", "/clock", {"freeze": True})
    return api
