//! Go's string and character literals: `strconv.Quote`, `strconv.Unquote` and the Unicode tables they lean on.

use std::sync::OnceLock;

use regex::Regex;

/// Decodes the first character as Go does: what is not UTF-8 is U+FFFD, one byte wide.
pub fn decode(bytes: &[u8]) -> Option<(char, usize)> {
    let first = *bytes.first()?;
    if first < 0x80 {
        return Some((first.into(), 1));
    }
    let width = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return Some(('\u{FFFD}', 1)),
    };
    let text = bytes.get(..width).and_then(|bytes| std::str::from_utf8(bytes).ok());
    Some(text.and_then(|text| text.chars().next()).map_or(('\u{FFFD}', 1), |char| (char, width)))
}

/// The characters, as [`decode`] sees them, each with its bytes.
pub fn chars(mut bytes: &[u8]) -> impl Iterator<Item = (char, &[u8])> {
    std::iter::from_fn(move || {
        let (char, width) = decode(bytes)?;
        let (this, rest) = bytes.split_at(width);
        bytes = rest;
        Some((char, this))
    })
}

/// `strconv.Quote`: a double-quoted literal; what does not print is escaped.
pub fn quote(text: &[u8]) -> String {
    quote_with(text, '"', false)
}

/// `strconv.QuoteToASCII`.
pub fn quote_ascii(text: &[u8]) -> String {
    quote_with(text, '"', true)
}

/// `strconv.QuoteRune`, or `QuoteRuneToASCII`.
pub(crate) fn quote_rune(rune: char, ascii: bool) -> String {
    quote_with(rune.encode_utf8(&mut [0; 4]).as_bytes(), '\'', ascii)
}

fn quote_with(text: &[u8], mark: char, ascii: bool) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(mark);
    for (char, bytes) in chars(text) {
        match char {
            '\u{FFFD}' if bytes.len() == 1 => quoted.push_str(&format!("\\x{:02x}", bytes[0])),
            _ if char == mark || char == '\\' => quoted.extend(['\\', char]),
            _ if if ascii { (' '..='~').contains(&char) } else { is_print(char) } => quoted.push(char),
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0C' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x0B' => quoted.push_str("\\v"),
            '\0'..=' ' | '\x7F' => quoted.push_str(&format!("\\x{:02x}", u32::from(char))),
            '\u{80}'..='\u{FFFF}' => quoted.push_str(&format!("\\u{:04x}", u32::from(char))),
            _ => quoted.push_str(&format!("\\U{:08x}", u32::from(char))),
        }
    }
    quoted.push(mark);
    quoted
}

/// `strconv.CanBackquote`: whether a raw literal can hold the text.
pub(crate) fn can_backquote(text: &[u8]) -> bool {
    chars(text).all(|(char, bytes)| match char {
        '\u{FFFD}' => bytes.len() > 1,
        '\u{FEFF}' | '`' | '\x7F' => false,
        _ => char == '\t' || char >= ' ',
    })
}

/// `strconv.Unquote` of a string literal in double or back quotes.
pub(crate) fn unquote(literal: &[u8]) -> Option<Vec<u8>> {
    let (&mark, rest) = literal.split_first()?;
    let (&last, mut body) = rest.split_last()?;
    if mark != last {
        return None;
    }
    if mark == b'`' {
        return Some(body.iter().copied().filter(|&byte| byte != b'\r').collect());
    }
    let mut text = Vec::with_capacity(body.len());
    while !body.is_empty() {
        match unquote_char(&mut body, mark)? {
            Unquoted::Byte(byte) => text.push(byte),
            Unquoted::Char(char) => text.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Some(text)
}

/// The value of a character literal, quotes included.
pub(crate) fn unquote_rune(literal: &[u8]) -> Result<i64, String> {
    let mut rest = literal.get(1..).unwrap_or_default();
    let rune = match unquote_char(&mut rest, b'\'').ok_or("invalid syntax")? {
        Unquoted::Byte(byte) => byte.into(),
        Unquoted::Char(char) => u32::from(char).into(),
    };
    if rest != b"'" {
        return Err(format!("malformed character constant: {}", String::from_utf8_lossy(literal)));
    }
    Ok(rune)
}

enum Unquoted {
    /// From `\x` or an octal escape: one byte, whatever it means.
    Byte(u8),
    Char(char),
}

/// `strconv.UnquoteChar`: takes one character or escape off the front.
fn unquote_char(text: &mut &[u8], mark: u8) -> Option<Unquoted> {
    let (char, width) = decode(text)?;
    let bytes = *text;
    *text = &bytes[width..];
    if bytes[0] == mark {
        return None;
    }
    if char != '\\' {
        return Some(Unquoted::Char(char));
    }
    let (&escape, rest) = text.split_first()?;
    *text = rest;
    let plain = |byte: u8| Some(Unquoted::Char(byte.into()));
    match escape {
        b'a' => plain(0x07),
        b'b' => plain(0x08),
        b'f' => plain(0x0C),
        b'n' => plain(b'\n'),
        b'r' => plain(b'\r'),
        b't' => plain(b'\t'),
        b'v' => plain(0x0B),
        b'\\' => plain(b'\\'),
        b'x' => Some(Unquoted::Byte(digits(text, 2, 16)? as u8)),
        b'u' => Some(Unquoted::Char(char::from_u32(digits(text, 4, 16)?)?)),
        b'U' => Some(Unquoted::Char(char::from_u32(digits(text, 8, 16)?)?)),
        b'0'..=b'7' => {
            *text = &bytes[width..];
            Some(Unquoted::Byte(u8::try_from(digits(text, 3, 8)?).ok()?))
        }
        b'\'' | b'"' if escape == mark => plain(mark),
        _ => None,
    }
}

fn digits(text: &mut &[u8], count: usize, radix: u32) -> Option<u32> {
    let (digits, rest) = text.split_at_checked(count)?;
    *text = rest;
    digits
        .iter()
        .try_fold(0u32, |value, &digit| value.checked_mul(radix)?.checked_add(char::from(digit).to_digit(radix)?))
}

// Go 1.26 knows Unicode 15.0.

/// `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols, and the ASCII space.
pub fn is_print(char: char) -> bool {
    static TABLE: OnceLock<Option<Regex>> = OnceLock::new();
    if char.is_ascii() {
        (' '..='~').contains(&char)
    } else {
        is_in(char, &TABLE, r"[[\p{L}\p{M}\p{N}\p{P}\p{S}]&&\p{Age=15.0}]")
    }
}

/// `unicode.IsLetter`.
pub(crate) fn is_letter(char: char) -> bool {
    static TABLE: OnceLock<Option<Regex>> = OnceLock::new();
    if char.is_ascii() { char.is_ascii_alphabetic() } else { is_in(char, &TABLE, r"[\p{L}&&\p{Age=15.0}]") }
}

/// `unicode.IsDigit`.
pub(crate) fn is_digit(char: char) -> bool {
    static TABLE: OnceLock<Option<Regex>> = OnceLock::new();
    if char.is_ascii() { char.is_ascii_digit() } else { is_in(char, &TABLE, r"[\p{Nd}&&\p{Age=15.0}]") }
}

fn is_in(char: char, table: &OnceLock<Option<Regex>>, class: &str) -> bool {
    let table = table.get_or_init(|| Regex::new(class).ok());
    table.as_ref().is_some_and(|table| table.is_match(char.encode_utf8(&mut [0; 4])))
}
