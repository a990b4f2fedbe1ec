#!/bin/sh
# usage: values.sh get FILE PATH
#        values.sh set FILE PATH=VALUE...
#
# Reads or sets scalars of a values file in place: `values.sh set values.yaml release.version=1.4.1`. Comments, order, quotes and
# spaces stay as they are, so that a release is a change of three lines. A path is keys of block mappings, separated by dots; each
# must be there once, with a value on its line. Anything else is an error, and then nothing is written.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 3 99 "$@"
verb=$1 file=$2
shift 2
[ -f "$file" ] || die "there is no file $file" "A service has one in the config repository from its registration on."

# FILE PATH WHAT: prints the value (WHAT is get) or the whole file with the value of $new (WHAT is set).
edit() {
  new=${new:-} awk -v path="$2" -v what="$3" -f "$scripts/values.awk" "$1" ||
    die "$file: cannot $3 $2" "It must be there once, as KEY: VALUE on one line of a block mapping."
}

case $verb in
  get)
    [ $# -eq 1 ] || { usage >&2 && exit 2; }
    edit "$file" "$1" get
    ;;
  set)
    temporary
    cp "$file" "$work/values.yaml"
    for change in "$@"; do
      case $change in *?=?*) ;; *) die "'$change' is not PATH=VALUE" "Such as release.version=1.4.1." ;; esac
      path=${change%%=*}
      new=${change#*=}
      matches "$new" '[0-9A-Za-z:._/@+-]+' || die "'$new' holds what is no digest, commit or version" "Edit $file by hand for anything else."
      edit "$work/values.yaml" "$path" set >"$work/next.yaml"
      mv "$work/next.yaml" "$work/values.yaml"
    done
    cat "$work/values.yaml" >"$file"
    ;;
  *) usage >&2 && exit 2 ;;
esac
