#!/bin/sh
# usage: sign.sh IMAGE CHART SBOM PROVENANCE
#
# Signs the image and the chart (references by digest) and attaches the SBOM and the provenance as attestations, without a key: Cosign
# gets a certificate of some minutes for the identity of this workflow, and what it signs is in the log. All become referrers of the
# digest in the registry. The policy `signed` of the config repository lets nothing run that lacks one of them.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 4 4 "$@"
need cosign
for reference in "$1" "$2"; do
  digest "${reference##*@}"
done
for file in "$3" "$4"; do
  [ -s "$file" ] || die "there is no $file" "sbom.sh and provenance.sh write it."
done

cosign initialize --mirror "$SIGSTORE_MIRROR" --root "$SIGSTORE_ROOT"
for reference in "$1" "$2"; do
  cosign sign --yes "$reference"
  cosign attest --yes --type slsaprovenance1 --predicate "$4" "$reference"
done
cosign attest --yes --type cyclonedx --predicate "$3" "$1"
