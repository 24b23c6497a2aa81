"""The history: a record is there as a whole or not at all, and what is no record is left out and counted."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sakura_fleet.errors import JobFolderError
from sakura_fleet.scaler.history import History
from sakura_fleet.scaler.job_result import JobResult
from tests.unit.full_disk import full_disk

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def record(status: str = "DONE", minutes: int = 0, **changes: Any) -> dict[str, Any]:
    result = JobResult("1", "up", status, 2, 3, "one more", size_wanted=3, ended=NOON + timedelta(minutes=minutes))
    return {**result.record("test", "web", "cli"), **changes}


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "jobs" / "history.jsonl")


def test_records_are_read_back_in_their_order(history: History) -> None:
    assert history.records().found == []
    some = [record(minutes=minutes, reason="two\u2028lines") for minutes in range(3)]
    for one in some:
        history.append(one)
    assert (history.records().found, history.records().damaged) == (some, 0)
    assert history.last(2) == some[1:]
    assert history.last(0, since=NOON + timedelta(minutes=2)) == some[2:]


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "{}", "null", "\0\0\0", json.dumps(record(ts=None)), json.dumps(record(ts="2026-01-01T00:00:00")),
     json.dumps(record(size_before="2")), json.dumps({**record(), "error": None}), "[" * 100_000],
    ids=lambda line: line[:12],
)  # fmt: skip
def test_a_line_that_is_no_record_is_left_out_and_counted(history: History, line: str) -> None:
    history.append(record())
    with history.path.open("a") as file:
        file.write(line)  # torn: without its end
    history.append(record(minutes=1))
    assert history.records().damaged == 1
    assert history.last(0) == [record(), record(minutes=1)]


def test_a_full_disk_leaves_the_history_as_it_was(history: History) -> None:
    history.append(record())
    before = history.path.read_bytes()
    with pytest.raises(JobFolderError, match=r"the history .* cannot be written"), full_disk(len(before) + 10):
        history.append(record(minutes=1))
    assert history.path.read_bytes() == before


def test_a_folder_in_its_place_is_an_error(history: History) -> None:
    history.path.mkdir(parents=True)
    for use in (history.check, history.records, lambda: history.append(record())):
        with pytest.raises(JobFolderError, match="make it a file"):
            use()
