#!/usr/bin/env bash
# Push the size that a scaling job wrote into the stack's file, as a commit of that one line.
#
#   push-size.sh STACK BRANCH [TRIES]
#
# The commit is made on top of what origin's BRANCH is at that moment, without touching the checkout, so nothing can
# conflict; if somebody pushes in between, it is made again, up to TRIES (5) times. If a person has changed the size since
# HEAD, the commit that the job ran at, theirs wins: nothing is pushed, and their commit's deployment brings it up.
#
# With GITHUB_TOKEN the push is made with it; it needs the permission contents: write.
#
# Exit code: 0 pushed, or nothing to push; 1 not pushed.
set -euo pipefail
# shellcheck source=scripts/ci/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
usage 2 3 "$@"
readonly stack=$1 branch=$2 tries=${3:-5} mark=Scaled-by

check_stack "$stack"
# From the repository's root, as the plumbing wants it.
file=$(git rev-parse --show-prefix)stacks/Pulumi.$stack.yaml
ours=$(size_in "$file" <"stacks/Pulumi.$stack.yaml")
[[ $ours =~ ^[0-9]+$ ]] || fail "$ours is no size"

# Only for the commands of this script, and in no file.
if [[ -n ${GITHUB_TOKEN:-} ]]; then
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.${GITHUB_SERVER_URL:-https://github.com}/.extraheader"
  GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$GITHUB_TOKEN" | base64 -w0)"
  export GIT_CONFIG_VALUE_0
fi
export GIT_AUTHOR_NAME='github-actions[bot]' GIT_AUTHOR_EMAIL='41898282+github-actions[bot]@users.noreply.github.com'
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
index=$(mktemp -u)
trap 'rm -f -- "$index"' EXIT

# The newest commit since the job's that changed the line, unless it is one of this script. Along the branch itself, so that
# a merge counts when it was merged.
persons_change() {
  local found
  found=$(git log --first-parent --diff-merges=first-parent --format="%(trailers:key=$mark,keyonly)%x09%h by %an" \
    -G'^[[:space:]]+sakura-fleet:size:' -1 "HEAD..$1" -- ":/$file") || fail "the history of $branch cannot be read"
  [[ $found == "$mark"* ]] || echo "${found#$'\t'}"
}

size_commit() { # size_commit PARENT FROM TO
  local blob
  blob=$(git show "$1:$file" | with_size "$3" | git hash-object -w --stdin)
  GIT_INDEX_FILE=$index git read-tree "$1"
  GIT_INDEX_FILE=$index git update-index --cacheinfo "$(git ls-tree --format='%(objectmode)' "$1" ":/$file"),$blob,$file"
  git commit-tree -p "$1" "$(GIT_INDEX_FILE=$index git write-tree)" <<MESSAGE
Size of $stack: $2 -> $3

$mark: ${GITHUB_WORKFLOW:-push-size.sh}${GITHUB_ACTOR:+ for $GITHUB_ACTOR}
MESSAGE
}

seen=
for ((try = 1; try <= tries; try++)); do
  git fetch --quiet --no-tags origin "refs/heads/$branch"
  tip=$(git rev-parse FETCH_HEAD)
  theirs=$(git show "$tip:$file" | size_in "$file in $branch")
  if [[ $theirs == "$ours" ]]; then
    say "$branch has size $ours already: nothing to push"
    exit 0
  fi
  by=$(persons_change "$tip")
  if [[ -n $by ]]; then
    warn "somebody else changed the size of $stack to $theirs meanwhile ($by): theirs wins over $ours, and nothing is" \
      "pushed. The deployment of their commit brings it up"
    exit 0
  fi
  if [[ $tip == "$seen" ]]; then
    fail "$branch did not move, so the push was refused for another reason (see above). May this token push to it?" \
      "The size $ours is up, but the file still says $theirs"
  fi
  seen=$tip
  commit=$(size_commit "$tip" "$theirs" "$ours")
  if git push --quiet origin "$commit:refs/heads/$branch"; then
    say "pushed size $theirs -> $ours to $branch as $commit"
    exit 0
  fi
  say "somebody pushed to $branch meanwhile, or it was refused; try $try of $tries"
  sleep "$((RANDOM % (try * 2)))"
done
fail "not pushed after $tries tries. The size $ours is up, but the file in $branch says another one"
