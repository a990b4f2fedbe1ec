// Package database is a service's store: Postgres in a cluster, SQLite (one file for all replicas) on one machine, the same SQL
// on both. Every statement is observed, no error quotes data, and a rotated password is used from the next connection on.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"git.myhealth.example/platform/chassis/config"
	"git.myhealth.example/platform/chassis/secret"
	"git.myhealth.example/platform/chassis/telemetry"
)

// Settings say where the store is.
type Settings struct {
	Path        string     // of the file, for SQLite
	Secret      string     // name of the secret that has host and credentials, for Postgres
	Secrets     secret.Dir // where that secret is
	CA          string     // file of certificates that the server's is verified by; empty: the system's
	Connections int        // at most, of one process
	Application string     // its name, shown in the server's list of connections
}

// ReadSettings reads DATABASE, DATABASE_CA_FILE, DATABASE_CONNECTIONS and SECRETS_DIR.
func ReadSettings(env *config.Env) Settings {
	settings := Settings{
		Secrets:     secret.Dir(env.Text("SECRETS_DIR", "")),
		CA:          env.Text("DATABASE_CA_FILE", ""),
		Connections: env.Int("DATABASE_CONNECTIONS", 10, 1, 1000),
		Application: env.Text("OTEL_SERVICE_NAME", "myhealth"),
	}
	const expected = "secret:<name> or sqlite:<path>"
	kind, rest, _ := strings.Cut(env.Text("DATABASE", "secret:database"), ":")
	switch {
	case rest == "", kind != "secret" && kind != "sqlite":
		env.Reject("DATABASE", "is not a store", expected) // without its value: somebody may try a URL with a password
	case kind == "sqlite":
		settings.Path = rest
	case strings.ContainsAny(rest, `/\`):
		env.Reject("DATABASE", "names a secret by path", expected)
	default:
		settings.Secret = rest
		if settings.Secrets == "" {
			env.Reject("SECRETS_DIR", "is not set", "the folder of secret files, for DATABASE=secret:"+rest)
		}
	}
	return settings
}

// DB is an open store.
type DB struct {
	dialect  dialect
	writers  *sql.DB
	readers  *sql.DB // the same as writers on Postgres
	observe  *telemetry.Database
	prepared map[*Statement]*sql.Stmt // of writers, on SQLite
}

// dialect is what differs between the two.
type dialect interface {
	system() string // as the conventions name it
	// open makes the pools; for SQLite the one for writing has one connection, because a file has one writer.
	open(Settings) (writers, readers *sql.DB, err error)
	suffix(*Statement) string
	lock(ctx context.Context, tx *sql.Tx, key int64) error
	tryLock(ctx context.Context, tx *sql.Tx, key int64) (bool, error)
	// code is the database's own name for an error, and what that means to us.
	code(error) (code string, meaning error)
}

// Open connects. Its error says that the store cannot be reached.
func Open(ctx context.Context, settings Settings, observer *telemetry.Telemetry) (*DB, error) {
	db := &DB{dialect: postgres{}}
	if settings.Path != "" {
		db.dialect = sqlite{}
	}
	var err error
	if db.observe, err = observer.Database(db.dialect.system()); err != nil {
		return nil, err
	}
	if db.writers, db.readers, err = db.dialect.open(settings); err != nil {
		return nil, err
	}
	if err := db.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the store cannot be reached: %w", err), db.Close())
	}
	if err := db.observe.Pool("writers", db.writers); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if db.readers != db.writers {
		err = db.observe.Pool("readers", db.readers)
	}
	return db, err
}

// Ping asks whether the store answers.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	return db.wrap(ctx, "SELECT", "", db.readers.QueryRowContext(ctx, "SELECT 1").Scan(&one))
}

// Close ends all connections.
func (db *DB) Close() error {
	if db.readers == db.writers {
		return db.writers.Close()
	}
	return errors.Join(db.writers.Close(), db.readers.Close())
}

// A Statement is one SQL text with $1 placeholders, for both databases.
type Statement struct {
	Operation, Table string // for its span: SELECT patients
	SQL              string
	OnPostgres       string // is appended there, such as " FOR UPDATE": in SQLite a writing transaction has the file locked
}

// Write runs a transaction that may write, and commits it if run succeeds. Run may be called again after a collision with another
// transaction, so it must have no other effect.
func (db *DB) Write(ctx context.Context, run func(*Tx) error) error {
	return persevere(ctx, func() (again bool, err error) {
		begun, err := db.writers.BeginTx(ctx, nil)
		if err != nil {
			err = db.wrap(ctx, "BEGIN", "", err)
			return errors.Is(err, errBroken), err // nothing was done
		}
		defer begun.Rollback() //nolint:errcheck // after Commit there is nothing to roll back
		if err = run(&Tx{db: db, tx: begun}); err == nil {
			err = db.observed(ctx, "COMMIT", "", func(context.Context) error { return begun.Commit() })
		}
		return errors.Is(err, errCollided), err
	})
}

// Row runs a statement that reads, outside of any transaction, and scans the one row that it answers: sql.ErrNoRows if there is
// none.
func (db *DB) Row(ctx context.Context, s *Statement, args []any, into ...any) error {
	return persevere(ctx, func() (again bool, err error) {
		err = db.observed(ctx, s.Operation, s.Table, func(ctx context.Context) error {
			return db.readers.QueryRowContext(ctx, s.SQL, args...).Scan(into...)
		})
		return errors.Is(err, errBroken), err
	})
}

// persevere tries a few times what may be tried again. A pool hands out connections that broke while they were idle, or that belonged
// to a client who went away in the middle of a transaction; who asks next must not pay for it.
func persevere(ctx context.Context, try func() (again bool, err error)) error {
	const attempts = 5
	for attempt := 1; ; attempt++ {
		again, err := try()
		if !again || attempt == attempts {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(attempt) * 5 * time.Millisecond):
		}
	}
}

// Prepare parses statements once instead of each time, where that saves something. They must suit the migrated schema.
func (db *DB) Prepare(ctx context.Context, statements ...*Statement) error {
	if db.dialect.system() != sqliteSystem { // pgx keeps what it has prepared on a connection itself
		return nil
	}
	prepared := make(map[*Statement]*sql.Stmt, len(statements))
	for _, s := range statements {
		made, err := db.writers.PrepareContext(ctx, s.SQL)
		if err != nil {
			return fmt.Errorf("%s %s cannot be prepared: %w", s.Operation, s.Table, err)
		}
		prepared[s] = made
	}
	db.prepared = prepared
	return nil
}

// Tx is a transaction.
type Tx struct {
	db *DB
	tx *sql.Tx
}

// Exec runs a statement and answers how many rows it changed.
func (tx *Tx) Exec(ctx context.Context, s *Statement, args ...any) (changed int64, err error) {
	err = tx.db.observed(ctx, s.Operation, s.Table, func(ctx context.Context) error {
		var result sql.Result
		if made := tx.db.prepared[s]; made != nil {
			result, err = tx.tx.StmtContext(ctx, made).ExecContext(ctx, args...)
		} else {
			result, err = tx.tx.ExecContext(ctx, s.SQL+tx.db.dialect.suffix(s), args...)
		}
		if err == nil {
			changed, err = result.RowsAffected()
		}
		return err
	})
	return changed, err
}

// Row scans the one row that a statement answers: sql.ErrNoRows if there is none.
func (tx *Tx) Row(ctx context.Context, s *Statement, args []any, into ...any) error {
	return tx.db.observed(ctx, s.Operation, s.Table, func(ctx context.Context) error {
		if made := tx.db.prepared[s]; made != nil {
			return tx.tx.StmtContext(ctx, made).QueryRowContext(ctx, args...).Scan(into...)
		}
		return tx.tx.QueryRowContext(ctx, s.SQL+tx.db.dialect.suffix(s), args...).Scan(into...)
	})
}

// Rows calls each with a function that scans a row, once for each row that a statement answers.
func (tx *Tx) Rows(ctx context.Context, s *Statement, args []any, each func(scan func(...any) error) error) error {
	return tx.db.observed(ctx, s.Operation, s.Table, func(ctx context.Context) error {
		var rows *sql.Rows
		var err error
		if made := tx.db.prepared[s]; made != nil {
			rows, err = tx.tx.StmtContext(ctx, made).QueryContext(ctx, args...)
		} else {
			rows, err = tx.tx.QueryContext(ctx, s.SQL+tx.db.dialect.suffix(s), args...)
		}
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := each(rows.Scan); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// TryLock takes a lock until the transaction ends, or answers false at once if another transaction has it. In SQLite the
// transaction has the whole file.
func (tx *Tx) TryLock(ctx context.Context, key int64) (bool, error) {
	locked, err := tx.db.dialect.tryLock(ctx, tx.tx, key)
	return locked, tx.db.wrap(ctx, "LOCK", "", err)
}

func (db *DB) observed(ctx context.Context, operation, table string, run func(context.Context) error) error {
	err := db.observe.Observe(ctx, operation, table, run, func(err error) string {
		code, _ := db.dialect.code(err)
		return code
	})
	return db.wrap(ctx, operation, table, err)
}
