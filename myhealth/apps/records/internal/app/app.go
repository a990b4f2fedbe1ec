// Package app puts the service together: the store, the use cases and the two APIs, for the chassis to run.
package app

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/grpc"

	"git.myhealth.example/clinical/records/internal/domain"
	"git.myhealth.example/clinical/records/internal/grpcapi"
	"git.myhealth.example/clinical/records/internal/httpapi"
	"git.myhealth.example/clinical/records/internal/records"
	"git.myhealth.example/clinical/records/internal/settings"
	"git.myhealth.example/clinical/records/internal/store"
	"git.myhealth.example/clinical/records/pkg/recordsv1"
	"git.myhealth.example/platform/chassis"
	"git.myhealth.example/platform/chassis/config"
	"git.myhealth.example/platform/chassis/health"
	"git.myhealth.example/platform/chassis/server"
	"git.myhealth.example/platform/chassis/telemetry"
)

// Service is records, as the chassis runs it.
var Service = chassis.Service{
	Name:      "records",
	Summary:   "patient records, their entries, consents and access trail",
	Settings:  strings.TrimPrefix(settings.Help, "\n"),
	Allow:     []string{"entry.id", "idempotent.replayed", "patient.id"},
	Configure: func(env *config.Env) chassis.Program { return program{settings.Read(env)} },
}

type program struct{ settings settings.Settings }

func (p program) Migrate(ctx context.Context, observer *telemetry.Telemetry) (int, error) {
	opened, applied, err := store.Open(ctx, p.settings.Database, observer)
	if err != nil {
		return 0, err
	}
	return applied, opened.Close()
}

// startTimeout bounds connecting and migrating. A replica may wait for another that migrates.
const startTimeout = 50 * time.Second

func (p program) Open(ctx context.Context, observer *telemetry.Telemetry) (chassis.Opened, error) {
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	opened, _, err := store.Open(starting, p.settings.Database, observer)
	if err != nil {
		return chassis.Opened{}, err
	}
	service := records.New(opened, time.Now, told(observer.Logger()))
	calls := grpc.NewServer(server.Options(observer)...)
	recordsv1.RegisterRecordsServer(calls, grpcapi.New(service, observer.Logger()))
	return chassis.Opened{
		Handlers:   server.Handlers{HTTP: httpapi.New(service, observer.Logger()).Mux(), GRPC: calls},
		Checks:     []health.Check{{Name: "store", Ask: opened.Ping}},
		Background: func(ctx context.Context) { forget(ctx, service, observer) },
		Close:      opened.Close,
	}, nil
}

// told logs changes of records by ids alone: whose hand it was stands in the trail, what it was in the record.
func told(log *slog.Logger) func(context.Context, domain.Access) {
	return func(ctx context.Context, change domain.Access) {
		ids := []slog.Attr{slog.String("patient.id", string(change.PatientID))}
		if change.EntryID != "" {
			ids = append(ids, slog.String("entry.id", string(change.EntryID)))
		}
		log.LogAttrs(ctx, slog.LevelInfo, string(change.Action), ids...)
	}
}

// forget removes old answers, now and then.
func forget(ctx context.Context, service *records.Service, observer *telemetry.Telemetry) {
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := service.ForgetAnswers(ctx); err != nil && ctx.Err() == nil {
			observer.Logger().Warn("old answers were not removed", telemetry.Error(err))
		}
	}
}
