//! From bytes to text that the scanner may trust: UTF-8 without control characters.

use std::borrow::Cow;

/// Text and where it becomes unreadable, if it does.
pub(super) struct Input<'b> {
    /// The text before the chunk that cannot be read.
    pub(super) text: Cow<'b, [u8]>,
    /// Where the text starts: after a byte order mark.
    pub(super) start: usize,
    /// What is wrong with the next chunk, and at which offset.
    pub(super) fault: Option<(&'static str, usize)>,
    /// Whether columns are bytes.
    pub(super) ascii: bool,
}

/// Go reads 512 bytes at a time, so what stands before a bad character in its chunk is never looked at.
const CHUNK: usize = 512;

/// Decodes as go-yaml does: UTF-16 by its byte order mark, else UTF-8.
pub(super) fn decode(bytes: &[u8]) -> Input<'_> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, ..] => utf8(bytes, 3),
        _ => utf8(bytes, 0),
    }
}

fn utf8(bytes: &[u8], start: usize) -> Input<'_> {
    let ascii = bytes[start..].is_ascii();
    let fault = if is_clean(&bytes[start..], ascii) { None } else { find_fault(bytes, start) };
    let mut end = match fault {
        None => bytes.len(),
        // The reader waits for more of a character that is cut off, so all before it is read.
        Some((INCOMPLETE, at)) => at,
        Some((_, at)) => (at - at % CHUNK).max(start),
    };
    while end > start && bytes.get(end).is_some_and(|b| b & 0xC0 == 0x80) {
        end -= 1;
    }
    Input { text: Cow::Borrowed(&bytes[..end]), start, fault, ascii }
}

/// Whether every character may stand in YAML: one pass that the compiler can vectorise, before any search.
fn is_clean(bytes: &[u8], ascii: bool) -> bool {
    let control = |b: u8| (b < 0x20 && b != b'\t' && b != b'\n' && b != b'\r') || b == 0x7F;
    if bytes.iter().fold(false, |found, &b| found | control(b)) {
        return false;
    }
    ascii
        || std::str::from_utf8(bytes).is_ok()
            && !bytes.windows(3).any(|w| w[0] == 0xEF && w[1] == 0xBF && w[2] >= 0xBE)
            && !bytes.windows(2).any(|w| w[0] == 0xC2 && w[1] < 0xA0 && w[1] != 0x85)
}

fn find_fault(bytes: &[u8], start: usize) -> Option<(&'static str, usize)> {
    let mut at = start;
    while let Some(&lead) = bytes.get(at) {
        let width = match lead {
            0..0x80 => 1,
            0xC0..0xE0 => 2,
            0xE0..0xF0 => 3,
            0xF0..0xF8 => 4,
            _ => return Some(("invalid leading UTF-8 octet", at)),
        };
        let Some(octets) = bytes.get(at..at + width) else {
            return Some((INCOMPLETE, at));
        };
        let mut value = u32::from(lead) & if width == 1 { 0x7F } else { 0x7F >> width };
        for &octet in &octets[1..] {
            if octet & 0xC0 != 0x80 {
                return Some(("invalid trailing UTF-8 octet", at));
            }
            value = value << 6 | u32::from(octet & 0x3F);
        }
        if value < [0, 0, 0x80, 0x800, 0x1_0000][width] {
            return Some(("invalid length of a UTF-8 sequence", at));
        }
        if char::from_u32(value).is_none() {
            return Some(("invalid Unicode character", at));
        }
        if !is_allowed(value) {
            return Some((CONTROL, at));
        }
        at += width;
    }
    None
}

const INCOMPLETE: &str = "incomplete UTF-8 octet sequence";

const CONTROL: &str = "control characters are not allowed";

fn is_allowed(value: u32) -> bool {
    matches!(value, 0x09 | 0x0A | 0x0D | 0x20..=0x7E | 0x85 | 0xA0..=0xD7FF | 0xE000..=0xFFFD | 0x1_0000..=0x10_FFFF)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Input<'static> {
    let mut text = String::with_capacity(bytes.len());
    let mut units = bytes.chunks(2).map(|pair| pair.try_into().map(unit).ok());
    let mut fault = None;
    while let Some(next) = units.next() {
        let Some(first) = next else {
            fault = Some("incomplete UTF-16 character");
            break;
        };
        let value = match first {
            0xDC00..=0xDFFF => {
                fault = Some("unexpected low surrogate area");
                break;
            }
            0xD800..=0xDBFF => match units.next() {
                Some(Some(second @ 0xDC00..=0xDFFF)) => {
                    0x1_0000 + ((u32::from(first) & 0x3FF) << 10) + (u32::from(second) & 0x3FF)
                }
                Some(Some(_)) => {
                    fault = Some("expected low surrogate area");
                    break;
                }
                _ => {
                    fault = Some("incomplete UTF-16 surrogate pair");
                    break;
                }
            },
            _ => u32::from(first),
        };
        match char::from_u32(value).filter(|_| is_allowed(value)) {
            Some(character) => text.push(character),
            None => {
                fault = Some(CONTROL);
                break;
            }
        }
    }
    let at = text.len();
    if fault.is_some() {
        text.truncate((at - at % CHUNK..=at).find(|&end| text.is_char_boundary(end)).unwrap_or(at));
    }
    let ascii = text.is_ascii();
    Input { text: Cow::Owned(text.into_bytes()), start: 0, fault: fault.map(|what| (what, at)), ascii }
}
