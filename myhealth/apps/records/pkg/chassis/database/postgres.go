package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"git.myhealth.example/platform/chassis/secret"
)

type postgres struct{}

// credentials are the secret, in the shape that AWS Secrets Manager gives it for RDS.
type credentials struct {
	Engine   string      `json:"engine"`
	Host     string      `json:"host"`
	Port     int         `json:"port"`
	Username string      `json:"username"`
	Password secret.Text `json:"password"`
	Database string      `json:"dbname"`
	SSLMode  string      `json:"sslmode"` // verify-full unless it says less
}

func (postgres) system() string { return "postgresql" }

func (postgres) open(settings Settings) (writers, readers *sql.DB, err error) {
	first, err := settings.connection()
	if err != nil {
		return nil, nil, err
	}
	// The secret is read again for every connection: a password that was rotated reaches the next one.
	connector := stdlib.GetConnector(*first, stdlib.OptionBeforeConnect(func(_ context.Context, next *pgx.ConnConfig) error {
		fresh, err := settings.connection()
		if err == nil {
			*next = *fresh
		}
		return err
	}))
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(settings.Connections)
	pool.SetMaxIdleConns(settings.Connections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	pool.SetConnMaxLifetime(30 * time.Minute) // no connection outlives an old password for long
	return pool, pool, nil
}

// connection is how to connect now.
func (s Settings) connection() (*pgx.ConnConfig, error) {
	var c credentials
	if err := s.Secrets.Read(s.Secret, &c); err != nil {
		return nil, err
	}
	switch {
	case c.Engine != "" && c.Engine != "postgres":
		return nil, fmt.Errorf("secret %s: engine is not postgres", s.Secret)
	case c.Host == "" || c.Username == "" || c.Database == "":
		return nil, fmt.Errorf("secret %s: host, username or dbname is missing", s.Secret)
	}
	text := parameter("host", c.Host) + parameter("user", c.Username) + parameter("dbname", c.Database) +
		parameter("sslmode", or(c.SSLMode, "verify-full")) + parameter("connect_timeout", "5") +
		parameter("application_name", s.Application)
	if c.Port != 0 {
		text += parameter("port", strconv.Itoa(c.Port))
	}
	if s.CA != "" {
		text += parameter("sslrootcert", s.CA)
	}
	config, err := pgx.ParseConfig(text)
	if err != nil {
		return nil, fmt.Errorf("secret %s: host, port or sslmode is not usable, or DATABASE_CA_FILE cannot be read", s.Secret)
	}
	config.Password = c.Password.Expose() // last, so that no error above can hold it
	return config, nil
}

func parameter(name, value string) string {
	return name + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "' "
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

func (postgres) suffix(s *Statement) string { return s.OnPostgres }

func (postgres) lock(ctx context.Context, tx *sql.Tx, key int64) error {
	_, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", key)
	return err
}

func (postgres) tryLock(ctx context.Context, tx *sql.Tx, key int64) (locked bool, err error) {
	err = tx.QueryRowContext(ctx, "SELECT pg_try_advisory_xact_lock($1)", key).Scan(&locked)
	return locked, err
}

func (postgres) code(err error) (string, error) {
	var answered *pgconn.PgError
	if !errors.As(err, &answered) {
		return "", errBroken // no answer of the server
	}
	switch code := answered.Code; {
	case code == "23505":
		return code, ErrDuplicate
	case code == "40001", code == "40P01":
		return code, errCollided
	case code == "57P01", code == "57P02": // the server ends the connection, for maintenance or a failover
		return code, errBroken
	case strings.HasPrefix(code, "08"), strings.HasPrefix(code, "28"), strings.HasPrefix(code, "53"), strings.HasPrefix(code, "57"):
		return code, ErrUnavailable
	default:
		return code, errOther
	}
}
