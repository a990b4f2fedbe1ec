#!/bin/sh
# usage: build.sh DIR OUT
#
# Builds the programs of a service into OUT, static: what the Dockerfile's build stage leaves in /out. The same commit on the same runner
# image gives the same bytes. Nothing is restored from a cache: a release is built from its lock file alone.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 2 2 "$@"
language=$(language "$1")
mkdir -p "$2"
out=$(cd "$2" && pwd)
cd "$1"
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

case $language in
  rust)
    need cargo cargo-auditable
    # A runner without the musl target names another; its C library is then linked in as well.
    target=${RUST_TARGET:-$(uname -m)-unknown-linux-musl}
    # The paths of the machine stay out; what crates it was made of goes in, so that scanners find them in the image.
    export RUSTFLAGS="-C target-feature=+crt-static --remap-path-prefix=$PWD=/src --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
    cargo auditable build --release --locked --workspace --target "$target"
    for file in "${CARGO_TARGET_DIR:-target}/$target/release"/*; do
      case $file in *.d | *.so | *.rlib | *.rmeta) continue ;; esac
      if [ -f "$file" ] && [ -x "$file" ]; then install -m 0755 "$file" "$out/"; fi
    done
    ;;
  go)
    need go
    CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -ldflags='-s -w -buildid=' -o "$out/" ./cmd/...
    ;;
esac

[ -n "$(ls "$out")" ] || die "$1 builds no program" "A Rust workspace needs a binary crate, a Go module a folder below cmd/."
ls -l "$out"
