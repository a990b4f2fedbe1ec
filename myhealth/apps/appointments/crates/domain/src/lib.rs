//! The domain of appointments: a clinician's calendar of slots, and who sees the clinician when.
//!
//! One rule is above all others: *a slot has at most one live appointment*. [`Slot::book`] and [`Appointment::move_to`] refuse a
//! slot that is taken; whoever stores appointments refuses it again, because two replicas can decide at the same time.
//!
//! Everything here is a function of its arguments. The world comes in through the [`ports`]; [`Desk`] is what the service does
//! with them.
#![forbid(unsafe_code)]

mod appointment;
mod desk;
mod event;
mod ids;
mod opening;
pub mod ports;
mod refused;
mod slot;
mod text;

pub use appointment::{Appointment, Booking, Change, Stamp, State, Version};
pub use desk::{Desk, Wish};
pub use event::{Event, EventKind};
pub use ids::{AppointmentId, ClinicianId, EventId, NotAnId, PatientId, SlotId};
pub use opening::{Broken, MAX_DAYS, MAX_SLOTS, MINUTES, Opening};
pub use refused::Refused;
pub use slot::{Period, Slot};
pub use text::{Reason, ReasonError};
