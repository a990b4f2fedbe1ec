//! What patients are told of their appointments, and when.
//!
//! An [`Event`] tells one version of an appointment. Each version has its own [messages](plan): what happened is told at once, and
//! a day before the start the patient is reminded. A newer version withdraws what was not yet sent of older ones. As that is all
//! there is to it, events may come in any order and any number of times: the same is due in the end.
#![forbid(unsafe_code)]

pub mod delivery;
mod event;
mod plan;

pub use event::{Appointment, Change, Event, EventError};
pub use plan::{Kind, Message, REMINDER_AHEAD, State, plan};
