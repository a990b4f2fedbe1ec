//! A slot: a piece of a clinician's time that one patient can have.

use crate::{Appointment, AppointmentId, Booking, Change, ClinicianId, EventKind, Refused, SlotId, Stamp, State};
use jiff::Timestamp;

/// From a moment until, and without, a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    from: Timestamp,
    to: Timestamp,
}

impl Period {
    /// A period; `None` if it would not end after its start.
    #[must_use]
    pub fn new(from: Timestamp, to: Timestamp) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    /// Its first moment.
    #[must_use]
    pub fn from(&self) -> Timestamp {
        self.from
    }

    /// The first moment after it.
    #[must_use]
    pub fn to(&self) -> Timestamp {
        self.to
    }

    /// Whether there is a moment that both have.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

/// A slot of a clinician's calendar, and who has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Its id.
    pub id: SlotId,
    /// Whose time it is.
    pub clinician: ClinicianId,
    /// When it is.
    pub period: Period,
    /// The live appointment in it.
    pub taken_by: Option<AppointmentId>,
}

impl Slot {
    /// Books the slot: a new appointment, its version 1.
    ///
    /// # Errors
    /// The slot is taken, or has begun.
    pub fn book(&self, booking: Booking, stamp: Stamp) -> Result<Change, Refused> {
        self.admit(booking.id, stamp.now)?;
        let appointment = Appointment {
            id: booking.id,
            patient: booking.patient,
            slot: self.id,
            clinician: self.clinician.clone(),
            period: self.period,
            state: State::Booked,
            version: 1,
            reminders: booking.reminders,
            reason: booking.reason,
            cancellation: None,
            booked_at: stamp.now,
            changed_at: stamp.now,
        };
        Ok(Change::told(appointment, EventKind::Booked, stamp))
    }

    /// Whether this appointment may have the slot.
    pub(crate) fn admit(&self, appointment: AppointmentId, now: Timestamp) -> Result<(), Refused> {
        if self.taken_by.is_some_and(|holder| holder != appointment) {
            return Err(Refused::SlotTaken);
        }
        if self.period.from() <= now {
            return Err(Refused::SlotPast);
        }
        Ok(())
    }
}
