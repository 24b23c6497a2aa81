"""Files of environment variables, such as the `core.config` that sacloud/autoscaler's unit file reads.

Lines are `NAME=value` or `NAME: value`, with or without `export`. Single quotes take everything as it is, double quotes
know `\\n`, `\\"` and `\\\\`, and without quotes a blank and `#` begin a comment. Nothing is expanded or run.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from sakura_fleet.errors import InputError, Problem
from sakura_fleet.text_files import read_text_file

_LINE: Final = re.compile(
    r"""\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.]*)\s*[=:]\s*
        (?: '(?P<single>[^']*)' | "(?P<double>(?:[^"\\]|\\.)*)" | (?P<bare>[^\s'"\#]\S*(?:\s+[^\s\#]\S*)*) )?
        (?:\s*|\s+\#.*|(?<==)\s*\#.*)""",
    re.VERBOSE,
)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}


def read_env_file(path: Path) -> dict[str, str]:
    """The file's variables. Raises `FileError` where it cannot be read; no message repeats a line, as it may hold a
    secret."""
    values, problems = {}, []
    for number, line in enumerate(read_text_file(path).split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            problems.append(Problem(f"line {number}", "env-file", "this is not NAME=value; quotes must be closed"))
            continue
        if match["double"] is not None:
            value = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), match["double"])
        else:
            value = match["single"] if match["single"] is not None else match["bare"] or ""
        values[match["name"]] = value
    if problems:
        raise InputError(problems, source=str(path))
    return values
