"""Which state an object belongs to: a random text that the backend keeps beside the stack, as a tag of the stack.

It is made when a run first changes something, before the first object is made, and stays: it moves with the backend's
folder or bucket, and a run that is killed leaves it. A second clone with a state of its own, or a backend that was
forgotten to be named, has another.
"""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import threading
from pathlib import Path
from typing import Final

from sakura_fleet.errors import EngineError
from sakura_fleet.ownership import STATE_NAME

_TEXT: Final = re.compile(r"sfs:[0-9a-f]{10}")
_TIMEOUT: Final = 120.0
"""Seconds for one command of the engine; a bucket may be slow."""
_known: dict[str, str] = {}
_failed: dict[str, str] = {}
"""What went wrong, by stack: a run of many resources does not wait for each of them again."""
_lock = threading.Lock()


def identity_of_state(stack: str) -> str:
    """The owner tag of the stack's state, `sfs:<10 hex>`; made where there is none. The engine is asked once a run.

    Raises `EngineError` where it cannot be read or written: another one in its place would make all that was made
    before another state's.
    """
    with _lock:
        if stack in _failed:
            raise EngineError(_failed[stack])
        if stack not in _known:
            try:
                _known[stack] = recorded_identity(stack) or _made(stack)
            except EngineError as error:
                _failed[stack] = str(error)
                raise
        return _known[stack]


def recorded_identity(stack: str, folder: Path | None = None) -> str:
    """The owner tag that the backend keeps for the stack's state; empty before the first run. `folder` is the
    project's, else the working directory. Raises `EngineError` where that cannot be told."""
    # `get` ends with an error also where there is no such tag.
    answer = _pulumi("ls", "--json", stack=stack, folder=folder)
    try:
        tags = json.loads(answer)
    except ValueError:
        tags = None
    if not isinstance(tags, dict):
        raise EngineError(_words("ls", stack, f"it printed no JSON object: {answer[:200]!r}"))
    found = tags.get(STATE_NAME, "")
    if found != "" and not is_identity(str(found)):
        way_out = f"put the right one back with `pulumi stack tag set {STATE_NAME} sfs:… --stack {stack}`"
        raise EngineError(_words("ls", stack, f"the tag is {found!r}, which is not sfs: and 10 hex digits; {way_out}"))
    return str(found)


def is_identity(text: str) -> bool:
    """Whether this can be the owner tag of a state."""
    return _TEXT.fullmatch(text) is not None


def _made(stack: str) -> str:
    text = f"sfs:{secrets.token_hex(5)}"
    _pulumi("set", STATE_NAME, text, stack=stack)
    return text


def _pulumi(command: str, *arguments: str, stack: str, folder: Path | None = None) -> str:
    """What `pulumi stack tag` prints. Raises `EngineError` where it fails."""
    line = ["pulumi", "stack", "tag", command, *arguments, "--stack", stack, "--non-interactive"]
    try:
        done = subprocess.run(  # noqa: S603 - the engine itself, with arguments of this package
            line, cwd=folder, capture_output=True, text=True, check=False, timeout=_TIMEOUT
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(_words(command, stack, str(error))) from error
    if done.returncode != 0:
        raise EngineError(_words(command, stack, (done.stderr or done.stdout).strip()))
    return done.stdout


def _words(command: str, stack: str, why: str) -> str:
    return (
        f"the stack's tag {STATE_NAME}, which names its state, cannot be had by `pulumi stack tag {command}`, so "
        f"nothing was changed; run `pulumi stack tag ls --stack {stack}` until it works, then the same command "
        f"again. For a stack of another organization than your default: `pulumi org set-default ORGANIZATION`\n{why}"
    )
