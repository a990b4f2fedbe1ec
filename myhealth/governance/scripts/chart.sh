#!/bin/sh
# usage: chart.sh DIR VERSION FILE
#
# Packs the chart of the service in DIR as FILE. Its version is the release's, as is that of the program in it.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 3 3 "$@"
need helm
version "$2"
temporary
helm package "$1/chart" --version "$2" --app-version "$2" --destination "$work"
mkdir -p "$(dirname "$3")"
mv "$work"/*.tgz "$3"
