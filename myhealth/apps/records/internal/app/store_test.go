package app_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
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
	return telling(t, environment, clock, func(context.Context, domain.Access) {})
}

func telling(
	t *testing.T, environment map[string]string, clock func() time.Time, changed func(context.Context, domain.Access),
) *records.Service {
	t.Helper()
	return records.New(opened(t, environment), clock, changed)
}

func opened(t *testing.T, environment map[string]string) *store.Store {
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
	return opened
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

// failing is a store that fails after all was done, before it is committed.
type failing struct{ records.Store }

func (f failing) Write(ctx context.Context, run func(records.Tx) error) error {
	return f.Store.Write(ctx, func(tx records.Tx) error { return errors.Join(run(tx), errors.New("the disk is full")) })
}

func TestWhatIsNotCommittedIsNotTold(t *testing.T) {
	stores(t, func(t *testing.T, environment map[string]string) {
		service := records.New(failing{opened(t, environment)}, time.Now, func(_ context.Context, change domain.Access) {
			t.Errorf("%s was told", change.Action)
		})
		born := domain.Date{Year: 1980, Month: 2, Day: 29}
		if _, err := service.Register(t.Context(), "clinician/dr-7", key("a"), domain.Details{Name: "a", DateOfBirth: born}); err == nil {
			t.Error("it is said to be done")
		}
		var left int
		count := "SELECT (SELECT COUNT(*) FROM patients) + (SELECT COUNT(*) FROM accesses) + (SELECT COUNT(*) FROM answers)"
		if err := console(t, environment).QueryRowContext(t.Context(), count).Scan(&left); err != nil || left != 0 {
			t.Errorf("%d rows are left: %v", left, err)
		}
	})
}

// Many merges at once, from two replicas: every one that was merged leads in one step to one that is not, and nobody is lost. What is
// told of them is what the trail has, each once, however often a transaction began anew.
func TestMergesAtOnceNeverChain(t *testing.T) {
	stores(t, func(t *testing.T, environment map[string]string) {
		var mutex sync.Mutex
		told := map[domain.AccessID]int{}
		tell := func(_ context.Context, change domain.Access) {
			mutex.Lock()
			defer mutex.Unlock()
			told[change.ID]++
		}
		replicas := []*records.Service{telling(t, environment, time.Now, tell), telling(t, environment, time.Now, tell)}
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
		rows, err := console(t, environment).QueryContext(t.Context(), "SELECT id, action FROM accesses")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		want := map[domain.AccessID]int{}
		for rows.Next() {
			var line domain.Access
			if err := rows.Scan(&line.ID, &line.Action); err != nil {
				t.Fatal(err)
			}
			if line.Action.Changes() {
				want[line.ID] = 1
			}
		}
		if err := rows.Err(); err != nil || !maps.Equal(told, want) {
			t.Errorf("%d changes were told, the trail has %d: %v", len(told), len(want), err)
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
