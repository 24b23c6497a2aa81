"""Fixtures of the program tests: an emulator in this process and a fleet on it, both for one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sakura_emulator.server import Running, running
from tests.program.fleet import Fleet, new_fleet


@pytest.fixture
def cloud() -> Iterator[Running]:
    """An emulator whose states change at once."""
    with running(latency="instant") as emulator:
        yield emulator


@pytest.fixture
def fleet(cloud: Running, tmp_path: Path) -> Fleet:
    """The seed's fleet, size 2, in a folder whose path has a blank."""
    return new_fleet(tmp_path / "a fleet", cloud.url)


@pytest.fixture
def make_fleet(tmp_path: Path) -> Iterator[Callable[..., Fleet]]:
    """A maker of fleets with an emulator of their own: `make_fleet(latency="baseline", time_scale=20, size=3)`."""
    with ExitStack() as stack:

        def make(name: str = "a fleet", *, size: int = 2, url: str = "", **emulator: Any) -> Fleet:
            url = url or stack.enter_context(running(**{"latency": "instant", **emulator})).url
            return new_fleet(tmp_path / name, url, size=size)

        yield make
