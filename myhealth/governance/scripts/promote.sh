#!/bin/sh
# usage: promote.sh SERVICE [FROM [TO]]
#
# Proposes that TO (production) runs what FROM (staging) runs of SERVICE: a branch of the config repository with one commit of the same
# three lines, and a change for it. Nothing is typed, so nothing can be mistyped. The image's signature, provenance and SBOM are verified
# first. Who asked is the author; the owners of the file approve, and the author is not one of those who may. Asked again, nothing new
# is made. The output `changed` says whether there is something to approve, `change` is its page.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
# shellcheck source=config.sh
. "$scripts/config.sh"
arguments 1 3 "$@"
service=$1 from=${2:-staging} to=${3:-production}
for word in "$service" "$from" "$to"; do
  name "$word"
done
temporary
config=$work/config
config_clone "$config"
config_owner "$config" "$(config_file "$from" "$service")"
config_owner "$config" "$(config_file "$to" "$service")"

value() { "$scripts/values.sh" get "$config/$(config_file "$from" "$service")" "$1"; }
version=$(value release.version)
revision=$(value release.revision)
digest=$(value service.image.digest)
version "$version"
revision "$revision"
digest "$digest"
file=$(config_file "$to" "$service")
if ! config_set "$config" "$file" "$version" "$revision" "$digest"; then
  printf '%s runs %s %s already, as %s does\n' "$to" "$service" "$version" "$from"
  output changed false
  exit 0
fi
"$scripts/verify.sh" "$REGISTRY/$(variable GITHUB_REPOSITORY)@$digest"

branch=promote/$service/$to/$version
subject="$service: $version to $to"
config_commit "$config" "$file" "$subject" "$digest" "$revision"
# The branch is of this release alone: one that is there already either says the same or is stale.
if git -C "$config" fetch --quiet origin "$branch" 2>/dev/null &&
  [ "$(git -C "$config" rev-parse FETCH_HEAD^)" = "$(git -C "$config" rev-parse HEAD^)" ] &&
  git -C "$config" diff --quiet FETCH_HEAD HEAD; then
  printf 'the branch %s is there already\n' "$branch"
else
  git -C "$config" push --quiet --force origin "HEAD:refs/heads/$branch" || die "the branch $branch was not pushed" "The lines above are git's."
fi
output changed true

# The forge's interface for changes; a forge without one has the branch.
api=${GITHUB_API_URL:-}
if [ -z "$api" ] || [ -z "${CONFIG_TOKEN_FILE:-}" ]; then
  printf 'approve the branch %s\n' "$branch"
  exit 0
fi
ask() {
  printf 'header = "Authorization: Bearer %s"\n' "$(cat "$CONFIG_TOKEN_FILE")" |
    curl --config - --silent --show-error --fail --max-time 30 --header 'Accept: application/vnd.github+json' "$@"
}
page() { sed -n 's/.*"html_url" *: *"\([^"]*\/pull\/[0-9]*\)".*/\1/p' | sed -n 1p; }
change=$(ask "$api/repos/$CONFIG_REPOSITORY/pulls?state=open&head=${CONFIG_REPOSITORY%/*}:$branch" | page)
if [ -z "$change" ]; then
  change=$(ask --data "{\"title\":\"$subject\",\"head\":\"$branch\",\"base\":\"$CONFIG_BRANCH\",\"body\":\"What $from runs: image \`$digest\`, chart revision \`$revision\`. Asked for by @$GIT_AUTHOR_NAME, who is not to approve it.\"}" \
    "$api/repos/$CONFIG_REPOSITORY/pulls" | page)
fi
[ -n "$change" ] || die "the branch $branch is pushed, but there is no change for it" "Open one by hand, or run this again."
output change "$change"
