// Package app puts the service together.
package app

import (
	"context"

	"git.myhealth.example/platform/chassis"
	"git.myhealth.example/platform/chassis/config"
	"git.myhealth.example/platform/chassis/server"
	"git.myhealth.example/platform/chassis/telemetry"

	"git.myhealth.example/${{ values.team }}/${{ values.name }}/internal/httpapi"
)

// Service is what the chassis runs.
func Service() chassis.Service {
	return chassis.Service{
		Name:      "${{ values.name }}",
		Summary:   ${{ values.description | dump }},
		Configure: func(*config.Env) chassis.Program { return program{} },
	}
}

// program has no settings of its own yet, and stores nothing: `karat new --template resource` gives it a database.
type program struct{}

// Migrate has nothing to do.
func (program) Migrate(context.Context, *telemetry.Telemetry) (int, error) { return 0, nil }

// Open gives the routes.
func (program) Open(context.Context, *telemetry.Telemetry) (chassis.Opened, error) {
	return chassis.Opened{
		Handlers: server.Handlers{HTTP: httpapi.Routes()},
		Close:    func() error { return nil },
	}, nil
}
