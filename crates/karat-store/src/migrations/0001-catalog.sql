-- The places that people registered. What the organisation's own repositories bring is in no table.
CREATE TABLE locations (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    UNIQUE (kind, target)
) STRICT;

-- Every entity as it was last read, as it was last good, and as people see it.
CREATE TABLE entities (
    reference TEXT PRIMARY KEY NOT NULL,
    bucket TEXT NOT NULL,
    location TEXT NOT NULL,
    origin TEXT NOT NULL,
    line INTEGER NOT NULL,
    descriptor TEXT NOT NULL,
    good TEXT,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX entities_by_location ON entities (location);
