#!/usr/bin/env bash
# Make the checkout ready (scripts/bootstrap), and put .venv/bin and the engine's settings into the job's environment.
#
#   setup.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/ci/lib.sh
. scripts/ci/lib.sh
usage 0 0 "$@"

scripts/bootstrap
[[ -z ${GITHUB_PATH:-} ]] || echo "$PWD/.venv/bin" >>"$GITHUB_PATH"
[[ -z ${GITHUB_ENV:-} ]] || sed -n '/^[A-Z]/p' scripts/pulumi.env >>"$GITHUB_ENV"
