#!/bin/sh
# usage: chart.sh DIR VERSION FILE
#
# Packs the chart of the service in DIR, as it is committed, as FILE. Its version is the release's, as is that of the program in it. The
# same commit gives the same bytes.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 3 3 "$@"
need git helm tar
version "$2"
temporary
# An archive's files have the time of the commit, and Helm keeps it.
git -C "$1" archive --format=tar --output="$work/chart.tar" HEAD chart
tar --extract --file "$work/chart.tar" --directory "$work"
mkdir "$work/packed"
helm package "$work/chart" --version "$2" --app-version "$2" --destination "$work/packed"
mkdir -p "$(dirname "$3")"
mv "$work/packed"/*.tgz "$3"
