package app_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"git.myhealth.example/clinical/records/internal/domain"
	"git.myhealth.example/clinical/records/internal/records"
	"git.myhealth.example/clinical/records/internal/settings"
	"git.myhealth.example/clinical/records/internal/store"
	"git.myhealth.example/platform/chassis/config"
	"git.myhealth.example/platform/chassis/telemetry"
)

// useCases are those of one replica, without its APIs.
func useCases(t *testing.T, environment map[string]string, clock func() time.Time) *records.Service {
	t.Helper()
	env := config.New(func(name string) string { return environment[name] })
	read := settings.Read(env)
	observer, err := telemetry.Start(t.Context(), telemetry.Options{Service: "records", Lines: io.Discard})
	if err = errors.Join(env.Err(), err); err != nil {
		t.Fatal(err)
	}
	opened, _, err := store.Open(t.Context(), read.Database, observer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return records.New(opened, clock, func(context.Context, domain.Access) {})
}

func key(text string) records.Key {
	return records.Key{Scope: "test", Text: text, Fingerprint: []byte(text)}
}

func registered(t *testing.T, service *records.Service, name string) domain.PatientID {
	t.Helper()
	born := domain.Date{Year: 1980, Month: 2, Day: 29}
	done, err := service.Register(t.Context(), "clinician/dr-7", key(name), domain.Details{Name: name, DateOfBirth: born})
	if err != nil {
		t.Fatal(err)
	}
	return done.Value.ID
}

// console is the database, past the service.
func console(t *testing.T, environment map[string]string) *sql.DB {
	t.Helper()
	driver, address := "sqlite", strings.TrimPrefix(environment["DATABASE"], "sqlite:")
	if secrets := environment["SECRETS_DIR"]; secrets != "" {
		text, err := os.ReadFile(filepath.Join(secrets, "database.json"))
		var secret map[string]any
		if err = errors.Join(err, json.Unmarshal(text, &secret)); err != nil {
			t.Fatal(err)
		}
		driver, address = "pgx", fmt.Sprintf("host=%s port=%v user=%s password=%s dbname=%s sslmode=disable",
			secret["host"], secret["port"], secret["username"], secret["password"], secret["dbname"])
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// The database itself refuses to rewrite, whoever asks.
func TestNobodyRewritesARecord(t *testing.T) {
	stores(t, func(t *testing.T, environment map[string]string) {
		service := useCases(t, environment, time.Now)
		id := registered(t, service, "a")
		entry, err := service.Write(t.Context(), "clinician/dr-7", key("e"), id, domain.Draft{Kind: domain.Note, Text: "x", Author: "dr"})
		if err != nil {
			t.Fatal(err)
		}
		correction := domain.Correction{Text: "y", Author: "dr"}
		if _, err := service.Amend(t.Context(), "clinician/dr-7", key("amended"), id, entry.Value.ID, correction); err != nil {
			t.Fatal(err)
		}
		db := console(t, environment)
		for _, statement := range []string{
			"UPDATE entries SET text = 'z'", "DELETE FROM entries", "UPDATE amendments SET text = 'z'", "DELETE FROM amendments",
			"UPDATE accesses SET actor = 'z'", "DELETE FROM accesses", "UPDATE consents SET reminders = TRUE", "DELETE FROM consents",
			"DELETE FROM patients", "UPDATE patients SET status = 'merged'", "UPDATE patients SET merged_into = id, status = 'merged'",
		} {
			if _, err := db.ExecContext(t.Context(), statement); err == nil {
				t.Errorf("%s was done", statement)
			}
		}
	})
}

// Many merges at once, from two replicas: every one that was merged leads in one step to one that is not, and nobody is lost.
func TestMergesAtOnceNeverChain(t *testing.T) {
	stores(t, func(t *testing.T, environment map[string]string) {
		replicas := []*records.Service{useCases(t, environment, time.Now), useCases(t, environment, time.Now)}
		var all []domain.PatientID
		for n := range 10 {
			all = append(all, registered(t, replicas[0], fmt.Sprint("patient ", n)))
		}
		var wait sync.WaitGroup
		for worker := range 6 {
			random := rand.New(rand.NewPCG(uint64(worker), 7))
			wait.Go(func() {
				for range 15 {
					_, err := replicas[worker%2].Merge(t.Context(), "clinician/dr-7", all[random.IntN(10)], all[random.IntN(10)], nil)
					var merged domain.ErrMerged
					var target domain.ErrTargetMerged
					if err != nil && !errors.As(err, &merged) && !errors.As(err, &target) && !errors.Is(err, domain.ErrIntoItself) {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		standing := func(id domain.PatientID) domain.Standing {
			found, err := replicas[0].Standing(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		kept := 0
		for _, id := range all {
			into := standing(id).MergedInto
			if into == "" {
				kept++
			} else if further := standing(into).MergedInto; further != "" {
				t.Errorf("%s leads to %s, which leads to %s", id, into, further)
			}
		}
		if kept == 0 {
			t.Error("nobody is kept")
		}
	})
}

func TestAKeyIsCarriedOutOnceByAllReplicas(t *testing.T) {
	stores(t, func(t *testing.T, environment map[string]string) {
		replicas := []*records.Service{useCases(t, environment, time.Now), useCases(t, environment, time.Now)}
		id := registered(t, replicas[0], "a")
		made := make([]domain.EntryID, 8)
		var wait sync.WaitGroup
		for n := range made {
			wait.Go(func() {
				for {
					done, err := replicas[n%2].Write(t.Context(), "clinician/dr-7", key("e"), id, domain.Draft{Kind: domain.Note, Text: "x", Author: "dr"})
					if !errors.Is(err, records.ErrInFlight) {
						made[n] = done.Value.ID
						return
					}
				}
			})
		}
		wait.Wait()
		for _, entry := range made {
			if entry == "" || entry != made[0] {
				t.Fatalf("one key made %v", made)
			}
		}
	})
}

func TestAKeyIsForgottenAfterADay(t *testing.T) {
	stores(t, func(t *testing.T, environment map[string]string) {
		now := time.Now()
		service := useCases(t, environment, func() time.Time { return now })
		first := registered(t, service, "a")
		now = now.Add(23 * time.Hour)
		if registered(t, service, "a") != first {
			t.Error("forgotten after 23 hours")
		}
		if forgotten, err := service.ForgetAnswers(t.Context()); err != nil || forgotten != 0 {
			t.Errorf("%d were forgotten: %v", forgotten, err)
		}
		now = now.Add(2 * time.Hour)
		if registered(t, service, "a") == first {
			t.Error("known after 25 hours")
		}
		now = now.Add(25 * time.Hour)
		if forgotten, err := service.ForgetAnswers(t.Context()); err != nil || forgotten != 1 {
			t.Errorf("%d were forgotten: %v", forgotten, err)
		}
	})
}
