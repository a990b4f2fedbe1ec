//! What is told to the rest of the organisation. Nothing of it is about health: who, with whom, when.

use crate::{Appointment, AppointmentId, ClinicianId, EventId, PatientId, Period, Stamp, Version};
use jiff::Timestamp;

/// What happened to an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// It was made.
    Booked,
    /// It has another slot.
    Moved,
    /// It will not take place.
    Cancelled,
}

impl EventKind {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Moved => "moved",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A change of an appointment, whole in itself: whoever hears it need not ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// To which appointment.
    pub appointment: AppointmentId,
    /// Which change of it: two events of an appointment never have the same.
    pub version: Version,
    /// Who comes.
    pub patient: PatientId,
    /// To whom.
    pub clinician: ClinicianId,
    /// When, after the change.
    pub period: Period,
    /// Whether the patient wishes to be reminded.
    pub reminders: bool,
}

impl Event {
    pub(crate) fn of(appointment: &Appointment, kind: EventKind, stamp: Stamp) -> Self {
        Self {
            id: stamp.event,
            kind,
            at: stamp.now,
            appointment: appointment.id,
            version: appointment.version,
            patient: appointment.patient,
            clinician: appointment.clinician.clone(),
            period: appointment.period,
            reminders: appointment.reminders,
        }
    }
}
