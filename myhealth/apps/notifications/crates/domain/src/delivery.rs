//! Sending a message: once more after a failure, later each time, until it is of no use.

use jiff::{SignedDuration, Timestamp};

/// The first wait after a failure; it doubles with each.
const FIRST: SignedDuration = SignedDuration::from_secs(1);
/// The longest wait.
const LONGEST: SignedDuration = SignedDuration::from_mins(10);

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The gateway has it.
    Accepted,
    /// The gateway will never take it.
    Refused,
    /// Nobody knows, or not now.
    Unknown,
}

/// What follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is sent.
    Sent,
    /// It is given up.
    Failed,
    /// It is tried again, not before this time.
    Again(Timestamp),
}

/// What follows from an attempt that ended `now`. `attempts` counts it; `spread`, any number that differs between messages,
/// keeps those that failed together from coming back together.
#[must_use]
pub fn after(outcome: Outcome, attempts: u32, spread: u64, now: Timestamp, useful_until: Timestamp) -> Next {
    match outcome {
        Outcome::Accepted => Next::Sent,
        Outcome::Refused => Next::Failed,
        Outcome::Unknown => {
            let again = now.saturating_add(wait(attempts, spread)).unwrap_or(Timestamp::MAX);
            if again < useful_until { Next::Again(again) } else { Next::Failed }
        }
    }
}

/// Doubling up to the longest, then up to a quarter less.
fn wait(attempts: u32, spread: u64) -> SignedDuration {
    let doubled = FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(20));
    let whole = doubled.min(LONGEST);
    whole - (whole / 4) * i32::try_from(spread % 100).unwrap_or(0) / 100
}
