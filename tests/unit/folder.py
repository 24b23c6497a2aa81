"""A Pulumi project in a temporary folder, and commands run in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from sakura_fleet.cli.main import main

FLEET = "0123456789abcdef"
PREFIX = "sakura-fleet:"


@dataclass(frozen=True)
class Folder:
    """A project whose stack files are in `stacks/`."""

    root: Path

    @classmethod
    def new(cls, root: Path) -> Folder:
        root.mkdir(parents=True)
        (root / "Pulumi.yaml").write_text("name: test\nruntime: python\nstackConfigDir: stacks\n")
        return cls(root)

    def stack_file(self, stack: str = "test") -> Path:
        return self.root / "stacks" / f"Pulumi.{stack}.yaml"

    def write(self, text: str = "", stack: str = "test", **settings: Any) -> Path:
        """Write a stack file: this text, or a good one with changed settings (None leaves one out)."""
        group = {"name": "web", "zones": ["is1b"], "max_size": 5}
        values = {"fleet_id": FLEET, "size": "2", "server_group": group, **settings}
        document = {"config": {PREFIX + key: value for key, value in values.items() if value is not None}}
        path = self.stack_file(stack)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text or json.dumps(document))
        return path

    def run(self, *arguments: str, answer: str | None = None) -> Result:
        """Run `sakura-fleet` here."""
        with inside(self.root):
            return CliRunner().invoke(main, list(arguments), input=answer)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
