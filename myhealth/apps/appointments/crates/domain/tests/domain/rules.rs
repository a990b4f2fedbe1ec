//! Each rule of an appointment's life.

use domain::{
    Appointment, AppointmentId, Booking, Change, EventKind, PatientId, Period, Reason, ReasonError, Refused, Slot,
    SlotId, Stamp, State,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

fn id<T: From<Uuid>>(n: u128) -> T {
    Uuid::from_u128(n).into()
}

fn at(text: &str) -> Timestamp {
    format!("2026-03-02T{text}:00Z").parse().unwrap()
}

fn stamp(event: u128) -> Stamp {
    Stamp { now: at("08:00"), event: id(event) }
}

fn slot(n: u128, from: &str) -> Slot {
    let from = at(from);
    Slot {
        id: id(n),
        clinician: "dentist-1".parse().unwrap(),
        period: Period::new(from, from + SignedDuration::from_mins(20)).unwrap(),
        taken_by: None,
    }
}

fn booking(n: u128) -> Booking {
    Booking { id: id(n), patient: id(900), reminders: true, reason: Some(Reason::new("a check-up").unwrap()) }
}

fn booked() -> Appointment {
    slot(1, "09:00").book(booking(100), stamp(500)).unwrap().appointment
}

#[test]
fn a_booking_takes_everything_from_the_slot_and_is_told() {
    let Change { appointment, event } = slot(1, "09:00").book(booking(100), stamp(500)).unwrap();
    assert_eq!((appointment.state, appointment.version), (State::Booked, 1));
    assert_eq!((appointment.slot, appointment.period.from()), (id::<SlotId>(1), at("09:00")));
    let event = event.unwrap();
    assert_eq!((event.id, event.kind, event.version, event.at), (id(500), EventKind::Booked, 1, at("08:00")));
    assert_eq!((event.patient, event.period, event.reminders), (id::<PatientId>(900), appointment.period, true));
}

#[test]
fn a_slot_that_is_taken_or_has_begun_is_refused() {
    let mut taken = slot(1, "09:00");
    taken.taken_by = Some(id(7));
    assert_eq!(taken.book(booking(100), stamp(500)), Err(Refused::SlotTaken));
    assert_eq!(slot(1, "08:00").book(booking(100), stamp(500)), Err(Refused::SlotPast), "begins this moment");
    let mut taken = slot(2, "10:00");
    taken.taken_by = Some(id(7));
    assert_eq!(booked().move_to(&taken, None, stamp(501)), Err(Refused::SlotTaken));
    assert_eq!(booked().move_to(&slot(2, "07:00"), None, stamp(501)), Err(Refused::SlotPast));
}

#[test]
fn moving_takes_the_new_time_and_one_more_version() {
    let change = booked().move_to(&slot(2, "10:00"), Some(1), stamp(501)).unwrap();
    assert_eq!((change.appointment.state, change.appointment.version), (State::Moved, 2));
    let event = change.event.unwrap();
    assert_eq!((event.kind, event.version, event.period.from()), (EventKind::Moved, 2, at("10:00")));
}

#[test]
fn moving_to_where_it_is_changes_nothing() {
    let mut own = slot(1, "09:00");
    own.taken_by = Some(id::<AppointmentId>(100));
    let change = booked().move_to(&own, None, stamp(501)).unwrap();
    assert_eq!(change, Change { appointment: booked(), event: None });
}

#[test]
fn a_cancelled_appointment_stays_cancelled() {
    let why = Reason::new("the patient is well again").unwrap();
    let Change { appointment, event } = booked().cancel(Some(why.clone()), Some(1), stamp(501)).unwrap();
    assert_eq!((appointment.state, appointment.version), (State::Cancelled, 2));
    assert_eq!(event.unwrap().kind, EventKind::Cancelled);
    assert!(!appointment.is_live());

    let again = appointment.clone().cancel(None, Some(1), stamp(502)).unwrap();
    assert_eq!(
        again,
        Change { appointment: appointment.clone(), event: None },
        "twice is fine, with the version it had before"
    );
    assert_eq!(again.appointment.cancellation, Some(why));
    assert_eq!(appointment.move_to(&slot(2, "10:00"), None, stamp(503)), Err(Refused::AppointmentCancelled));
}

#[test]
fn a_stale_version_is_refused() {
    let expected = Err(Refused::VersionMismatch { current: 1 });
    assert_eq!(booked().move_to(&slot(2, "10:00"), Some(3), stamp(501)), expected);
    assert_eq!(booked().cancel(None, Some(0), stamp(501)), expected);
}

#[test]
fn states_have_words() {
    for state in State::ALL {
        assert_eq!(State::of_word(state.word()), Some(state));
    }
    assert_eq!(State::of_word("forgotten"), None);
}

#[test]
fn ids_have_one_spelling() {
    let text = "019ac8a0-0000-7000-8000-000000000001";
    assert_eq!(text.parse::<SlotId>().unwrap().to_string(), text);
    assert_eq!(text.to_uppercase().parse::<SlotId>().unwrap().to_string(), text);
    for wrong in
        ["", "1", "{019ac8a0-0000-7000-8000-000000000001}", "019ac8a0000070008000000000000001", &text.replace('a', "g")]
    {
        assert!(wrong.parse::<SlotId>().is_err(), "{wrong}");
    }
    for right in ["dentist-1", "A.b_c", &"x".repeat(64)] {
        assert_eq!(right.parse::<domain::ClinicianId>().unwrap().as_str(), right);
    }
    for wrong in ["", "a b", "é", "a/b", &"x".repeat(65)] {
        assert!(wrong.parse::<domain::ClinicianId>().is_err(), "{wrong}");
    }
}

#[test]
fn reasons_are_bounded_and_do_not_show_themselves() {
    assert_eq!(Reason::new("  knee\n hurts ").unwrap().as_str(), "knee\n hurts");
    assert_eq!(Reason::new(" \n"), Err(ReasonError::Empty));
    assert!(Reason::new(&"ä".repeat(Reason::MAX)).is_ok(), "characters, not bytes");
    assert_eq!(Reason::new(&"ä".repeat(Reason::MAX + 1)), Err(ReasonError::TooLong));
    assert_eq!(Reason::new("a\u{7}b"), Err(ReasonError::Control));
    assert_eq!(format!("{:?}", Reason::new("knee").unwrap()), "Reason(…)");
    assert!(!format!("{:?}", booked()).contains("check-up"));
}
