#!/usr/bin/env bash
# Check the workflows with actionlint, built from the Go module proxy at the version in tools/actionlint.
#
#   actionlint.sh [ARGUMENT…]
#
# The first run builds it, which takes seconds; it is kept in the user's cache, beside the engine.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
binary=$("$root/scripts/go-tool" actionlint)
shellcheck=$root/.venv/bin/shellcheck
[[ -x $shellcheck ]] || shellcheck=shellcheck
cd -- "$root"
exec "$binary" -shellcheck "$shellcheck" "$@"
