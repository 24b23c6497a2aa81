"""Runs one jq program in a process of its own, with limits: a program need not end, nor fit into memory.

Standard input is a JSON object with `program` and, unless it is only to be read, `document` (a JSON text). Standard
output is one JSON object a line: `{"value": …}` for each result, then `{"failure": …}` if one ended them, and
`{"unreadable": …}` for a program that is none. It imports nothing of this package, so that it starts quickly.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

import jq  # type: ignore[import-not-found, import-untyped, unused-ignore]


def limit(memory: int, seconds: int) -> None:
    """Bytes of address space, and seconds on the processor, after which the kernel ends the process."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def say(answer: dict[str, Any]) -> None:
    """One line of the output."""
    sys.stdout.write(json.dumps(answer) + "\n")


def run(program: str, document: str | None, longest: int) -> None:
    """Print the results, `longest` characters of them at most."""
    try:
        compiled = jq.compile(program)
    except ValueError as error:
        say({"unreadable": str(error).splitlines()[0]})
        return
    if document is None:
        return
    # The package jq must not see its iterator freed by the garbage collector: it crashes the process. So no exception
    # leaves this function with the iterator in its traceback.
    said = 0
    try:
        for value in compiled.input_text(document):
            said += len(json.dumps(value))
            if said > longest:
                say({"failure": f"the results have more than {longest} characters"})
                return
            say({"value": value})
    except ValueError as error:
        say({"failure": str(error)})
    except RecursionError:
        say({"failure": "a result is nested too deeply"})


if __name__ == "__main__":
    limit(int(sys.argv[1]), int(sys.argv[2]))
    task = json.load(sys.stdin)
    run(task["program"], task.get("document"), int(sys.argv[3]))
