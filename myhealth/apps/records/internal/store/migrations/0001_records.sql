-- Times are milliseconds since 1970, UTC. Ids are UUIDs of version 7, as text.
CREATE TABLE patients (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    date_of_birth TEXT NOT NULL,
    email         TEXT NOT NULL,
    phone         TEXT NOT NULL,
    reminders     BOOLEAN NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('active', 'deceased', 'moved', 'merged')),
    merged_into   TEXT REFERENCES patients (id) CHECK (merged_into <> id),
    version       BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    CHECK ((status = 'merged') = (merged_into IS NOT NULL))
);
CREATE INDEX patients_merged_into ON patients (merged_into);

CREATE TABLE entries (
    id          TEXT PRIMARY KEY,
    patient_id  TEXT NOT NULL REFERENCES patients (id),
    kind        TEXT NOT NULL,
    text        TEXT NOT NULL,
    author      TEXT NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at BIGINT NOT NULL
);
CREATE INDEX entries_of_patient ON entries (patient_id, id);

CREATE TABLE amendments (
    id          TEXT PRIMARY KEY,
    entry_id    TEXT NOT NULL REFERENCES entries (id),
    text        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    author      TEXT NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at BIGINT NOT NULL
);
CREATE INDEX amendments_of_entry ON amendments (entry_id, id);

CREATE TABLE consents (
    id          TEXT PRIMARY KEY,
    patient_id  TEXT NOT NULL REFERENCES patients (id),
    reminders   BOOLEAN NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at BIGINT NOT NULL
);
CREATE INDEX consents_of_patient ON consents (patient_id, id);

CREATE TABLE accesses (
    id         TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES patients (id),
    entry_id   TEXT REFERENCES entries (id),
    actor      TEXT NOT NULL,
    action     TEXT NOT NULL,
    at         BIGINT NOT NULL
);
CREATE INDEX accesses_of_patient ON accesses (patient_id, id);

-- What was answered to a request that had an idempotency key; kept for a day.
CREATE TABLE answers (
    scope           TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint     TEXT NOT NULL,
    value           TEXT NOT NULL,
    kept_at         BIGINT NOT NULL,
    PRIMARY KEY (scope, idempotency_key)
);
CREATE INDEX answers_by_age ON answers (kept_at);
