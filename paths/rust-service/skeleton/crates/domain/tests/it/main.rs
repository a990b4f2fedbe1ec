//! The count against the calendar, day by day.

use domain::{LONGEST, RangeError, working_days};
use jiff::{
    ToSpan as _,
    civil::{Date, Weekday, date},
};
use proptest::prelude::proptest;

proptest! {
    #[test]
    fn the_count_is_the_calendars(start in 0..200_000_i64, length in 0..1_000_i64) {
        let from = date(1600, 1, 1) + start.days();
        let to = from + length.days();
        assert_eq!(working_days(from, to), Ok(by_hand(from, to)));
    }
}

fn by_hand(from: Date, to: Date) -> u32 {
    let days = from.series(1.day()).take_while(|day| *day <= to);
    let working = days.filter(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday));
    u32::try_from(working.count()).unwrap()
}

#[test]
fn a_range_is_refused_that_is_backwards_or_endless() {
    let (monday, sunday) = (date(2026, 1, 5), date(2026, 1, 4));
    assert_eq!(working_days(monday, sunday), Err(RangeError::Backwards { from: monday, to: sunday }));
    let far = monday + i64::from(LONGEST).days();
    assert_eq!(working_days(monday, far), Err(RangeError::TooLong { days: LONGEST + 1 }));
    assert_eq!(working_days(Date::MIN, Date::MAX).unwrap_err(), RangeError::TooLong { days: 7_304_484 });
}
