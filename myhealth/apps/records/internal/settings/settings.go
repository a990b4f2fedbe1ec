// Package settings are what the service reads from its environment, beside what the chassis reads.
package settings

import (
	"git.myhealth.example/platform/chassis/config"
	"git.myhealth.example/platform/chassis/database"
)

// Help on the variables.
const Help = `
  DATABASE                      secret:<name> (Postgres, by a file of SECRETS_DIR; secret:database) or sqlite:<path>
  DATABASE_CA_FILE              certificates that Postgres is verified by, where they are not the system's
  DATABASE_CONNECTIONS          at most, of one process (10)
`

// Settings of the service.
type Settings struct {
	Database database.Settings
}

// Read reads them; env collects what is wrong.
func Read(env *config.Env) Settings {
	return Settings{Database: database.ReadSettings(env)}
}
