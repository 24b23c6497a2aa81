"""The whole way: read autoscaler.yaml, convert each part, check the result as a stack file, write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sakura_fleet.errors import FileError, InputError, Problem
from sakura_fleet.interop.autoscaler_yaml.elb import read_elb
from sakura_fleet.interop.autoscaler_yaml.groups import choose_group, find_groups
from sakura_fleet.interop.autoscaler_yaml.scaling import read_scaling
from sakura_fleet.interop.autoscaler_yaml.section import Note, Notes, Section
from sakura_fleet.interop.autoscaler_yaml.server_group import read_server_group
from sakura_fleet.model.stack import read_stack
from sakura_fleet.model.yaml_lines import Lines, comment, dump
from sakura_fleet.model.yaml_reader import read_yaml
from sakura_fleet.tokens import CONFIG_NAMESPACE


@dataclass(frozen=True, slots=True)
class Converted:
    """A stack file without its fleet_id, what it lacks, and what the rules of stack files still refuse."""

    body: str
    notes: tuple[Note, ...]
    problems: tuple[Problem, ...]
    source: str

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to do."""
        return not self.problems and not any(note.to_do for note in self.notes)

    def text(self) -> str:
        """The stack file."""
        head = [
            f"Made from {self.source} by `scaler convert`. Next: `sakura-fleet init STACK` adds the fleet_id.",
            *(f"{_WORDS[note.to_do]}: line {note.line}, {note.path}: {note.message}" for note in self.notes),
            *(f"{_WORDS[True]}: {problem}" for problem in self.problems),
        ]
        return "".join(f"{comment(line)}\n" for line in head) + self.body


_WORDS: Final = {False: "not converted", True: "to be done"}


def convert(text: str, *, source: str, folder: Path, group: str = "") -> Converted:
    """Convert a file's text. `folder` is where its relative paths begin; `group` names one of several server groups.

    Raises `FileError` where there is no server group, `UsageError` where there are several and none is named.
    """
    lines = Lines(text, source)
    notes, document = Notes(lines), lines.document
    if not isinstance(document, Mapping) or not isinstance(document.get("resources"), list):
        raise FileError(f"{source} has no list of `resources`; is it sacloud/autoscaler's configuration?")
    top = Section(notes, "", document)
    groups = find_groups(top.take("resources"), "resources", notes)
    chosen = choose_group(groups, group, source)
    server_group, heals = read_server_group(chosen, notes, folder)
    config: dict[str, Any] = {"size": str(server_group.get("min_size", 0)), "server_group": server_group}
    elb = read_elb(chosen.parent, notes)
    if elb:
        config["elb"] = elb
    config["scaling"] = read_scaling(top.section("autoscaler"), notes, heals=heals)
    top.drop("sakuracloud", "the API key comes from the environment: SAKURA_ACCESS_TOKEN and _SECRET", needed=False)
    top.drop("handlers", "there are no handlers")
    top.close()
    for other in groups:
        if other is not chosen:
            notes.add(other.path, f"server group {other.name!r} needs a stack of its own: convert with --group")
    body = dump({"config": {f"{CONFIG_NAMESPACE}:{key}": value for key, value in config.items()}})
    return Converted(body, notes.by_line(), _problems(body, source), source)


def _problems(body: str, source: str) -> tuple[Problem, ...]:
    """What is wrong with the stack file as it is written, once it has a fleet_id."""
    config = read_yaml(body, source)["config"]
    raw = {
        key.removeprefix(f"{CONFIG_NAMESPACE}:"): value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
    }
    try:
        read_stack({**raw, "fleet_id": "to-be-written"})
    except InputError as error:
        return error.problems
    return ()
