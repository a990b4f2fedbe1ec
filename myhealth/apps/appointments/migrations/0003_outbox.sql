-- Events, written in the transaction of the change that they tell of, and sent later by a relay.
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    appointment_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    -- The trace that the change belongs to.
    traceparent TEXT,
    tracestate TEXT,
    created_at BIGINT NOT NULL,
    -- A relay that is sending it has it until then.
    leased_until BIGINT NOT NULL,
    sent_at BIGINT,
    -- Two changes of an appointment are never told under one version.
    UNIQUE (appointment_id, version)
);
CREATE INDEX outbox_pending ON outbox (created_at, id) WHERE sent_at IS NULL;
CREATE INDEX outbox_pending_of_an_appointment ON outbox (appointment_id, version) WHERE sent_at IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;

-- Requests that were carried out, and what they were answered.
CREATE TABLE idempotency_keys (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    answer TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
