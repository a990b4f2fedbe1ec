//! An appointment and its life: booked, moved any number of times, cancelled for good.

use crate::{AppointmentId, ClinicianId, Event, EventId, EventKind, PatientId, Period, Reason, Refused, Slot, SlotId};
use jiff::Timestamp;

/// Which change of an appointment: 1 when it is booked, and one more with each change.
pub type Version = u32;

/// Where an appointment is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// As it was booked.
    Booked,
    /// Moved to another slot, at least once.
    Moved,
    /// Over. Its slot is free again.
    Cancelled,
}

impl State {
    /// Every state, in the order of life.
    pub const ALL: [Self; 3] = [Self::Booked, Self::Moved, Self::Cancelled];

    /// The word for it, in the store and in the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Moved => "moved",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state with this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A patient's time with a clinician.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// Its id.
    pub id: AppointmentId,
    /// Who comes.
    pub patient: PatientId,
    /// The slot it has, or had when it was cancelled.
    pub slot: SlotId,
    /// The slot's clinician.
    pub clinician: ClinicianId,
    /// The slot's time.
    pub period: Period,
    /// Where it is in its life.
    pub state: State,
    /// How often it has changed, the booking included.
    pub version: Version,
    /// Whether the patient, when booking, wished to be reminded.
    pub reminders: bool,
    /// Why it was booked.
    pub reason: Option<Reason>,
    /// Why it was cancelled.
    pub cancellation: Option<Reason>,
    /// When it was booked.
    pub booked_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// What is needed to book a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// The id that the appointment will have.
    pub id: AppointmentId,
    /// Who comes.
    pub patient: PatientId,
    /// Whether the patient wishes to be reminded.
    pub reminders: bool,
    /// Why.
    pub reason: Option<Reason>,
}

/// When something is done, and under which id it will be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Now, in whole milliseconds: what is told, stored and read again is the same moment.
    pub now: Timestamp,
    /// The id of the event.
    pub event: EventId,
}

/// What a command did: the appointment as it is now, and what is to be told. Nothing, where it was so already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The appointment after the command.
    pub appointment: Appointment,
    /// What happened.
    pub event: Option<Event>,
}

impl Appointment {
    /// Whether it holds its slot.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.state != State::Cancelled
    }

    /// Moves it to another slot, which frees the one it had. Moving it to where it is changes nothing.
    ///
    /// # Errors
    /// It is cancelled, `expected` is not its version, or the slot is taken or has begun.
    pub fn move_to(mut self, slot: &Slot, expected: Option<Version>, stamp: Stamp) -> Result<Change, Refused> {
        self.expect(expected)?;
        if !self.is_live() {
            return Err(Refused::AppointmentCancelled);
        }
        if slot.id == self.slot {
            return Ok(Change { appointment: self, event: None });
        }
        slot.admit(self.id, stamp.now)?;
        self.slot = slot.id;
        self.clinician = slot.clinician.clone();
        self.period = slot.period;
        Ok(self.next(State::Moved, EventKind::Moved, stamp))
    }

    /// Cancels it, which frees its slot. Cancelling it again changes nothing, its reason included.
    ///
    /// # Errors
    /// `expected` is not its version, while it is live.
    pub fn cancel(mut self, why: Option<Reason>, expected: Option<Version>, stamp: Stamp) -> Result<Change, Refused> {
        if !self.is_live() {
            return Ok(Change { appointment: self, event: None });
        }
        self.expect(expected)?;
        self.cancellation = why;
        Ok(self.next(State::Cancelled, EventKind::Cancelled, stamp))
    }

    fn expect(&self, expected: Option<Version>) -> Result<(), Refused> {
        match expected {
            Some(version) if version != self.version => Err(Refused::VersionMismatch { current: self.version }),
            _ => Ok(()),
        }
    }

    fn next(mut self, state: State, kind: EventKind, stamp: Stamp) -> Change {
        self.state = state;
        self.version += 1;
        self.changed_at = stamp.now;
        Change::told(self, kind, stamp)
    }
}

impl Change {
    pub(crate) fn told(appointment: Appointment, kind: EventKind, stamp: Stamp) -> Self {
        let event = Some(Event::of(&appointment, kind, stamp));
        Self { appointment, event }
    }
}
