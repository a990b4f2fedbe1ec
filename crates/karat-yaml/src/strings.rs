//! Go's ways with strings that are not, or not surely, UTF-8.

use std::fmt::Write;

use crate::Str;

/// The text with U+FFFD for every byte that is not part of a character, as Go's `range` and `encoding/json` do (Rust's
/// own lossy conversion makes one of several bytes).
pub(crate) fn replace_invalid(bytes: &[u8]) -> Str {
    match std::str::from_utf8(bytes) {
        Ok(_) => Str::from(bytes),
        Err(_) => Str::from(to_valid(bytes)),
    }
}

fn to_valid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{FFFD}'));
    }
    text
}

/// `strconv.Quote`.
pub(crate) fn go_quote(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                '\x07' => text.push_str("\\a"),
                '\x08' => text.push_str("\\b"),
                '\x0C' => text.push_str("\\f"),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                '\x0B' => text.push_str("\\v"),
                // Writing to a String does not fail.
                c if c < ' ' || c == '\x7F' => _ = write!(text, "\\x{:02x}", u32::from(c)),
                c if is_printable(c) => text.push(c),
                c if c < '\u{10000}' => _ = write!(text, "\\u{:04x}", u32::from(c)),
                c => _ = write!(text, "\\U{:08x}", u32::from(c)),
            }
        }
        for byte in chunk.invalid() {
            _ = write!(text, "\\x{byte:02x}");
        }
    }
    text.push('"');
    text
}

/// Go's `unicode.IsPrint`, which is how Rust's `Debug` sees it, but for what combines with the character before.
fn is_printable(character: char) -> bool {
    character.is_ascii() || format!("a{character}").escape_debug().count() == 2
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `base64.StdEncoding.DecodeString`: padded, line breaks ignored, trailing bits free.
pub(crate) fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.iter().copied().filter(|&b| b != b'\n' && b != b'\r').collect();
    if !digits.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    let quads = digits.len() / 4;
    for (index, quad) in digits.chunks_exact(4).enumerate() {
        let padding = if index + 1 == quads { quad.iter().rev().take_while(|&&b| b == b'=').count() } else { 0 };
        if padding > 2 {
            return None;
        }
        let mut bits = 0u32;
        for &digit in &quad[..4 - padding] {
            bits = bits << 6 | ALPHABET.iter().position(|&known| known == digit)? as u32;
        }
        bits <<= 6 * padding;
        bytes.extend_from_slice(&bits.to_be_bytes()[1..4 - padding]);
    }
    Some(bytes)
}

/// `base64.StdEncoding` broken into lines of 70, each ended, if there are several: how go-yaml writes `!!binary`.
pub(crate) fn encode_base64_lines(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() / 3 * 4 + 4);
    for triple in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, at| bits << 8 | u32::from(triple.get(at).copied().unwrap_or(0)));
        for digit in 0..4 {
            let known = digit <= triple.len();
            let index = (bits >> (18 - 6 * digit)) & 0x3F;
            text.push(if known { char::from(ALPHABET[index as usize]) } else { '=' });
        }
    }
    if text.len() < 70 {
        return text;
    }
    let lines = text.as_bytes().chunks(70).flat_map(|line| line.iter().copied().chain([b'\n']));
    lines.map(char::from).collect()
}
