"""Files of others are read up to a limit, and never end in a traceback."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from sakura_fleet.errors import FileError
from sakura_fleet.text_files import read_text_file, read_text_stream


def test_a_text_with_any_ends_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree\n\xe2\x80\xa8")
    assert read_text_file(path) == "one\ntwo\nthree\n\u2028"


def test_a_limit_is_the_last_size_that_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 9)
    assert read_text_file(path, limit=9) == "x" * 9
    with pytest.raises(FileError, match="a cannot be read: it has more than 8 bytes; is it the right file"):
        read_text_file(path, limit=8)


def test_a_file_without_an_end() -> None:
    with pytest.raises(FileError, match="/dev/zero cannot be read: it has more than 1048576 bytes"):
        read_text_file(Path("/dev/zero"))


def test_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"password=\xff")
    for path, words in (
        (tmp_path / "a", "a cannot be read: it is not UTF-8"),
        (tmp_path, "cannot be read: Is a directory"),
        (tmp_path / "b", "b cannot be read: No such file or directory"),
        (tmp_path / "x\0y", "cannot be read: no file has such a name"),
    ):
        with pytest.raises(FileError, match=words) as caught:
            read_text_file(path)
        assert "password" not in str(caught.value)


def test_a_stream_is_called_by_its_source() -> None:
    assert read_text_stream(io.BytesIO(b"x\r\n"), "stdin") == "x\n"
    with pytest.raises(FileError, match="stdin cannot be read: it has more than 2 bytes"):
        read_text_stream(io.BytesIO(b"xyz"), "stdin", limit=2)
