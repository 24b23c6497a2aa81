#!/usr/bin/env bash
# Check the workflows with actionlint, built from the Go module proxy at the version in tools/actionlint.
#
#   actionlint.sh [ARGUMENT…]
#
# The first run builds it, which takes seconds; it is kept in the user's cache, beside the engine.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck source=scripts/ci/lib.sh
. "$root/scripts/ci/lib.sh"
readonly tools=$root/tools/actionlint package=github.com/rhysd/actionlint/cmd/actionlint

key=$(cat "$tools/go.mod" "$tools/go.sum" <(uname -sm) | python3 -c '
import hashlib, sys
print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest()[:12])')
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sakura-fleet
binary=$cache/actionlint-$key
if [[ ! -x $binary ]]; then
  type -P go >/dev/null || fail "Go is needed to build actionlint: install Go" \
    "$(awk '$1 == "go" { print $2 }' "$tools/go.mod") or newer and put it on PATH"
  mkdir -p -- "$cache"
  work=$(mktemp -d "$cache/.work.XXXXXX")
  trap 'rm -rf -- "$work"' EXIT
  (cd -- "$tools" && env GOFLAGS=-mod=readonly GOWORK=off CGO_ENABLED=0 \
    go build -buildvcs=false -trimpath -o "$work/actionlint" "$package") ||
    fail "actionlint could not be built in $tools (see above)"
  mv -f -- "$work/actionlint" "$binary"
  rm -rf -- "$work"
fi
shellcheck=$root/.venv/bin/shellcheck
[[ -x $shellcheck ]] || shellcheck=shellcheck
cd -- "$root"
exec "$binary" -shellcheck "$shellcheck" "$@"
