//! The outbox: events, written in the transaction of the change that they tell of, until a relay has sent them.

use super::{Calendar, Writing, row};
use crate::event;
use chassis::{store::System, telemetry};
use domain::Event;
use jiff::Timestamp;
use opentelemetry::Context;
use sqlx::{Row as _, any::AnyRow};
use std::{collections::HashMap, time::Duration};

/// The oldest event of each appointment that nobody is sending: with it sent, the next one's turn comes.
macro_rules! due {
    ($lock:literal) => {
        concat!(
            "UPDATE outbox SET leased_until = $1 WHERE id IN (
                 SELECT o.id FROM outbox o WHERE o.sent_at IS NULL AND o.leased_until <= $2 AND NOT EXISTS (
                     SELECT 1 FROM outbox e
                     WHERE e.appointment_id = o.appointment_id AND e.sent_at IS NULL AND e.version < o.version)
                 ORDER BY o.created_at, o.id LIMIT $3 ",
            $lock,
            ") RETURNING id, appointment_id, type, body, traceparent, tracestate, leased_until"
        )
    };
}

/// An event to send, and ours until its lease ends.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Its id.
    pub id: String,
    /// The appointment that it is about.
    pub appointment: String,
    /// Its type.
    pub kind: String,
    /// Its JSON.
    pub body: String,
    /// The context of the request that caused it.
    pub cause: Context,
    /// Which lease it is ours by. A later one has another end.
    lease: i64,
}

/// What waits to be sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many events.
    pub count: i64,
    /// Since when the oldest of them waits.
    pub since: Option<Timestamp>,
}

impl Calendar {
    /// Writes an event, with the context of the request that causes it.
    pub(super) async fn tell(&self, transaction: &mut Writing, event: &Event) -> Result<(), sqlx::Error> {
        let mut carrier = telemetry::inject(&Context::current());
        let statement = sqlx::query(
            "INSERT INTO outbox (id, appointment_id, version, type, body, traceparent, tracestate, created_at, leased_until)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
        )
        .bind(event.id.to_string())
        .bind(event.appointment.to_string())
        .bind(i64::from(event.version))
        .bind(event::kind(event))
        .bind(event::body(event))
        .bind(carrier.remove("traceparent"))
        .bind(carrier.remove("tracestate").filter(|state| !state.is_empty()))
        .bind(event.at.as_millisecond())
        .execute(&mut **transaction);
        self.store.observe("INSERT", "outbox", statement).await?;
        Ok(())
    }

    /// Takes up to `limit` events, each for `lease`: nobody else has one before that is over.
    ///
    /// # Errors
    /// The store's.
    pub async fn claim(&self, now: Timestamp, limit: i64, lease: Duration) -> Result<Vec<Pending>, sqlx::Error> {
        let statement = match self.store.system() {
            System::Postgres => due!("FOR UPDATE SKIP LOCKED"),
            System::Sqlite => due!(""),
        };
        let until = now.as_millisecond().saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
        let statement =
            sqlx::query(statement).bind(until).bind(now.as_millisecond()).bind(limit).fetch_all(self.store.pool());
        self.store.write("UPDATE", "outbox", statement).await?.iter().map(pending).collect()
    }

    /// Notes that events were sent, all of them or none. One whose lease is over is left to whoever has it now, and sends it
    /// again: the next event of its appointment then goes after that.
    ///
    /// # Errors
    /// The store's; the events are then sent again when their leases are over.
    pub async fn sent(&self, events: &[Pending], now: Timestamp) -> Result<(), sqlx::Error> {
        let mut transaction = self.store.begin().await?;
        for event in events {
            let statement =
                sqlx::query("UPDATE outbox SET sent_at = $1 WHERE id = $2 AND leased_until = $3 AND sent_at IS NULL")
                    .bind(now.as_millisecond())
                    .bind(event.id.as_str())
                    .bind(event.lease)
                    .execute(&mut *transaction);
            self.store.observe("UPDATE", "outbox", statement).await?;
        }
        self.store.observe("COMMIT", "", transaction.commit()).await
    }

    /// Gives an event back that could not be sent, unless its lease is over.
    ///
    /// # Errors
    /// The store's; it is then free when its lease is over.
    pub async fn release(&self, event: &Pending) -> Result<(), sqlx::Error> {
        let statement =
            sqlx::query("UPDATE outbox SET leased_until = 0 WHERE id = $1 AND leased_until = $2 AND sent_at IS NULL")
                .bind(event.id.as_str())
                .bind(event.lease)
                .execute(self.store.pool());
        self.store.write("UPDATE", "outbox", statement).await?;
        Ok(())
    }

    /// What waits to be sent.
    ///
    /// # Errors
    /// The store's.
    pub async fn waiting(&self) -> Result<Waiting, sqlx::Error> {
        let statement =
            sqlx::query("SELECT COUNT(*) AS count, MIN(created_at) AS since FROM outbox WHERE sent_at IS NULL")
                .fetch_one(self.store.pool());
        let row = self.store.observe("SELECT", "outbox", statement).await?;
        let since: Option<i64> = row.try_get("since")?;
        let since = since.map(Timestamp::from_millisecond).transpose().map_err(row::decode)?;
        Ok(Waiting { count: row.try_get("count")?, since })
    }

    /// Forgets events that were sent before `before`, and answers that are too old to be given again.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget(&self, before: Timestamp, now: Timestamp) -> Result<(), sqlx::Error> {
        let statement = sqlx::query("DELETE FROM outbox WHERE sent_at < $1")
            .bind(before.as_millisecond())
            .execute(self.store.pool());
        self.store.write("DELETE", "outbox", statement).await?;
        self.forget_keys(now).await
    }
}

fn pending(row: &AnyRow) -> Result<Pending, sqlx::Error> {
    let mut carrier = HashMap::new();
    for column in ["traceparent", "tracestate"] {
        if let Some(value) = row.try_get::<Option<String>, _>(column)? {
            carrier.insert(column.to_owned(), value);
        }
    }
    Ok(Pending {
        id: row.try_get("id")?,
        appointment: row.try_get("appointment_id")?,
        kind: row.try_get("type")?,
        body: row.try_get("body")?,
        cause: telemetry::extract(&carrier),
        lease: row.try_get("leased_until")?,
    })
}
