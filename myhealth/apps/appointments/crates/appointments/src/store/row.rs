//! Rows as the domain's values.

use domain::{Appointment, ClinicianId, Period, Reason, Slot, State};
use jiff::Timestamp;
use sqlx::{Row as _, any::AnyRow};
use std::str::FromStr;

/// A query of slots, with what is after FROM. Columns are named: a statement that was prepared with `*` breaks when a newer
/// release adds one.
macro_rules! slots {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.clinician, s.starts_at, s.ends_at, (
                 SELECT a.id FROM appointments a WHERE a.slot_id = s.id AND a.state <> 'cancelled') AS taken_by
             FROM slots s ",
            $rest
        )
    };
}
pub(super) use slots;

/// A query of appointments, with what is after FROM.
macro_rules! appointments {
    ($rest:literal) => {
        concat!(
            "SELECT a.id, a.patient_id, a.slot_id, a.state, a.version, a.reminders, a.reason, a.cancellation, a.booked_at,
                 a.changed_at, s.clinician, s.starts_at, s.ends_at
             FROM appointments a JOIN slots s ON s.id = a.slot_id ",
            $rest
        )
    };
}
pub(super) use appointments;

/// A row of [`slots!`].
pub(super) fn slot(row: &AnyRow) -> Result<Slot, sqlx::Error> {
    let taken_by: Option<String> = row.try_get("taken_by")?;
    Ok(Slot {
        id: id(&text(row, "id")?)?,
        clinician: clinician(row)?,
        period: period(row)?,
        taken_by: taken_by.map(|holder| id(&holder)).transpose()?,
    })
}

/// A row of [`appointments!`].
pub(super) fn appointment(row: &AnyRow) -> Result<Appointment, sqlx::Error> {
    let reason = |column: &str| {
        let text: Option<String> = row.try_get(column)?;
        text.map(|text| Reason::new(&text)).transpose().map_err(decode)
    };
    Ok(Appointment {
        id: id(&text(row, "id")?)?,
        patient: id(&text(row, "patient_id")?)?,
        slot: id(&text(row, "slot_id")?)?,
        clinician: clinician(row)?,
        period: period(row)?,
        state: State::of_word(&text(row, "state")?).ok_or_else(|| decode("an unknown state"))?,
        version: row.try_get::<i64, _>("version")?.try_into().map_err(decode)?,
        reminders: row.try_get::<i64, _>("reminders")? != 0,
        reason: reason("reason")?,
        cancellation: reason("cancellation")?,
        booked_at: time(row, "booked_at")?,
        changed_at: time(row, "changed_at")?,
    })
}

/// An id as it is kept.
pub(super) fn id<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(text: &str) -> Result<T, sqlx::Error> {
    text.parse().map_err(decode)
}

pub(super) fn time(row: &AnyRow, column: &str) -> Result<Timestamp, sqlx::Error> {
    Timestamp::from_millisecond(row.try_get(column)?).map_err(decode)
}

fn text(row: &AnyRow, column: &str) -> Result<String, sqlx::Error> {
    row.try_get(column)
}

fn clinician(row: &AnyRow) -> Result<ClinicianId, sqlx::Error> {
    id(&text(row, "clinician")?)
}

fn period(row: &AnyRow) -> Result<Period, sqlx::Error> {
    Period::new(time(row, "starts_at")?, time(row, "ends_at")?)
        .ok_or_else(|| decode("a slot that ends before it starts"))
}

pub(super) fn decode(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}
