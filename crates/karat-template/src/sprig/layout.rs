//! Go's time layouts, such as `Mon Jan 2 15:04:05 MST 2006`, and how times are written in them.

use super::times::{MONTHS, Time, WEEKDAYS};

/// An element of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    /// `MST`.
    ZoneName,
    /// A numeric zone.
    Offset(OffsetStyle),
    /// `.000`: that many digits.
    Fraction(usize, u8),
    /// `.999`: that many digits, without trailing zeros.
    TrimmedFraction(usize, u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OffsetStyle {
    /// Prints `Z` for UTC.
    pub(super) z: bool,
    pub(super) colons: bool,
    /// Hours only, hours and minutes, or all three: 1, 2, 3.
    pub(super) parts: usize,
}

/// The layout's texts in the order in which they are tried; at one place the first that fits wins.
const FIELDS: &[(&[u8], Field)] = &[
    (b"January", Field::LongMonth),
    (b"Jan", Field::Month),
    (b"Monday", Field::LongWeekday),
    (b"Mon", Field::Weekday),
    (b"MST", Field::ZoneName),
    (b"01", Field::ZeroMonth),
    (b"02", Field::ZeroDay),
    (b"03", Field::ZeroHour12),
    (b"04", Field::ZeroMinute),
    (b"05", Field::ZeroSecond),
    (b"06", Field::Year),
    (b"002", Field::ZeroYearDay),
    (b"15", Field::Hour),
    (b"1", Field::NumMonth),
    (b"2006", Field::LongYear),
    (b"2", Field::Day),
    (b"_2", Field::UnderDay),
    (b"__2", Field::UnderYearDay),
    (b"3", Field::Hour12),
    (b"4", Field::Minute),
    (b"5", Field::Second),
    (b"PM", Field::UpperPm),
    (b"pm", Field::LowerPm),
    (b"-070000", Field::Offset(OffsetStyle { z: false, colons: false, parts: 3 })),
    (b"-07:00:00", Field::Offset(OffsetStyle { z: false, colons: true, parts: 3 })),
    (b"-0700", Field::Offset(OffsetStyle { z: false, colons: false, parts: 2 })),
    (b"-07:00", Field::Offset(OffsetStyle { z: false, colons: true, parts: 2 })),
    (b"-07", Field::Offset(OffsetStyle { z: false, colons: false, parts: 1 })),
    (b"Z070000", Field::Offset(OffsetStyle { z: true, colons: false, parts: 3 })),
    (b"Z07:00:00", Field::Offset(OffsetStyle { z: true, colons: true, parts: 3 })),
    (b"Z0700", Field::Offset(OffsetStyle { z: true, colons: false, parts: 2 })),
    (b"Z07:00", Field::Offset(OffsetStyle { z: true, colons: true, parts: 2 })),
    (b"Z07", Field::Offset(OffsetStyle { z: true, colons: false, parts: 1 })),
];

/// A field with its text in the layout.
pub(super) type Found<'a> = Option<(Field, &'a [u8])>;

/// Cuts a layout at its first field: the text before, the field, the rest.
pub(super) fn next_field(layout: &[u8]) -> (&[u8], Found<'_>, &[u8]) {
    for at in 0..layout.len() {
        if let Some((field, length)) = field_at(&layout[at..]) {
            let (text, rest) = layout[at..].split_at(length);
            return (&layout[..at], Some((field, text)), rest);
        }
    }
    (layout, None, &[])
}

fn field_at(layout: &[u8]) -> Option<(Field, usize)> {
    // In `_2006` the underscore is text.
    if layout.starts_with(b"_2006") {
        return None;
    }
    if let [separator @ (b'.' | b','), digit @ (b'0' | b'9'), ..] = layout {
        let count = layout[1..].iter().take_while(|byte| *byte == digit).count();
        let ends = !layout.get(1 + count).is_some_and(u8::is_ascii_digit);
        // Go keeps the count in 12 bits.
        let places = count & 0xFFF;
        let field = match digit {
            b'0' => Field::Fraction(places, *separator),
            _ => Field::TrimmedFraction(places, *separator),
        };
        return ends.then_some((field, 1 + count));
    }
    let (text, field) = FIELDS.iter().find(|(text, field)| {
        // `Month` is not `Mon` and text.
        let whole = !matches!(field, Field::Month | Field::Weekday)
            || !layout.get(text.len()).is_some_and(u8::is_ascii_lowercase);
        layout.starts_with(text) && whole
    })?;
    Some((*field, text.len()))
}

/// `Time.Format`.
pub(super) fn format(time: &Time, layout: &[u8]) -> Vec<u8> {
    let civil = time.civil();
    let (offset, zone) = time.zone.at(time.seconds);
    let mut out = Vec::with_capacity(layout.len() + 10);
    let mut rest = layout;
    loop {
        let (before, field, after) = next_field(rest);
        out.extend_from_slice(before);
        let Some((field, _)) = field else {
            return out;
        };
        rest = after;
        let hour12 = if civil.hour % 12 == 0 { 12 } else { civil.hour % 12 };
        let month = MONTHS[(civil.month - 1).clamp(0, 11) as usize];
        let text = match field {
            Field::LongMonth => month.to_owned(),
            Field::Month => month[..3].to_owned(),
            Field::NumMonth => civil.month.to_string(),
            Field::ZeroMonth => format!("{:02}", civil.month),
            Field::LongWeekday => WEEKDAYS[time.weekday()].to_owned(),
            Field::Weekday => WEEKDAYS[time.weekday()][..3].to_owned(),
            Field::Day => civil.day.to_string(),
            Field::UnderDay => format!("{:2}", civil.day),
            Field::ZeroDay => format!("{:02}", civil.day),
            Field::UnderYearDay => format!("{:3}", time.year_day()),
            Field::ZeroYearDay => format!("{:03}", time.year_day()),
            Field::Hour => format!("{:02}", civil.hour),
            Field::Hour12 => hour12.to_string(),
            Field::ZeroHour12 => format!("{hour12:02}"),
            Field::Minute => civil.minute.to_string(),
            Field::ZeroMinute => format!("{:02}", civil.minute),
            Field::Second => civil.second.to_string(),
            Field::ZeroSecond => format!("{:02}", civil.second),
            Field::LongYear if civil.year < 0 => format!("-{:04}", -civil.year),
            Field::LongYear => format!("{:04}", civil.year),
            Field::Year => format!("{:02}", civil.year.abs() % 100),
            Field::UpperPm => if civil.hour >= 12 { "PM" } else { "AM" }.to_owned(),
            Field::LowerPm => if civil.hour >= 12 { "pm" } else { "am" }.to_owned(),
            Field::ZoneName if zone.is_empty() => {
                offset_text(offset, OffsetStyle { z: false, colons: false, parts: 2 })
            }
            Field::ZoneName => zone.clone(),
            Field::Offset(style) => offset_text(offset, style),
            Field::Fraction(places, separator) => fraction_text(time.nanoseconds, places, separator),
            Field::TrimmedFraction(places, separator) => {
                let text = fraction_text(time.nanoseconds, places, separator);
                text.trim_end_matches('0').trim_end_matches(char::from(separator)).to_owned()
            }
        };
        out.extend_from_slice(text.as_bytes());
    }
}

fn offset_text(offset: i64, style: OffsetStyle) -> String {
    if style.z && offset == 0 {
        return "Z".into();
    }
    let minutes = offset / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let colon = if style.colons { ":" } else { "" };
    let mut text = format!("{sign}{:02}", minutes.abs() / 60);
    if style.parts > 1 {
        text.push_str(&format!("{colon}{:02}", minutes.abs() % 60));
    }
    if style.parts > 2 {
        // Go takes the offset's absolute value only where the minutes are negative.
        let offset = if minutes < 0 { -offset } else { offset };
        text.push_str(&format!("{colon}{:02}", offset % 60));
    }
    text
}

fn fraction_text(nanoseconds: u32, places: usize, separator: u8) -> String {
    let digits = format!("{nanoseconds:09}");
    format!("{}{}", char::from(separator), &digits[..places.min(9)])
}
