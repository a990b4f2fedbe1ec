//! `time.Time`: a moment in a zone, with Go's calendar.

use std::any::Any as AnyType;
use std::cmp::Ordering;
use std::rc::Rc;

use jiff::tz::TimeZone;

use crate::{CallError, IntKind, Object, Signature, Str, Type, Value};

use super::args::{int, text};
use super::durations::{Duration, SECOND};
use super::layout;

/// A moment, in a zone.
#[derive(Clone, Debug)]
pub(super) struct Time {
    /// Seconds since 1970 in UTC.
    pub(super) seconds: i64,
    /// Nanoseconds within the second.
    pub(super) nanoseconds: u32,
    /// Where its clock hangs.
    pub(super) zone: Zone,
}

/// A time zone. A render is done as if the machine's own zone were UTC.
#[derive(Clone, Debug)]
pub(super) enum Zone {
    /// `UTC`, also as `Local`.
    Utc,
    /// An offset in seconds east, with the name that was read with it.
    Fixed(Rc<str>, i64),
    /// A zone of the tz database.
    Named(TimeZone),
}

/// A date and time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
}

/// Go's names.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Go's names, from 0 on.
pub(super) const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const DAY: i64 = 86_400;

impl Zone {
    /// `time.LoadLocation`, and UTC for what it does not know.
    pub(super) fn load(name: &[u8]) -> Self {
        let known = std::str::from_utf8(name).ok().filter(|name| !matches!(*name, "" | "UTC" | "Local"));
        known.and_then(|name| jiff::tz::db().get(name).ok()).map_or(Self::Utc, Self::Named)
    }

    /// The offset, in seconds east, and the zone's abbreviation at a moment; the latter may be empty.
    pub(super) fn at(&self, seconds: i64) -> (i64, String) {
        match self {
            Self::Utc => (0, "UTC".into()),
            Self::Fixed(name, offset) => (*offset, name.to_string()),
            Self::Named(zone) => {
                let seconds = seconds.clamp(jiff::Timestamp::MIN.as_second(), jiff::Timestamp::MAX.as_second());
                let moment = jiff::Timestamp::from_second(seconds).unwrap_or_default();
                let info = zone.to_offset_info(moment);
                (info.offset().seconds().into(), info.abbreviation().into())
            }
        }
    }
}

impl Time {
    /// A moment in UTC.
    pub(super) fn unix(seconds: i64) -> Self {
        Self { seconds, nanoseconds: 0, zone: Zone::Utc }
    }

    /// Go's zero time: the start of year 1.
    pub(super) fn zero() -> Self {
        Self::unix(-62_135_596_800)
    }

    /// The time that a value is.
    pub(super) fn of(value: &Value) -> Option<&Self> {
        match value {
            Value::Object(object) => (&**object as &dyn AnyType).downcast_ref(),
            _ => None,
        }
    }

    /// Go's `time.Date`: fields beyond their range carry over.
    pub(super) fn date(civil: Civil, nanoseconds: u32, zone: Zone) -> Self {
        let Civil { year, month, day, hour, minute, second } = civil;
        let months = year.wrapping_mul(12).wrapping_add(month - 1);
        let days = days_from_civil(months.div_euclid(12), months.rem_euclid(12) + 1).wrapping_add(day - 1);
        let clock = hour.wrapping_mul(3600).wrapping_add(minute.wrapping_mul(60)).wrapping_add(second);
        let local = days.wrapping_mul(DAY).wrapping_add(clock);
        // The offset at the moment itself, found from the one at the same time in UTC, as Go does.
        let (guess, _) = zone.at(local);
        let (offset, _) = zone.at(local.wrapping_sub(guess));
        Self { seconds: local.wrapping_sub(offset), nanoseconds, zone }
    }

    /// Moves by nanoseconds.
    pub(super) fn add(&self, nanoseconds: i64) -> Self {
        let total = i64::from(self.nanoseconds) + nanoseconds % SECOND;
        let seconds = self.seconds.wrapping_add(nanoseconds / SECOND).wrapping_add(total.div_euclid(SECOND));
        Self { seconds, nanoseconds: total.rem_euclid(SECOND) as u32, zone: self.zone.clone() }
    }

    /// The nanoseconds from `other` to this, or the nearest that fit.
    pub(super) fn since(&self, other: &Self) -> i64 {
        let seconds = i128::from(self.seconds) - i128::from(other.seconds);
        let total = seconds * i128::from(SECOND) + i128::from(self.nanoseconds) - i128::from(other.nanoseconds);
        total.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    /// The same moment in another zone.
    pub(super) fn within(&self, zone: Zone) -> Self {
        Self { zone, ..self.clone() }
    }

    /// The seconds since 1970 that the clock in its zone shows.
    fn local(&self) -> i64 {
        self.seconds.wrapping_add(self.zone.at(self.seconds).0)
    }

    /// What calendar and clock in its zone show.
    pub(super) fn civil(&self) -> Civil {
        let local = self.local();
        let (year, month, day) = civil_from_days(local.div_euclid(DAY));
        let clock = local.rem_euclid(DAY);
        Civil { year, month, day, hour: clock / 3600, minute: clock / 60 % 60, second: clock % 60 }
    }

    /// The day of the week, from 0 for Sunday.
    pub(super) fn weekday(&self) -> usize {
        (self.local().div_euclid(DAY) + 4).rem_euclid(7) as usize
    }

    /// The day of the year, from 1.
    pub(super) fn year_day(&self) -> i64 {
        let days = self.local().div_euclid(DAY);
        days - days_from_civil(civil_from_days(days).0, 1) + 1
    }

    fn compare(&self, other: &Self) -> Ordering {
        (self.seconds, self.nanoseconds).cmp(&(other.seconds, other.nanoseconds))
    }
}

impl Object for Time {
    fn go_type(&self) -> &'static str {
        "time.Time"
    }

    fn kind(&self) -> &'static str {
        "struct"
    }

    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str) -> Option<Signature> {
        Some(match name {
            "Year" | "Month" | "Day" | "Hour" | "Minute" | "Second" | "Nanosecond" | "YearDay" | "Weekday" | "Unix"
            | "UnixMilli" | "UnixMicro" | "UnixNano" | "IsZero" | "UTC" | "Local" | "String" => Signature::fixed(&[]),
            "Format" => Signature::fixed(&[Type::String]),
            "AddDate" => Signature::fixed(&[Type::Int, Type::Int, Type::Int]),
            "After" | "Before" | "Equal" | "Compare" | "Sub" => Signature::fixed(&[Type::Named("time.Time")]),
            _ => return None,
        })
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, CallError>> {
        let civil = self.civil();
        let number = |number: i64| Ok(Value::Int(IntKind::Int, number));
        let scaled = |unit: i64| {
            let whole = self.seconds.wrapping_mul(unit);
            Ok(Value::int64(whole.wrapping_add(i64::from(self.nanoseconds) / (SECOND / unit))))
        };
        let other = arguments.first().and_then(Self::of).unwrap_or(self);
        let compared = |decide: fn(Ordering) -> bool| Ok(Value::Bool(decide(self.compare(other))));
        Some(match name {
            "Year" => number(civil.year),
            "Month" => Ok(named("time.Month", civil.month, MONTHS[(civil.month - 1).clamp(0, 11) as usize])),
            "Day" => number(civil.day),
            "Hour" => number(civil.hour),
            "Minute" => number(civil.minute),
            "Second" => number(civil.second),
            "Nanosecond" => number(self.nanoseconds.into()),
            "YearDay" => number(self.year_day()),
            "Weekday" => Ok(named("time.Weekday", self.weekday() as i64, WEEKDAYS[self.weekday()])),
            "Unix" => Ok(Value::int64(self.seconds)),
            "UnixMilli" => scaled(1_000),
            "UnixMicro" => scaled(1_000_000),
            "UnixNano" => scaled(SECOND),
            "IsZero" => Ok(Value::Bool(self.compare(&Self::zero()).is_eq())),
            "UTC" | "Local" => Ok(self.within(Zone::Utc).into()),
            "String" => Ok(Value::Str(self.print())),
            "Format" => Ok(Value::string(layout::format(self, text(arguments, 0)))),
            "AddDate" => {
                let (years, months, days) = (int(arguments, 0), int(arguments, 1), int(arguments, 2));
                let Civil { year, month, day, .. } = civil;
                let moved = Civil {
                    year: year.wrapping_add(years),
                    month: month.wrapping_add(months),
                    day: day.wrapping_add(days),
                    ..civil
                };
                Ok(Self::date(moved, self.nanoseconds, self.zone.clone()).into())
            }
            "After" => compared(Ordering::is_gt),
            "Before" => compared(Ordering::is_lt),
            "Equal" => compared(Ordering::is_eq),
            "Compare" => number(self.compare(other) as i64),
            "Sub" => Ok(Value::Object(Rc::new(Duration(self.since(other))))),
            _ => return None,
        })
    }

    fn data(&self) -> Value {
        Value::string(layout::format(self, b"2006-01-02T15:04:05.999999999Z07:00"))
    }

    fn print(&self) -> Str {
        layout::format(self, b"2006-01-02 15:04:05.999999999 -0700 MST").into()
    }
}

impl From<Time> for Value {
    fn from(time: Time) -> Self {
        Self::Object(Rc::new(time))
    }
}

/// `time.Month` or `time.Weekday`: an int that prints as a name.
struct NamedInt {
    go_type: &'static str,
    number: i64,
    name: &'static str,
}

fn named(go_type: &'static str, number: i64, name: &'static str) -> Value {
    Value::Object(Rc::new(NamedInt { go_type, number, name }))
}

/// The number of a `time.Month` or `time.Weekday`, which spf13/cast takes for an int.
pub(super) fn named_int(value: &dyn Object) -> Option<i64> {
    (value as &dyn AnyType).downcast_ref::<NamedInt>().map(|named| named.number)
}

impl Object for NamedInt {
    fn go_type(&self) -> &'static str {
        self.go_type
    }

    fn kind(&self) -> &'static str {
        "int"
    }

    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str) -> Option<Signature> {
        (name == "String").then_some(Signature::fixed(&[]))
    }

    fn call(&self, name: &str, _arguments: &[Value]) -> Option<Result<Value, CallError>> {
        (name == "String").then(|| Ok(Value::string(self.name)))
    }

    fn data(&self) -> Value {
        Value::Int(IntKind::Int, self.number)
    }

    fn print(&self) -> Str {
        self.name.into()
    }
}

/// Whether a year has 366 days.
pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The days of a month.
pub(super) fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to the first of a month, in the proleptic Gregorian calendar. (H. Hinnant's algorithm: years
/// start in March, so that the leap day is last.)
fn days_from_civil(year: i64, month: i64) -> i64 {
    let year = if month <= 2 { year.wrapping_sub(1) } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era.wrapping_mul(146_097).wrapping_add(day_of_era - 719_468)
}

/// The inverse: year, month, day.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}
