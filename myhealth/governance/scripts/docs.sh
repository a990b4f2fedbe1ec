#!/bin/sh
# usage: docs.sh DIR SITE
#
# Builds the documentation in DIR as the portal does, into the folder SITE. A page that the navigation lacks, a link that leads nowhere:
# each is an error.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 2 2 "$@"
need mkdocs
[ -f "$1/mkdocs.yml" ] || die "there is no $1/mkdocs.yml" "Documentation lives beside the code, in docs/, with mkdocs.yml as its navigation."
mkdir -p "$2"
site=$(cd "$2" && pwd)
mkdocs build --strict --config-file "$1/mkdocs.yml" --site-dir "$site"
