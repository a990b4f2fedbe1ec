//! Messages, kept.

mod row;

use chassis::{
    secrets::Secrets,
    store::{Migration, Store, StoreError, StoreSettings, System, Writing},
    telemetry,
};
use domain::{Event, State, delivery::Next, plan};
use jiff::Timestamp;
use opentelemetry::Context;
use row::{message, timestamp};
use sqlx::Row as _;
use std::time::Duration;
use uuid::Uuid;

pub use row::{Message, kind_word, state_of, state_word};

/// The columns of a message. Named, because a statement that was prepared with `*` breaks when a newer release adds one.
macro_rules! columns {
    () => {
        "id, appointment_id, version, kind, patient_id, clinician, starts_at, ends_at, state, due_at, useful_until, attempts, \
         created_at, sent_at, trace"
    };
}

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "messages", sql: include_str!("../../../../migrations/0001_messages.sql") }];

/// What an event came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It told the newest version.
    Newest,
    /// A newer version was known; its messages are there, and withdrawn.
    Outdated,
    /// It had been applied before; nothing changed.
    Duplicate,
}

/// Which messages to show.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Of this appointment only.
    pub appointment: Option<Uuid>,
    /// In this state only.
    pub state: Option<State>,
    /// After this one.
    pub after: Option<Uuid>,
}

/// What waits to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// How many are due.
    pub count: i64,
    /// Since when the oldest of them is.
    pub oldest: Option<Timestamp>,
}

/// The store of messages.
#[derive(Debug, Clone)]
pub struct Messages(Store);

impl Messages {
    /// Connects and migrates.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn open(settings: &StoreSettings, secrets: &Secrets) -> Result<Self, StoreError> {
        let store = Store::open(settings, secrets).await?;
        store.migrate(MIGRATIONS).await?;
        Ok(Self(store))
    }

    /// Whether the store answers.
    pub async fn answer(&self) -> bool {
        self.0.answers().await
    }

    /// Applies an event exactly once: its id, the version and the messages are one transaction.
    ///
    /// # Errors
    /// The store's; then nothing is changed.
    pub async fn apply(&self, event: &Event) -> Result<Applied, sqlx::Error> {
        let mut transaction = self.0.begin().await?;
        let now = Timestamp::now();
        if !self.receive(&mut transaction, event.id, now).await? {
            transaction.rollback().await?;
            return Ok(Applied::Duplicate);
        }
        let appointment = &event.appointment;
        let newest = self.advance(&mut transaction, appointment.id, appointment.version).await?;
        let applied = if appointment.version < newest { Applied::Outdated } else { Applied::Newest };
        if applied == Applied::Newest {
            self.withdraw(&mut transaction, appointment.id, newest).await?;
        }
        for message in plan(event, newest) {
            self.insert(&mut transaction, event, message, now).await?;
        }
        self.0.observe("COMMIT", "", transaction.commit()).await?;
        Ok(applied)
    }

    /// Notes the event's id; false if it is noted already. On Postgres this waits for a transaction that notes the same.
    async fn receive(&self, transaction: &mut Writing, event: Uuid, now: Timestamp) -> Result<bool, sqlx::Error> {
        let statement =
            sqlx::query("INSERT INTO inbox (event_id, received_at) VALUES ($1, $2) ON CONFLICT (event_id) DO NOTHING")
                .bind(event.to_string())
                .bind(now.as_millisecond())
                .execute(&mut **transaction);
        Ok(self.0.observe("INSERT", "inbox", statement).await?.rows_affected() == 1)
    }

    /// Notes the version and gives the newest. Events of one appointment wait for each other here.
    async fn advance(&self, transaction: &mut Writing, appointment: Uuid, version: i64) -> Result<i64, sqlx::Error> {
        let statement = sqlx::query(
            "INSERT INTO appointments (id, version) VALUES ($1, $2)
             ON CONFLICT (id) DO UPDATE SET version =
                 CASE WHEN excluded.version > appointments.version THEN excluded.version ELSE appointments.version END
             RETURNING version",
        )
        .bind(appointment.to_string())
        .bind(version)
        .fetch_one(&mut **transaction);
        self.0.observe("INSERT", "appointments", statement).await?.try_get("version")
    }

    async fn withdraw(&self, transaction: &mut Writing, appointment: Uuid, newest: i64) -> Result<(), sqlx::Error> {
        let statement = sqlx::query(
            "UPDATE messages SET state = 'withdrawn' WHERE appointment_id = $1 AND version < $2 AND state = 'due'",
        )
        .bind(appointment.to_string())
        .bind(newest)
        .execute(&mut **transaction);
        self.0.observe("UPDATE", "messages", statement).await?;
        Ok(())
    }

    async fn insert(
        &self,
        transaction: &mut Writing,
        event: &Event,
        message: domain::Message,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        let trace = serde_json::to_string(&telemetry::inject(&Context::current())).unwrap_or_default();
        let statement = sqlx::query(
            "INSERT INTO messages (id, appointment_id, version, kind, patient_id, clinician, starts_at, ends_at, state, due_at,
                 useful_until, next_attempt_at, created_at, trace)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
             ON CONFLICT (appointment_id, version, kind) DO NOTHING",
        )
        .bind(Uuid::now_v7().to_string())
        .bind(event.appointment.id.to_string())
        .bind(event.appointment.version)
        .bind(kind_word(message.kind))
        .bind(event.appointment.patient.to_string())
        .bind(event.appointment.clinician.as_str())
        .bind(event.appointment.starts_at.as_millisecond())
        .bind(event.appointment.ends_at.as_millisecond())
        .bind(state_word(message.state))
        .bind(message.due_at.as_millisecond())
        .bind(message.useful_until.as_millisecond())
        .bind(message.due_at.as_millisecond())
        .bind(now.as_millisecond())
        .bind(trace)
        .execute(&mut **transaction);
        self.0.observe("INSERT", "messages", statement).await?;
        Ok(())
    }

    /// Takes up to `limit` messages that are due, each for `lease`: nobody else has one before that is over.
    ///
    /// # Errors
    /// The store's.
    pub async fn claim(&self, now: Timestamp, limit: i64, lease: Duration) -> Result<Vec<Message>, sqlx::Error> {
        let statement = match self.0.system() {
            System::Postgres => concat!(
                "UPDATE messages SET attempts = attempts + 1, next_attempt_at = $1 WHERE id IN (
                     SELECT id FROM messages WHERE state = 'due' AND next_attempt_at <= $2
                     ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED)
                 RETURNING ",
                columns!()
            ),
            System::Sqlite => concat!(
                "UPDATE messages SET attempts = attempts + 1, next_attempt_at = $1 WHERE id IN (
                     SELECT id FROM messages WHERE state = 'due' AND next_attempt_at <= $2
                     ORDER BY next_attempt_at LIMIT $3)
                 RETURNING ",
                columns!()
            ),
        };
        let until = now.as_millisecond().saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
        let statement =
            sqlx::query(statement).bind(until).bind(now.as_millisecond()).bind(limit).fetch_all(self.0.pool());
        self.0.write("UPDATE", "messages", statement).await?.iter().map(message).collect()
    }

    /// Notes what an attempt came to, unless the lease is over and somebody else has the message.
    ///
    /// # Errors
    /// The store's; the message is then sent again when the lease is over, under the same id.
    pub async fn settle(&self, message: &Message, next: Next, now: Timestamp) -> Result<(), sqlx::Error> {
        let attempts = i64::from(message.attempts);
        let id = message.id.to_string();
        let (statement, at) = match next {
            // Also if it was withdrawn meanwhile: it did go out.
            Next::Sent => ("UPDATE messages SET state = 'sent', sent_at = $1 WHERE id = $2 AND attempts = $3", now),
            Next::Failed => (
                "UPDATE messages SET state = 'failed', next_attempt_at = $1 WHERE id = $2 AND attempts = $3 AND state = 'due'",
                now,
            ),
            Next::Again(at) => {
                ("UPDATE messages SET next_attempt_at = $1 WHERE id = $2 AND attempts = $3 AND state = 'due'", at)
            }
        };
        let statement = sqlx::query(statement).bind(at.as_millisecond()).bind(id).bind(attempts).execute(self.0.pool());
        self.0.write("UPDATE", "messages", statement).await?;
        Ok(())
    }

    /// One message.
    ///
    /// # Errors
    /// The store's.
    pub async fn get(&self, id: Uuid) -> Result<Option<Message>, sqlx::Error> {
        let statement = sqlx::query(concat!("SELECT ", columns!(), " FROM messages WHERE id = $1"))
            .bind(id.to_string())
            .fetch_optional(self.0.pool());
        self.0.observe("SELECT", "messages", statement).await?.as_ref().map(message).transpose()
    }

    /// Up to `limit` messages in the order in which they were made.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, filter: Filter, limit: i64) -> Result<Vec<Message>, sqlx::Error> {
        let statement = match (filter.appointment, filter.state) {
            (None, None) => concat!("SELECT ", columns!(), " FROM messages WHERE id > $1 ORDER BY id LIMIT $2"),
            (Some(_), None) => concat!(
                "SELECT ",
                columns!(),
                " FROM messages WHERE id > $1 AND appointment_id = $3 ORDER BY id LIMIT $2"
            ),
            (None, Some(_)) => {
                concat!("SELECT ", columns!(), " FROM messages WHERE id > $1 AND state = $3 ORDER BY id LIMIT $2")
            }
            (Some(_), Some(_)) => {
                concat!(
                    "SELECT ",
                    columns!(),
                    " FROM messages WHERE id > $1 AND appointment_id = $3 AND state = $4 ORDER BY id LIMIT $2"
                )
            }
        };
        let after = filter.after.map(|id| id.to_string()).unwrap_or_default(); // every id is greater than none
        let mut query = sqlx::query(statement).bind(after).bind(limit);
        if let Some(appointment) = filter.appointment {
            query = query.bind(appointment.to_string());
        }
        if let Some(state) = filter.state {
            query = query.bind(state_word(state));
        }
        self.0.observe("SELECT", "messages", query.fetch_all(self.0.pool())).await?.iter().map(message).collect()
    }

    /// What is due at this time.
    ///
    /// # Errors
    /// The store's.
    pub async fn backlog(&self, now: Timestamp) -> Result<Backlog, sqlx::Error> {
        let statement = sqlx::query(
            "SELECT COUNT(*) AS count, MIN(due_at) AS oldest FROM messages WHERE state = 'due' AND due_at <= $1",
        )
        .bind(now.as_millisecond())
        .fetch_one(self.0.pool());
        let row = self.0.observe("SELECT", "messages", statement).await?;
        let oldest: Option<i64> = row.try_get("oldest")?;
        Ok(Backlog { count: row.try_get("count")?, oldest: oldest.map(timestamp).transpose()? })
    }

    /// Forgets the ids of events that came before this time. The queue must not keep them longer.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget_events(&self, before: Timestamp) -> Result<u64, sqlx::Error> {
        let statement = sqlx::query("DELETE FROM inbox WHERE received_at < $1")
            .bind(before.as_millisecond())
            .execute(self.0.pool());
        Ok(self.0.write("DELETE", "inbox", statement).await?.rows_affected())
    }
}
