"""Files are replaced at once: whatever happens in the middle, there is the old one or the new one."""

from __future__ import annotations

from pathlib import Path

import pytest

from sakura_fleet.engine.files import replace_file
from tests.unit.full_disk import full_disk


def test_a_file_is_made_and_replaced_with_the_mode_it_had(tmp_path: Path) -> None:
    file = tmp_path / "file"
    replace_file(file, b"one")
    file.chmod(0o640)
    replace_file(file, b"two")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"two", 0o640)
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("one")
    (tmp_path / "link").symlink_to("there")
    replace_file(tmp_path / "link", b"two")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_text() == "two"


@pytest.mark.parametrize("room", [0, 2])
def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, room: int) -> None:
    file = tmp_path / "file"
    file.write_text("one")
    with pytest.raises(OSError, match="File too large"), full_disk(room):
        replace_file(file, b"another")
    assert file.read_text() == "one"
    assert list(tmp_path.iterdir()) == [file]
    with pytest.raises(OSError, match="File too large"), full_disk(room):
        file.write_bytes(b"another")  # what a plain write does there
    assert len(file.read_bytes()) == room
