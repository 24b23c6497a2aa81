#!/usr/bin/env bash
# Write a pull request's one comment: make it, or replace its text if it is there already.
#
#   comment.sh NUMBER MARKER FILE.md
#
# MARKER is invisible in the comment and tells it from all others, such as "preview production". If FILE.md is missing or
# empty, the comment says that the job did not get that far. Needs GITHUB_TOKEN (pull-requests: write) and
# GITHUB_REPOSITORY; COMMENT_AUTHOR is whose comment is looked for, github-actions[bot] if unset. Needs curl and jq.
set -euo pipefail
# shellcheck source=scripts/ci/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
usage 3 3 "$@"
readonly number=$1 name=$2 file=$3 author=${COMMENT_AUTHOR:-github-actions[bot]}
: "${GITHUB_TOKEN:?}" "${GITHUB_REPOSITORY:?}"
[[ $number =~ ^[0-9]+$ ]] || fail "\"$number\" is no number of a pull request"
readonly issues=repos/$GITHUB_REPOSITORY/issues
readonly marker="<!-- sakura-fleet: $name -->"

find_comment() {
  local page answer
  for ((page = 1; page <= 30; page++)); do
    answer=$(github GET "$issues/$number/comments?per_page=100&page=$page" --retry 3) || fail "GitHub's answer: $answer"
    jq -r --arg marker "$marker" --arg author "$author" \
      '.[] | select(.user.login == $author and (.body | startswith($marker))) | .id' <<<"$answer"
    (($(jq length <<<"$answer") == 100)) || return 0
  done
}

body=$(mktemp)
trap 'rm -f -- "$body"' EXIT
{
  echo "$marker"
  if [[ -s $file ]]; then
    cat -- "$file"
  else
    url=$(run_url)
    echo "### ❌ $name did not get that far; see ${url:+[}the run${url:+]($url)}"
  fi
} | jq -Rs '{body: .[:65000]}' >"$body"

# One after the other, as `find_comment | head -1` would lose its failure.
found=$(find_comment)
id=${found%%$'\n'*}
if [[ -n $id ]]; then
  answer=$(github PATCH "$issues/comments/$id" --retry 3 --data "@$body") || fail "GitHub's answer: $answer"
  say "comment $id has the new text"
else
  answer=$(github POST "$issues/$number/comments" --data "@$body") || fail "GitHub's answer: $answer"
  say "comment $(jq -r .id <<<"$answer") is made"
fi
