"""Fixtures of the resource tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.resources.world import EMULATORS, World, world


@pytest.fixture(scope="session", autouse=True)
def stop_emulators() -> Iterator[None]:
    """Emulators are shared by tests; the last one stops them."""
    with EMULATORS:
        yield


@pytest.fixture(name="world")
def instant_world() -> Iterator[World]:
    """A cloud in which nothing takes time."""
    with world() as made:
        yield made
