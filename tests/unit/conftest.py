"""Fixtures of the unit tests: a project folder, and a world with an emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.folder import Folder
from tests.unit.world import EMULATORS, World, world


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


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A project in a folder whose path has a blank."""
    return Folder.new(tmp_path / "a project")
