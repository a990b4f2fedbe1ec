-- Ids are text (UUID), times epoch milliseconds (UTC). Understood by PostgreSQL and SQLite.

-- Events that were applied: the same event may be delivered again for as long as the queue keeps it.
CREATE TABLE inbox (
    event_id TEXT PRIMARY KEY,
    received_at BIGINT NOT NULL
);
CREATE INDEX inbox_received_at ON inbox (received_at);

-- The newest version of each appointment that an event has told.
CREATE TABLE appointments (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL
);

-- What is told to whom, when. No text and no contact: the gateway knows the patient.
CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    appointment_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('confirmation', 'moved', 'cancellation', 'reminder')),
    patient_id TEXT NOT NULL,
    clinician TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'sent', 'withdrawn', 'failed')),
    due_at BIGINT NOT NULL,
    useful_until BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    -- While a sender has the message, the time at which another may take it.
    next_attempt_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    -- The trace context of the event: headers as a JSON object.
    trace TEXT NOT NULL,
    UNIQUE (appointment_id, version, kind)
);
CREATE INDEX messages_next_attempt_at ON messages (next_attempt_at) WHERE state = 'due';
