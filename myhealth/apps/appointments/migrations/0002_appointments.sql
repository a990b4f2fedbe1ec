CREATE TABLE appointments (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL,
    slot_id TEXT NOT NULL REFERENCES slots (id),
    state TEXT NOT NULL CHECK (state IN ('booked', 'moved', 'cancelled')),
    version BIGINT NOT NULL CHECK (version > 0),
    reminders BIGINT NOT NULL CHECK (reminders IN (0, 1)),
    reason TEXT,
    cancellation TEXT,
    booked_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- What no bug and no race gets past: a slot has at most one live appointment.
CREATE UNIQUE INDEX appointments_one_in_a_slot ON appointments (slot_id) WHERE state <> 'cancelled';
CREATE INDEX appointments_of_a_patient ON appointments (patient_id, id);
