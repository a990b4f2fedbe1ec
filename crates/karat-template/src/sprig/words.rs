//! Words: case styles, wrapping, abbreviating.

use crate::Type::{Int, String as Text};
use crate::{Builtin, CallError, Str};

use super::args::{fixed, int, string, text};
use super::limits::check_text;
use super::runes::{
    Rune, chars, is_letter, is_lower, is_number, is_punctuation, is_title, is_upper, runes, to_lower, to_title,
    to_upper,
};
use super::strings::map_runes;

/// The family.
pub(super) const FUNCTIONS: &[Builtin] = &[
    fixed("camelcase", &[Text], |_, a| string(pascal_case(text(a, 0)))),
    fixed("snakecase", &[Text], |_, a| string(lower_case(text(a, 0), '_'))),
    fixed("kebabcase", &[Text], |_, a| string(lower_case(text(a, 0), '-'))),
    fixed("swapcase", &[Text], |_, a| string(swap_case(text(a, 0)))),
    fixed("untitle", &[Text], |_, a| string(untitle(text(a, 0)))),
    fixed("initials", &[Text], |_, a| string(initials(text(a, 0)))),
    fixed("abbrev", &[Int, Text], |_, a| string(abbreviate(0, int(a, 0), text(a, 1)))),
    fixed("abbrevboth", &[Int, Int, Text], |_, a| string(abbreviate(int(a, 0), int(a, 1), text(a, 2)))),
    fixed("wrap", &[Int, Text], |_, a| string(wrap(int(a, 0), b"", text(a, 1), false)?)),
    fixed("wrapWith", &[Int, Text, Text], |_, a| string(wrap(int(a, 0), text(a, 1), text(a, 2), true)?)),
];

/// xstrings' `ToPascalCase`: `http_server` becomes `HttpServer`.
fn pascal_case(text: &[u8]) -> String {
    let text: Vec<char> = chars(text).collect();
    let leading = text.iter().take_while(|char| is_connector(**char)).count();
    let mut out: String = text[..leading].iter().collect();
    let Some((first, rest)) = text[leading..].split_first() else {
        // As there: the last of nothing but connectors comes out twice.
        out.extend(text.last());
        return out;
    };
    let mut in_upper_run = is_upper(*first);
    let mut current = to_upper(*first);
    for &next in rest {
        let previous = std::mem::replace(&mut current, next);
        if is_connector(previous) {
            if is_connector(next) {
                out.push(previous);
            } else {
                in_upper_run = is_upper(next);
                current = to_upper(next);
            }
            continue;
        }
        // `GOLANG` becomes `Golang`: a run of capitals keeps its first one only.
        if in_upper_run {
            in_upper_run = is_upper(next);
            current = to_lower_if(next, in_upper_run);
        }
        out.push(previous);
    }
    out.push(current);
    out
}

fn to_lower_if(char: char, condition: bool) -> char {
    if condition { to_lower(char) } else { char }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Invalid,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

impl Word {
    /// Whether nothing goes between the word before and this one.
    fn needs_no_connector(self) -> bool {
        matches!(self, Self::Connector | Self::Punctuation)
    }
}

/// xstrings' `ToSnakeCase` and `ToKebabCase`: `HTTP20xOK` becomes `http_20x_ok`.
fn lower_case(text: &[u8], connector: char) -> Vec<u8> {
    let text: Vec<Rune<'_>> = runes(text).collect();
    let mut out = Vec::with_capacity(text.len());
    if text.is_empty() {
        return out;
    }
    let mut rest: &[Rune<'_>] = &text;
    let mut next = || {
        let (kind, length) = next_word(rest);
        let (word, tail) = rest.split_at(length);
        rest = tail;
        (kind, word, tail.is_empty())
    };
    let (mut kind, mut word, mut at_end) = next();
    while !at_end {
        if kind != Word::Connector {
            write_lower(&mut out, kind, word, connector);
        }
        let (previous, last) = (kind, word);
        (kind, word, at_end) = next();
        match previous {
            Word::Number => {
                while matches!(kind, Word::Alphabet | Word::Number) {
                    write_lower(&mut out, kind, word, connector);
                    (kind, word, at_end) = next();
                }
                if kind != Word::Invalid && !kind.needs_no_connector() {
                    push(&mut out, connector);
                }
            }
            Word::Connector => write_lower(&mut out, previous, last, connector),
            Word::Punctuation => {}
            _ if kind != Word::Number => {
                if !kind.needs_no_connector() {
                    push(&mut out, connector);
                }
            }
            _ if at_end => {}
            _ => {
                let number = word;
                (kind, word, at_end) = next();
                if kind != Word::Alphabet {
                    // The number belongs to the word before it: `Bld4Floor` becomes `bld4_floor`.
                    write_lower(&mut out, Word::Number, number, connector);
                    if !kind.needs_no_connector() {
                        push(&mut out, connector);
                    }
                    continue;
                }
                // The number starts a word: `HTTP2xx` becomes `http_2xx`.
                push(&mut out, connector);
                write_lower(&mut out, Word::Number, number, connector);
                while matches!(kind, Word::Alphabet | Word::Number) {
                    write_lower(&mut out, kind, word, connector);
                    (kind, word, at_end) = next();
                }
                if kind != Word::Invalid && !kind.needs_no_connector() {
                    push(&mut out, connector);
                }
            }
        }
    }
    write_lower(&mut out, kind, word, connector);
    out
}

fn write_lower(out: &mut Vec<u8>, kind: Word, word: &[Rune<'_>], connector: char) {
    for rune in word {
        match kind {
            Word::Upper | Word::Connector if is_connector(rune.char) => push(out, connector),
            Word::Upper | Word::Connector => push(out, to_lower_if(rune.char, is_upper(rune.char))),
            _ => out.extend_from_slice(rune.bytes),
        }
    }
}

fn push(out: &mut Vec<u8>, char: char) {
    out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
}

/// The kind and the length, in runes, of the word that a text starts with.
fn next_word(text: &[Rune<'_>]) -> (Word, usize) {
    let Some(first) = text.iter().position(|rune| rune.char != '\u{FFFD}') else {
        return (Word::Invalid, text.len());
    };
    let char = text[first].char;
    let after = first + 1;
    let run = |from: usize, belongs: fn(char) -> bool| from + run_length(&text[from..], belongs);
    if is_connector(char) {
        (Word::Connector, run(after, is_connector))
    } else if is_punctuation(char) {
        (Word::Punctuation, run(after, is_punctuation))
    } else if is_upper(char) {
        let capitals = run(after, is_upper);
        let follower = text[capitals..].iter().map(|rune| rune.char).find(|char| *char != '\u{FFFD}');
        let length = match follower {
            Some(char) if is_alphabet(char) && capitals == after => run(after, is_small_alphabet),
            // `HTTPStatus` is `HTTP` and `Status`. Broken bytes before the last capital go with it.
            Some(char) if is_alphabet(char) => capitals - last_step(&text[after..capitals]),
            _ => capitals,
        };
        (Word::Upper, length)
    } else if is_alphabet(char) {
        (Word::Alphabet, run(after, is_small_alphabet))
    } else if is_number(char) {
        (Word::Number, run(after, is_number))
    } else {
        let other = |char| !(is_connector(char) || is_alphabet(char) || is_number(char) || is_punctuation(char));
        (Word::Other, run(after, other))
    }
}

/// How many runes belong to a word: broken ones belong if the next whole one does, or if none follows.
fn run_length(text: &[Rune<'_>], belongs: fn(char) -> bool) -> usize {
    let mut length = 0;
    for (position, rune) in text.iter().enumerate() {
        if rune.char == '\u{FFFD}' {
            continue;
        }
        if !belongs(rune.char) {
            return length;
        }
        length = position + 1;
    }
    text.len()
}

/// The last whole rune and the broken ones before it.
fn last_step(text: &[Rune<'_>]) -> usize {
    let before = text[..text.len() - 1].iter().rposition(|rune| rune.char != '\u{FFFD}').map_or(0, |at| at + 1);
    text.len() - before
}

fn is_connector(char: char) -> bool {
    char == '-' || char == '_' || char.is_whitespace()
}

/// A letter that is not a CJK ideograph.
fn is_alphabet(char: char) -> bool {
    is_letter(char) && !matches!(char, '\u{3400}'..='\u{4D85}' | '\u{4E00}'..='\u{9FCC}' | '\u{20000}'..='\u{2B81D}')
}

fn is_small_alphabet(char: char) -> bool {
    is_alphabet(char) && !is_upper(char)
}

/// goutils' `SwapCase`: capitals become small; small letters become title case at the start of a word, capital elsewhere.
fn swap_case(text: &[u8]) -> String {
    let mut at_start = true;
    map_runes(text, |char| {
        let (mapped, starts) = match char {
            _ if is_upper(char) || is_title(char) => (to_lower(char), false),
            _ if is_lower(char) && at_start => (to_title(char), false),
            _ if is_lower(char) => (to_upper(char), at_start),
            _ => (char, char.is_whitespace()),
        };
        at_start = starts;
        mapped
    })
}

/// goutils' `Uncapitalize`: the first letter of each word becomes small.
fn untitle(text: &[u8]) -> String {
    let mut at_start = true;
    map_runes(text, |char| {
        let starts = std::mem::replace(&mut at_start, char.is_whitespace());
        if starts && !char.is_whitespace() { to_lower(char) } else { char }
    })
}

/// goutils' `Initials`: the first byte of each word, read as Latin-1, as there.
fn initials(text: &[u8]) -> String {
    let mut at_start = true;
    text.iter()
        .map(|byte| char::from(*byte))
        .filter(|char| {
            let space = char.is_whitespace();
            std::mem::replace(&mut at_start, space) && !space
        })
        .collect()
}

/// goutils' `AbbreviateFull`: at most `width` bytes, from about `left` on, with dots for what is left out.
fn abbreviate(left: i64, width: i64, text: &Str) -> Str {
    let length = text.len() as i64;
    if width < 4 || left > 0 && width < 7 || length <= width {
        return text.clone();
    }
    let room = width - 3;
    let mut offset = left.min(length);
    if length.wrapping_sub(offset) < room {
        offset = length - room;
    }
    // Below, `width` is less than `length`, so every index fits the text.
    let bytes = |from: i64, to: i64| &text[from as usize..to as usize];
    if offset <= 4 {
        return [bytes(0, room), b"..."].concat().into();
    }
    if offset + room < length {
        let tail: Str = bytes(offset, length).into();
        return match room {
            // Too narrow for dots at the end: goutils drops the text with its error.
            ..4 => b"...".as_slice().into(),
            _ => [b"...", &*abbreviate(0, room, &tail)].concat().into(),
        };
    }
    [b"...", bytes(length - room, length)].concat().into()
}

/// goutils' `WrapCustom`: breaks lines at spaces so that they have at most `width` bytes.
fn wrap(width: i64, line_end: &[u8], text: &[u8], break_words: bool) -> Result<Vec<u8>, CallError> {
    let line_end = if line_end.is_empty() { b"\n" } else { line_end };
    let width = usize::try_from(width).unwrap_or(0).max(1);
    let mut out = Vec::new();
    let mut offset = 0;
    while text.len() - offset > width {
        if text[offset] == b' ' {
            offset += 1;
            continue;
        }
        let end = offset + width;
        let space = match text[offset..=end].iter().rposition(|byte| *byte == b' ') {
            Some(space) => Some(offset + space),
            None if break_words => None,
            None => match text[end..].iter().position(|byte| *byte == b' ') {
                Some(space) => Some(end + space),
                None => break,
            },
        };
        out.extend_from_slice(&text[offset..space.unwrap_or(end)]);
        out.extend_from_slice(line_end);
        offset = space.map_or(end, |space| space + 1);
        check_text(Some(out.len()))?;
    }
    out.extend_from_slice(&text[offset..]);
    Ok(out)
}
