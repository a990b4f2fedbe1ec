package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// What an error of the database means to a caller.
var (
	// ErrUnavailable: the store does not answer, or is too busy; the same may succeed later.
	ErrUnavailable = errors.New("the store is not available")
	// ErrDuplicate: a row with this key is there already.
	ErrDuplicate = errors.New("duplicate key")

	// Both are tried again where that is safe, and told when it was in vain.
	errCollided = fmt.Errorf("%w: the transaction collided with another", ErrUnavailable)
	errBroken   = fmt.Errorf("%w: the connection broke", ErrUnavailable)
)

// Error is a failed operation. It has the database's code and not its message: that may quote a patient's data.
type Error struct {
	Operation, Table, Code string
	meaning                error
}

func (e *Error) Error() string {
	what := strings.TrimSpace(e.Operation + " " + e.Table)
	if e.Code == "" {
		return fmt.Sprintf("%s: %v", what, e.meaning)
	}
	return fmt.Sprintf("%s: code %s: %v", what, e.Code, e.meaning)
}

// Unwrap is what the error means.
func (e *Error) Unwrap() error { return e.meaning }

// wrap turns an error of a driver into ours. That of an ended context, ErrNoRows, and ours pass.
func (db *DB) wrap(ctx context.Context, operation, table string, err error) error {
	var ours *Error
	switch {
	case err == nil, errors.Is(err, sql.ErrNoRows), errors.As(err, &ours):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%s %s: %w", operation, table, ctx.Err())
	}
	code, meaning := db.dialect.code(err)
	return &Error{operation, table, code, meaning}
}

// errOther is an error that is a bug of ours: a statement that does not suit the schema, a value that does not suit its column.
var errOther = errors.New("the operation failed")
