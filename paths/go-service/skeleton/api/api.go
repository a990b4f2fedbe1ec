// Package api holds the contract of the service, which it also serves.
package api

import _ "embed"

// OpenAPI describes the HTTP API.
//
//go:embed openapi.yaml
var OpenAPI []byte
