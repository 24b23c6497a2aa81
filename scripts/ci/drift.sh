#!/usr/bin/env bash
# Compare the cloud with what was deployed, and write what differs as Markdown; changes nothing.
#
#   drift.sh STACK OUT.md
#
# Run checkout-deployed.sh before it, or a commit that waits for its deployment counts as drift.
#
# Exit code: 0 no drift, 7 drift, anything else: it could not be told.
set -euo pipefail
# shellcheck source=scripts/ci/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
usage 2 2 "$@"
readonly stack=$1 out=$2 drift=7

check_stack "$stack"
need_backend
work=$(mktemp)
trap 'rm -f -- "$work"' EXIT
code=0
pulumi preview --refresh --expect-no-changes --stack "$stack" --diff --color never --non-interactive \
  >"$work" 2>&1 || code=$?
cat "$work"
changes=$(counts <"$work")
{
  case $code in
  0) echo "### ✅ \`$stack\`: the cloud is as deployed" ;;
  "$drift") echo "### ⚠️ \`$stack\` has drifted: ${changes:-see below}" ;;
  *) echo "### ❌ \`$stack\`: the comparison failed (exit code $code)" ;;
  esac
  block "pulumi preview --refresh" "$( ((code == 0)) || echo open)" <"$work"
} >"$out"
if ((code == drift)); then
  warn "$stack has drifted: ${changes:-see the summary}. \`pulumi up --refresh\` puts it right, or change the stack file"
fi
exit "$code"
