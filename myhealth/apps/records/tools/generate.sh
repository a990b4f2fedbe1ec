#!/bin/sh
# Generates pkg/recordsv1 from api/records/v1/records.proto, with the tools of tools/go.mod: Go alone, no protoc.
# Another folder as the first argument is generated into instead (a test compares).
set -eu
cd "$(dirname "$0")/.."
module=git.myhealth.example/clinical/records
out=${1:-.}
tool() { go tool -modfile=tools/go.mod "$@"; }
tool goprotoc -I api \
    --plugin=protoc-gen-go="$(tool -n protoc-gen-go)" --go_out="module=$module:$out" \
    --plugin=protoc-gen-go-grpc="$(tool -n protoc-gen-go-grpc)" --go-grpc_out="module=$module:$out" \
    records/v1/records.proto
