//! Cutting a stretch of time into slots.

use domain::{ClinicianId, Opening, Period, Refused, Slot};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn clinician() -> ClinicianId {
    "dentist-1".parse().unwrap()
}

fn opening(from: &str, to: &str, minutes: u32) -> Result<Opening, Vec<String>> {
    Opening::new(clinician(), at(from), at(to), minutes)
        .map_err(|broken| broken.into_iter().map(|b| format!("{} {}", b.member, b.rule)).collect())
}

fn calendar(opening: &Opening) -> Vec<Slot> {
    let slot = |(n, period)| Slot { id: Uuid::from_u128(n).into(), clinician: clinician(), period, taken_by: None };
    (1..).zip(opening.slots()).map(slot).collect()
}

#[test]
fn what_is_left_at_the_end_stays_closed() {
    let slots: Vec<_> = opening("2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z", 25).unwrap().slots().collect();
    let expected = [("09:00", "09:25"), ("09:25", "09:50")].map(|(from, to)| {
        Period::new(at(&format!("2026-03-02T{from}:00Z")), at(&format!("2026-03-02T{to}:00Z"))).unwrap()
    });
    assert_eq!(slots, expected);
}

#[test]
fn each_broken_rule_is_told() {
    let cases = [
        ("09:00:00.5", "10:00:00.5", 20, vec!["from is a whole second", "to is a whole second"]),
        ("09:00:00", "09:00:00", 20, vec!["to is at least 20 minutes after `from`"]),
        ("09:00:00", "08:00:00", 20, vec!["to is at least 20 minutes after `from`"]),
        ("09:00:00", "10:00:00", 4, vec!["minutes is from 5 to 240"]),
        ("09:00:00", "10:00:00", 241, vec!["minutes is from 5 to 240"]),
    ];
    for (from, to, minutes, expected) in cases {
        let told = opening(&format!("2026-03-02T{from}Z"), &format!("2026-03-02T{to}Z"), minutes).unwrap_err();
        assert_eq!(told, expected);
    }
    let told = opening("2026-03-02T00:00:00Z", "2026-03-12T00:00:00Z", 20).unwrap_err();
    assert_eq!(told, ["to is no later than 500 slots after `from`"]);
    let told = opening("2026-03-02T00:00:00Z", "2026-05-02T00:00:00Z", 240).unwrap_err();
    assert_eq!(told, ["to is at most 31 days after `from`"]);
    assert!(Opening::new(clinician(), Timestamp::MIN, Timestamp::MAX, 20).is_err(), "the ends of time are no panic");
}

#[test]
fn opening_again_opens_what_is_missing_and_nothing_else() {
    let morning = opening("2026-03-02T09:00:00Z", "2026-03-02T11:00:00Z", 20).unwrap();
    let mut calendar = calendar(&morning);
    assert_eq!(morning.missing(&calendar), Ok(vec![]));
    let gone = calendar.remove(2);
    assert_eq!(morning.missing(&calendar), Ok(vec![gone.period]));

    let longer = opening("2026-03-02T09:00:00Z", "2026-03-02T11:30:00Z", 20).unwrap();
    assert_eq!(longer.missing(&calendar).unwrap().len(), 2);
    let other = opening("2026-03-02T09:00:00Z", "2026-03-02T11:00:00Z", 30).unwrap();
    assert_eq!(other.missing(&calendar), Err(Refused::SlotsOverlap));
}

proptest! {
    #[test]
    fn slots_touch_and_never_overlap(start in 0..200_000_i64, length in 5..2_000_i64, minutes in 5..=240_u32) {
        let from = Timestamp::from_second(1_770_000_000 + start).unwrap();
        let to = from + SignedDuration::from_mins(length);
        match Opening::new(clinician(), from, to, minutes) {
            Err(_) => prop_assert!(length < i64::from(minutes)),
            Ok(opening) => {
                let slots: Vec<_> = opening.slots().collect();
                prop_assert_eq!(slots.len() as i64, length / i64::from(minutes));
                prop_assert_eq!(slots[0].from(), from);
                prop_assert!(slots.windows(2).all(|pair| pair[0].to() == pair[1].from()));
                prop_assert!(slots[slots.len() - 1].to() <= to);
                let calendar = calendar(&opening);
                prop_assert_eq!(opening.missing(&calendar), Ok(vec![]));
            }
        }
    }
}
