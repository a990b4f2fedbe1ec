#!/bin/sh
# usage: config-token.sh PURPOSE FILE
#
# Writes a token of the config repository to FILE, good for some minutes: the broker gives it for this job's identity, under the trust
# policy .github/chainguard/PURPOSE.sts.yaml of that repository. PURPOSE is stage or promote.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 2 2 "$@"
name "$1"
identity=$(id_token "${TOKEN_BROKER#https://}")
answer=$(printf 'header = "Authorization: bearer %s"\n' "$identity" |
  curl --config - --silent --show-error --fail --max-time 30 --retry 3 "$TOKEN_BROKER/sts/exchange?scope=$CONFIG_REPOSITORY&identity=$1") ||
  die "$TOKEN_BROKER gave no token of $CONFIG_REPOSITORY" "Its trust policy .github/chainguard/$1.sts.yaml names who may have one."
token=$(printf '%s' "$answer" | sed -n 's/.*"token" *: *"\([^"\\]*\)".*/\1/p')
[ -n "$token" ] || die "the broker's answer holds no token" "It should be an object with the key token."
[ -z "${GITHUB_ACTIONS:-}" ] || printf '::add-mask::%s\n' "$token"
(umask 077 && printf '%s' "$token" >"$2")
