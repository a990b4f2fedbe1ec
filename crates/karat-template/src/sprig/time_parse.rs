//! Reading times by Go's layouts.

use std::rc::Rc;

use super::durations::quote;
use super::layout::{Field, OffsetStyle, next_field};
use super::times::{Civil, MONTHS, Time, WEEKDAYS, Zone, days_in, is_leap};

/// `time.ParseInLocation` where the location is UTC.
pub(super) fn parse(layout: &[u8], value: &[u8]) -> Result<Time, String> {
    Parser { layout, value, rest: value, ..Parser::default() }.run()
}

/// What has been read so far.
#[derive(Default)]
struct Parser<'a> {
    layout: &'a [u8],
    value: &'a [u8],
    rest: &'a [u8],
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanoseconds: u32,
    am: bool,
    pm: bool,
    utc: bool,
    offset: Option<i64>,
    zone: Option<&'a [u8]>,
}

/// Why a field was not read.
enum Bad {
    /// It does not look like one.
    Form,
    /// It is out of range; its name.
    Range(&'static str),
}

impl<'a> Parser<'a> {
    fn run(mut self) -> Result<Time, String> {
        let mut layout = self.layout;
        loop {
            let (before, field, after) = next_field(layout);
            if self.skip(before).is_err() {
                return Err(self.cannot(self.rest, before));
            }
            let Some((field, text)) = field else {
                if !self.rest.is_empty() {
                    return Err(self.wrong(&format!(": extra text: {}", quote(self.rest))));
                }
                break;
            };
            layout = after;
            let before = self.rest;
            match self.field(field, layout) {
                Ok(()) => {}
                Err(Bad::Form) => return Err(self.cannot(before, text)),
                Err(Bad::Range(what)) => return Err(self.wrong(&format!(": {what} out of range"))),
            }
        }
        self.finish()
    }

    fn cannot(&self, value: &[u8], element: &[u8]) -> String {
        format!(
            "parsing time {} as {}: cannot parse {} as {}",
            quote(self.value),
            quote(self.layout),
            quote(value),
            quote(element)
        )
    }

    fn wrong(&self, message: &str) -> String {
        format!("parsing time {}{message}", quote(self.value))
    }

    /// Skips literal text; runs of spaces match each other.
    fn skip(&mut self, mut literal: &[u8]) -> Result<(), Bad> {
        while let Some((first, tail)) = literal.split_first() {
            if *first == b' ' {
                if self.rest.first().is_some_and(|byte| *byte != b' ') {
                    return Err(Bad::Form);
                }
                literal = trim_spaces(literal);
                self.rest = trim_spaces(self.rest);
                continue;
            }
            self.rest = self.rest.strip_prefix(&[*first]).ok_or(Bad::Form)?;
            literal = tail;
        }
        Ok(())
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Bad> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Bad::Form)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Up to `most` digits, or exactly that many.
    fn number(&mut self, most: usize, exact: bool) -> Result<i64, Bad> {
        let count = self.rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 || exact && count != most {
            return Err(Bad::Form);
        }
        Ok(decimal(self.take(count)?))
    }

    fn name(&mut self, names: &[&str], length: Option<usize>) -> Result<i64, Bad> {
        for (position, name) in names.iter().enumerate() {
            let name = &name.as_bytes()[..length.unwrap_or(name.len())];
            if self.rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
                self.take(name.len())?;
                return Ok(position as i64);
            }
        }
        Err(Bad::Form)
    }

    fn field(&mut self, field: Field, layout: &[u8]) -> Result<(), Bad> {
        let in_range = |number: i64, limit: i64, what| if number < limit { Ok(number) } else { Err(Bad::Range(what)) };
        match field {
            Field::Year => {
                let digits = self.take(2)?;
                let number = match digits {
                    [b'-' | b'+', digit] if digit.is_ascii_digit() => {
                        decimal(&digits[1..]) * if digits[0] == b'-' { -1 } else { 1 }
                    }
                    _ if digits.iter().all(u8::is_ascii_digit) => decimal(digits),
                    _ => return Err(Bad::Form),
                };
                self.year = number + if number >= 69 { 1900 } else { 2000 };
            }
            Field::LongYear => {
                if !self.rest.first().is_some_and(u8::is_ascii_digit) {
                    return Err(Bad::Form);
                }
                let digits = self.take(4)?;
                if !digits.iter().all(u8::is_ascii_digit) {
                    return Err(Bad::Form);
                }
                self.year = decimal(digits);
            }
            Field::Month => self.month = Some(self.name(&MONTHS, Some(3))? + 1),
            Field::LongMonth => self.month = Some(self.name(&MONTHS, None)? + 1),
            Field::NumMonth | Field::ZeroMonth => {
                let month = self.number(2, field == Field::ZeroMonth)?;
                if !(1..=12).contains(&month) {
                    return Err(Bad::Range("month"));
                }
                self.month = Some(month);
            }
            Field::Weekday => drop(self.name(&WEEKDAYS, Some(3))?),
            Field::LongWeekday => drop(self.name(&WEEKDAYS, None)?),
            Field::Day | Field::UnderDay | Field::ZeroDay => {
                if field == Field::UnderDay {
                    self.rest = self.rest.strip_prefix(b" ").unwrap_or(self.rest);
                }
                self.day = Some(self.number(2, field == Field::ZeroDay)?);
            }
            Field::UnderYearDay | Field::ZeroYearDay => {
                for _ in 0..2 {
                    if field == Field::UnderYearDay {
                        self.rest = self.rest.strip_prefix(b" ").unwrap_or(self.rest);
                    }
                }
                self.year_day = Some(self.number(3, field == Field::ZeroYearDay)?);
            }
            Field::Hour => self.hour = in_range(self.number(2, false)?, 24, "hour")?,
            Field::Hour12 | Field::ZeroHour12 => {
                self.hour = in_range(self.number(2, field == Field::ZeroHour12)?, 13, "hour")?;
            }
            Field::Minute | Field::ZeroMinute => {
                self.minute = in_range(self.number(2, field == Field::ZeroMinute)?, 60, "minute")?;
            }
            Field::Second | Field::ZeroSecond => {
                self.second = in_range(self.number(2, field == Field::ZeroSecond)?, 60, "second")?;
                // A fraction may follow the seconds even where the layout has none.
                let (_, next, _) = next_field(layout);
                let expected = matches!(next, Some((Field::Fraction(..) | Field::TrimmedFraction(..), _)));
                if !expected {
                    self.optional_fraction()?;
                }
            }
            Field::UpperPm | Field::LowerPm => {
                let (am, pm): (&[u8], &[u8]) = if field == Field::UpperPm { (b"AM", b"PM") } else { (b"am", b"pm") };
                let half = self.take(2)?;
                self.am |= half == am;
                self.pm |= half == pm;
                if half != am && half != pm {
                    return Err(Bad::Form);
                }
            }
            Field::Offset(style) => self.offset(style)?,
            Field::ZoneName if self.rest.starts_with(b"UTC") => {
                self.take(3)?;
                self.utc = true;
            }
            Field::ZoneName => self.zone = Some(self.take(zone_length(self.rest).ok_or(Bad::Form)?)?),
            Field::Fraction(places, _) => {
                let text = self.take(1 + places)?;
                if !matches!(text[0], b'.' | b',') || !text[1..].iter().all(u8::is_ascii_digit) {
                    return Err(Bad::Form);
                }
                self.nanoseconds = nanoseconds(&text[1..]);
            }
            Field::TrimmedFraction(..) => self.optional_fraction()?,
        }
        Ok(())
    }

    fn optional_fraction(&mut self) -> Result<(), Bad> {
        if let [b'.' | b',', digits @ ..] = self.rest {
            let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if count > 0 {
                self.nanoseconds = nanoseconds(&self.take(1 + count)?[1..]);
            }
        }
        Ok(())
    }

    fn offset(&mut self, style: OffsetStyle) -> Result<(), Bad> {
        if style.z && self.rest.starts_with(b"Z") {
            self.take(1)?;
            self.utc = true;
            return Ok(());
        }
        let step = if style.colons { 3 } else { 2 };
        let text = self.take(3 + step * (style.parts - 1))?;
        if style.colons && (1..style.parts).any(|part| text[3 * part] != b':') {
            return Err(Bad::Form);
        }
        // A part that is out of range counts for more than one that is no number.
        let numbers = (0..style.parts).map(|part| &text[1 + step * part..][..2]);
        let readable = numbers.clone().take_while(|digits| digits.iter().all(u8::is_ascii_digit)).count();
        let mut parts = [0; 3];
        for (part, digits) in parts.iter_mut().zip(numbers.take(readable)) {
            *part = decimal(digits);
        }
        let [hours, minutes, seconds] = parts;
        for (part, limit, what) in [
            (seconds, 60, "time zone offset second"),
            (minutes, 60, "time zone offset minute"),
            (hours, 24, "time zone offset hour"),
        ] {
            if part > limit {
                return Err(Bad::Range(what));
            }
        }
        let offset = (hours * 60 + minutes) * 60 + seconds;
        self.offset = Some(match text[0] {
            b'+' if readable == style.parts => offset,
            b'-' if readable == style.parts => -offset,
            _ => return Err(Bad::Form),
        });
        Ok(())
    }

    fn finish(mut self) -> Result<Time, String> {
        if self.pm && self.hour < 12 {
            self.hour += 12;
        } else if self.am && self.hour == 12 {
            self.hour = 0;
        }
        let (month, day) = match self.year_day {
            Some(year_day) => self.month_and_day(year_day)?,
            None => (self.month.unwrap_or(1), self.day.unwrap_or(1)),
        };
        if day < 1 || day > days_in(month, self.year) {
            return Err(self.wrong(": day out of range"));
        }
        let civil = Civil { year: self.year, month, day, hour: self.hour, minute: self.minute, second: self.second };
        let zone = match (self.utc, self.offset, self.zone) {
            (true, ..) | (false, None, None) => Zone::Utc,
            // Without a name of its own, or with that name, no offset is the local zone: UTC.
            (false, Some(0), None | Some(b"UTC")) => Zone::Utc,
            (false, Some(offset), name) => Zone::Fixed(lossy(name.unwrap_or_default()), offset),
            (false, None, Some(name)) => {
                // The clock shows the time; the offset of `GMT+3` is noted, but the moment is as if it were UTC.
                let hours = name.strip_prefix(b"GMT").filter(|hours| !hours.is_empty()).map_or(0, signed);
                let time = Time::date(civil, self.nanoseconds, Zone::Utc);
                return Ok(time.within(Zone::Fixed(lossy(name), hours * 3600)));
            }
        };
        Ok(Time::date(civil, self.nanoseconds, zone))
    }

    fn month_and_day(&self, year_day: i64) -> Result<(i64, i64), String> {
        let days = if is_leap(self.year) { 366 } else { 365 };
        if !(1..=days).contains(&year_day) {
            return Err(self.wrong(": day-of-year out of range"));
        }
        let (mut month, mut day) = (1, year_day);
        while day > days_in(month, self.year) {
            day -= days_in(month, self.year);
            month += 1;
        }
        if self.month.is_some_and(|known| known != month) {
            return Err(self.wrong(": day-of-year does not match month"));
        }
        if self.day.is_some_and(|known| known != day) {
            return Err(self.wrong(": day-of-year does not match day"));
        }
        Ok((month, day))
    }
}

fn lossy(name: &[u8]) -> Rc<str> {
    String::from_utf8_lossy(name).into()
}

fn trim_spaces(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|byte| **byte == b' ').count()..]
}

fn decimal(digits: &[u8]) -> i64 {
    digits.iter().fold(0i64, |number, digit| number.wrapping_mul(10).wrapping_add(i64::from(digit.wrapping_sub(b'0'))))
}

fn signed(text: &[u8]) -> i64 {
    match text {
        [b'-', digits @ ..] => -decimal(digits),
        [b'+', digits @ ..] => decimal(digits),
        digits => decimal(digits),
    }
}

/// A fraction's digits as nanoseconds; more than nine are cut.
fn nanoseconds(digits: &[u8]) -> u32 {
    let digits = &digits[..digits.len().min(9)];
    (decimal(digits) * 10i64.pow(9 - digits.len() as u32)) as u32
}

/// The length of the zone abbreviation that a text starts with.
fn zone_length(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(after) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_length(after));
    }
    if matches!(text[0], b'+' | b'-') {
        return Some(signed_length(text)).filter(|length| *length > 0);
    }
    let capitals = text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count();
    match capitals {
        3 => Some(3),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        5 if text[4] == b'T' => Some(5),
        _ => None,
    }
}

/// The length of `+03` or the like, if it is an offset of at most 23 hours.
fn signed_length(text: &[u8]) -> usize {
    let [b'+' | b'-', digits @ ..] = text else {
        return 0;
    };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let significant = digits[..count].iter().skip_while(|digit| **digit == b'0').count();
    if count == 0 || significant > 2 || decimal(&digits[count - significant..count]) > 23 { 0 } else { 1 + count }
}
