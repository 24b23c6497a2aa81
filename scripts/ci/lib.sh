# shellcheck shell=bash
# What the steps share; to be sourced. Each step runs in the project's folder, with .venv/bin on PATH (setup.sh).

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

fail() {
  say "$@"
  exit 1
}

# Also as an annotation of the run, where GitHub runs this.
warn() {
  say "$@"
  [[ -z ${GITHUB_ACTIONS:-} ]] || printf '::warning::%s\n' "${*//$'\n'/%0A}"
}

# The comment at the head of the script is its usage text: without arguments to stderr as an error, with -h to stdout.
# usage MINIMUM MAXIMUM "$@"
usage() {
  local minimum=$1 maximum=$2
  shift 2
  if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
    exit 0
  fi
  if (($# < minimum || $# > maximum)); then
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
    exit 2
  fi
}

# A stack's name becomes a part of file names and of commands.
check_stack() {
  [[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]] || fail "\"$1\" is no name of a stack: letters, digits, _ . - only"
  [[ -f stacks/Pulumi.$1.yaml ]] || fail "there is no stacks/Pulumi.$1.yaml in $PWD"
}

# Without it the state would go to a folder of the runner, which is gone after the run, and all servers would be made anew.
need_backend() {
  [[ -n ${PULUMI_BACKEND_URL:-} ]] ||
    fail "PULUMI_BACKEND_URL is empty: set it as a variable or secret (docs/ci.md), as a runner keeps no state"
}

# ── The size in a stack file ─────────────────────────────────────────────────────────────────────────────────────────

readonly size_line="^([[:space:]]+sakura-fleet:size:[[:space:]]*)([\"']?)(-?[0-9]+)([\"']?)([[:space:]]*(#.*)?)\$"

# The size in the text on stdin. Fails unless exactly one line holds it.
size_in() {
  local found
  found=$(sed -En "s/$size_line/\\3/p")
  [[ $found =~ ^-?[0-9]+$ ]] || fail "${1:-the stack file} needs exactly one line \`sakura-fleet:size: NUMBER\`"
  echo "$found"
}

# The text on stdin with another size; all else stays as it is, comments too.
with_size() { sed -E "s/$size_line/\\1\\2$1\\4\\5/"; }

# Write another size into a stack's file here: the old file or the new one, never half of it.
write_size() {
  local file=stacks/Pulumi.$1.yaml new
  new=$(mktemp "stacks/.Pulumi.$1.yaml.XXXXXX")
  if with_size "$2" <"$file" >"$new" && chmod --reference="$file" "$new" && mv -- "$new" "$file"; then return; fi
  rm -f -- "$new"
  fail "the size cannot be written to $file"
}

# ── What is up ───────────────────────────────────────────────────────────────────────────────────────────────────────

# The commit of a stack's last update that succeeded, as the engine has noted it; nothing where there was none.
deployed_commit() {
  local history
  history=$(pulumi stack history --stack "$1" --json --page-size 50 --page 1 --non-interactive) ||
    fail "the history of the stack $1 cannot be read (see above)"
  python3 -c '
import json, sys

for update in json.load(sys.stdin) or []:
    head = (update.get("environment") or {}).get("git.head")
    if update["kind"] == "update" and update["result"] == "succeeded" and head:
        print(head)
        break
' <<<"$history"
}

# The size of the stack's last update; nothing where there was none. Fails where the stack cannot be read: a size that is not
# known must never become the one of the file.
deployed_size() {
  local outputs
  outputs=$(pulumi stack output --json --stack "$1" --non-interactive) ||
    fail "the outputs of the stack $1 cannot be read (see above)"
  python3 -c '
import json, sys

size = json.load(sys.stdin).get("size")
if isinstance(size, (int, float)):
    print(int(size))
' <<<"$outputs"
}

# ── GitHub's API ─────────────────────────────────────────────────────────────────────────────────────────────────────

# github METHOD PATH [CURL-ARGUMENT…]: the answer's body; fails for an error status, and the body is the error's then.
# The token comes by a file descriptor, as everybody on a machine may read a command's arguments.
github() {
  local method=$1 path=$2
  shift 2
  curl --silent --show-error --fail-with-body --max-time 60 --request "$method" \
    --header @<(printf 'Authorization: Bearer %s\n' "$GITHUB_TOKEN") \
    --header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28' "$@" \
    "${GITHUB_API_URL:-https://api.github.com}/$path"
}

# ── Markdown ─────────────────────────────────────────────────────────────────────────────────────────────────────────

# Text on stdin as a folded block: without colours and without the values of secrets, as GitHub hides those in logs only,
# and cut in the middle where it is too long for a comment (65,536 characters).
# block TITLE [open]
block() {
  local text name value limit=24000
  text=$(sed -E $'s/\x1b\\[[0-9;]*[A-Za-z]//g; s/`{4,}/```/g')
  for name in SAKURA_ACCESS_TOKEN SAKURA_ACCESS_TOKEN_SECRET PULUMI_CONFIG_PASSPHRASE AWS_ACCESS_KEY_ID \
    AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN; do
    value=${!name:-}
    ((${#value} < 8)) || text=${text//"$value"/***}
  done
  if ((${#text} > limit)); then
    text="${text:0:limit-6000}"$'\n\n'"… $((${#text} - limit)) characters are left out; the run's log has them …"$'\n\n'"${text: -6000}"
  fi
  # shellcheck disable=SC2016 # the backticks are Markdown's
  printf '\n<details%s><summary>%s</summary>\n\n````text\n%s\n````\n\n</details>\n' "${2:+ open}" "$1" "$text"
}

# The engine's own count, from its output on stdin.
counts() { sed -n '/^Resources:/,/^$/{/^ /p}' | sed -E 's/^ +//' | paste -sd, - | sed 's/,/, /g'; }

# Where the run can be seen, if GitHub runs this.
run_url() {
  [[ -z ${GITHUB_RUN_ID:-} ]] ||
    echo "${GITHUB_SERVER_URL:-https://github.com}/${GITHUB_REPOSITORY:-}/actions/runs/$GITHUB_RUN_ID"
}
