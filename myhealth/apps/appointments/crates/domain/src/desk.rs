//! The booking desk: what has to be asked, and in which order, before a slot is given to a patient.

use crate::{
    AppointmentId, Booking, PatientId, Reason, Refused, SlotId, Stamp,
    ports::{Booked, Failed, Once, Records, Standing, Store},
};

/// A request for a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The id that the appointment will have.
    pub id: AppointmentId,
    /// Who comes.
    pub patient: PatientId,
    /// When, and to whom.
    pub slot: SlotId,
    /// Why.
    pub reason: Option<Reason>,
}

/// Books appointments with the help of its neighbours.
#[derive(Debug, Clone)]
pub struct Desk<S, R> {
    /// Where appointments are kept.
    pub store: S,
    /// Who knows the patients.
    pub records: R,
}

impl<S: Store, R: Records> Desk<S, R> {
    /// Books a slot for a patient who may have one. A request that was answered is answered the same again, and `records` is not
    /// asked for that.
    ///
    /// # Errors
    /// The patient is unknown or inactive, the slot unknown, taken or past, the key another request's; or a neighbour is out.
    pub async fn book(&self, wish: Wish, once: &Once, stamp: Stamp) -> Result<Booked, Failed> {
        if let Some(appointment) = self.store.booked(once, stamp.now).await? {
            return Ok(Booked { appointment, replayed: true });
        }
        let Wish { id, patient, slot, reason } = wish;
        match self.records.standing(patient).await? {
            Standing::Active { reminders } => {
                self.store.book(slot, Booking { id, patient, reminders, reason }, once, stamp).await
            }
            Standing::Inactive { merged_into } => Err(Refused::PatientInactive { merged_into }.into()),
            Standing::Unknown => Err(Refused::UnknownPatient.into()),
        }
    }
}
