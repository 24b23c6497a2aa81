#!/usr/bin/env bash
# Download Pulumi's release archive, check it, and unpack what a Python project needs of it: for the image.
#
#   fetch-engine.sh VERSION amd64|arm64 FOLDER [SHA256]
#
# The archive is checked against the release's own list of SHA-256 sums, and against SHA256 too if that is given. Needs curl.
set -euo pipefail
# shellcheck source=scripts/ci/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
usage 3 4 "$@"
readonly version=$1 folder=$3 expected=${4:-} site=${PULUMI_RELEASES:-https://get.pulumi.com/releases/sdk}

case $2 in
amd64) machine=x64 ;;
arm64) machine=arm64 ;;
*) fail "there is no release of Pulumi for \"$2\"; only amd64 and arm64" ;;
esac
archive=pulumi-v$version-linux-$machine.tar.gz
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
curl --fail --silent --show-error --location --retry 3 --remote-name-all --output-dir "$work" \
  "$site/$archive" "$site/pulumi-$version-checksums.txt"
listed=$(awk -v name="$archive" '{ sub(/^\*/, "", $2) } $2 == name { print $1 }' "$work/pulumi-$version-checksums.txt")
[[ -n $listed ]] || fail "the release's list of checksums does not have $archive"
for sum in "$listed" ${expected:+"$expected"}; do
  echo "$sum  $work/$archive" | sha256sum --check --quiet >&2 ||
    fail "$archive does not have the SHA-256 $sum: it is not the released file"
done
mkdir -p -- "$folder"
tar -xzf "$work/$archive" -C "$folder" --strip-components=1 --no-same-owner --wildcards pulumi/pulumi 'pulumi/*python*'
[[ -x $folder/pulumi && -x $folder/pulumi-language-python && -x $folder/pulumi-resource-pulumi-python ]] ||
  fail "$archive lacks the Python language host"
