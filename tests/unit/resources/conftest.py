"""Fixtures of the resource tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.resources.world import World, world


@pytest.fixture(name="world")
def instant_world() -> Iterator[World]:
    """A cloud in which nothing takes time."""
    with world() as made:
        yield made
