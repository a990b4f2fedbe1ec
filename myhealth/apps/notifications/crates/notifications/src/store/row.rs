//! A message as a row.

use chassis::telemetry;
use domain::{Kind, State};
use jiff::Timestamp;
use opentelemetry::Context;
use sqlx::{Row as _, any::AnyRow};
use std::collections::HashMap;
use uuid::Uuid;

/// A message of a patient, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id, UUIDv7: also the order in which messages were made.
    pub id: Uuid,
    /// Of which appointment.
    pub appointment: Uuid,
    /// Of which version of it.
    pub version: i64,
    /// What it tells.
    pub kind: Kind,
    /// Whom it is for.
    pub patient: Uuid,
    /// With whom the appointment is.
    pub clinician: String,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// What became of it.
    pub state: State,
    /// From when on it is sent.
    pub due_at: Timestamp,
    /// Until when it is of use.
    pub useful_until: Timestamp,
    /// How often the gateway was asked.
    pub attempts: u32,
    /// When the event came.
    pub created_at: Timestamp,
    /// When the gateway took it.
    pub sent_at: Option<Timestamp>,
    trace: String,
}

impl Message {
    /// The context of the event that it comes from.
    #[must_use]
    pub fn cause(&self) -> Context {
        let carrier: HashMap<String, String> = serde_json::from_str(&self.trace).unwrap_or_default();
        telemetry::extract(&carrier)
    }
}

/// A row of `messages`.
pub(super) fn message(row: &AnyRow) -> Result<Message, sqlx::Error> {
    let text = |column: &str| row.try_get::<String, _>(column);
    let time = |column: &str| row.try_get::<i64, _>(column).and_then(timestamp);
    let id = |column: &str| text(column)?.parse::<Uuid>().map_err(decode);
    let sent_at: Option<i64> = row.try_get("sent_at")?;
    Ok(Message {
        id: id("id")?,
        appointment: id("appointment_id")?,
        version: row.try_get("version")?,
        kind: kind_of(&text("kind")?)?,
        patient: id("patient_id")?,
        clinician: text("clinician")?,
        starts_at: time("starts_at")?,
        ends_at: time("ends_at")?,
        state: state_of(&text("state")?).ok_or_else(|| decode("an unknown state"))?,
        due_at: time("due_at")?,
        useful_until: time("useful_until")?,
        attempts: row.try_get::<i64, _>("attempts")?.try_into().map_err(decode)?,
        created_at: time("created_at")?,
        sent_at: sent_at.map(timestamp).transpose()?,
        trace: text("trace")?,
    })
}

pub(super) fn timestamp(milliseconds: i64) -> Result<Timestamp, sqlx::Error> {
    Timestamp::from_millisecond(milliseconds).map_err(decode)
}

fn decode(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}

const KINDS: [(Kind, &str); 4] = [
    (Kind::Confirmation, "confirmation"),
    (Kind::Moved, "moved"),
    (Kind::Cancellation, "cancellation"),
    (Kind::Reminder, "reminder"),
];
const STATES: [(State, &str); 4] =
    [(State::Due, "due"), (State::Sent, "sent"), (State::Withdrawn, "withdrawn"), (State::Failed, "failed")];

/// The word of a kind, in the store and in the API.
#[must_use]
pub fn kind_word(kind: Kind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("", |(_, word)| word)
}

/// The word of a state, in the store and in the API.
#[must_use]
pub fn state_word(state: State) -> &'static str {
    STATES.iter().find(|(known, _)| *known == state).map_or("", |(_, word)| word)
}

/// The state of a word.
#[must_use]
pub fn state_of(word: &str) -> Option<State> {
    STATES.iter().find(|(_, known)| *known == word).map(|(state, _)| *state)
}

fn kind_of(word: &str) -> Result<Kind, sqlx::Error> {
    let kind = KINDS.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind);
    kind.ok_or_else(|| decode("an unknown kind"))
}
