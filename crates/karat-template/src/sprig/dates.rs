//! Dates and durations. The machine's own zone is UTC, and the time is the render's.

use crate::Type::{Any, Named, String as Text};
use crate::{Builtin, CallError, Interpreter, Value};

use super::args::{any, fixed, string, text};
use super::durations;
use super::layout;
use super::placeholders::now;
use super::strconv::{NumberError, parse_int};
use super::time_parse;
use super::times::{Time, Zone};

const MOMENT: crate::Type = Named("time.Time");

/// The family. A date is a `time.Time` or an int of seconds since 1970; anything else stands for now.
pub(super) const FUNCTIONS: &[Builtin] = &[
    fixed("now", &[], |interpreter, _| Ok(now(interpreter, "now").into())),
    fixed("date", &[Text, Any], |i, a| string(date(i, "date", text(a, 0), any(a, 1), b"Local"))),
    fixed("dateInZone", &[Text, Any, Text], |i, a| string(date(i, "dateInZone", text(a, 0), any(a, 1), text(a, 2)))),
    fixed("date_in_zone", &[Text, Any, Text], |i, a| {
        string(date(i, "date_in_zone", text(a, 0), any(a, 1), text(a, 2)))
    }),
    fixed("htmlDate", &[Any], |i, a| string(date(i, "htmlDate", HTML, any(a, 0), b"Local"))),
    fixed("htmlDateInZone", &[Any, Text], |i, a| string(date(i, "htmlDateInZone", HTML, any(a, 0), text(a, 1)))),
    fixed("dateModify", &[Text, MOMENT], |_, a| Ok(modify(a).unwrap_or_else(|_| any(a, 1).clone()))),
    fixed("date_modify", &[Text, MOMENT], |_, a| Ok(modify(a).unwrap_or_else(|_| any(a, 1).clone()))),
    fixed("mustDateModify", &[Text, MOMENT], |_, a| modify(a)),
    fixed("must_date_modify", &[Text, MOMENT], |_, a| modify(a)),
    fixed("toDate", &[Text, Text], |_, a| {
        Ok(time_parse::parse(text(a, 0), text(a, 1)).unwrap_or_else(|_| Time::zero()).into())
    }),
    fixed("mustToDate", &[Text, Text], |_, a| Ok(time_parse::parse(text(a, 0), text(a, 1))?.into())),
    fixed("unixEpoch", &[MOMENT], |_, a| string(Time::of(any(a, 0)).map_or(0, |time| time.seconds).to_string())),
    fixed("ago", &[Any], |i, a| string(ago(i, any(a, 0)))),
    fixed("duration", &[Any], |_, a| string(durations::print(seconds(any(a, 0)).wrapping_mul(durations::SECOND)))),
    fixed("durationRound", &[Any], |i, a| string(duration_round(i, any(a, 0)))),
];

const HTML: &[u8] = b"2006-01-02";

fn date(
    interpreter: &mut Interpreter<'_>,
    function: &'static str,
    layout: &[u8],
    value: &Value,
    zone: &[u8],
) -> Vec<u8> {
    let time = moment(value).unwrap_or_else(|| now(interpreter, function));
    layout::format(&time.within(Zone::load(zone)), layout)
}

/// A time, or an int of seconds since 1970.
fn moment(value: &Value) -> Option<Time> {
    use crate::IntKind::{Int, Int32, Int64};
    match value {
        Value::Int(Int | Int32 | Int64, seconds) => Some(Time::unix(*seconds)),
        _ => Time::of(value).cloned(),
    }
}

fn modify(arguments: &[Value]) -> Result<Value, CallError> {
    let duration = durations::parse(text(arguments, 0))?;
    let time = Time::of(any(arguments, 1)).cloned().unwrap_or_else(Time::zero);
    Ok(time.add(duration).into())
}

fn ago(interpreter: &mut Interpreter<'_>, value: &Value) -> String {
    let present = now(interpreter, "ago");
    let time = match value {
        Value::Int(crate::IntKind::Int32, _) => None,
        _ => moment(value),
    };
    let elapsed = present.since(&time.unwrap_or_else(|| present.clone()));
    durations::print(durations::round_to_seconds(elapsed))
}

/// Only text and int64 count as seconds; an int literal does not.
fn seconds(value: &Value) -> i64 {
    match value {
        Value::Int(crate::IntKind::Int64, seconds) => *seconds,
        Value::Str(text) => match parse_int(text, 10) {
            Ok(seconds) | Err(NumberError::Range(seconds)) => seconds,
            Err(NumberError::Syntax) => 0,
        },
        _ => 0,
    }
}

fn duration_round(interpreter: &mut Interpreter<'_>, value: &Value) -> String {
    let nanoseconds = match value {
        Value::Int(crate::IntKind::Int64, nanoseconds) => *nanoseconds,
        Value::Str(text) => durations::parse(text).unwrap_or(0),
        _ => match Time::of(value) {
            Some(time) => now(interpreter, "durationRound").since(time),
            None => 0,
        },
    };
    durations::largest_unit(nanoseconds)
}
