package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"git.myhealth.example/platform/chassis/config"
	"git.myhealth.example/platform/chassis/database"
	"git.myhealth.example/platform/chassis/telemetry"
)

// stores are the databases to test with, each empty: a SQLite file always, Postgres where KARAT_PEERS_POSTGRES says where one is.
func stores(t *testing.T, run func(t *testing.T, settings database.Settings)) {
	t.Run("sqlite", func(t *testing.T) {
		run(t, read(t, map[string]string{"DATABASE": "sqlite:" + filepath.Join(t.TempDir(), "test.db")}))
	})
	t.Run("postgres", func(t *testing.T) {
		run(t, postgres(t).settings(t))
	})
}

func read(t *testing.T, environment map[string]string) database.Settings {
	t.Helper()
	env := config.New(func(name string) string { return environment[name] })
	settings := database.ReadSettings(env)
	if err := env.Err(); err != nil {
		t.Fatal(err)
	}
	return settings
}

// server is a database of its own on a real Postgres.
type server struct {
	admin      *sql.DB
	host, port string
	name       string // of the database, and of a role that may log in
	secrets    string
}

func postgres(t *testing.T) *server {
	t.Helper()
	address := os.Getenv("KARAT_PEERS_POSTGRES")
	if address == "" {
		t.Skip("KARAT_PEERS_POSTGRES is not set: host=... port=... user=... dbname=...")
	}
	admin, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	s := &server{admin: admin, name: fmt.Sprintf("chassis_%d_%d", os.Getpid(), time.Now().UnixNano()), secrets: t.TempDir()}
	for part := range strings.FieldsSeq(address) {
		switch key, value, _ := strings.Cut(part, "="); key {
		case "host":
			s.host = value
		case "port":
			s.port = value
		}
	}
	s.do(t, "CREATE ROLE "+s.name+" LOGIN PASSWORD 'swordfish'")
	s.do(t, "CREATE DATABASE "+s.name+" OWNER "+s.name)
	s.secret(t, s.name)
	return s
}

func (s *server) do(t *testing.T, statement string) {
	t.Helper()
	if _, err := s.admin.ExecContext(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}

// secret writes the file as the driver does: another one takes its place.
func (s *server) secret(t *testing.T, role string) {
	t.Helper()
	text := fmt.Sprintf(`{"engine":"postgres","host":%q,"port":%s,"username":%q,"password":"swordfish","dbname":%q,"sslmode":"disable"}`,
		s.host, s.port, role, s.name)
	file := filepath.Join(s.secrets, "database.json")
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

func (s *server) settings(t *testing.T) database.Settings {
	return read(t, map[string]string{"SECRETS_DIR": s.secrets, "DATABASE_CONNECTIONS": "4"})
}

// cut ends every connection but the one that asks.
func (s *server) cut(t *testing.T) {
	s.do(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+s.name+"'")
}

func open(t *testing.T, settings database.Settings) *database.DB {
	t.Helper()
	observer, err := telemetry.Start(t.Context(), telemetry.Options{Service: "test", Lines: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	db, err := database.Open(t.Context(), settings, observer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func files(texts map[string]string) fstest.MapFS {
	folder := fstest.MapFS{}
	for name, text := range texts {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return folder
}

var counters = map[string]string{"0001_counters.sql": "CREATE TABLE counters (name TEXT PRIMARY KEY, n BIGINT NOT NULL CHECK (n < 1000))"}

var (
	insert    = &database.Statement{Operation: "INSERT", Table: "counters", SQL: "INSERT INTO counters (name, n) VALUES ($1, $2)"}
	increment = &database.Statement{Operation: "UPDATE", Table: "counters", SQL: "UPDATE counters SET n = n + 1 WHERE name = $1"}
	count     = &database.Statement{Operation: "SELECT", Table: "counters", SQL: "SELECT n FROM counters WHERE name = $1"}
)

// counting opens a store that has a counter.
func counting(t *testing.T, settings database.Settings) *database.DB {
	t.Helper()
	db := open(t, settings)
	if _, err := db.Migrate(t.Context(), files(counters)); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), func(tx *database.Tx) error {
		_, err := tx.Exec(t.Context(), insert, "a", 0)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestMigrationsAreAppliedOnceInOrder(t *testing.T) {
	stores(t, func(t *testing.T, settings database.Settings) {
		texts := map[string]string{
			"0002_more.sql": "ALTER TABLE counters ADD COLUMN more TEXT", "0001_counters.sql": counters["0001_counters.sql"],
			"0003_own.sqlite.sql": "CREATE TABLE own (n INTEGER)", "0003_own.postgres.sql": "CREATE TABLE own (n BIGINT)",
		}
		var wait sync.WaitGroup
		var mutex sync.Mutex
		total := 0
		for range 4 { // replicas that start together
			db := open(t, settings)
			wait.Go(func() {
				applied, err := db.Migrate(t.Context(), files(texts))
				mutex.Lock()
				defer mutex.Unlock()
				total += applied
				if err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if total != 3 {
			t.Errorf("%d migrations were applied, not 3", total)
		}
		db := open(t, settings)
		older := map[string]string{"0001_counters.sql": texts["0001_counters.sql"]}
		if applied, err := db.Migrate(t.Context(), files(older)); err != nil || applied != 0 {
			t.Errorf("an older release does not start: %d, %v", applied, err)
		}
		older["0001_counters.sql"] += " -- changed"
		if _, err := db.Migrate(t.Context(), files(older)); err == nil || !strings.Contains(err.Error(), "0001_counters was changed") {
			t.Errorf("a changed migration: %v", err)
		}
	})
}

func TestMigrationsThatFailLeaveNothing(t *testing.T) {
	stores(t, func(t *testing.T, settings database.Settings) {
		db := open(t, settings)
		texts := map[string]string{"0001_counters.sql": counters["0001_counters.sql"], "0002_wrong.sql": "CREATE TABEL x"}
		if _, err := db.Migrate(t.Context(), files(texts)); err == nil || !strings.Contains(err.Error(), "0002_wrong") {
			t.Errorf("%v", err)
		}
		if applied, err := db.Migrate(t.Context(), files(counters)); err != nil || applied != 1 {
			t.Errorf("half of it was left: %d, %v", applied, err)
		}
		for _, name := range []string{"1_x.sql", "0001_X.sql", "0001_x.mysql.sql", "readme.md"} {
			if _, err := db.Migrate(t.Context(), files(map[string]string{name: "SELECT 1"})); err == nil {
				t.Errorf("%s is taken", name)
			}
		}
	})
}

func TestErrorsSayWhatTheyMeanAndQuoteNoData(t *testing.T) {
	stores(t, func(t *testing.T, settings database.Settings) {
		db := counting(t, settings)
		ctx := t.Context()
		again := db.Write(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(ctx, insert, "a", 1)
			return err
		})
		if !errors.Is(again, database.ErrDuplicate) {
			t.Errorf("the same key: %v", again)
		}
		broken := db.Write(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(ctx, insert, "Quackenbush", 1234567)
			return err
		})
		var told *database.Error
		if !errors.As(broken, &told) || told.Code == "" || strings.Contains(broken.Error(), "1234567") || strings.Contains(broken.Error(), "uackenbush") {
			t.Errorf("a rule of the table: %v", broken)
		}
		var n int64
		if err := db.Row(ctx, count, []any{"Quackenbush"}, &n); !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("it was not rolled back: %d, %v", n, err)
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if err := db.Write(ended, func(*database.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("an ended context: %v", err)
		}
	})
}

func TestWritersWaitForEachOther(t *testing.T) {
	stores(t, func(t *testing.T, settings database.Settings) {
		first := counting(t, settings)
		var wait sync.WaitGroup
		for _, db := range []*database.DB{first, open(t, settings), open(t, settings)} {
			for range 4 {
				wait.Go(func() {
					for range 10 {
						if err := db.Write(t.Context(), func(tx *database.Tx) error {
							_, err := tx.Exec(t.Context(), increment, "a")
							return err
						}); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wait.Wait()
		var n int64
		if err := first.Row(t.Context(), count, []any{"a"}, &n); err != nil || n != 120 {
			t.Errorf("%d of 120 were counted: %v", n, err)
		}
	})
}

// Clients that go away in the middle of a transaction leave a connection behind that cannot be used: nobody else must see it.
func TestWhoGoesAwaySpoilsNothing(t *testing.T) {
	stores(t, func(t *testing.T, settings database.Settings) {
		db := counting(t, settings)
		var going, staying sync.WaitGroup
		done := make(chan struct{})
		for range 4 {
			going.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-done:
						return
					default:
					}
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n%20)*100*time.Microsecond)
					_ = db.Write(ctx, func(tx *database.Tx) error {
						_, err := tx.Exec(ctx, increment, "a")
						return err
					})
					cancel()
				}
			})
		}
		for range 2 {
			staying.Go(func() {
				for range 150 {
					var n int64
					if err := db.Write(t.Context(), func(tx *database.Tx) error { return tx.Row(t.Context(), count, []any{"a"}, &n) }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		staying.Wait()
		close(done)
		going.Wait()
	})
}

func TestARotatedSecretIsUsedFromTheNextConnectionOn(t *testing.T) {
	on := postgres(t)
	db := open(t, on.settings(t))
	who := &database.Statement{Operation: "SELECT", SQL: "SELECT current_user"}
	var first, second string
	if err := db.Row(t.Context(), who, nil, &first); err != nil {
		t.Fatal(err)
	}
	rotated := on.name + "_b" // alternating users, as Secrets Manager rotates
	on.do(t, "CREATE ROLE "+rotated+" LOGIN PASSWORD 'swordfish'")
	on.secret(t, rotated)
	on.cut(t)
	if err := db.Write(t.Context(), func(tx *database.Tx) error { return tx.Row(t.Context(), who, nil, &second) }); err != nil {
		t.Fatal(err)
	}
	if first != on.name || second != rotated {
		t.Errorf("connected as %s, then as %s", first, second)
	}
}

func TestAStoreThatCannotBeReachedIsTold(t *testing.T) {
	secrets := t.TempDir()
	text := `{"host":"127.0.0.1","port":1,"username":"u","password":"swordfish","dbname":"d","sslmode":"disable"}`
	if err := os.WriteFile(filepath.Join(secrets, "database.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	observer, err := telemetry.Start(t.Context(), telemetry.Options{Service: "test", Lines: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	for name, settings := range map[string]database.Settings{
		"postgres": read(t, map[string]string{"SECRETS_DIR": secrets}),
		"secret":   read(t, map[string]string{"SECRETS_DIR": t.TempDir()}),
		"sqlite":   read(t, map[string]string{"DATABASE": "sqlite:" + filepath.Join(t.TempDir(), "missing", "test.db")}),
	} {
		if _, err := database.Open(t.Context(), settings, observer); err == nil || strings.Contains(err.Error(), "swordfish") {
			t.Errorf("%s: %v", name, err)
		} else {
			t.Log(err)
		}
	}
}

func TestWhereTheStoreIsMustBeSaid(t *testing.T) {
	for value, wrong := range map[string]string{
		"postgres://u:swordfish@host/d": "DATABASE", "sqlite:": "DATABASE", "secret:../etc": "DATABASE", "": "SECRETS_DIR",
	} {
		env := config.New(func(name string) string { return map[string]string{"DATABASE": value}[name] })
		database.ReadSettings(env)
		if err := env.Err(); err == nil || !strings.Contains(err.Error(), wrong+": ") || strings.Contains(err.Error(), "swordfish") {
			t.Errorf("%q: %v", value, err)
		}
	}
}
