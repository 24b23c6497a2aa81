#!/usr/bin/env bash
# The names of the image: latest, and the commit's first 8 characters.
#
#   image-tags.sh REPOSITORY COMMIT
#
# REPOSITORY is GitHub's OWNER/NAME; the registry wants it in small letters. Prints one name a line; in a workflow it also
# sets the step's output `tags`.
set -euo pipefail
# shellcheck source=scripts/ci/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
usage 2 2 "$@"
readonly repository=$1 commit=$2

[[ $repository =~ ^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$ ]] || fail "\"$repository\" is no OWNER/NAME"
[[ $commit =~ ^[0-9a-f]{40}$ ]] || fail "\"$commit\" is no full commit hash"
image=ghcr.io/${repository,,}
tags=$image:latest$'\n'$image:${commit:0:8}
echo "$tags"
if [[ -n ${GITHUB_OUTPUT:-} ]]; then
  printf 'tags<<END_OF_TAGS\n%s\nEND_OF_TAGS\n' "$tags" >>"$GITHUB_OUTPUT"
fi
