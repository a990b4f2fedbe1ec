-- A clinician's calendar. Its row is what openings of one clinician wait for, so that two cannot open overlapping slots.
CREATE TABLE calendars (
    clinician TEXT PRIMARY KEY,
    openings BIGINT NOT NULL
);

-- Times are milliseconds since 1970-01-01T00:00:00Z.
CREATE TABLE slots (
    id TEXT PRIMARY KEY,
    clinician TEXT NOT NULL REFERENCES calendars (clinician),
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    CHECK (starts_at < ends_at),
    UNIQUE (clinician, starts_at)
);
CREATE INDEX slots_in_order ON slots (starts_at, id);
