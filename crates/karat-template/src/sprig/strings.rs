//! Strings: cutting, trimming, searching, repeating, indenting, quoting.

use crate::Type::{Any, Int, String as Text};
use crate::quote::quote;
use crate::{Builtin, CallError, List, Map, Str, Value};

use super::args::{any, boolean, fixed, int, panic, string, strings, text, variadic};
use super::limits::{check_items, check_text};
use super::print::{sprint, strslice, strval};
use super::runes::{runes, to_lower, to_title, to_upper};
use super::search::{contains, find_all};

/// The family. Parameters are in Sprig's order: the text comes last, so that it can be piped in.
pub(super) const FUNCTIONS: &[Builtin] = &[
    fixed("hello", &[], |_, _| string("Hello!")),
    // Cutting: by bytes, so a character may be cut in two.
    fixed("trunc", &[Int, Text], |_, a| string(trunc(int(a, 0), text(a, 1)))),
    fixed("substr", &[Int, Int, Text], |_, a| string(substr(int(a, 0), int(a, 1), text(a, 2))?)),
    fixed("trim", &[Text], |_, a| string(trim_space(text(a, 0)))),
    fixed("trimAll", &[Text, Text], |_, a| string(trim(text(a, 0), text(a, 1)))),
    fixed("trimall", &[Text, Text], |_, a| string(trim(text(a, 0), text(a, 1)))),
    fixed("trimSuffix", &[Text, Text], |_, a| string(text(a, 1).strip_suffix(&**text(a, 0)).unwrap_or(text(a, 1)))),
    fixed("trimPrefix", &[Text, Text], |_, a| string(text(a, 1).strip_prefix(&**text(a, 0)).unwrap_or(text(a, 1)))),
    fixed("nospace", &[Text], |_, a| string(nospace(text(a, 0)))),
    // Case.
    fixed("upper", &[Text], |_, a| match text(a, 0) {
        ascii if ascii.is_ascii() => string(ascii.to_ascii_uppercase()),
        other => string(map_runes(other, to_upper)),
    }),
    fixed("lower", &[Text], |_, a| match text(a, 0) {
        ascii if ascii.is_ascii() => string(ascii.to_ascii_lowercase()),
        other => string(map_runes(other, to_lower)),
    }),
    fixed("title", &[Text], |_, a| string(title(text(a, 0)))),
    // Searching.
    fixed("contains", &[Text, Text], |_, a| boolean(contains(text(a, 1), text(a, 0)))),
    fixed("hasPrefix", &[Text, Text], |_, a| boolean(text(a, 1).starts_with(text(a, 0)))),
    fixed("hasSuffix", &[Text, Text], |_, a| boolean(text(a, 1).ends_with(text(a, 0)))),
    fixed("replace", &[Text, Text, Text], |_, a| string(replace(text(a, 0), text(a, 1), text(a, 2))?)),
    // Building.
    fixed("repeat", &[Int, Text], |_, a| string(repeat(int(a, 0), text(a, 1))?)),
    fixed("indent", &[Int, Text], |_, a| string(indent(int(a, 0), text(a, 1), "")?)),
    fixed("nindent", &[Int, Text], |_, a| string(indent(int(a, 0), text(a, 1), "\n")?)),
    fixed("plural", &[Text, Text, Int], |_, a| string(text(a, usize::from(int(a, 2) != 1)).clone())),
    variadic("cat", &[], Any, |_, a| string(cat(a)?)),
    variadic("quote", &[], Any, |_, a| string(quote_all(a)?)),
    variadic("squote", &[], Any, |_, a| string(squote_all(a)?)),
    fixed("toString", &[Any], |_, a| string(strval(any(a, 0))?)),
    // Splitting and joining.
    fixed("split", &[Text, Text], |_, a| Ok(numbered(split(text(a, 0), text(a, 1), -1)?))),
    fixed("splitn", &[Text, Int, Text], |_, a| Ok(numbered(split(text(a, 0), text(a, 2), int(a, 1))?))),
    fixed("splitList", &[Text, Text], |_, a| strings(split(text(a, 0), text(a, 1), -1)?)),
    fixed("join", &[Text, Any], |_, a| string(join(text(a, 0), &strslice(any(a, 1))?)?)),
    fixed("toStrings", &[Any], |_, a| match any(a, 0) {
        Value::List(list) if list.go_type() == List::STRINGS => Ok(any(a, 0).clone()),
        value => strings(strslice(value)?),
    }),
];

/// The first `count` bytes, or the last `-count`.
fn trunc(count: i64, text: &[u8]) -> &[u8] {
    let length = text.len() as i64;
    match count {
        ..0 if length.wrapping_add(count) > 0 => &text[(length + count) as usize..],
        0.. if length > count => &text[..count as usize],
        _ => text,
    }
}

/// The bytes from `start` to `end`; a negative one stands for the text's own.
fn substr(start: i64, end: i64, text: &[u8]) -> Result<&[u8], CallError> {
    let length = text.len() as i64;
    let (low, high) = match (start, end) {
        (..0, ..0) => return Err(panic(format!("slice bounds out of range [:{end}]"))),
        (..0, _) if end > length => {
            return Err(panic(format!("slice bounds out of range [:{end}] with length {length}")));
        }
        (..0, _) => (0, end),
        _ if end < 0 || end > length => (start, length),
        _ => (start, end),
    };
    let range = usize::try_from(low).unwrap_or(usize::MAX)..usize::try_from(high).unwrap_or(0);
    text.get(range).ok_or_else(|| panic(format!("slice bounds out of range [{low}:{high}]")))
}

/// Go's `strings.TrimSpace`.
fn trim_space(text: &[u8]) -> &[u8] {
    match std::str::from_utf8(text) {
        Ok(text) => text.trim().as_bytes(),
        Err(_) => trim_matches(text, char::is_whitespace),
    }
}

/// Go's `strings.Trim`: removes the runes of `cutset` at both ends.
fn trim<'a>(cutset: &[u8], text: &'a [u8]) -> &'a [u8] {
    let mut cutset: Vec<char> = runes(cutset).map(|rune| rune.char).collect();
    cutset.sort_unstable();
    trim_matches(text, |char| cutset.binary_search(&char).is_ok())
}

fn trim_matches(text: &[u8], matches: impl Fn(char) -> bool) -> &[u8] {
    let start: usize = runes(text).take_while(|rune| matches(rune.char)).map(|rune| rune.bytes.len()).sum();
    let text = &text[start..];
    let mut kept = 0;
    let mut at = 0;
    for rune in runes(text) {
        at += rune.bytes.len();
        if !matches(rune.char) {
            kept = at;
        }
    }
    &text[..kept]
}

/// goutils' `DeleteWhiteSpace`: reads bytes as if each were a character, so text beyond ASCII comes out mangled, as in Go.
fn nospace(text: &[u8]) -> Vec<u8> {
    let kept: String = text.iter().map(|byte| char::from(*byte)).filter(|char| !char.is_whitespace()).collect();
    if kept.chars().count() == text.len() { text.to_vec() } else { kept.into_bytes() }
}

/// Go's `strings.Map`: bytes that are not UTF-8 become U+FFFD.
pub(super) fn map_runes(text: &[u8], mut map: impl FnMut(char) -> char) -> String {
    runes(text).map(|rune| map(rune.char)).collect()
}

/// Go's deprecated `strings.Title`.
fn title(text: &[u8]) -> String {
    let mut previous = ' ';
    map_runes(text, |char| {
        let starts_word = separates(previous);
        previous = char;
        if starts_word { to_title(char) } else { char }
    })
}

fn separates(char: char) -> bool {
    if char.is_ascii() {
        return !(char.is_ascii_alphanumeric() || char == '_');
    }
    char.is_whitespace()
}

/// Go's `strings.ReplaceAll`; an empty `old` matches before each rune and at the end.
fn replace(old: &[u8], new: &[u8], text: &[u8]) -> Result<Vec<u8>, CallError> {
    let places = match old {
        [] => rune_starts(text).chain([text.len()]).collect(),
        _ => find_all(text, old),
    };
    let growth = places.len().checked_mul(new.len());
    let length = check_text(growth.and_then(|growth| growth.checked_add(text.len() - places.len() * old.len())))?;
    let mut out = Vec::with_capacity(length);
    let mut done = 0;
    for place in places {
        out.extend_from_slice(&text[done..place]);
        out.extend_from_slice(new);
        done = place + old.len();
    }
    out.extend_from_slice(&text[done..]);
    Ok(out)
}

fn rune_starts(text: &[u8]) -> impl Iterator<Item = usize> {
    runes(text).scan(0, |at, rune| {
        let start = *at;
        *at += rune.bytes.len();
        Some(start)
    })
}

fn repeat(count: i64, text: &[u8]) -> Result<Vec<u8>, CallError> {
    let count = usize::try_from(count).map_err(|_| CallError::from("strings: negative Repeat count"))?;
    check_text(text.len().checked_mul(count))?;
    Ok(text.repeat(count))
}

fn indent(spaces: i64, text: &[u8], before: &str) -> Result<Vec<u8>, CallError> {
    let spaces = usize::try_from(spaces).map_err(|_| CallError::from("strings: negative Repeat count"))?;
    let lines = 1 + text.iter().filter(|byte| **byte == b'\n').count();
    let length = spaces.checked_mul(lines).and_then(|padding| padding.checked_add(text.len() + before.len()));
    let mut out = Vec::with_capacity(check_text(length)?);
    out.extend_from_slice(before.as_bytes());
    out.resize(out.len() + spaces, b' ');
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        out.extend_from_slice(line);
        if line.ends_with(b"\n") {
            out.resize(out.len() + spaces, b' ');
        }
    }
    Ok(out)
}

/// `%v` of all that is not nil, with spaces between.
fn cat(values: &[Value]) -> Result<Vec<u8>, CallError> {
    spaced(values, |value, out| {
        out.extend_from_slice(&sprint(value)?);
        Ok(())
    })
}

fn quote_all(values: &[Value]) -> Result<Vec<u8>, CallError> {
    spaced(values, |value, out| {
        out.extend_from_slice(quote(&strval(value)?).as_bytes());
        Ok(())
    })
}

/// Single quotes around `%v`; nothing is escaped.
fn squote_all(values: &[Value]) -> Result<Vec<u8>, CallError> {
    spaced(values, |value, out| {
        out.push(b'\'');
        out.extend_from_slice(&sprint(value)?);
        out.push(b'\'');
        Ok(())
    })
}

fn spaced(
    values: &[Value],
    write: impl Fn(&Value, &mut Vec<u8>) -> Result<(), CallError>,
) -> Result<Vec<u8>, CallError> {
    let mut out = Vec::new();
    let mut first = true;
    for value in values.iter().filter(|value| !matches!(value, Value::Nil)) {
        if !std::mem::take(&mut first) {
            out.push(b' ');
        }
        write(value, &mut out)?;
        check_text(Some(out.len()))?;
    }
    Ok(out)
}

/// Go's `strings.SplitN`: at most `limit` parts if it is positive, none if it is 0; an empty separator splits runes.
fn split(separator: &[u8], text: &[u8], limit: i64) -> Result<Vec<Str>, CallError> {
    let limit = match limit {
        0 => return Ok(Vec::new()),
        1.. => usize::try_from(limit).unwrap_or(usize::MAX),
        _ => usize::MAX,
    };
    let cuts: Vec<usize> = match separator {
        [] => rune_starts(text).skip(1).take(limit - 1).collect(),
        _ => find_all(text, separator).into_iter().take(limit - 1).collect(),
    };
    if separator.is_empty() && text.is_empty() {
        return Ok(Vec::new());
    }
    check_items(cuts.len() + 1)?;
    let mut parts = Vec::with_capacity(cuts.len() + 1);
    let mut start = 0;
    for cut in cuts {
        parts.push(text[start..cut].into());
        start = cut + separator.len();
    }
    parts.push(text[start..].into());
    Ok(parts)
}

/// A `map[string]string` with the keys `_0`, `_1`, ...
fn numbered(parts: Vec<Str>) -> Value {
    let entries =
        parts.into_iter().enumerate().map(|(position, part)| (format!("_{position}").into(), Value::Str(part)));
    Value::Map(Map::typed(Map::STRINGS, entries.collect()))
}

fn join(separator: &[u8], parts: &[Str]) -> Result<Vec<u8>, CallError> {
    let separators = separator.len().checked_mul(parts.len().saturating_sub(1));
    let length = parts.iter().try_fold(separators.unwrap_or(usize::MAX), |sum, part| sum.checked_add(part.len()));
    check_text(length)?;
    Ok(parts.join(separator))
}
