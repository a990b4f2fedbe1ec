//! What happened to an appointment.

use jiff::Timestamp;
use uuid::Uuid;

/// The longest name of a clinician, in bytes.
const MAX_CLINICIAN: usize = 100;

/// A change of an appointment, with the appointment as it is after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The same for every delivery of this event.
    pub id: Uuid,
    /// When it happened.
    pub time: Timestamp,
    /// What happened.
    pub change: Change,
    /// The appointment after the change.
    pub appointment: Appointment,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is there.
    Booked,
    /// It has another time.
    Moved,
    /// It will not take place.
    Cancelled,
}

/// One version of an appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// Its id.
    pub id: Uuid,
    /// Grows by one with each change; 1 is the booking.
    pub version: i64,
    /// Whom it is for.
    pub patient: Uuid,
    /// With whom.
    pub clinician: String,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// Whether the patient has consented to reminders.
    pub reminders: bool,
}

/// An event that cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Versions count from 1.
    #[error("the version is not positive")]
    Version,
    /// It ends before it starts.
    #[error("the end is not after the start")]
    Times,
    /// No clinician, or a name too long to be one.
    #[error("the clinician is not named in 1 to {MAX_CLINICIAN} bytes")]
    Clinician,
}

impl Event {
    /// The event, if it can be one.
    ///
    /// # Errors
    /// The appointment breaks a rule.
    pub fn new(id: Uuid, time: Timestamp, change: Change, appointment: Appointment) -> Result<Self, EventError> {
        if appointment.version < 1 {
            return Err(EventError::Version);
        }
        if appointment.ends_at <= appointment.starts_at {
            return Err(EventError::Times);
        }
        if !(1..=MAX_CLINICIAN).contains(&appointment.clinician.len()) {
            return Err(EventError::Clinician);
        }
        Ok(Self { id, time, change, appointment })
    }
}
