#!/usr/bin/env bash
# Check that an environment of the repository is there and has required reviewers, before a job names it.
#
#   check-environment.sh ENVIRONMENT
#
# GitHub makes an environment that a job names and that is not there, without any protection: an approval that nobody was
# asked for. A rule for branches or a wait timer asks nobody either. Needs GITHUB_TOKEN (actions: read) and
# GITHUB_REPOSITORY. Needs curl and jq.
set -euo pipefail
# shellcheck source=scripts/ci/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
usage 1 1 "$@"
readonly environment=$1
: "${GITHUB_TOKEN:?}" "${GITHUB_REPOSITORY:?}"
[[ $environment =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]] || fail "\"$environment\" is no name of an environment"
readonly make="make it under Settings → Environments with required reviewers (docs/ci.md); nothing was deployed"

code=0
answer=$(github GET "repos/$GITHUB_REPOSITORY/environments/$environment" --retry 3) || code=$?
if ((code != 0)); then
  [[ $(jq -r .message <<<"$answer" 2>/dev/null) != "Not Found" ]] ||
    fail "there is no environment $environment, and GitHub would make one that approves by itself: $make"
  fail "whether the environment $environment is there cannot be told, so nothing was deployed; GitHub's answer: $answer"
fi
reviewers=$(jq '[.protection_rules[]? | select(.type == "required_reviewers") | .reviewers[]?] | length' <<<"$answer")
((reviewers > 0)) ||
  fail "the environment $environment has no required reviewers, so an approval is asked of nobody: $make"
say "the environment $environment has required reviewers"
