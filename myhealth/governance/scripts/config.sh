# shellcheck shell=sh
# The config repository: cloned, changed, given back. Sourced by release.sh and promote.sh after lib.sh.

# Who asked for a change is its author, and the workflow only its committer: the owner who approves must be someone else.
config_identity() {
  actor=${GITHUB_ACTOR:-$(id -un)}
  matches "$actor" '[A-Za-z0-9._-]+(\[bot\])?' || die "'$actor' is not the name of a user" "A runner sets GITHUB_ACTOR."
  export GIT_AUTHOR_NAME="$actor" GIT_AUTHOR_EMAIL="$actor@users.noreply.myhealth.example"
  export GIT_COMMITTER_NAME=service-ci GIT_COMMITTER_EMAIL=service-ci@users.noreply.myhealth.example
}

# config_clone DIR: the branch that Argo CD follows, cloned. The token, if CONFIG_TOKEN_FILE names one, is for that host only.
config_clone() {
  need git
  if [ -n "${CONFIG_TOKEN_FILE:-}" ]; then
    secret=$(printf 'x-access-token:%s' "$(cat "$CONFIG_TOKEN_FILE")" | base64 | tr -d '\n')
    export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.${CONFIG_URL%/*/*}/.extraHeader" GIT_CONFIG_VALUE_0="Authorization: Basic $secret"
  fi
  export GIT_TERMINAL_PROMPT=0
  config_identity
  git clone --quiet --single-branch --branch "$CONFIG_BRANCH" "$CONFIG_URL" "$1" ||
    die "$CONFIG_URL cannot be cloned" "Is there a branch $CONFIG_BRANCH, and does the token reach it?"
}

# config_file ENVIRONMENT SERVICE: the file that says what runs.
config_file() { printf 'envs/%s/%s/values.yaml' "$1" "$2"; }

# config_owner DIR FILE: a file is changed for the repository that it names, and for no other of the same name in another team.
config_owner() {
  # shellcheck disable=SC2154 # the folder that every script sets before it sources
  url=$("$scripts/values.sh" get "$1/$2" release.repository)
  path=${url#*://*/}
  caller=$(variable GITHUB_REPOSITORY)
  [ "${path%.git}" = "$caller" ] || die "$2 is of ${path%.git}, not of $caller" "Services have one name in the whole organisation; register yours under another."
}

# config_set DIR FILE VERSION REVISION DIGEST: the three lines of a release, together. Fails if nothing changed.
config_set() {
  "$scripts/values.sh" set "$1/$2" "release.version=$3" "release.revision=$4" "service.image.digest=$5" || exit 1
  ! git -C "$1" diff --quiet -- "$2"
}

# config_commit DIR FILE SUBJECT DIGEST REVISION: one file, one commit.
config_commit() {
  run=
  [ -z "${GITHUB_RUN_ID:-}" ] || run="Run: ${GITHUB_SERVER_URL:-}/${GITHUB_REPOSITORY:-}/actions/runs/$GITHUB_RUN_ID"
  printf '%s\n\nImage: %s\nRevision: %s\n%s\n' "$3" "$4" "$5" "$run" | git -C "$1" commit --quiet --file - --only -- "$2"
}
