#!/usr/bin/env bash
# Print the part of requirements.lock that running the project needs, with its hashes: for the images.
#
#   runtime-lock.sh PYTHON [PACKAGE…]
#
# With packages: only what these need, as the emulator does without most of the project's dependencies.
# PYTHON is the Python of an environment with requirements.lock installed; what counts is what the packages there say.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/ci/lib.sh
. scripts/ci/lib.sh
usage 1 9 "$@"

exec "$1" - "${@:2}" <<'PY'
import re, sys, tomllib
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

needed: set[str] = set()
project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
# The policies run with the program, but are no dependency of the package; stacks with hosts probe HTTP/3.
waiting = sys.argv[1:] or [*project["dependencies"], *project["optional-dependencies"]["http3"], "pulumi-policy"]
seen: set[str] = set()
while waiting:
    text = waiting.pop()
    if text in seen:
        continue
    seen.add(text)
    requirement = Requirement(text)
    name = canonicalize_name(requirement.name)
    needed.add(name)
    for one in requires(name) or []:
        marker = Requirement(one).marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras)):
            waiting.append(one)
parts = re.split(r"^(?=\S+==)", Path("requirements.lock").read_text("utf-8"), flags=re.MULTILINE)
names = {canonicalize_name(part.partition("==")[0]): part for part in parts if "==" in part}
if missing := needed - names.keys():
    sys.exit(f"requirements.lock lacks {', '.join(sorted(missing))}")
print("".join(names[name] for name in sorted(needed)), end="")
PY
