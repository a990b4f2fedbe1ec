#!/bin/sh
# usage: test.sh DIR
#
# All tests of a service, Rust or Go, by its lock file.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 1 1 "$@"
language=$(language "$1")
cd "$1"

case $language in
  rust)
    need cargo
    cargo test --workspace --locked --no-fail-fast
    ;;
  go)
    need go
    GOFLAGS=-mod=readonly go test -race -count=1 ./...
    ;;
esac
