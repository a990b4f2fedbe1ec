//! Requests that are carried out at most once: their keys, and what they were answered.

use super::{Calendar, Writing, failed, row::decode};
use domain::{
    Appointment, Period, Reason, Refused, State,
    ports::{Failed, Once},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;

/// How long a key is known.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Whether a request may go ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// The key is this request's.
    Won,
    /// Another request has it, and is decided.
    Lost,
}

impl Calendar {
    /// Takes the key for this transaction. A request with the same key waits until the transaction is over.
    pub(super) async fn claim_key(
        &self,
        transaction: &mut Writing,
        once: &Once,
        now: Timestamp,
    ) -> Result<Claim, sqlx::Error> {
        let expired = sqlx::query("DELETE FROM idempotency_keys WHERE scope = $1 AND key = $2 AND created_at < $3")
            .bind(once.scope)
            .bind(once.key.as_str())
            .bind(kept_since(now))
            .execute(&mut **transaction);
        self.store.observe("DELETE", "idempotency_keys", expired).await?;
        let claim = sqlx::query(
            "INSERT INTO idempotency_keys (scope, key, fingerprint, answer, created_at) VALUES ($1, $2, $3, '', $4)
             ON CONFLICT (scope, key) DO NOTHING",
        )
        .bind(once.scope)
        .bind(once.key.as_str())
        .bind(once.fingerprint.as_str())
        .bind(now.as_millisecond())
        .execute(&mut **transaction);
        let claimed = self.store.observe("INSERT", "idempotency_keys", claim).await?.rows_affected() == 1;
        Ok(if claimed { Claim::Won } else { Claim::Lost })
    }

    /// Notes what the request was answered.
    pub(super) async fn answer_key(
        &self,
        transaction: &mut Writing,
        once: &Once,
        appointment: &Appointment,
    ) -> Result<(), sqlx::Error> {
        let answer = serde_json::to_string(&Answer::from(appointment)).map_err(decode)?;
        let statement = sqlx::query("UPDATE idempotency_keys SET answer = $1 WHERE scope = $2 AND key = $3")
            .bind(answer)
            .bind(once.scope)
            .bind(once.key.as_str())
            .execute(&mut **transaction);
        self.store.observe("UPDATE", "idempotency_keys", statement).await?;
        Ok(())
    }

    /// What an earlier request with this key was answered.
    pub(super) async fn answered(&self, once: &Once, now: Timestamp) -> Result<Option<Appointment>, Failed> {
        let statement = sqlx::query(
            "SELECT fingerprint, answer FROM idempotency_keys WHERE scope = $1 AND key = $2 AND created_at >= $3",
        )
        .bind(once.scope)
        .bind(once.key.as_str())
        .bind(kept_since(now))
        .fetch_optional(self.store.pool());
        let row = self.store.observe("SELECT", "idempotency_keys", statement).await.map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let (fingerprint, answer): (String, String) =
            (row.try_get("fingerprint").map_err(failed)?, row.try_get("answer").map_err(failed)?);
        if fingerprint != once.fingerprint {
            return Err(Refused::KeyReused.into());
        }
        let answer: Answer = serde_json::from_str(&answer).map_err(|error| failed(decode(error)))?;
        answer.appointment().map(Some).map_err(failed)
    }

    /// Forgets keys that are too old to be honoured.
    pub(super) async fn forget_keys(&self, now: Timestamp) -> Result<(), sqlx::Error> {
        let statement = sqlx::query("DELETE FROM idempotency_keys WHERE created_at < $1")
            .bind(kept_since(now))
            .execute(self.store.pool());
        self.store.write("DELETE", "idempotency_keys", statement).await?;
        Ok(())
    }
}

fn kept_since(now: Timestamp) -> i64 {
    now.checked_sub(KEPT).unwrap_or(Timestamp::MIN).as_millisecond()
}

/// An appointment as it was when it was answered: it may have changed since.
#[derive(Serialize, Deserialize)]
struct Answer {
    id: String,
    patient: String,
    slot: String,
    clinician: String,
    from: Timestamp,
    to: Timestamp,
    state: String,
    version: u32,
    reminders: bool,
    reason: Option<String>,
    booked_at: Timestamp,
    changed_at: Timestamp,
}

impl From<&Appointment> for Answer {
    fn from(appointment: &Appointment) -> Self {
        Self {
            id: appointment.id.to_string(),
            patient: appointment.patient.to_string(),
            slot: appointment.slot.to_string(),
            clinician: appointment.clinician.to_string(),
            from: appointment.period.from(),
            to: appointment.period.to(),
            state: appointment.state.word().to_owned(),
            version: appointment.version,
            reminders: appointment.reminders,
            reason: appointment.reason.as_ref().map(|reason| reason.as_str().to_owned()),
            booked_at: appointment.booked_at,
            changed_at: appointment.changed_at,
        }
    }
}

impl Answer {
    fn appointment(self) -> Result<Appointment, sqlx::Error> {
        Ok(Appointment {
            id: self.id.parse().map_err(decode)?,
            patient: self.patient.parse().map_err(decode)?,
            slot: self.slot.parse().map_err(decode)?,
            clinician: self.clinician.parse().map_err(decode)?,
            period: Period::new(self.from, self.to).ok_or_else(|| decode("a slot that ends before it starts"))?,
            state: State::of_word(&self.state).ok_or_else(|| decode("an unknown state"))?,
            version: self.version,
            reminders: self.reminders,
            reason: self.reason.map(|text| Reason::new(&text)).transpose().map_err(decode)?,
            cancellation: None,
            booked_at: self.booked_at,
            changed_at: self.changed_at,
        })
    }
}
