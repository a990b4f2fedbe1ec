//! What the domain needs of the world. The service implements these; the domain only names them.

use crate::{
    Appointment, AppointmentId, Booking, ClinicianId, Opening, PatientId, Reason, Refused, Slot, SlotId, Stamp, Version,
};
use jiff::Timestamp;
use std::{error::Error, future::Future};

/// What `records` says of a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// May be given an appointment.
    Active {
        /// Wishes to be reminded of it.
        reminders: bool,
    },
    /// May not: deceased, moved away, on record as another.
    Inactive {
        /// The patient to book for instead.
        merged_into: Option<PatientId>,
    },
    /// Not on record.
    Unknown,
}

/// Whom the domain depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbour {
    /// The service that knows the patients.
    Records,
    /// The database.
    Store,
}

/// A neighbour does not answer, or not sensibly. The caller may come again; whether anything changed is not known.
#[derive(Debug, thiserror::Error)]
#[error("the {who:?} port does not answer")]
pub struct Outage {
    /// Which one.
    pub who: Neighbour,
    /// Why, for the log. Without personal data.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// By an outage.
    #[error(transparent)]
    Outage(#[from] Outage),
}

/// The patients of `records`.
pub trait Records: Send + Sync {
    /// How a patient stands. Changes nothing, so it may be asked again.
    fn standing(&self, patient: PatientId) -> impl Future<Output = Result<Standing, Outage>> + Send;
}

/// Names a request that is carried out at most once, however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// What the key is unique in: the route.
    pub scope: &'static str,
    /// The client's key.
    pub key: String,
    /// A digest of what is asked: the same key with another one is a mistake of the client.
    pub fingerprint: String,
}

/// What a booking answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    /// The appointment, as it was when it was booked.
    pub appointment: Appointment,
    /// Whether an earlier request with the same key booked it.
    pub replayed: bool,
}

/// Which slots to list, ordered by start and id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SlotQuery {
    /// Of this clinician only.
    pub clinician: Option<ClinicianId>,
    /// That start at this time or later.
    pub from: Option<Timestamp>,
    /// That start before this time.
    pub to: Option<Timestamp>,
    /// Free ones only, or taken ones only.
    pub free: Option<bool>,
    /// After the slot with this start and id.
    pub after: Option<(Timestamp, SlotId)>,
    /// At most so many.
    pub limit: u32,
}

/// Slots and appointments, kept.
///
/// Each command is one transaction: it reads what it needs, lets the domain decide, and writes the change and its event. Two
/// that touch the same slot or appointment come one after the other, or one of them is refused.
pub trait Store: Send + Sync {
    /// Opens slots, and answers all of the opening's, those that were there included.
    fn open(&self, opening: &Opening) -> impl Future<Output = Result<Vec<Slot>, Failed>> + Send;

    /// Slots, a page of them.
    fn slots(&self, query: &SlotQuery) -> impl Future<Output = Result<Vec<Slot>, Outage>> + Send;

    /// What an earlier request with this key booked. Refused if the key was another request's.
    fn booked(&self, once: &Once, now: Timestamp) -> impl Future<Output = Result<Option<Appointment>, Failed>> + Send;

    /// Books a slot, once.
    fn book(
        &self,
        slot: SlotId,
        booking: Booking,
        once: &Once,
        stamp: Stamp,
    ) -> impl Future<Output = Result<Booked, Failed>> + Send;

    /// Moves an appointment.
    fn move_to(
        &self,
        appointment: AppointmentId,
        slot: SlotId,
        expected: Option<Version>,
        stamp: Stamp,
    ) -> impl Future<Output = Result<Appointment, Failed>> + Send;

    /// Cancels an appointment.
    fn cancel(
        &self,
        appointment: AppointmentId,
        why: Option<Reason>,
        expected: Option<Version>,
        stamp: Stamp,
    ) -> impl Future<Output = Result<Appointment, Failed>> + Send;

    /// One appointment.
    fn appointment(
        &self,
        appointment: AppointmentId,
    ) -> impl Future<Output = Result<Option<Appointment>, Outage>> + Send;

    /// A patient's appointments in the order of booking, at most `limit` after `after`.
    fn appointments_of(
        &self,
        patient: PatientId,
        after: Option<AppointmentId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Appointment>, Outage>> + Send;
}
