"""Startup scripts: shell texts in which `{{ .Name }}` becomes the server's own name.

SAKURA Cloud calls them notes. A note has variables of its own (`@@@NAME@@@`, declared in a comment), whose values come
with each disk. So one note serves a whole group: the template's words are turned into the note's, not rendered per
server.
"""

from __future__ import annotations

import re
from typing import Final

from sakura_fleet.errors import Problem

NAME_VARIABLE: Final = "SERVER_NAME"
"""The note variable that carries the server's name."""

MAX_LENGTH: Final = 65_535
"""Longest script, in bytes; a bound of this project, as the API's is not documented."""

_EXPRESSION: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_LITERAL_BRACES: Final = '"{{"'
_DECLARATION: Final = f'# @sacloud-text required maxlen=64 {NAME_VARIABLE} "name of the server"'


def check_startup_script(content: str, path: str) -> list[Problem]:
    """What is wrong with a startup script as the user wrote it; empty when nothing is."""
    problems = []
    if not content.startswith("#!"):
        problems.append(
            Problem(path, "startup-script-shebang", "a startup script begins with its interpreter, such as #!/bin/bash")
        )
    if len(content.encode()) > MAX_LENGTH:
        problems.append(
            Problem(
                path, "startup-script-length", f"the script has {len(content.encode())} bytes; at most {MAX_LENGTH}"
            )
        )
    for match in _EXPRESSION.finditer(content):
        word = match.group(1).strip()
        if word not in (".Name", _LITERAL_BRACES):
            line = content.count("\n", 0, match.start()) + 1
            problems.append(
                Problem(
                    path,
                    "startup-script-variable",
                    f"line {line}: unknown variable {match.group(0)}; known is {{{{ .Name }}}}, "
                    f"and {{{{ {_LITERAL_BRACES} }}}} writes two literal braces",
                )
            )
    return problems


def uses_name(content: str) -> bool:
    """Whether the script asks for the server's name."""
    return any(match.group(1).strip() == ".Name" for match in _EXPRESSION.finditer(content))


def note_content(content: str) -> str:
    """The script in the note's own words. `content` must have passed `check_startup_script`."""
    declared = uses_name(content)

    def word(match: re.Match[str]) -> str:
        return f"@@@{NAME_VARIABLE}@@@" if match.group(1).strip() == ".Name" else "{{"

    text = _EXPRESSION.sub(word, content)
    if not declared:
        return text
    first, _, rest = text.partition("\n")
    return f"{first}\n{_DECLARATION}\n{rest}"
