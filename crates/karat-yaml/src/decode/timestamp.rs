//! Which texts go-yaml takes for a timestamp: those that one of four `time.Parse` layouts accepts.

/// Whether go-yaml v2 and v3 would read `text` as a timestamp, so that the string must be quoted.
pub(crate) fn is_timestamp(text: &[u8]) -> bool {
    let [a, b, c, d, b'-', rest @ ..] = text else { return false };
    if ![a, b, c, d].iter().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let year = [a, b, c, d].iter().fold(0u32, |year, &&digit| year * 10 + u32::from(digit - b'0'));
    let parsed = || {
        let (month, rest) = number(rest)?;
        let (day, rest) = number(rest.strip_prefix(b"-")?)?;
        let valid = (1..=12).contains(&month) && day >= 1 && day <= days_in(month, year);
        (valid && is_time(rest)).then_some(())
    };
    parsed().is_some()
}

/// Nothing, `T15:4:5.9Z07:00`, or ` 15:4:5.9`.
fn is_time(text: &[u8]) -> bool {
    match text {
        [] => true,
        [b'T' | b't', rest @ ..] => clock(rest).is_some_and(is_zone),
        [b' ', ..] => clock(after_spaces(text)).is_some_and(<[u8]>::is_empty),
        _ => false,
    }
}

/// `15:4:5` with any fraction; the rest.
fn clock(text: &[u8]) -> Option<&[u8]> {
    let (hour, rest) = number(text)?;
    let (minute, rest) = number(rest.strip_prefix(b":")?)?;
    let (second, rest) = number(rest.strip_prefix(b":")?)?;
    if hour >= 24 || minute >= 60 || second >= 60 {
        return None;
    }
    let rest = match rest {
        [b'.' | b',', digits @ ..] if digits.first().is_some_and(u8::is_ascii_digit) => {
            &digits[digits.iter().take_while(|b| b.is_ascii_digit()).count()..]
        }
        _ => rest,
    };
    Some(rest)
}

/// `Z` or `+07:00`; Go takes 24 hours and 60 minutes here.
fn is_zone(text: &[u8]) -> bool {
    match text {
        b"Z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            let two = |a: &u8, b: &u8| (a.is_ascii_digit() && b.is_ascii_digit()).then(|| (a - b'0') * 10 + (b - b'0'));
            two(h1, h2).is_some_and(|hours| hours <= 24) && two(m1, m2).is_some_and(|minutes| minutes <= 60)
        }
        _ => false,
    }
}

/// One or two digits.
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    match text {
        [a, b, rest @ ..] if a.is_ascii_digit() && b.is_ascii_digit() => {
            Some((u32::from(a - b'0') * 10 + u32::from(b - b'0'), rest))
        }
        [a, rest @ ..] if a.is_ascii_digit() => Some((u32::from(a - b'0'), rest)),
        _ => None,
    }
}

fn days_in(month: u32, year: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn after_spaces(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|&&b| b == b' ').count()..]
}
