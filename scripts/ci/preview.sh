#!/usr/bin/env bash
# Preview a stack with the policies, check the plan, and write what came of it as Markdown; changes nothing.
#
#   preview.sh STACK OUT.md [BASE]
#
# BASE is the commit that this one is compared with: if the stack file's size is the same in both, the preview is made with
# the size that the stack has now, as `sakura-fleet deploy` keeps it. LABELS may hold the pull request's labels as a JSON
# list, one a line: each `allow-delete:NAME` allows the plan to delete NAME.
#
# Exit code: that of `pulumi preview` if it failed, else that of `sakura-fleet plan-check`. OUT.md is written in any case.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=scripts/ci/lib.sh
. "$here/lib.sh"
usage 2 3 "$@"
readonly stack=$1 out=$2 base=${3:-}

: >"$out"
work=$(mktemp -d)
# shellcheck disable=SC2329 # the trap calls it
finish() {
  [[ -s $out ]] || echo "### ❌ \`$stack\`: the preview did not start; see the run's log" >"$out"
  rm -rf -- "$work"
}
trap finish EXIT

check_stack "$stack"
need_backend

# A copy of the stack's file, with the size that a deployment would keep.
config=$work/Pulumi.$stack.yaml
cp -- "stacks/Pulumi.$stack.yaml" "$config"
note=
if [[ -n $base ]]; then
  before=$(git show "$base:./stacks/Pulumi.$stack.yaml" 2>/dev/null | size_in "stacks/Pulumi.$stack.yaml at $base" || true)
  declared=$(size_in <"stacks/Pulumi.$stack.yaml")
  kept=$(deployed_size "$stack")
  if [[ $before == "$declared" && -n $kept && $kept != "$declared" ]]; then
    with_size "$kept" <"stacks/Pulumi.$stack.yaml" >"$config"
    note="With $kept servers, the stack's present size; this change does not touch the file's size ($declared)."
  fi
fi

policies=()
[[ ! -f policies/PulumiPolicy.yaml ]] || policies=(--policy-pack policies)
code=0
pulumi preview --stack "$stack" --config-file "$config" --diff --color never --non-interactive "${policies[@]+"${policies[@]}"}" \
  >"$work/preview" 2>&1 || code=$?
cat "$work/preview"

allowed=()
while IFS= read -r name; do
  allowed+=(--allow-delete "$name")
done < <(sed -En 's/^[[[:space:]]*"allow-delete: ?([^"]+)".*$/\1/p' <<<"${LABELS:-}")
check=0
if ((code == 0)); then
  PULUMI_ENABLE_STREAMING_JSON_PREVIEW='' pulumi preview --stack "$stack" --config-file "$config" --json --show-sames \
    --non-interactive >"$work/plan.json" || true # what failed is in there, and plan-check says it
  sakura-fleet plan-check "$work/plan.json" "${allowed[@]+"${allowed[@]}"}" >"$work/check" 2>&1 || check=$?
  cat "$work/check"
fi

changes=$(counts <"$work/preview")
{
  if ((code)); then
    echo "### ❌ \`$stack\`: the preview failed (exit code $code)"
  elif ((check)); then
    echo "### ❌ \`$stack\`: plan-check refuses the plan: ${changes:-no changes}"
  else
    echo "### ✅ \`$stack\`: ${changes:-no changes}"
  fi
  [[ -z $note ]] || printf '\n%s\n' "$note"
  ((code)) || block "plan-check" "$( ((check == 0)) || echo open)" <"$work/check"
  block "pulumi preview${policies[*]:+, with policies}" "$( ((code == 0)) || echo open)" <"$work/preview"
  # What was previewed: in a pull request HEAD is a merge that exists nowhere else.
  printf '\n%s' "Commit ${COMMIT:-$(git rev-parse HEAD 2>/dev/null || echo unknown)}"
  url=$(run_url)
  printf '%s\n' "${url:+, [run]($url)}"
} >"$out"
exit "$((code ? code : check))"
