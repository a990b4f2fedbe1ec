#!/bin/sh
# usage: publish.sh LAYOUT DIGEST CHART VERSION
#
# Pushes the image in the OCI layout LAYOUT, which must be DIGEST, and the packed CHART to the registry, tagged VERSION. The outputs
# `image` and `chart` are their references by digest: whatever signs or runs them uses these.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 4 4 "$@"
need oras helm
layout=$1 digest=$2 chart=$3
digest "$digest"
version "$4"
service=$(service)

# The layout came from a job that ran the service's own code. What is pushed is what that job said before it ended.
grep -Fq "\"digest\":\"$digest\"" "$layout/index.json" || die "$layout holds another image than $digest" "Run the workflow again."
image=$REGISTRY/$(variable GITHUB_REPOSITORY)
oras cp --no-tty --from-oci-layout "$layout@$digest" "$image:$4"
output image "$image@$digest"

# As oras does by itself: a registry on this machine needs no TLS.
case $REGISTRY in localhost:* | 127.0.0.1:*) plain=--plain-http ;; *) plain= ;; esac
temporary
helm push ${plain:+"$plain"} "$chart" "oci://$REGISTRY/charts" >"$work/said" 2>&1 || {
  cat "$work/said" >&2
  die "the chart was not pushed" "Helm says why above. A version that is there with other content stays: run the workflow of a new commit."
}
cat "$work/said"
pushed=$(sed -n 's/^Digest: *//p' "$work/said")
digest "$pushed"
output chart "$REGISTRY/charts/$service@$pushed"
