"""What Caddy itself says of a Caddyfile, where this machine has one: before anything is changed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.caddy.caddyfile import caddyfile
from sakura_fleet.model.caddy.host import CaddyHostArgs

DEADLINE: Final = 60
"""Seconds that Caddy may take; it takes a tenth of one."""
_LONGEST: Final = 500
"""Characters of Caddy's words that are shown."""
_IMPORTS_FILES: Final = re.compile(r"^\s*import\s+\S*[/*.]", re.MULTILINE)


def caddyfile_problems(args: CaddyHostArgs) -> Sequence[Problem]:
    """What `caddy adapt` refuses in lines that a person wrote; nothing where there is no Caddy on PATH.

    The host has the last word: it validates with its own Caddy before it serves anything else. So nothing is asked here
    about a host with a Caddy of its own (`binary`), which may know more, or about files that only the host has.
    """
    snippets = [f"sites[{index}].snippet" for index, site in enumerate(args.sites) if site.snippet.strip()]
    caddy = shutil.which("caddy")
    text = caddyfile(args)
    if not caddy or args.binary or not (args.caddyfile or snippets) or _IMPORTS_FILES.search(text):
        return []
    path = "caddyfile" if args.caddyfile else snippets[0] if len(snippets) == 1 else "sites"
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
        return [Problem(path, "caddyfile-refused", f"`caddy adapt` has not read it within {DEADLINE} s")]
    except OSError:
        return []  # not for this machine
    if done.returncode == 0:
        return []
    words = [line for line in done.stderr.splitlines() if line.startswith("Error")] or done.stderr.splitlines()[-1:]
    said = " ".join(words).replace("/dev/stdin", "line")[:_LONGEST]
    return [Problem(path, "caddyfile-refused", f"Caddy refuses it: {said or f'exit {done.returncode}'}")]
