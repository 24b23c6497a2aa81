"""Files that are replaced at once: after a crash or on a full disk there is the old one or the new one, never half."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def replace_file(path: Path, content: bytes, *, check: Callable[[], None] = lambda: None) -> None:
    """Replace or make a file; both it and its name are on the disk when this returns.

    A link stays a link, and mode and owner of a file that was there stay. `check` is called when the new file is whole,
    at the last moment before it takes the old one's place. Raises `OSError`, and what `check` raises; the old file is
    untouched then, and no other one is left.
    """
    target = path.resolve()
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    new = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with suppress(FileNotFoundError):
                before = target.stat()
                os.fchmod(file.fileno(), before.st_mode & 0o7777)
                with suppress(PermissionError):
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        check()
        new.replace(target)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Keep everybody else who asks for this out meanwhile; where the file system has no such locks, nobody."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
