//! Why a command is not carried out.

use crate::{PatientId, Version};

/// A rule that a command would break. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such slot.
    #[error("there is no such slot")]
    UnknownSlot,
    /// Another live appointment has it.
    #[error("the slot is taken")]
    SlotTaken,
    /// It has begun, or is over.
    #[error("the slot has begun")]
    SlotPast,
    /// The clinician already has a slot at another time that overlaps.
    #[error("the clinician has other slots in this time")]
    SlotsOverlap,
    /// There is no such appointment.
    #[error("there is no such appointment")]
    UnknownAppointment,
    /// A cancelled appointment stays as it is.
    #[error("the appointment is cancelled")]
    AppointmentCancelled,
    /// It has changed since it was looked at.
    #[error("the appointment is at version {current}")]
    VersionMismatch {
        /// What it is at now.
        current: Version,
    },
    /// Records knows no such patient.
    #[error("there is no such patient")]
    UnknownPatient,
    /// The patient has died, moved away, or is on record as another.
    #[error("the patient is not active")]
    PatientInactive {
        /// The patient to book for instead.
        merged_into: Option<PatientId>,
    },
    /// The idempotency key belongs to another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
}
