//! Regular expressions. Without `must` a bad pattern still fails the render, as Go panics on it, but for `regexMatch`,
//! which says no.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use regex::bytes::{Regex, RegexBuilder};
use rustc_hash::FxHashMap;

use crate::Type::{Int, String as Text};
use crate::quote::quote;
use crate::{Builtin, CallError, Interpreter, List, Str, Value};

use super::args::{boolean, fixed, int, string, text};
use super::limits::{check_items, check_text};
use super::re2::translate;
use super::runes::{chars, is_digit, is_letter, runes};

/// The family. The order is pattern, text, then the replacement or the number of matches.
pub(super) const FUNCTIONS: &[Builtin] = &[
    fixed("regexMatch", &[Text, Text], |i, a| {
        afford(i, text(a, 0))?;
        boolean(Pattern::new(text(a, 0)).is_ok_and(|pattern| pattern.is_match(text(a, 1))))
    }),
    fixed("mustRegexMatch", &[Text, Text], |i, a| boolean(pattern(i, a)?.is_match(text(a, 1)))),
    fixed("regexFind", &[Text, Text], |i, a| string(compiled(i, a)?.find(text(a, 1)))),
    fixed("mustRegexFind", &[Text, Text], |i, a| string(pattern(i, a)?.find(text(a, 1)))),
    fixed("regexFindAll", &[Text, Text, Int], |i, a| compiled(i, a)?.find_all(text(a, 1), int(a, 2))),
    fixed("mustRegexFindAll", &[Text, Text, Int], |i, a| pattern(i, a)?.find_all(text(a, 1), int(a, 2))),
    fixed("regexReplaceAll", &[Text, Text, Text], |i, a| {
        string(compiled(i, a)?.replace_all(text(a, 1), text(a, 2), true)?)
    }),
    fixed("mustRegexReplaceAll", &[Text, Text, Text], |i, a| {
        string(pattern(i, a)?.replace_all(text(a, 1), text(a, 2), true)?)
    }),
    fixed("regexReplaceAllLiteral", &[Text, Text, Text], |i, a| {
        string(compiled(i, a)?.replace_all(text(a, 1), text(a, 2), false)?)
    }),
    fixed("mustRegexReplaceAllLiteral", &[Text, Text, Text], |i, a| {
        string(pattern(i, a)?.replace_all(text(a, 1), text(a, 2), false)?)
    }),
    fixed("regexSplit", &[Text, Text, Int], |i, a| compiled(i, a)?.split(text(a, 1), int(a, 2))),
    fixed("mustRegexSplit", &[Text, Text, Int], |i, a| pattern(i, a)?.split(text(a, 1), int(a, 2))),
    fixed("regexQuoteMeta", &[Text], |_, a| string(quote_meta(text(a, 0)))),
];

/// Building a pattern takes from a tenth of a millisecond to a tenth of a second, and counts as so much work.
fn afford(interpreter: &mut Interpreter<'_>, pattern: &Str) -> Result<(), CallError> {
    if CACHE.with_borrow(|cache| cache.contains_key(pattern)) { Ok(()) } else { interpreter.work(BUILD_STEPS) }
}

/// The first argument as a pattern.
fn pattern(interpreter: &mut Interpreter<'_>, arguments: &[Value]) -> Result<Rc<Pattern>, CallError> {
    afford(interpreter, text(arguments, 0))?;
    Pattern::new(text(arguments, 0))
}

/// The first argument as a pattern, with the message of Go's `MustCompile`.
fn compiled(interpreter: &mut Interpreter<'_>, arguments: &[Value]) -> Result<Rc<Pattern>, CallError> {
    let pattern = text(arguments, 0);
    afford(interpreter, pattern)?;
    Pattern::new(pattern).map_err(|error| {
        let quoted = match std::str::from_utf8(pattern) {
            Ok(text)
                if !text.contains(['`', '\u{FEFF}', '\u{7F}']) && !text.contains(|char| char < ' ' && char != '\t') =>
            {
                format!("`{text}`")
            }
            _ => quote(pattern),
        };
        format!("regexp: Compile({quoted}): {error}").into()
    })
}

thread_local! {
    // Templates use the same few patterns over and over, often in loops.
    static CACHE: RefCell<FxHashMap<Str, Rc<Pattern>>> = RefCell::default();
}

const CACHED: usize = 256;
/// A rendering can build five hundred patterns.
const BUILD_STEPS: usize = 100_000;

/// A compiled pattern.
struct Pattern {
    regex: Regex,
    /// The names of the groups, from group 0 on.
    names: Vec<String>,
    empty: bool,
}

/// The text of one match and of its groups, as ranges; a group that took no part has none.
type Groups = Vec<Option<Range<usize>>>;

impl Pattern {
    fn new(pattern: &Str) -> Result<Rc<Self>, CallError> {
        if let Some(known) = CACHE.with_borrow(|cache| cache.get(pattern).cloned()) {
            return Ok(known);
        }
        let translated = translate(pattern)?;
        let regex = RegexBuilder::new(&translated.pattern)
            .size_limit(32 << 20)
            .build()
            .map_err(|_| format!("error parsing regexp: expression too large: `{pattern}`"))?;
        let new = Rc::new(Self { regex, names: translated.names, empty: pattern.is_empty() });
        CACHE.with_borrow_mut(|cache| {
            if cache.len() >= CACHED {
                cache.clear();
            }
            cache.insert(pattern.clone(), new.clone());
        });
        Ok(new)
    }

    fn is_match(&self, text: &[u8]) -> bool {
        Subject::new(text).next(self, 0).is_some()
    }

    fn find(&self, text: &[u8]) -> Str {
        let subject = Subject::new(text);
        subject.next(self, 0).map_or(Str::new(), |found| subject.original(found).into())
    }

    /// Go's `FindAllString`: nothing found is a nil slice.
    fn find_all(&self, text: &[u8], limit: i64) -> Result<Value, CallError> {
        let subject = Subject::new(text);
        let found = self.matches(&subject, limit)?;
        if found.is_empty() {
            return Ok(Value::List(List::nil(List::STRINGS)));
        }
        Ok(Value::List(List::strings(found.into_iter().map(|range| Str::from(subject.original(range))))))
    }

    /// Go's `allMatches`: an empty match right after a match does not count.
    fn matches(&self, subject: &Subject<'_>, limit: i64) -> Result<Vec<Range<usize>>, CallError> {
        let limit = if limit < 0 { usize::MAX } else { usize::try_from(limit).unwrap_or(usize::MAX) };
        let mut found = Vec::new();
        let mut at = 0;
        let mut previous_end = None;
        while found.len() < limit && at <= subject.text.len() {
            let Some(range) = subject.next(self, at) else {
                break;
            };
            let end = range.end;
            let accept = end != at || previous_end != Some(range.start);
            at = if end == at { subject.step(at) } else { end };
            previous_end = Some(end);
            if accept {
                check_items(found.len() + 1)?;
                found.push(range);
            }
        }
        Ok(found)
    }

    /// Go's `ReplaceAllString`, or its literal twin without `$` in the replacement.
    fn replace_all(&self, text: &[u8], replacement: &[u8], expands: bool) -> Result<Vec<u8>, CallError> {
        let subject = Subject::new(text);
        let expands = expands && replacement.contains(&b'$');
        let mut out = Vec::new();
        let mut last_end = 0;
        let mut at = 0;
        while at <= subject.text.len() {
            let Some(groups) = subject.next_groups(self, at, expands) else {
                break;
            };
            let Some(Some(range)) = groups.first().cloned() else {
                break;
            };
            out.extend_from_slice(subject.original(last_end..range.start));
            // No second replacement for an empty match right after another one.
            if range.end > last_end || range.start == 0 {
                if expands {
                    self.expand(&mut out, replacement, &subject, &groups);
                } else {
                    out.extend_from_slice(replacement);
                }
            }
            check_text(Some(out.len()))?;
            last_end = range.end;
            at = range.end.max(subject.step(at));
        }
        out.extend_from_slice(subject.original(last_end..subject.text.len()));
        check_text(Some(out.len()))?;
        Ok(out)
    }

    /// Go's `Expand`: `$1`, `${1}`, `$name`, `${name}`, `$$`; a name is as long as it can be.
    fn expand(&self, out: &mut Vec<u8>, template: &[u8], subject: &Subject<'_>, groups: &Groups) {
        let mut rest = template;
        while let Some(dollar) = rest.iter().position(|byte| *byte == b'$') {
            out.extend_from_slice(&rest[..dollar]);
            rest = &rest[dollar + 1..];
            if let Some(after) = rest.strip_prefix(b"$") {
                out.push(b'$');
                rest = after;
                continue;
            }
            let Some((name, length)) = reference(rest) else {
                out.push(b'$');
                continue;
            };
            rest = &rest[length..];
            let group = match group_number(name) {
                Some(number) => groups.get(number).cloned().flatten(),
                None => {
                    let named = self.names.iter().zip(groups).filter(|(known, _)| known.as_bytes() == name);
                    named.filter_map(|(_, group)| group.clone()).next()
                }
            };
            if let Some(range) = group {
                out.extend_from_slice(subject.original(range));
            }
        }
        out.extend_from_slice(rest);
    }

    /// Go's `Split`.
    fn split(&self, text: &[u8], limit: i64) -> Result<Value, CallError> {
        if limit == 0 {
            return Ok(Value::List(List::nil(List::STRINGS)));
        }
        if !self.empty && text.is_empty() {
            return Ok(Value::List(List::strings([""])));
        }
        let subject = Subject::new(text);
        let (mut start, mut end) = (0, 0);
        let mut parts: Vec<Str> = Vec::new();
        for range in self.matches(&subject, limit)? {
            if limit > 0 && parts.len() as i64 == limit - 1 {
                break;
            }
            end = range.start;
            if range.end != 0 {
                parts.push(subject.original(start..end).into());
            }
            start = range.end;
        }
        if end != subject.text.len() {
            parts.push(subject.original(start..subject.text.len()).into());
        }
        Ok(Value::List(List::strings(parts)))
    }
}

/// The text to search. Go reads each byte that is not UTF-8 as U+FFFD, so such text is searched in that form and the
/// places are taken back to the original.
struct Subject<'a> {
    text: std::borrow::Cow<'a, str>,
    original: &'a [u8],
    /// For text that is not UTF-8: the original place of each byte of the searched form, and of its end.
    places: Vec<usize>,
}

impl<'a> Subject<'a> {
    fn new(original: &'a [u8]) -> Self {
        if let Ok(text) = std::str::from_utf8(original) {
            return Self { text: text.into(), original, places: Vec::new() };
        }
        let mut text = String::with_capacity(original.len());
        let mut places = Vec::with_capacity(original.len());
        let mut at = 0;
        for rune in runes(original) {
            text.push(rune.char);
            places.resize(text.len(), at);
            at += rune.bytes.len();
        }
        places.push(at);
        Self { text: text.into(), original, places }
    }

    /// The original bytes of a range of the searched form.
    fn original(&self, range: Range<usize>) -> &'a [u8] {
        if self.places.is_empty() {
            &self.original[range]
        } else if range.is_empty() {
            &[]
        } else {
            // Within a character the places are those of its start; only whole characters are asked for.
            &self.original[self.places[range.start]..self.places[range.end]]
        }
    }

    /// The place after the character at `at`; one past the end at the end.
    fn step(&self, at: usize) -> usize {
        self.text[at..].chars().next().map_or(self.text.len() + 1, |char| at + char.len_utf8())
    }

    fn next(&self, pattern: &Pattern, from: usize) -> Option<Range<usize>> {
        let mut at = from;
        loop {
            let found = pattern.regex.find_at(self.text.as_bytes(), at)?.range();
            // `\B` is about bytes here, and may find a place inside a character.
            if !found.is_empty() || self.text.is_char_boundary(found.start) {
                return Some(found);
            }
            at = found.start + 1;
        }
    }

    fn next_groups(&self, pattern: &Pattern, from: usize, all: bool) -> Option<Groups> {
        if !all {
            return Some(vec![Some(self.next(pattern, from)?)]);
        }
        let mut at = from;
        loop {
            let captures = pattern.regex.captures_at(self.text.as_bytes(), at)?;
            let groups: Groups = captures.iter().map(|group| Some(group?.range())).collect();
            match groups.first() {
                Some(Some(found)) if found.is_empty() && !self.text.is_char_boundary(found.start) => {
                    at = found.start + 1;
                }
                _ => return Some(groups),
            }
        }
    }
}

/// The name after a `$`, and the length of the reference.
fn reference(text: &[u8]) -> Option<(&[u8], usize)> {
    let braced = text.first() == Some(&b'{');
    let inside = &text[usize::from(braced)..];
    let length: usize = runes(inside)
        .take_while(|rune| is_letter(rune.char) || is_digit(rune.char) || rune.char == '_')
        .map(|rune| rune.bytes.len())
        .sum();
    if length == 0 || braced && inside.get(length) != Some(&b'}') {
        return None;
    }
    Some((&inside[..length], length + if braced { 2 } else { 0 }))
}

/// A name that is a group's number.
fn group_number(name: &[u8]) -> Option<usize> {
    let plain = name == b"0" || name.first() != Some(&b'0');
    let digits = chars(name).all(|char| char.is_ascii_digit());
    (plain && digits && name.len() < 10).then(|| std::str::from_utf8(name).ok()?.parse().ok()).flatten()
}

fn quote_meta(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if br"\.+*?()|[]{}^$".contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out
}
