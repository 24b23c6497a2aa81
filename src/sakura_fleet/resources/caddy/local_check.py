"""What only this machine can say of a host before anything is changed: Caddy's own word on a Caddyfile, where there is
a Caddy, and whether the private key can be read."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

from sakura_fleet.errors import FileError, Problem
from sakura_fleet.model.caddy.caddyfile import caddyfile
from sakura_fleet.model.caddy.host import CaddyHostArgs
from sakura_fleet.text_files import read_text_file

DEADLINE: Final = 60
"""Seconds that Caddy may take; it takes a tenth of one."""
_LONGEST: Final = 500
"""Characters of Caddy's words that are shown."""
_IMPORTS_FILES: Final = re.compile(r"^\s*import\s+\S*[/*.]", re.MULTILINE)


def local_problems(args: CaddyHostArgs) -> list[Problem]:
    """What is wrong with a host as far as this machine can tell. Reads only."""
    problems = caddyfile_problems(args)
    try:
        read_private_key(args)
    except (FileError, RuntimeError) as error:  # the latter: a home directory of nobody
        message = f"{error}; name a private key's file, or leave this out to use the SSH agent"
        problems.append(Problem("ssh.private_key_file", "ssh-key-file", message))
    return problems


def read_private_key(args: CaddyHostArgs) -> str:
    """The text of the key file; empty where the SSH agent is to be asked. Raises `FileError` and, where the home
    directory is not known, `RuntimeError`."""
    if not args.over_ssh or not args.ssh.private_key_file:
        return ""
    return read_text_file(Path(args.ssh.private_key_file).expanduser())


def caddyfile_problems(args: CaddyHostArgs) -> list[Problem]:
    """What `caddy adapt` refuses in lines that a person wrote; nothing where there is no Caddy on PATH.

    Not `caddy validate`: that sets up all that the file names. It would look for certificates here that only the host
    has, make log files and a CA's keys at the paths in the file, and ask upstreams for their health. The host has the
    last word: it validates with its own Caddy before it serves anything else. So nothing is asked here about a host
    with a Caddy of its own (`binary`), which may know more, or about files that only the host has.
    """
    snippets = [f"sites[{index}].snippet" for index, site in enumerate(args.sites) if site.snippet.strip()]
    caddy = shutil.which("caddy")
    text = caddyfile(args)
    if not caddy or args.binary or not (args.caddyfile or snippets) or _IMPORTS_FILES.search(text):
        return []
    path = "caddyfile" if args.caddyfile else snippets[0] if len(snippets) == 1 else "sites"
    refusal = _refusal(caddy, text)
    return [Problem(path, "caddyfile-refused", refusal)] if refusal else []


@cache
def _refusal(caddy: str, text: str) -> str:
    """Why Caddy refuses the text; empty where it does not. A program asks for all its hosts, and then for each."""
    try:
        done = subprocess.run(  # noqa: S603 - Caddy, which only translates
            [caddy, "adapt", "--adapter", "caddyfile", "--config", "/dev/stdin"],
            input=text,
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},  # no variable of this machine in the text
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"`caddy adapt` has not read it within {DEADLINE} s"
    except OSError:
        return ""  # not for this machine
    if done.returncode == 0:
        return ""
    words = [line for line in done.stderr.splitlines() if line.startswith("Error")] or done.stderr.splitlines()[-1:]
    said = " ".join(words).replace("/dev/stdin", "line")[:_LONGEST]
    return f"Caddy refuses it: {said or f'exit {done.returncode}'}"
