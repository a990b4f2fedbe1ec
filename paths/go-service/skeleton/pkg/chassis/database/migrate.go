package database

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// A migration is one file: 0001_name.sql for both databases, 0001_name.postgres.sql and 0001_name.sqlite.sql where they differ.
type migration struct {
	version   int
	name, sql string
}

var migrationFile = regexp.MustCompile(`^(\d{4})_([a-z0-9_]+)(?:\.(postgres|sqlite))?\.sql$`)

func (m migration) checksum() string {
	sum := sha256.Sum256([]byte(m.sql))
	return hex.EncodeToString(sum[:])
}

// readMigrations are those for one database, in order.
func readMigrations(folder fs.FS, kind string) ([]migration, error) {
	files, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, err
	}
	var all []migration
	for _, file := range files {
		parts := migrationFile.FindStringSubmatch(file.Name())
		if parts == nil {
			return nil, fmt.Errorf("migration %s: expected a name such as 0001_what_it_does.sql", file.Name())
		}
		if parts[3] != "" && parts[3] != kind {
			continue
		}
		text, err := fs.ReadFile(folder, file.Name())
		if err != nil {
			return nil, err
		}
		version, _ := strconv.Atoi(parts[1])
		all = append(all, migration{version, parts[2], string(text)})
	}
	slices.SortFunc(all, func(a, b migration) int { return a.version - b.version })
	for i := 1; i < len(all); i++ {
		if all[i].version == all[i-1].version {
			return nil, fmt.Errorf("migration %04d is there twice", all[i].version)
		}
	}
	return all, nil
}

// Migrate applies what has not been applied, all or nothing, and answers how many migrations that was. Replicas that start together
// wait for one another. Migrations that a newer release has applied are left alone: schema changes expand before they contract, so
// this release works with them.
func (db *DB) Migrate(ctx context.Context, folder fs.FS) (applied int, err error) {
	kind := "postgres"
	if db.dialect.system() == sqliteSystem {
		kind = "sqlite"
	}
	wanted, err := readMigrations(folder, kind)
	if err != nil {
		return 0, err
	}
	tx, err := db.writers.BeginTx(ctx, nil)
	if err != nil {
		return 0, db.wrap(ctx, "BEGIN", "", err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit there is nothing to roll back
	if err := db.dialect.lock(ctx, tx, lockKey("schema_migrations")); err != nil {
		return 0, db.wrap(ctx, "LOCK", "", err)
	}
	done, err := appliedMigrations(ctx, tx)
	if err != nil {
		return 0, db.wrap(ctx, "SELECT", "schema_migrations", err)
	}
	for _, m := range wanted {
		if checksum, ok := done[m.version]; ok {
			if checksum != m.checksum() {
				return 0, fmt.Errorf("migration %04d_%s was changed after it had been applied: add a new one instead", m.version, m.name)
			}
			continue
		}
		// A migration's text is ours, so the database's words about it hold no data.
		if _, err := tx.ExecContext(ctx, m.sql); err != nil {
			return 0, fmt.Errorf("migration %04d_%s: %w", m.version, m.name, err)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)`,
			m.version, m.name, m.checksum(), time.Now().UnixMilli())
		if err != nil {
			return 0, db.wrap(ctx, "INSERT", "schema_migrations", err)
		}
		applied++
	}
	return applied, db.wrap(ctx, "COMMIT", "", tx.Commit())
}

func appliedMigrations(ctx context.Context, tx *sql.Tx) (map[int]string, error) {
	_, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_migrations (
		version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)`)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT version, checksum FROM schema_migrations`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	done := map[int]string{}
	for rows.Next() {
		var version int
		var checksum string
		if err := rows.Scan(&version, &checksum); err != nil {
			return nil, err
		}
		done[version] = checksum
	}
	return done, rows.Err()
}

// lockKey is a number for a name, as advisory locks want it.
func lockKey(name string) int64 {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(name))
	return int64(sum.Sum64()) //nolint:gosec // any 64 bits will do
}
