//! Working days: how many days of a range are neither Saturday nor Sunday.
//!
//! This crate is a place to begin: replace it with what your service knows. It stays pure: no transport, no storage, no
//! clock.
#![forbid(unsafe_code)]

use jiff::civil::{Date, Weekday};

/// The longest range, in days: a hundred years.
pub const LONGEST: u32 = 36_525;

/// Why a range cannot be counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// It ends before it begins.
    #[error("the range ends on {to}, before it begins on {from}")]
    Backwards {
        /// The first day.
        from: Date,
        /// The last day.
        to: Date,
    },
    /// It is longer than [`LONGEST`].
    #[error("the range has {days} days; at most {LONGEST} are counted")]
    TooLong {
        /// Its length in days.
        days: u32,
    },
}

/// The number of days from `from` to `to`, both counted, that are neither Saturday nor Sunday.
///
/// # Errors
/// The range is backwards or too long.
pub fn working_days(from: Date, to: Date) -> Result<u32, RangeError> {
    let between = (to - from).get_days();
    let Some(days) = u32::try_from(between).ok().and_then(|days| days.checked_add(1)) else {
        return Err(RangeError::Backwards { from, to });
    };
    if days > LONGEST {
        return Err(RangeError::TooLong { days });
    }
    // Whole weeks have five; what is left is at most six days.
    let first = days - days % 7;
    let left = (0..days % 7).filter(|day| works(weekday_after(from, first + day))).count();
    Ok(first / 7 * 5 + u32::try_from(left).unwrap_or(0))
}

fn weekday_after(from: Date, days: u32) -> Weekday {
    from.weekday().wrapping_add(i64::from(days))
}

fn works(day: Weekday) -> bool {
    !matches!(day, Weekday::Saturday | Weekday::Sunday)
}
