"""Fixtures of the command tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A project in a folder whose path has a blank."""
    return Folder.new(tmp_path / "a project")
