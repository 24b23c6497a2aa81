"""The stack's file: another size and nothing else, and nobody's edit is overwritten."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest
import yaml

from sakura_fleet.engine.files import locked_folder
from sakura_fleet.engine.stack_file import StackFile
from sakura_fleet.errors import BusyError, FileError, ProjectError
from tests.unit.yaml_bomb import bomb


def file_of(folder: Path, text: str) -> StackFile:
    path = folder / "Pulumi.test.yaml"
    path.write_bytes(text.encode())
    return StackFile.read(path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("config:\n  sakura-fleet:size: 2\n", "config:\n  sakura-fleet:size: 13\n"),
        ('# mine\nconfig:\n  sakura-fleet:size: "2" # few\n  b: 1\n', None),
        ("config:\n  'sakura-fleet:size': '2'\n", None),
        ('{"config": {"sakura-fleet:size": "2", "sakura-fleet:server_group": {"size": 2}}}', None),
        ("config: {a: {sakura-fleet:size: 7}, sakura-fleet:size: 2}\nsakura-fleet:size: 7\n", None),
        ("encryptionsalt: v1:x\nconfig:\r\n  a: ü — 日本\r\n  sakura-fleet:size:   2   # x\r\n", None),
        ("config:\n  sakura-fleet:size: 2", "config:\n  sakura-fleet:size: 13"),
    ],
)
def test_only_the_size_is_another_one(tmp_path: Path, before: str, after: str | None) -> None:
    file = file_of(tmp_path, before)
    file.with_size(13).replace(file)
    text = file.path.read_bytes().decode()
    assert yaml.safe_load(text)["config"]["sakura-fleet:size"] in (13, "13")
    if after is None:
        position = next(at for at, pair in enumerate(zip(before, text, strict=False)) if pair[0] != pair[1])
        after = before[:position] + "13" + before[position + 1 :]
    assert text == after


@pytest.mark.parametrize("text", ["", "config:\n", "config:\n  size: 2\n", "config: [1]\n", "- 1\n"])
def test_a_file_without_a_size(tmp_path: Path, text: str) -> None:
    with pytest.raises(ProjectError, match="has no sakura-fleet:size"):
        file_of(tmp_path, text).with_size(3)


def test_what_is_no_yaml(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="is not YAML"):
        file_of(tmp_path, "config: [").with_size(3)


def test_the_size_is_found_by_the_reader_that_bounds_aliases(tmp_path: Path) -> None:
    file = file_of(tmp_path, f"{bomb('x', '[{}]')}\n{GOOD}")
    with pytest.raises(ProjectError, match="stand for too much"):
        file.with_size(3)


GOOD = "config:\n  sakura-fleet:size: 2\n"


def test_a_change_that_somebody_made_meanwhile_stays(tmp_path: Path) -> None:
    file = file_of(tmp_path, GOOD)
    theirs = GOOD.replace("2", "7")
    file.path.write_text(theirs)
    with pytest.raises(BusyError, match="somebody changed"):
        file.with_size(3).replace(file)
    assert file.path.read_text() == theirs
    assert list(tmp_path.iterdir()) == [file.path]


def test_a_change_while_the_new_file_is_being_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = file_of(tmp_path, GOOD)
    theirs = GOOD.replace("2", "7")
    sync = os.fsync

    def meanwhile(descriptor: int) -> None:
        file.path.write_text(theirs)
        sync(descriptor)

    monkeypatch.setattr("os.fsync", meanwhile)
    with pytest.raises(BusyError, match="somebody changed"):
        file.with_size(3).replace(file)
    assert file.path.read_text() == theirs
    assert list(tmp_path.iterdir()) == [file.path]


def test_two_commands_write_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = file_of(tmp_path, GOOD)
    kept_out = []
    sync = os.fsync

    def another(descriptor: int) -> None:
        folder = os.open(tmp_path, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            kept_out.append(folder)
        finally:
            os.close(folder)
        sync(descriptor)

    monkeypatch.setattr("os.fsync", another)
    file.with_size(3).replace(file)
    assert kept_out
    with locked_folder(tmp_path):  # it was let go of
        assert "size: 3" in file.path.read_text()


def test_links_and_rights_stay(tmp_path: Path) -> None:
    file = file_of(tmp_path, GOOD)
    file.path.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(file.path)
    linked = StackFile.read(link)
    linked.with_size(3).replace(linked)
    assert link.is_symlink()
    assert "size: 3" in file.path.read_text()
    assert file.path.stat().st_mode & 0o7777 == 0o640


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = file_of(tmp_path, GOOD)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(FileError, match="No space left on device"):
        file.with_size(3).replace(file)
    assert file.path.read_text() == GOOD
    assert list(tmp_path.iterdir()) == [file.path]


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="there is no stack file"):
        StackFile.read(tmp_path / "none.yaml")
