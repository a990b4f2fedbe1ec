package database

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strconv"

	driver "modernc.org/sqlite" // SQLite in Go: the binary stays static
	sqlite3 "modernc.org/sqlite/lib"
)

type sqlite struct{}

const sqliteSystem = "sqlite"

func (sqlite) system() string { return sqliteSystem }

func (sqlite) open(settings Settings) (writers, readers *sql.DB, err error) {
	address := func(options url.Values) string {
		// WAL: readers and the writer of any process do not wait for each other; writers wait for one another for 5 s.
		// FULL: what was committed is on disk, as on Postgres.
		options["_pragma"] = append(options["_pragma"],
			"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)")
		return "file:" + (&url.URL{Path: settings.Path}).EscapedPath() + "?" + options.Encode()
	}
	if writers, err = sql.Open("sqlite", address(url.Values{"_txlock": {"immediate"}})); err != nil {
		return nil, nil, err
	}
	writers.SetMaxOpenConns(1)
	if readers, err = sql.Open("sqlite", address(url.Values{"_pragma": {"query_only(1)"}})); err != nil {
		return nil, nil, errors.Join(err, writers.Close())
	}
	readers.SetMaxOpenConns(settings.Connections)
	readers.SetMaxIdleConns(settings.Connections)
	return writers, readers, nil
}

func (sqlite) suffix(*Statement) string { return "" }

// A writing transaction begins as IMMEDIATE: it has the file.
func (sqlite) lock(context.Context, *sql.Tx, int64) error            { return nil }
func (sqlite) tryLock(context.Context, *sql.Tx, int64) (bool, error) { return true, nil }

func (sqlite) code(err error) (string, error) {
	var answered *driver.Error
	if !errors.As(err, &answered) {
		return "", errOther
	}
	code := strconv.Itoa(answered.Code())
	switch answered.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return code, ErrDuplicate
	}
	switch answered.Code() & 0xff { // the primary code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return code, ErrUnavailable
	}
	return code, errOther
}
