//! Times: relative, with the absolute one beside it.

use maud::{Markup, html};

/// A day of a calendar, as days since 1 January 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i64);

/// `in 36 days`, `today`, `3 days ago`.
pub fn days(from: Day, to: Day) -> String {
    match to.0.saturating_sub(from.0) {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        -1 => "yesterday".to_owned(),
        ahead @ 2.. => format!("in {ahead} days"),
        back => format!("{} days ago", back.unsigned_abs()),
    }
}

/// `just now`, `4 minutes ago`, of two moments in seconds since 1970.
pub fn ago(now: i64, then: i64) -> String {
    let seconds = now.saturating_sub(then);
    let (number, unit) = match seconds {
        ..=0 => return "just now".to_owned(),
        1..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" })
}

/// A time as people say it; `absolute` is shown on hover, and is what programs read.
pub fn relative(said: &str, absolute: &str) -> Markup {
    html! { time datetime=(absolute) title=(absolute) { (said) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        let said: Vec<String> = [-40, -1, 0, 1, 36].map(|day| days(Day(100), Day(100 + day))).into();
        assert_eq!(said, ["40 days ago", "yesterday", "today", "tomorrow", "in 36 days"]);
        let said: Vec<String> = [0, 1, 59, 60, 7200, 200_000].map(|then| ago(1_000_000, 1_000_000 - then)).into();
        assert_eq!(said, ["just now", "1 second ago", "59 seconds ago", "1 minute ago", "2 hours ago", "2 days ago"]);
    }
}
