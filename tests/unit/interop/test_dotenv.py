"""Files of environment variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from sakura_fleet.errors import FileError, InputError
from sakura_fleet.interop.dotenv import read_env_file


def read(tmp_path: Path, text: str) -> dict[str, str]:
    path = tmp_path / "core.config"
    path.write_bytes(text.encode())
    return read_env_file(path)


def test_the_autoscalers_own_file(tmp_path: Path) -> None:
    text = (
        'OPTIONS="--addr unix:/run/a.sock --config /etc/a.yaml --log-level info"\n\n'
        "# the key\nSAKURACLOUD_ACCESS_TOKEN=\"t-1\"\nSAKURACLOUD_ACCESS_TOKEN_SECRET='s#1'\n"
    )
    assert read(tmp_path, text) == {
        "OPTIONS": "--addr unix:/run/a.sock --config /etc/a.yaml --log-level info",
        "SAKURACLOUD_ACCESS_TOKEN": "t-1",
        "SAKURACLOUD_ACCESS_TOKEN_SECRET": "s#1",
    }


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"), ("export A=b", "b"), ("A: b", "b"), ("  A = b  ", "b"), ("A=", ""), ("A=a b c # d", "a b c"),
        ("A=a#b", "a#b"), ("A=#b", ""), ("A= # b", ""), ('A="b # c" # d', "b # c"), (r'A="a\"b\\c\nd"', 'a"b\\c\nd'),
        (r"A='a\nb'", r"a\nb"), ("A=it's", "it's"), ("A=b\r", "b"), ("\ufeffA=b", "b"), ("A=$HOME", "$HOME"),
        ("A=1\nA=2", "2"),
    ],
)  # fmt: skip
def test_lines(tmp_path: Path, line: str, value: str) -> None:
    assert read(tmp_path, line + "\n") == {"A": value}


@pytest.mark.parametrize("line", ["A", "=b", "1A=b", 'A="hunter2', "A='hunter2", 'A="hunter2"x'])
def test_lines_that_are_none_are_not_repeated(tmp_path: Path, line: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, f"B=1\n{line}\n")
    assert "line 2: this is not NAME=value" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        read_env_file(tmp_path / "none")
    (tmp_path / "bytes").write_bytes(b"A=\xff")
    with pytest.raises(FileError, match="not UTF-8"):
        read_env_file(tmp_path / "bytes")
    with pytest.raises(FileError, match="it has more than 1048576 bytes"):
        read_env_file(Path("/dev/zero"))


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_only_a_line_feed_ends_a_line(tmp_path: Path, separator: str) -> None:
    assert read(tmp_path, f"A='x{separator}B=y'\n") == {"A": f"x{separator}B=y"}
