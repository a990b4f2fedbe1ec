#!/bin/sh
# usage: mirror.sh FILE
#
# Takes in the images that FILE lists, HOST/PATH[:TAG]@DIGEST one a line: each is copied by digest, with what its publisher attached, to
# REGISTRY/HOST/PATH, and signed. What is there and signed already is left alone, so a run after a failure goes on where it ended. An
# image that cannot be taken in does not keep the others out; the run then fails at its end.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 1 1 "$@"
need oras cosign
temporary
# All lines are judged before the first is taken in.
grep -Ev '^[[:space:]]*(#|$)' "$1" >"$work/images" || die "$1 lists no image" "One a line: HOST/PATH[:TAG]@DIGEST."
while read -r image; do
  matches "$image" '[a-z0-9.-]+\.[a-z]+(/[a-z0-9]+([._-]+[a-z0-9]+)*)+(:[A-Za-z0-9_.-]+)?@sha256:[0-9a-f]{64}' ||
    die "$1 lists '$image'" "An image is HOST/PATH[:TAG]@DIGEST; a tag alone can become another image tomorrow."
done <"$work/images"

cosign initialize --mirror "$SIGSTORE_MIRROR" --root "$SIGSTORE_ROOT"
failed=0
while read -r image; do
  source=$(printf '%s' "$image" | sed 's/:[A-Za-z0-9_.-]*@/@/')
  target=$REGISTRY/$source
  if cosign verify --certificate-oidc-issuer "$ISSUER" --certificate-identity "$MIRROR" "$target" >/dev/null 2>&1; then
    continue
  fi
  printf 'takes in %s\n' "$image"
  if ! { oras cp --no-tty --recursive "$source" "$target" && cosign sign --yes "$target"; } </dev/null; then
    printf '%s was not taken in\n' "$image" >&2
    failed=$((failed + 1))
  fi
done <"$work/images"
[ "$failed" -eq 0 ] || die "$failed of the images of $1 were not taken in" "The lines above say which; run this again."
