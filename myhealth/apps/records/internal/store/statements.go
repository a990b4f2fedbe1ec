package store

import "git.myhealth.example/platform/chassis/database"

// statements are all that run in transactions, to be prepared.
var statements []*database.Statement

func statement(operation, table, sql string) *database.Statement {
	made := &database.Statement{Operation: operation, Table: table, SQL: sql}
	statements = append(statements, made)
	return made
}

// forUpdate is the statement with its rows taken, where rows can be taken. NO KEY: readers' lines in the trail refer to the row,
// and need not wait.
func forUpdate(s *database.Statement) *database.Statement {
	made := statement(s.Operation, s.Table, s.SQL)
	made.OnPostgres = " FOR NO KEY UPDATE"
	return made
}

const (
	patientColumns = `id, name, date_of_birth, email, phone, reminders, status, COALESCE(merged_into, ''), version, created_at, updated_at`
	entryColumns   = `id, patient_id, kind, text, author, recorded_by, recorded_at`
	// whole is a record with all that was merged into it: merges are one step deep.
	whole = `(SELECT id FROM patients WHERE id = $1 OR merged_into = $1)`
)

var (
	selectPatient  = statement("SELECT", "patients", `SELECT `+patientColumns+` FROM patients WHERE id = $1`)
	takePatient    = forUpdate(selectPatient)
	takeMergedInto = forUpdate(statement("SELECT", "patients", `SELECT `+patientColumns+` FROM patients WHERE merged_into = $1 ORDER BY id`))
	selectStanding = statement("SELECT", "patients", `SELECT status, reminders, COALESCE(merged_into, '') FROM patients WHERE id = $1`)
	insertPatient  = statement("INSERT", "patients", `INSERT INTO patients (id, name, date_of_birth, email, phone, reminders, status, merged_into, version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, NULLIF($8, ''), $9, $10, $11)`)
	updatePatient = statement("UPDATE", "patients", `UPDATE patients SET name = $2, date_of_birth = $3, email = $4, phone = $5, reminders = $6,
		status = $7, merged_into = NULLIF($8, ''), version = $9, updated_at = $10 WHERE id = $1 AND version = $11`)

	selectEntry   = statement("SELECT", "entries", `SELECT `+entryColumns+` FROM entries WHERE id = $2 AND patient_id IN `+whole)
	selectEntries = statement("SELECT", "entries", `SELECT `+entryColumns+` FROM entries WHERE patient_id IN `+whole+` AND id > $2 ORDER BY id LIMIT $3`)
	insertEntry   = statement("INSERT", "entries", `INSERT INTO entries (`+entryColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)`)

	selectAmendments = statement("SELECT", "amendments", `SELECT a.id, a.entry_id, a.text, a.reason, a.author, a.recorded_by, a.recorded_at
		FROM amendments a JOIN entries e ON e.id = a.entry_id
		WHERE e.patient_id IN `+whole+` AND e.id >= $2 AND e.id <= $3 ORDER BY a.entry_id, a.id`)
	insertAmendment = statement("INSERT", "amendments", `INSERT INTO amendments (id, entry_id, text, reason, author, recorded_by, recorded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`)

	selectAccesses = statement("SELECT", "accesses", `SELECT id, patient_id, COALESCE(entry_id, ''), actor, action, at
		FROM accesses WHERE patient_id IN `+whole+` AND id < $2 ORDER BY id DESC LIMIT $3`)
	insertAccess = statement("INSERT", "accesses", `INSERT INTO accesses (id, patient_id, entry_id, actor, action, at)
		VALUES ($1, $2, NULLIF($3, ''), $4, $5, $6)`)

	selectConsents = statement("SELECT", "consents", `SELECT id, patient_id, reminders, recorded_by, recorded_at
		FROM consents WHERE patient_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`)
	insertConsent = statement("INSERT", "consents", `INSERT INTO consents (id, patient_id, reminders, recorded_by, recorded_at)
		VALUES ($1, $2, $3, $4, $5)`)

	selectAnswer = statement("SELECT", "answers", `SELECT fingerprint, value FROM answers WHERE scope = $1 AND idempotency_key = $2 AND kept_at >= $3`)
	upsertAnswer = statement("INSERT", "answers", `INSERT INTO answers (scope, idempotency_key, fingerprint, value, kept_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (scope, idempotency_key) DO UPDATE SET fingerprint = excluded.fingerprint, value = excluded.value, kept_at = excluded.kept_at`)
	deleteAnswers = statement("DELETE", "answers", `DELETE FROM answers WHERE kept_at < $1`)
)

// afterAll sorts behind every id, which begins with a hexadecimal digit, in any collation.
const afterAll = "g"
