#!/usr/bin/env bash
# Deploy the commit that is checked out: preview with policies, then `pulumi up`; the size is kept unless somebody changed it.
#
#   deploy.sh STACK
#
# Needs the whole history (fetch-depth: 0): what was deployed last is in the stack's own history, so a change of the size
# counts also if the deployment of its commit was refused, failed or was left out. A commit older than the deployed one is
# refused, as an approval that comes late must not undo a newer deployment; to go back, revert and deploy that.
#
# A plan that plan-check refuses is not carried out; ALLOW_DELETE may hold the names of what may go, with blanks between.
#
# Exit code: that of `sakura-fleet deploy`, which takes this process's place, so that signals reach it.
set -euo pipefail
# shellcheck source=scripts/ci/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
usage 1 1 "$@"
readonly stack=$1

check_stack "$stack"
need_backend
head=$(git rev-parse HEAD)
base=$(deployed_commit "$stack")
if [[ -z $base ]]; then
  base=HEAD
elif ! git cat-file -e "$base^{commit}" 2>/dev/null; then
  warn "the last update of $stack was made from $base, which is not in this repository; the stack's size is kept"
  base=HEAD
elif [[ $base != "$head" ]] && git merge-base --is-ancestor "$head" "$base"; then
  fail "$base is deployed, which is newer than $head: nothing to do. To go back, revert and deploy the revert"
fi
read -ra names <<<"${ALLOW_DELETE:-}"
exec sakura-fleet deploy --stack "$stack" --base "$base" "${names[@]/#/--allow-delete=}" --yes --progress plain
