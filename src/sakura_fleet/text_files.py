"""Text files that people and other tools wrote: read whole, up to a limit. And those that other programs are given.

No message repeats what is in a file, as that may be a secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

from sakura_fleet.errors import FileError

MAX_BYTES: Final = 1_048_576
"""Bytes; a thousand times the size of any of these files. What is longer is another file, named by mistake."""


def read_text_file(path: Path, *, limit: int = MAX_BYTES) -> str:
    """The text of a file of at most `limit` bytes, its lines ended by a line feed.

    Raises `FileError` where it cannot be read, is longer, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            return read_text_stream(file, str(path), limit=limit)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:  # a NUL in the path
        raise FileError(f"{str(path)!r} cannot be read: no file has such a name") from None


def read_text_stream(stream: BinaryIO, source: str, *, limit: int = MAX_BYTES) -> str:
    """The same of an open file or of standard input; `source` is what messages call it. Raises `FileError`."""
    content = stream.read(limit + 1)
    if len(content) > limit:
        raise FileError(f"{source} cannot be read: it has more than {limit} bytes; is it the right file?")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"{source} cannot be read: it is not UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


@contextmanager
def temporary_files(what: str, texts: Mapping[str, str]) -> Iterator[Path]:
    """A temporary folder with these texts, by the names of their files; `what` is what messages call them.

    Raises `FileError` where they cannot be written.
    """
    with ExitStack() as made:
        try:
            folder = Path(made.enter_context(TemporaryDirectory(prefix="sakura-fleet-", ignore_cleanup_errors=True)))
            for name, text in texts.items():
                (folder / name).write_text(text, "utf-8")
        except OSError as error:
            raise FileError(
                f"{what} cannot be written to a temporary folder ({error.strerror}): make room there, or name another "
                "folder with TMPDIR, then run the same command again"
            ) from None
        yield folder
