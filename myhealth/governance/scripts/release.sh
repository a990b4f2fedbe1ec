#!/bin/sh
# usage: release.sh ENVIRONMENT SERVICE VERSION REVISION DIGEST [HISTORY]
#
# Makes a release run in ENVIRONMENT: one commit on the config repository's branch that sets version, chart revision and image digest of
# SERVICE together. Others push there too: if it was faster than us, the change is made again on what it left, up to RELEASE_ATTEMPTS
# (8) times. If the release runs already there is no commit. If a later one does, which a clone of the service at HISTORY tells, there is
# none either: a slow or repeated run never moves an environment back. The file must name the repository that asks. The output `changed` says which.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
# shellcheck source=config.sh
. "$scripts/config.sh"
arguments 5 6 "$@"
environment=$1 service=$2 version=$3 revision=$4 digest=$5 history=${6:-}
name "$environment"
name "$service"
version "$version"
revision "$revision"
digest "$digest"
# Production is changed by a person's change that another approves (promote.sh), whoever runs this.
case $environment in production*) die "$environment is not released to directly" "promote.sh proposes it; another owner approves." ;; esac
file=$(config_file "$environment" "$service")
temporary
config_clone "$work/config"
config_owner "$work/config" "$file"

attempt=1
while :; do
  running=$("$scripts/values.sh" get "$work/config/$file" release.revision)
  if [ -n "$history" ] && [ "$running" != "$revision" ] && git -C "$history" merge-base --is-ancestor "$revision" "$running" 2>/dev/null; then
    printf '%s runs %s of %s, which is later than %s\n' "$environment" "$running" "$service" "$revision"
    output changed false
    exit 0
  fi
  if ! config_set "$work/config" "$file" "$version" "$revision" "$digest"; then
    printf '%s runs %s %s already\n' "$environment" "$service" "$version"
    output changed false
    exit 0
  fi
  config_commit "$work/config" "$file" "$service: $version to $environment" "$digest" "$revision"
  if git -C "$work/config" push --porcelain origin "HEAD:refs/heads/$CONFIG_BRANCH" >"$work/said" 2>&1; then
    output changed true
    exit 0
  fi
  # A race is worth another try; a token that may not push, or a host that is gone, is not.
  if ! grep -Eq '\((fetch first|non-fast-forward)\)|cannot lock ref|remote ref updated since checkout|failed to update ref|incorrect old value' "$work/said"; then
    cat "$work/said" >&2
    die "the commit to $CONFIG_BRANCH was refused" "The lines above are git's."
  fi
  [ "$attempt" -lt "${RELEASE_ATTEMPTS:-8}" ] ||
    die "others pushed to $CONFIG_BRANCH $attempt times while we tried" "Run this job again; nothing was changed."
  sleep "$((attempt * ${RELEASE_PAUSE:-1}))"
  attempt=$((attempt + 1))
  git -C "$work/config" fetch --quiet origin "$CONFIG_BRANCH"
  git -C "$work/config" reset --quiet --hard FETCH_HEAD
done
