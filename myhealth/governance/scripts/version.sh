#!/bin/sh
# usage: version.sh DIR
#
# The version of this release: major and minor from DIR/chart/Chart.yaml, which people decide, and the number of the run of CI, which
# only grows. The same run gives the same version when it is run again.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 1 1 "$@"
chart=$("$scripts/values.sh" get "$1/chart/Chart.yaml" version)
version "$chart"
run=$(variable GITHUB_RUN_NUMBER)
matches "$run" '[1-9][0-9]*' || die "GITHUB_RUN_NUMBER is '$run', which is no number" "A runner counts the runs of a workflow."
minor=${chart%%-*}
output version "${minor%.*}.$run"
