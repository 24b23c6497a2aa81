#!/usr/bin/env bash
# Check out the commit of the stack's last successful update, and write the size of that update into the stack's file.
#
#   checkout-deployed.sh STACK
#
# For what must not bring anything else up: a scaling job must not deploy the commits that wait for their approval, and
# those are no drift. The steps themselves (scripts/ci) stay those of the commit that was checked out before.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=scripts/ci/lib.sh
. "$here/lib.sh"
usage 1 1 "$@"
readonly stack=$1

check_stack "$stack"
need_backend

main() {
  local tip commit size
  tip=$(git rev-parse HEAD)
  commit=$(deployed_commit "$stack")
  if [[ -z $commit ]]; then
    say "$stack has no update from a commit so far: staying at $tip"
  elif [[ $commit == "$tip" ]]; then
    say "$tip is what is deployed"
  elif git merge-base --is-ancestor "$commit" "$tip" 2>/dev/null; then
    git diff --quiet HEAD || fail "this checkout has changes of its own; the steps are made for a fresh one"
    git checkout --quiet --detach "$commit"
    git checkout --quiet "$tip" -- scripts/ci
    say "at $commit, which is deployed; $(git rev-list --count "$commit..$tip") later commits are not"
    [[ ! -x scripts/bootstrap ]] || scripts/bootstrap
  else
    warn "the last update of $stack was made from $commit, which is not in this branch: staying at $tip"
  fi
  size=$(deployed_size "$stack")
  [[ -z $size ]] || write_size "$stack" "$size"
  exit 0 # and read no further: this file may be another one now
}
main
