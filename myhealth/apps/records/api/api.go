// Package api holds the contracts of the service, which it also serves: /openapi.yaml and /records/v1/records.proto.
package api

import _ "embed"

// OpenAPI describes the HTTP API.
//
//go:embed openapi.yaml
var OpenAPI []byte

// Proto describes the gRPC API.
//
//go:embed records/v1/records.proto
var Proto []byte
