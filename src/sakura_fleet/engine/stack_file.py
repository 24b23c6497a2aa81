"""The stack's file: a setting in it is changed without touching anything else.

A write puts a whole new file in the old one's place, and only where the file still is what was read: whoever edits it
meanwhile, a person or another tool, is not overwritten. That is asked at the last moment, when the new file is on the
disk already, and two commands of this package take turns.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from sakura_fleet.engine.files import locked_folder, replace_file
from sakura_fleet.errors import BusyError, FileError, ProjectError
from sakura_fleet.model.yaml_reader import read_nodes
from sakura_fleet.text_files import MAX_BYTES, read_text_stream
from sakura_fleet.tokens import CONFIG_NAMESPACE

_SIZE: Final = f"{CONFIG_NAMESPACE}:size"


@contextmanager
def project_errors() -> Iterator[None]:
    """What cannot be read as a file of the project is a `ProjectError`, whoever reads it."""
    try:
        yield
    except FileError as error:
        raise ProjectError(str(error)) from None


class StackFileChangedError(BusyError):
    """Somebody else wrote the stack's file meanwhile."""


@dataclass(frozen=True, slots=True)
class StackFile:
    """A stack's file as it was read."""

    path: Path
    text: str

    @classmethod
    def read(cls, path: Path) -> StackFile:
        """Raises `ProjectError` where there is none, or it cannot be read as text."""
        try:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            raise ProjectError(f"there is no stack file {path}; run `sakura-fleet init` to write one") from None
        except OSError as error:
            raise ProjectError(f"the stack file {path} cannot be read: {error.strerror}") from None
        with project_errors():
            read_text_stream(io.BytesIO(content), str(path))
        return cls(path, content.decode("utf-8"))

    def with_size(self, size: int) -> StackFile:
        """The file with another size; all else stays, comments too. Raises `ProjectError` where it has no size."""
        node = _size_node(self.path, self.text)
        quote = node.style if node.style in ("'", '"') else ""
        start, end = node.start_mark.index, node.end_mark.index
        return StackFile(self.path, f"{self.text[:start]}{quote}{size}{quote}{self.text[end:]}")

    def replace(self, old: StackFile) -> None:
        """Put this in the place of `old`, at once.

        Raises `StackFileChangedError` where the file is not what `old` is any more, `FileError` where it cannot be
        written; the file is as it was then.
        """
        if self.text == old.text:
            return
        place = self.path.resolve()

        def check() -> None:
            if StackFile.read(place).text != old.text:
                raise StackFileChangedError(
                    f"somebody changed {self.path} meanwhile; nothing was changed: run the same command again"
                )

        try:
            with locked_folder(place.parent):
                replace_file(place, self.text.encode(), check=check)
        except OSError as error:
            message = f"the stack file {self.path} cannot be written: {error.strerror}; it is as it was"
            raise FileError(message) from None


def _size_node(path: Path, text: str) -> yaml.ScalarNode:
    with project_errors():
        _, root = read_nodes(text, str(path))
    node = _value(_value(root, "config"), _SIZE)
    if not isinstance(node, yaml.ScalarNode):
        raise ProjectError(f"{path} has no {_SIZE}: write the number of servers as `{_SIZE}: NUMBER` under `config:`")
    return node


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """The value of a key of a mapping; None where there is none."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)
