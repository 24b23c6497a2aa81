#!/usr/bin/env bash
# Run one request of the scaler.
#
#   scale.sh STACK REQUEST
#
# REQUEST in one argument: "up", "up PLAN", "down", "down PLAN", "keep", "set SIZE" or "state PLAN".
# Run checkout-deployed.sh before it, or it deploys what waits for an approval; push-size.sh after it, also when it failed.
#
# Exit code: that of the scaler, which takes this process's place, so that signals reach it.
set -euo pipefail
# shellcheck source=scripts/ci/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
usage 2 2 "$@"
readonly stack=$1

check_stack "$stack"
need_backend
read -ra words <<<"$2"
readonly name='^[A-Za-z0-9][A-Za-z0-9_.-]*$'
arguments=()
case "${words[0]:-} ${#words[@]}" in
'up 1' | 'down 1' | 'keep 1') ;;
'up 2' | 'down 2')
  [[ ${words[1]} =~ $name ]] || fail "\"${words[1]}\" is no name of a plan"
  arguments=(--desired-state-name "${words[1]}")
  ;;
'set 2')
  [[ ${words[1]} =~ ^[0-9]+$ ]] || fail "\"${words[1]}\" is no size"
  arguments=("${words[1]}")
  ;;
'state 2')
  [[ ${words[1]} =~ $name ]] || fail "\"${words[1]}\" is no name of a plan"
  arguments=("${words[1]}")
  ;;
*) fail "\"$2\" is no request; one of: up, up PLAN, down, down PLAN, keep, set SIZE, state PLAN" ;;
esac
exec scaler "${words[0]}" "${arguments[@]+"${arguments[@]}"}" --stack "$stack" --yes --progress plain --source github
