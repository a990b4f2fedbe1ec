// Package grpcapi is the gRPC API: what other services may ask of patient records.
package grpcapi

import (
	"context"
	"errors"
	"log/slog"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"git.myhealth.example/clinical/records/internal/domain"
	"git.myhealth.example/clinical/records/internal/records"
	"git.myhealth.example/clinical/records/pkg/recordsv1"
	"git.myhealth.example/platform/chassis/database"
	"git.myhealth.example/platform/chassis/telemetry"
)

// API is recordsv1.RecordsServer.
type API struct {
	recordsv1.UnimplementedRecordsServer
	records *records.Service
	log     *slog.Logger
}

// New makes the API.
func New(service *records.Service, log *slog.Logger) *API {
	return &API{records: service, log: log}
}

// CheckPatient says whether a patient may be given an appointment, and may be reminded of it.
func (a *API) CheckPatient(ctx context.Context, request *recordsv1.CheckPatientRequest) (*recordsv1.CheckPatientResponse, error) {
	id, err := domain.ParseID[domain.PatientID](request.GetPatientId())
	if err != nil {
		a.log.DebugContext(ctx, "a patient is checked by what is no id") // and may be anything: it is not repeated
		return nil, status.Error(codes.InvalidArgument, "patient_id "+err.Error())
	}
	a.log.LogAttrs(ctx, slog.LevelDebug, "a patient is checked", slog.String("patient.id", string(id)))
	standing, err := a.records.Standing(ctx, id)
	if err != nil {
		return nil, a.statusOf(ctx, err)
	}
	return &recordsv1.CheckPatientResponse{
		PatientId: string(id), Active: standing.Active, Reminders: standing.Reminders, MergedInto: string(standing.MergedInto),
	}, nil
}

func (a *API) statusOf(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, domain.ErrNoPatient):
		return status.Error(codes.NotFound, err.Error())
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, "the request took too long")
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, "the request was cancelled")
	}
	a.log.ErrorContext(ctx, "a call failed", telemetry.Error(err))
	if errors.Is(err, database.ErrUnavailable) {
		return status.Error(codes.Unavailable, "the store is not available")
	}
	return status.Error(codes.Internal, "internal error")
}
