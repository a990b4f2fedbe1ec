#!/bin/sh
# usage: verify.sh IMAGE
#
# Fails unless the image (a reference by digest) is signed by this governance repository's workflow, in any of its commits, and carries
# provenance and an SBOM by it. Which of those commits may run is decided at admission.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 1 1 "$@"
need cosign
image=$1
digest "${image##*@}"
cosign initialize --mirror "$SIGSTORE_MIRROR" --root "$SIGSTORE_ROOT"
signer="^$(printf '%s' "$SIGNER" | sed 's/[.]/\\./g')@[0-9a-f]{40}\$"

# verified WHAT COSIGN-ARGUMENT...: one check of one thing.
verified() {
  what=$1
  shift
  cosign "$@" --certificate-oidc-issuer "$ISSUER" --certificate-identity-regexp "$signer" "$image" >/dev/null ||
    die "$image: no $what by $SIGNER" "It was not built by the workflow; build the commit again."
}
verified signature verify
verified provenance verify-attestation --type slsaprovenance1
verified SBOM verify-attestation --type cyclonedx
