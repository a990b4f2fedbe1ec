//! Opening a clinician's calendar: a stretch of time, cut into slots.

use crate::{ClinicianId, Period, Refused, Slot};
use jiff::{SignedDuration, Timestamp};
use std::ops::RangeInclusive;

/// How long a slot may be, in minutes.
pub const MINUTES: RangeInclusive<u32> = 5..=240;
/// How many slots one opening makes at most.
pub const MAX_SLOTS: i64 = 500;
/// How many days one opening spans at most.
pub const MAX_DAYS: i64 = 31;

/// Time that a clinician gives to patients: from `from`, one slot after the other, as long as a whole one ends by `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    clinician: ClinicianId,
    period: Period,
    minutes: u32,
}

/// A member of an opening that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// `from`, `to` or `minutes`.
    pub member: &'static str,
    /// The rule.
    pub rule: String,
}

impl Opening {
    /// An opening that makes at least one slot and at most [`MAX_SLOTS`].
    ///
    /// # Errors
    /// Every rule that is broken.
    pub fn new(clinician: ClinicianId, from: Timestamp, to: Timestamp, minutes: u32) -> Result<Self, Vec<Broken>> {
        let mut broken = Vec::new();
        let mut rule = |member, rule: String| broken.push(Broken { member, rule });
        for (member, at) in [("from", from), ("to", to)] {
            if at.subsec_nanosecond() != 0 {
                rule(member, "is a whole second".to_owned());
            }
        }
        let length = to.duration_since(from);
        if !MINUTES.contains(&minutes) {
            rule("minutes", format!("is from {} to {}", MINUTES.start(), MINUTES.end()));
        } else if length < SignedDuration::from_mins(minutes.into()) {
            rule("to", format!("is at least {minutes} minutes after `from`"));
        } else if length.as_mins() / i64::from(minutes) > MAX_SLOTS {
            rule("to", format!("is no later than {MAX_SLOTS} slots after `from`"));
        } else if length > SignedDuration::from_hours(24 * MAX_DAYS) {
            rule("to", format!("is at most {MAX_DAYS} days after `from`"));
        }
        match Period::new(from, to) {
            Some(period) if broken.is_empty() => Ok(Self { clinician, period, minutes }),
            _ => Err(broken),
        }
    }

    /// Whose calendar it is.
    #[must_use]
    pub fn clinician(&self) -> &ClinicianId {
        &self.clinician
    }

    /// The stretch of time.
    #[must_use]
    pub fn period(&self) -> Period {
        self.period
    }

    /// The slots' times, in order. They touch and do not overlap.
    pub fn slots(&self) -> impl Iterator<Item = Period> + use<> {
        let (length, end) = (SignedDuration::from_mins(self.minutes.into()), self.period.to());
        let mut from = self.period.from();
        std::iter::from_fn(move || {
            let to = from.checked_add(length).ok().filter(|to| *to <= end)?;
            let slot = Period::new(from, to)?;
            from = to;
            Some(slot)
        })
    }

    /// The times at which there is no slot yet, given every slot of the clinician that overlaps the opening.
    ///
    /// # Errors
    /// A slot of the calendar overlaps one of the opening's and is not the same.
    pub fn missing(&self, calendar: &[Slot]) -> Result<Vec<Period>, Refused> {
        let mut missing = Vec::new();
        for period in self.slots() {
            let mut overlapping = calendar.iter().map(|slot| slot.period).filter(|other| other.overlaps(&period));
            match overlapping.next() {
                None => missing.push(period),
                Some(same) if same == period => {}
                Some(_) => return Err(Refused::SlotsOverlap),
            }
        }
        Ok(missing)
    }
}
