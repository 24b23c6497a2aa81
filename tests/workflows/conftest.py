"""Fixtures of the workflow tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sakura_emulator.server import Running, running
from tests.workflows.steps import Checkout, new_checkout


@pytest.fixture
def cloud() -> Iterator[Running]:
    """An emulator whose states change at once."""
    with running(latency="instant") as emulator:
        yield emulator


@pytest.fixture
def checkout(cloud: Running, tmp_path: Path) -> Checkout:
    """A fleet's project in a clone, nothing up yet."""
    return new_checkout(tmp_path, cloud.url)
