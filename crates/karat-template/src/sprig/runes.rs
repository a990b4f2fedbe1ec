//! Go's view of text: bytes that are read as runes, where each byte that is not UTF-8 is one U+FFFD; and Go's
//! character classes and one-to-one case mappings.

use std::sync::OnceLock;

use regex::Regex;

pub(super) use crate::quote::{is_digit, is_letter};

/// A rune, and the bytes it was read from.
#[derive(Clone, Copy)]
pub(super) struct Rune<'a> {
    /// The character, or U+FFFD for a byte that is not UTF-8.
    pub(super) char: char,
    /// The bytes.
    pub(super) bytes: &'a [u8],
}

impl Rune<'_> {
    /// Whether this stands for a byte that is not UTF-8.
    pub(super) fn is_invalid(&self) -> bool {
        self.char == '\u{FFFD}' && self.bytes.len() == 1
    }
}

/// The runes of a text.
pub(super) fn runes(text: &[u8]) -> impl Iterator<Item = Rune<'_>> {
    crate::quote::chars(text).map(|(char, bytes)| Rune { char, bytes })
}

/// The characters of a text, as Go's `[]rune(text)`.
pub(super) fn chars(text: &[u8]) -> impl Iterator<Item = char> {
    runes(text).map(|rune| rune.char)
}

/// `unicode.IsUpper`: category Lu.
pub(super) fn is_upper(char: char) -> bool {
    if char.is_ascii() {
        char.is_ascii_uppercase()
    } else {
        char.is_uppercase() && in_class(&UPPER, r"^[\p{Lu}&&\p{Age=15.0}]$", char)
    }
}

/// `unicode.IsLower`: category Ll.
pub(super) fn is_lower(char: char) -> bool {
    if char.is_ascii() {
        char.is_ascii_lowercase()
    } else {
        char.is_lowercase() && in_class(&LOWER, r"^[\p{Ll}&&\p{Age=15.0}]$", char)
    }
}

/// `unicode.IsTitle`: category Lt.
pub(super) fn is_title(char: char) -> bool {
    !char.is_ascii() && in_class(&TITLE, r"^[\p{Lt}&&\p{Age=15.0}]$", char)
}

/// `unicode.IsNumber`: category N.
pub(super) fn is_number(char: char) -> bool {
    if char.is_ascii() { char.is_ascii_digit() } else { in_class(&NUMBER, r"^[\p{N}&&\p{Age=15.0}]$", char) }
}

/// `unicode.IsPunct`: category P.
pub(super) fn is_punctuation(char: char) -> bool {
    if char.is_ascii() {
        char.is_ascii_punctuation() && !"$+<=>^`|~".contains(char)
    } else {
        in_class(&PUNCTUATION, r"^[\p{P}&&\p{Age=15.0}]$", char)
    }
}

/// `unicode.ToUpper`: one character to one.
pub(super) fn to_upper(char: char) -> char {
    match char {
        // Their full mapping has two characters, their simple one is the title case form.
        '\u{1F80}'..='\u{1F87}' | '\u{1F90}'..='\u{1F97}' | '\u{1FA0}'..='\u{1FA7}' => shift(char, 8),
        '\u{1FB3}' | '\u{1FC3}' | '\u{1FF3}' => shift(char, 9),
        _ => single(char.to_uppercase(), char),
    }
}

/// `unicode.ToLower`: one character to one.
pub(super) fn to_lower(char: char) -> char {
    match char {
        '\u{130}' => 'i',
        _ => single(char.to_lowercase(), char),
    }
}

/// `unicode.ToTitle`: as upper case, but for digraphs and Georgian.
pub(super) fn to_title(char: char) -> char {
    match char {
        '\u{1C4}'..='\u{1C6}' => '\u{1C5}',
        '\u{1C7}'..='\u{1C9}' => '\u{1C8}',
        '\u{1CA}'..='\u{1CC}' => '\u{1CB}',
        '\u{1F1}'..='\u{1F3}' => '\u{1F2}',
        '\u{10D0}'..='\u{10FA}' | '\u{10FD}'..='\u{10FF}' => char,
        _ => to_upper(char),
    }
}

static KNOWN: OnceLock<Option<Regex>> = OnceLock::new();
static UPPER: OnceLock<Option<Regex>> = OnceLock::new();
static LOWER: OnceLock<Option<Regex>> = OnceLock::new();
static TITLE: OnceLock<Option<Regex>> = OnceLock::new();
static NUMBER: OnceLock<Option<Regex>> = OnceLock::new();
static PUNCTUATION: OnceLock<Option<Regex>> = OnceLock::new();

/// The standard library knows derived properties of the newest Unicode, Go asks for general categories of Unicode 15;
/// `regex` carries those.
fn in_class(cell: &OnceLock<Option<Regex>>, class: &str, char: char) -> bool {
    let regex = cell.get_or_init(|| Regex::new(class).ok());
    regex.as_ref().is_some_and(|regex| regex.is_match(char.encode_utf8(&mut [0; 4])))
}

/// A mapping to one character, between characters that Go's Unicode 15 has.
fn single(mut mapped: impl ExactSizeIterator<Item = char>, char: char) -> char {
    let to = mapped.next().filter(|_| mapped.len() == 0).unwrap_or(char);
    let known = |char: char| char.is_ascii() || in_class(&KNOWN, r"^\p{Age=15.0}$", char);
    if to == char || known(char) && known(to) { to } else { char }
}

fn shift(char: char, by: u32) -> char {
    char::from_u32(char as u32 + by).unwrap_or(char)
}
