#!/bin/sh
# usage: lint.sh DIR
#
# Format and lints of a service, Rust or Go, and of its chart. Changes nothing.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 1 1 "$@"
language=$(language "$1")
cd "$1"

case $language in
  rust)
    need cargo
    cargo fmt --all --check || die "the code is not as rustfmt would have it" "Run cargo fmt --all."
    cargo clippy --workspace --all-targets --locked -- -D warnings
    ;;
  go)
    need go gofmt
    unformatted=$(git ls-files -z -- '*.go' | xargs -0 gofmt -l)
    [ -z "$unformatted" ] || die "not as gofmt would have it: $(printf '%s' "$unformatted" | tr '\n' ' ')" "Run gofmt -w on them."
    go mod verify
    go mod tidy -diff || die "go.mod or go.sum is not what the code needs" "Run go mod tidy."
    go vet ./...
    ;;
esac

need helm
helm lint --strict chart --values chart/ci/values.yaml
helm template "$(awk '$1 == "name:" { print $2; exit }' chart/Chart.yaml)" chart --values chart/ci/values.yaml >/dev/null
