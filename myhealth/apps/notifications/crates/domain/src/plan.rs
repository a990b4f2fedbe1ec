//! The messages of an event.

use crate::{Change, Event};
use jiff::{SignedDuration, Timestamp};

/// How long before the start a patient is reminded.
pub const REMINDER_AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// How long it is worth telling what happened.
const NEWS: SignedDuration = SignedDuration::from_hours(24);

/// Something to tell a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// What it tells.
    pub kind: Kind,
    /// From when on it is sent.
    pub due_at: Timestamp,
    /// Until when it is of use; never after that.
    pub useful_until: Timestamp,
    /// Due, or withdrawn from the start because a newer version is known already.
    pub state: State,
}

/// What a message tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The appointment is booked.
    Confirmation,
    /// It has another time.
    Moved,
    /// It will not take place.
    Cancellation,
    /// It is tomorrow.
    Reminder,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// To be sent.
    Due,
    /// The gateway has it.
    Sent,
    /// A newer version of the appointment came before it was sent.
    Withdrawn,
    /// The gateway refused it, or it was of no use any more.
    Failed,
}

/// The messages of an event's version of the appointment. `newest` is the newest version that is known, this one included; the
/// messages of older ones that are still due are withdrawn by whoever keeps them.
#[must_use]
pub fn plan(event: &Event, newest: i64) -> Vec<Message> {
    let state = if event.appointment.version < newest { State::Withdrawn } else { State::Due };
    let news = |kind| Message { kind, due_at: event.time, useful_until: later(event.time, NEWS), state };
    match event.change {
        Change::Booked => [Some(news(Kind::Confirmation)), reminder(event, state)].into_iter().flatten().collect(),
        Change::Moved => [Some(news(Kind::Moved)), reminder(event, state)].into_iter().flatten().collect(),
        Change::Cancelled => vec![news(Kind::Cancellation)],
    }
}

/// If the patient wants it, and it is still ahead when the change happens: the time of arrival must not matter.
fn reminder(event: &Event, state: State) -> Option<Message> {
    let starts_at = event.appointment.starts_at;
    let due_at = later(starts_at, -REMINDER_AHEAD);
    let wanted = event.appointment.reminders && event.time < due_at;
    wanted.then_some(Message { kind: Kind::Reminder, due_at, useful_until: starts_at, state })
}

/// Saturates at the ends of time.
fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_add(by).unwrap_or(time)
}
