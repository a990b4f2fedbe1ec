// Package recordsv1 is the gRPC API, generated from api/records/v1/records.proto.
package recordsv1

//go:generate ../../tools/generate.sh
