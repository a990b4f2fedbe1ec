//! Slots and appointments, kept: the domain's [`Store`](ports::Store) on Postgres and SQLite.
//!
//! A command is one transaction: it locks the slot or the appointment that it is about, lets the domain decide, and writes the
//! change, its event and the answer to its idempotency key together. On SQLite a transaction is alone; on Postgres rows are
//! locked, an appointment always before a slot, so that no two transactions wait for each other. Whatever slips through is
//! refused by a unique index: a slot has at most one live appointment.

mod once;
mod outbox;
mod row;

use crate::store::row::{appointment, slot};
use chassis::{
    secrets::Secrets,
    store::{Migration, Store, StoreError, StoreSettings, System, Writing, error_type, is_unique_violation},
};
use domain::{
    Appointment, AppointmentId, Booking, Change, Opening, PatientId, Reason, Refused, Slot, SlotId, Stamp, Version,
    ports::{self, Booked, Failed, Neighbour, Once, Outage, SlotQuery},
};
use jiff::Timestamp;
use once::Claim;
use std::sync::Arc;
use tokio::sync::Notify;
use uuid::Uuid;

pub use outbox::{Pending, Waiting};

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "calendar", sql: include_str!("../../../../migrations/0001_calendar.sql") },
    Migration { version: 2, name: "appointments", sql: include_str!("../../../../migrations/0002_appointments.sql") },
    Migration { version: 3, name: "outbox", sql: include_str!("../../../../migrations/0003_outbox.sql") },
];

/// The calendar of all clinicians.
#[derive(Debug, Clone)]
pub struct Calendar {
    store: Store,
    committed: Arc<Notify>,
}

impl Calendar {
    /// Connects and migrates.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn open(settings: &StoreSettings, secrets: &Secrets) -> Result<Self, StoreError> {
        let store = Store::open(settings, secrets).await?;
        store.migrate(MIGRATIONS).await?;
        Ok(Self { store, committed: Arc::default() })
    }

    /// Whether the store answers.
    pub async fn answers(&self) -> bool {
        self.store.answers().await
    }

    /// Waits until this process has committed an event.
    pub async fn committed(&self) {
        self.committed.notified().await;
    }

    async fn commit(&self, transaction: Writing) -> Result<(), sqlx::Error> {
        self.store.observe("COMMIT", "", transaction.commit()).await?;
        self.committed.notify_one();
        Ok(())
    }

    /// The slot, locked, and who has it.
    async fn lock_slot(&self, transaction: &mut Writing, id: SlotId) -> Result<Option<Slot>, sqlx::Error> {
        let statement = match self.store.system() {
            System::Postgres => row::slots!("WHERE s.id = $1 FOR UPDATE OF s"),
            System::Sqlite => row::slots!("WHERE s.id = $1"),
        };
        let locked = sqlx::query(statement).bind(id.to_string()).fetch_optional(&mut **transaction);
        let Some(mut found) = self.store.observe("SELECT", "slots", locked).await?.as_ref().map(slot).transpose()?
        else {
            return Ok(None);
        };
        // Asked again: on Postgres the statement above may have waited for the lock with an older view of appointments.
        let holder = sqlx::query_scalar("SELECT id FROM appointments WHERE slot_id = $1 AND state <> 'cancelled'")
            .bind(id.to_string())
            .fetch_optional(&mut **transaction);
        let holder: Option<String> = self.store.observe("SELECT", "appointments", holder).await?;
        found.taken_by = holder.map(|id| row::id(&id)).transpose()?;
        Ok(Some(found))
    }

    /// The appointment, locked.
    async fn lock_appointment(
        &self,
        transaction: &mut Writing,
        id: AppointmentId,
    ) -> Result<Option<Appointment>, sqlx::Error> {
        let statement = match self.store.system() {
            System::Postgres => row::appointments!("WHERE a.id = $1 FOR UPDATE OF a"),
            System::Sqlite => row::appointments!("WHERE a.id = $1"),
        };
        let locked = sqlx::query(statement).bind(id.to_string()).fetch_optional(&mut **transaction);
        self.store.observe("SELECT", "appointments", locked).await?.as_ref().map(appointment).transpose()
    }

    async fn insert(&self, transaction: &mut Writing, appointment: &Appointment) -> Result<(), sqlx::Error> {
        let statement = sqlx::query(
            "INSERT INTO appointments (id, patient_id, slot_id, state, version, reminders, reason, booked_at, changed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(appointment.id.to_string())
        .bind(appointment.patient.to_string())
        .bind(appointment.slot.to_string())
        .bind(appointment.state.word())
        .bind(i64::from(appointment.version))
        .bind(i64::from(appointment.reminders))
        .bind(appointment.reason.as_ref().map(Reason::as_str))
        .bind(appointment.booked_at.as_millisecond())
        .bind(appointment.changed_at.as_millisecond())
        .execute(&mut **transaction);
        self.store.observe("INSERT", "appointments", statement).await?;
        Ok(())
    }

    /// Writes a change of an appointment and its event; nothing if nothing changed.
    async fn write(&self, mut transaction: Writing, change: Change) -> Result<Appointment, Failed> {
        let Change { appointment, event } = change;
        let Some(event) = event else { return Ok(appointment) };
        let statement = sqlx::query(
            "UPDATE appointments SET slot_id = $1, state = $2, version = $3, cancellation = $4, changed_at = $5 WHERE id = $6",
        )
        .bind(appointment.slot.to_string())
        .bind(appointment.state.word())
        .bind(i64::from(appointment.version))
        .bind(appointment.cancellation.as_ref().map(Reason::as_str))
        .bind(appointment.changed_at.as_millisecond())
        .bind(appointment.id.to_string())
        .execute(&mut *transaction);
        self.store.observe("UPDATE", "appointments", statement).await.map_err(taken)?;
        self.tell(&mut transaction, &event).await.map_err(failed)?;
        self.commit(transaction).await.map_err(taken)?;
        Ok(appointment)
    }
}

impl ports::Store for Calendar {
    async fn open(&self, opening: &Opening) -> Result<Vec<Slot>, Failed> {
        let mut transaction = self.store.begin().await.map_err(failed)?;
        let clinician = opening.clinician();
        // Two openings of one calendar come one after the other: both write this row.
        let calendar = sqlx::query(
            "INSERT INTO calendars (clinician, openings) VALUES ($1, 1)
             ON CONFLICT (clinician) DO UPDATE SET openings = calendars.openings + 1",
        )
        .bind(clinician.as_str())
        .execute(&mut *transaction);
        self.store.observe("INSERT", "calendars", calendar).await.map_err(failed)?;
        let period = opening.period();
        let overlapping = sqlx::query(row::slots!(
            "WHERE s.clinician = $1 AND s.starts_at < $2 AND s.ends_at > $3 ORDER BY s.starts_at"
        ))
        .bind(clinician.as_str())
        .bind(period.to().as_millisecond())
        .bind(period.from().as_millisecond())
        .fetch_all(&mut *transaction);
        let rows = self.store.observe("SELECT", "slots", overlapping).await.map_err(failed)?;
        let mut slots = rows.iter().map(slot).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        for period in opening.missing(&slots)? {
            let id = Uuid::now_v7();
            let statement =
                sqlx::query("INSERT INTO slots (id, clinician, starts_at, ends_at) VALUES ($1, $2, $3, $4)")
                    .bind(id.to_string())
                    .bind(clinician.as_str())
                    .bind(period.from().as_millisecond())
                    .bind(period.to().as_millisecond())
                    .execute(&mut *transaction);
            self.store.observe("INSERT", "slots", statement).await.map_err(failed)?;
            slots.push(Slot { id: id.into(), clinician: clinician.clone(), period, taken_by: None });
        }
        self.commit(transaction).await.map_err(failed)?;
        slots.sort_by_key(|slot| slot.period);
        Ok(slots)
    }

    async fn slots(&self, query: &SlotQuery) -> Result<Vec<Slot>, Outage> {
        let time = |time: Option<Timestamp>, default| time.map_or(default, Timestamp::as_millisecond);
        let (after, after_id) =
            query.after.map_or((i64::MIN, String::new()), |(at, id)| (at.as_millisecond(), id.to_string()));
        // Left out is everything: an empty clinician, 0 for free or not.
        let statement = sqlx::query(row::slots!(
            "WHERE ($1 = '' OR s.clinician = $1) AND s.starts_at >= $2 AND s.starts_at < $3
               AND (s.starts_at > $4 OR (s.starts_at = $4 AND s.id > $5))
               AND ($6 = 0 OR ($6 = 1) = NOT EXISTS (
                    SELECT 1 FROM appointments held WHERE held.slot_id = s.id AND held.state <> 'cancelled'))
             ORDER BY s.starts_at, s.id LIMIT $7"
        ))
        .bind(query.clinician.as_ref().map_or("", |clinician| clinician.as_str()))
        .bind(time(query.from, i64::MIN))
        .bind(time(query.to, i64::MAX))
        .bind(after)
        .bind(after_id)
        .bind(query.free.map_or(0_i64, |free| if free { 1 } else { 2 }))
        .bind(i64::from(query.limit))
        .fetch_all(self.store.pool());
        let rows = self.store.observe("SELECT", "slots", statement).await.map_err(outage)?;
        rows.iter().map(slot).collect::<Result<_, _>>().map_err(outage)
    }

    async fn booked(&self, once: &Once, now: Timestamp) -> Result<Option<Appointment>, Failed> {
        self.answered(once, now).await
    }

    async fn book(&self, slot: SlotId, booking: Booking, once: &Once, stamp: Stamp) -> Result<Booked, Failed> {
        let mut transaction = self.store.begin().await.map_err(failed)?;
        // Before anything else: whoever comes with the same key waits here until this one is decided.
        if self.claim_key(&mut transaction, once, stamp.now).await.map_err(failed)? == Claim::Lost {
            transaction.rollback().await.map_err(failed)?;
            let appointment = self.answered(once, stamp.now).await?;
            return appointment
                .map(|appointment| Booked { appointment, replayed: true })
                .ok_or_else(|| vanished().into());
        }
        let found = self.lock_slot(&mut transaction, slot).await.map_err(failed)?.ok_or(Refused::UnknownSlot)?;
        let Change { appointment, event } = found.book(booking, stamp)?;
        self.insert(&mut transaction, &appointment).await.map_err(taken)?;
        if let Some(event) = event {
            self.tell(&mut transaction, &event).await.map_err(failed)?;
        }
        self.answer_key(&mut transaction, once, &appointment).await.map_err(failed)?;
        self.commit(transaction).await.map_err(taken)?;
        Ok(Booked { appointment, replayed: false })
    }

    async fn move_to(
        &self,
        appointment: AppointmentId,
        slot: SlotId,
        expected: Option<Version>,
        stamp: Stamp,
    ) -> Result<Appointment, Failed> {
        let mut transaction = self.store.begin().await.map_err(failed)?;
        let found = self.lock_appointment(&mut transaction, appointment).await.map_err(failed)?;
        let found = found.ok_or(Refused::UnknownAppointment)?;
        let slot = self.lock_slot(&mut transaction, slot).await.map_err(failed)?.ok_or(Refused::UnknownSlot)?;
        self.write(transaction, found.move_to(&slot, expected, stamp)?).await
    }

    async fn cancel(
        &self,
        appointment: AppointmentId,
        why: Option<Reason>,
        expected: Option<Version>,
        stamp: Stamp,
    ) -> Result<Appointment, Failed> {
        let mut transaction = self.store.begin().await.map_err(failed)?;
        let found = self.lock_appointment(&mut transaction, appointment).await.map_err(failed)?;
        let found = found.ok_or(Refused::UnknownAppointment)?;
        self.write(transaction, found.cancel(why, expected, stamp)?).await
    }

    async fn appointment(&self, id: AppointmentId) -> Result<Option<Appointment>, Outage> {
        let statement =
            sqlx::query(row::appointments!("WHERE a.id = $1")).bind(id.to_string()).fetch_optional(self.store.pool());
        let row = self.store.observe("SELECT", "appointments", statement).await.map_err(outage)?;
        row.as_ref().map(appointment).transpose().map_err(outage)
    }

    async fn appointments_of(
        &self,
        patient: PatientId,
        after: Option<AppointmentId>,
        limit: u32,
    ) -> Result<Vec<Appointment>, Outage> {
        let statement = sqlx::query(row::appointments!("WHERE a.patient_id = $1 AND a.id > $2 ORDER BY a.id LIMIT $3"))
            .bind(patient.to_string())
            .bind(after.map(|id| id.to_string()).unwrap_or_default())
            .bind(i64::from(limit))
            .fetch_all(self.store.pool());
        let rows = self.store.observe("SELECT", "appointments", statement).await.map_err(outage)?;
        rows.iter().map(appointment).collect::<Result<_, _>>().map_err(outage)
    }
}

/// The store's failure, told by its code: the driver's text may quote data.
#[allow(clippy::needless_pass_by_value, reason = "as map_err wants it")]
fn outage(error: sqlx::Error) -> Outage {
    Outage { who: Neighbour::Store, source: error_type(&error).into() }
}

fn failed(error: sqlx::Error) -> Failed {
    outage(error).into()
}

/// The failure of a statement that gives a slot away: its unique index says that somebody else has it.
fn taken(error: sqlx::Error) -> Failed {
    if is_unique_violation(&error) { Refused::SlotTaken.into() } else { failed(error) }
}

/// The request with the same key was decided and forgotten while this one waited: its client may come again.
fn vanished() -> Outage {
    Outage { who: Neighbour::Store, source: "idempotency_key_vanished".into() }
}
