# shellcheck shell=sh
# What every script here starts with. Sourced, never run; needs the variable `scripts`, the folder it lies in.
set -eu
LC_ALL=C
export LC_ALL
umask 022
# shellcheck source=settings.env disable=SC2154 # set by whoever sources
. "$scripts/settings.env"

# A runner's root is read-only: what tools keep, they keep in the job's own temporary folder.
if [ "${GITHUB_ACTIONS:-}" = true ]; then
  export HOME="$RUNNER_TEMP/home" CARGO_HOME="$RUNNER_TEMP/cargo" GOPATH="$RUNNER_TEMP/go" GOCACHE="$RUNNER_TEMP/go-build"
  export DOCKER_CONFIG="$RUNNER_TEMP/docker" TUF_ROOT="$RUNNER_TEMP/sigstore"
  mkdir -p "$HOME" "$DOCKER_CONFIG"
fi

# die WHAT [NEXT]: ends the script; the forge shows the line beside the step.
die() {
  if [ "${GITHUB_ACTIONS:-}" = true ]; then
    printf '::error title=%s::%s%s\n' "${0##*/}" "$1" "${2:+ $2}" >&2
  fi
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  [ -z "${2:-}" ] || printf '  %s\n' "$2" >&2
  exit 1
}

# The comment at the top of a script is its help: `script --help` prints it.
usage() {
  sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
}

# arguments LEAST MOST "$@": help, or the wrong number of arguments.
arguments() {
  least=$1 most=$2
  shift 2
  case "${1:-}" in -h | --help) usage && exit 0 ;; esac
  if [ $# -lt "$least" ] || [ $# -gt "$most" ]; then
    usage >&2
    exit 2
  fi
}

# need TOOL...: each is on the path.
need() {
  for tool in "$@"; do
    command -v "$tool" >/dev/null ||
      die "$tool is not on the path" "It is in the runner's image at the version that scripts/tools says; locally, install that one."
  done
}

# variable NAME: its value, which must not be empty.
variable() {
  eval "value=\${$1:-}"
  # shellcheck disable=SC2154 # assigned by eval
  [ -n "$value" ] || die "the variable $1 is not set" "A runner sets it; docs/reference/runner.md lists them all."
  printf '%s' "$value"
}

# output NAME VALUE: an output of the step; without a runner, a line.
output() {
  if [ -n "${GITHUB_OUTPUT:-}" ]; then printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; else printf '%s=%s\n' "$1" "$2"; fi
}

# A temporary folder that is gone when the script ends.
temporary() {
  work=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/karat.XXXXXX")
  # shellcheck disable=SC2064 # its name is known now
  trap "rm -rf '$work'" EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# matches TEXT PATTERN: whether all of TEXT, one line, matches an extended regular expression.
matches() {
  case "$1" in *"
"*) return 1 ;; esac
  printf '%s\n' "$1" | grep -Eqx -- "$2"
}

digest() { matches "$1" 'sha256:[0-9a-f]{64}' || die "'$1' is not a digest" "An image is named by sha256: and 64 hexadecimal digits."; }
revision() { matches "$1" '[0-9a-f]{40}' || die "'$1' is not a commit" "A chart's revision is all 40 hexadecimal digits of a commit."; }
version() { matches "$1" '[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?' || die "'$1' is not a version" "Versions are semantic, such as 1.4.0."; }
name() { matches "$1" '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?' || die "'$1' is not a name" "Names are those of Kubernetes: a-z, 0-9 and -."; }

# sha256 FILE: its digest, without the algorithm.
sha256() {
  if command -v sha256sum >/dev/null; then sha256sum <"$1" | cut -c1-64; else shasum -a 256 <"$1" | cut -c1-64; fi
}

# language DIR: rust or go, by what is there.
language() {
  if [ -f "$1/Cargo.lock" ]; then
    echo rust
  elif [ -f "$1/go.mod" ]; then
    echo go
  else
    die "$1 holds neither Cargo.lock nor go.mod" "Services are written in Rust or Go; commit the lock file."
  fi
}

# service: the name of the service whose workflow this is, which is that of its repository.
service() {
  repository=$(variable GITHUB_REPOSITORY)
  matches "$repository" '[a-z0-9-]+/[a-z0-9-]+' || die "'$repository' is not OWNER/NAME" "Repositories are named as Kubernetes names things."
  printf '%s' "${repository#*/}"
}

# id_token AUDIENCE: a token of the forge that says which workflow this is. Secrets never become arguments: others can see those.
id_token() {
  need curl
  url=$(variable ACTIONS_ID_TOKEN_REQUEST_URL)
  token=$(variable ACTIONS_ID_TOKEN_REQUEST_TOKEN)
  answer=$(printf 'header = "Authorization: bearer %s"\n' "$token" |
    curl --config - --silent --show-error --fail --max-time 30 --retry 3 "$url&audience=$1") ||
    die "the forge gave no identity token for $1" "The job needs the permission id-token: write."
  token=$(printf '%s' "$answer" | sed -n 's/.*"value" *: *"\([^"\\]*\)".*/\1/p')
  [ -n "$token" ] || die "the forge's answer holds no token" "It should be an object with the key value."
  printf '%s' "$token"
}
