#!/bin/sh
# usage: sbom.sh LAYOUT FILE
#
# What the image in the OCI layout LAYOUT is made of, as CycloneDX JSON in FILE. It is read from the image, not from the source: what is
# not in the programs is not listed.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 2 2 "$@"
need trivy
trivy image --input "$1" --format cyclonedx --output "$2" --skip-version-check --quiet
grep -q '"bomFormat": *"CycloneDX"' "$2" || die "$2 is no CycloneDX document" "What did trivy write?"
