"""The folder of a stack's jobs: one for each project, and a file in it that cannot be read is not taken for none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sakura_fleet.engine import job_lock
from sakura_fleet.engine.job_lock import Job, JobFolder
from sakura_fleet.errors import JobFolderError
from tests.unit.full_disk import full_disk


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    return JobFolder(tmp_path / "jobs")


def test_projects_have_a_folder_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    roots = [Path("/x/y"), Path("/x-y"), Path("/x/-y"), Path("/"), Path("/" + "n" * 255), Path("/z/y")]
    folders = {JobFolder.of(root, "production").folder for root in roots}
    assert len(folders) == len(roots)
    assert JobFolder.of(Path("/x/y"), "staging").folder not in folders
    assert JobFolder.of(Path("/x/../x/y"), "production").folder in folders
    for place in folders:
        JobFolder(place).check()


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(_: type[Path]) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(job_lock.Path, "home", classmethod(homeless))
    with pytest.raises(JobFolderError, match="set XDG_STATE_HOME to a folder that is kept"):
        JobFolder.of(Path("/x"), "production")


def nothing_begins(folder: JobFolder, words: str) -> None:
    with pytest.raises(JobFolderError, match=words):
        folder.check()
    with pytest.raises(JobFolderError, match=words), folder.job("set"):
        raise AssertionError("the job began")


DAMAGED = ["", "{", "[]", "{}", "null", '{"id": "1", "request": "set", "pid": 1}', "[" * 100_000, "\udcff"]


@pytest.mark.parametrize("text", DAMAGED, ids=lambda text: text[:20])
def test_a_damaged_job_file_is_an_error_and_stays(folder: JobFolder, text: str) -> None:
    folder.check()
    file = folder.folder / "job.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    nothing_begins(folder, r"job\.json cannot be read .* remove the file, then look at it with `sakura-fleet repair`")
    assert file.read_bytes() == text.encode("utf-8", "surrogateescape")
    file.unlink()
    with folder.job("set") as (_, dead):
        assert dead is None


def test_a_job_with_another_kind_of_value_is_damaged(folder: JobFolder) -> None:
    with folder.job("set"):
        text = (folder.folder / "job.json").read_text()
    pid = str(Job.mine("set").process.pid)
    (folder.folder / "job.json").write_text(text.replace(f'"pid": {pid}', '"pid": "many"'))
    nothing_begins(folder, "ValueError")


def as_folder(path: Path) -> None:
    path.mkdir(parents=True)


def as_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("job.json", as_folder, "Is a directory"),
        ("lock", as_folder, "Is a directory"),
        ("", as_file, "cannot be written"),
    ],
    ids=["job file", "lock", "folder"],
)
def test_what_is_no_file_or_no_folder(folder: JobFolder, name: str, make: Callable[[Path], None], words: str) -> None:
    make(folder.folder / name)
    nothing_begins(folder, words)


def test_no_job_begins_on_a_full_disk(folder: JobFolder) -> None:
    with full_disk():
        nothing_begins(folder, "cannot be written .* XDG_STATE_HOME")
    assert [file.name for file in folder.folder.iterdir()] == ["lock"]
    with full_disk(job_lock.SPACE - 1), pytest.raises(JobFolderError):
        folder.check()


def test_a_disk_that_fills_up_during_a_job_does_not_end_it(folder: JobFolder) -> None:
    with folder.job("set") as (mine, _):
        with full_disk():
            folder.note_engine(1)
        assert folder.current() == mine
    with folder.job("keep") as (_, dead):
        assert dead == mine, "its engine was not seen to end, so it is left to the next job"


def test_a_document_is_old_or_new(folder: JobFolder) -> None:
    folder.save("memory.json", {"size": 3})
    with pytest.raises(JobFolderError), full_disk(4):
        folder.save("memory.json", {"size": 4})
    assert folder.load("memory.json", dict, "") == {"size": 3}
    assert [file.name for file in folder.folder.iterdir()] == ["memory.json"]
    assert folder.load("another.json", dict, "") is None
