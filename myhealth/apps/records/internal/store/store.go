// Package store keeps records in Postgres or SQLite, with the same statements.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"time"

	"git.myhealth.example/clinical/records/internal/domain"
	"git.myhealth.example/clinical/records/internal/records"
	"git.myhealth.example/platform/chassis/database"
	"git.myhealth.example/platform/chassis/telemetry"
)

//go:embed migrations
var embedded embed.FS

// Store is records.Store.
type Store struct{ db *database.DB }

// Open connects and migrates.
func Open(ctx context.Context, settings database.Settings, observer *telemetry.Telemetry) (*Store, int, error) {
	db, err := database.Open(ctx, settings, observer)
	if err != nil {
		return nil, 0, err
	}
	migrations, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return nil, 0, errors.Join(err, db.Close())
	}
	applied, err := db.Migrate(ctx, migrations)
	if err == nil {
		err = db.Prepare(ctx, statements...)
	}
	if err != nil {
		return nil, 0, errors.Join(err, db.Close())
	}
	return &Store{db}, applied, nil
}

// Close ends the connections.
func (s *Store) Close() error { return s.db.Close() }

// Ping asks whether the store answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.Ping(ctx) }

// Write runs a transaction.
func (s *Store) Write(ctx context.Context, run func(records.Tx) error) error {
	return s.db.Write(ctx, func(tx *database.Tx) error { return run(transaction{tx}) })
}

// Standing of a patient, by one statement.
func (s *Store) Standing(ctx context.Context, id domain.PatientID) (domain.Standing, error) {
	var patient domain.Patient
	err := s.db.Row(ctx, selectStanding, []any{string(id)}, &patient.Status, &patient.Reminders, &patient.MergedInto)
	if errors.Is(err, sql.ErrNoRows) {
		return domain.Standing{}, domain.ErrNoPatient
	}
	return patient.Standing(), err
}

// ForgetAnswers removes old answers.
func (s *Store) ForgetAnswers(ctx context.Context, before time.Time) (forgotten int64, err error) {
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		forgotten, err = tx.Exec(ctx, deleteAnswers, before.UnixMilli())
		return err
	})
	return forgotten, err
}
