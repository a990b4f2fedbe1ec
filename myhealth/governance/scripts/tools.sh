#!/bin/sh
# usage: tools.sh TOOL...
#
# Checks that each tool is on the path at the version that `tools` pins. A scanner or a signer of another version is another program.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 1 99 "$@"

for tool in "$@"; do
  pinned=$(awk -v tool="$tool" '$1 == tool { print $2 }' "$scripts/tools")
  [ -n "$pinned" ] || die "scripts/tools does not list $tool" "Add it there, with the version that the runner's image holds."
  need "$tool"
  case $tool in
    cargo-auditable) said=$(cargo auditable --version) ;;
    cosign | helm | oras | go) said=$("$tool" version) ;;
    *) said=$("$tool" --version) ;;
  esac
  found=$(printf '%s\n' "$said" | grep -Eo '[0-9]+\.[0-9]+\.[0-9]+' | sed -n 1p)
  [ "$found" = "$pinned" ] ||
    die "$tool is ${found:-of no version that it would say}; scripts/tools pins $pinned" "Build the runner's image anew, or move the pin."
  printf '%s %s\n' "$tool" "$found"
done
