#!/bin/sh
# usage: cache.sh restore DIR
#        cache.sh pack DIR FILE
#        cache.sh save DIR FILE
#
# Downloaded dependencies, kept in the registry at cache/OWNER/NAME under a key made of the lock file and the tools' versions.
#
# Nobody who opens a pull request can poison it: only the job of the main branch that holds no code of the service writes (save needs
# the registry's token), everyone reads, and what is read is only archives that cargo and go compare with the hashes of the lock
# file. Nothing compiled is kept, and the build of a release restores nothing.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 2 3 "$@"
verb=$1 dir=$2
language=$(language "$dir")
service >/dev/null
case $language in
  rust) lock=$dir/Cargo.lock home=${CARGO_HOME:-$HOME/.cargo} kept='registry/cache registry/index' ;;
  go) lock=$dir/go.sum home=${GOPATH:-$HOME/go} kept=pkg/mod/cache/download ;;
esac
[ -f "$lock" ] || die "there is no $lock" "Commit it: a build without it is not the same twice."
temporary
cat "$lock" "$scripts/tools" >"$work/key"
reference=$REGISTRY/cache/$(variable GITHUB_REPOSITORY):$language-$(sha256 "$work/key")

case $verb in
  restore)
    need oras
    # No cache is no error, nor is a registry that does not answer: the dependencies are then downloaded.
    if timeout 120 oras pull --no-tty --output "$work" "$reference" && [ -f "$work/cache.tar" ]; then
      mkdir -p "$home"
      tar --extract --file "$work/cache.tar" --directory "$home" --no-same-owner --no-same-permissions
      # go trusts the hash that it wrote beside an archive, so the archives are hashed anew; cargo does that itself.
      if [ "$language" = go ]; then (cd "$dir" && go mod verify); fi
      output hit true
    else
      output hit false
    fi
    ;;
  pack)
    [ $# -eq 3 ] || { usage >&2 && exit 2; }
    mkdir -p "$home"
    for path in $kept; do
      [ ! -e "$home/$path" ] || printf '%s\n' "$path"
    done >"$work/names"
    tar --create --file "$3" --directory "$home" --files-from "$work/names"
    ;;
  save)
    [ $# -eq 3 ] || { usage >&2 && exit 2; }
    need oras
    cp "$3" "$work/cache.tar"
    (cd "$work" && oras push --no-tty "$reference" cache.tar:application/x-tar)
    ;;
  *) usage >&2 && exit 2 ;;
esac
