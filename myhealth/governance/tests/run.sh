#!/bin/sh
# usage: run.sh [WORD]
#
# Tests of the scripts, or those whose name holds WORD: one line each, `ok NAME` or `FAIL NAME`, then the sum; not zero if one failed.
# Needs sh, git and what every Linux has. Git is real, with remotes on disk; tools that reach the network are stubs that write down how
# they were called. Each file beside this one holds the tests of some scripts, as functions test_NAME that run in a shell of their own.

set -eu
LC_ALL=C
export LC_ALL
tests=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC2034 # what the tests run
scripts=$(dirname "$tests")/scripts
word=${1:-}
all=$(mktemp -d "${TMPDIR:-/tmp}/karat-tests.XXXXXX")
trap 'rm -rf "$all"' EXIT

# Nothing of the machine counts: no user's git, no runner's variables, no colours.
for name in $(env | sed -n 's/^\(GIT_[A-Z0-9_]*\|GITHUB_[A-Z0-9_]*\|ACTIONS_[A-Z0-9_]*\|RUNNER_[A-Z0-9_]*\|CARGO_[A-Z0-9_]*\|GO[A-Z]*\)=.*/\1/p'); do
  unset "$name"
done
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null HOME="$all"
export GIT_AUTHOR_NAME=tests GIT_AUTHOR_EMAIL=tests@myhealth.example GIT_COMMITTER_NAME=tests GIT_COMMITTER_EMAIL=tests@myhealth.example

# fail WHY: the test ends.
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# equal IS SHOULD
equal() { [ "$1" = "$2" ] || fail "is:
$1
should be:
$2"; }

# holds TEXT PART
holds() { case "$1" in *"$2"*) ;; *) fail "no '$2' in:
$1" ;; esac }

# lacks TEXT PART
lacks() { case "$1" in *"$2"*) fail "'$2' in:
$1" ;; esac }

# refused PART COMMAND...: the command fails and says so.
refused() {
  part=$1
  shift
  if said=$("$@" 2>&1); then fail "$* was not refused: $said"; fi
  holds "$said" "$part"
}

# stub NAME [BODY]: a tool on the path that writes its arguments, and what it reads, into files; BODY is what else it does.
stub() {
  mkdir -p stubs
  cat >"stubs/$1" <<STUB
#!/bin/sh
printf '%s\n' "$1 \$*" >>"$PWD/calls"
${2:-}
STUB
  chmod +x "stubs/$1"
  case ":$PATH:" in *":$PWD/stubs:"*) ;; *) PATH=$PWD/stubs:$PATH ;; esac
}

calls() { cat calls 2>/dev/null || true; }
forget() { rm -f calls; }

passed=0 failed=0
for file in "$tests"/*.sh; do
  [ "$file" != "$tests/run.sh" ] || continue
  # shellcheck disable=SC2013 # names of functions are words
  for test in $(sed -n 's/^\(test_[a-z0-9_]*\)() {.*/\1/p' "$file"); do
    name=$(basename "$file" .sh): name="$name $(printf '%s' "${test#test_}" | tr _ ' ')"
    case $name in *"$word"*) ;; *) continue ;; esac
    mkdir "$all/$test.$passed.$failed"
    # shellcheck disable=SC1090 # the files beside this one
    if (cd "$all/$test.$passed.$failed" && set -eu && . "$file" && "$test") >"$all/said" 2>&1; then
      passed=$((passed + 1))
      printf 'ok %s\n' "$name"
    else
      failed=$((failed + 1))
      printf 'FAIL %s\n' "$name"
      sed -n '1,60s/^/  /p' "$all/said" | tr -cd '\11\12\40-\176'
    fi
  done
done
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
