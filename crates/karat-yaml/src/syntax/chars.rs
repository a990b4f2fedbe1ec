//! Classes of bytes, by one table. The text is valid UTF-8 without NUL (see `input`), and 0 stands for its end.

pub(super) const BREAK: u8 = 1;
pub(super) const BLANK: u8 = 2;
pub(super) const END: u8 = 4;
/// Leads a character that may be a line break: U+0085, U+2028, U+2029.
pub(super) const WIDE: u8 = 8;
pub(super) const ALPHA: u8 = 16;
/// Ends a plain scalar in a flow collection.
pub(super) const FLOW: u8 = 32;
/// Cannot be the first of a plain scalar.
pub(super) const INDICATOR: u8 = 64;
pub(super) const COLON: u8 = 128;

pub(super) const CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] |= match b {
            b'\n' | b'\r' => BREAK,
            b' ' | b'\t' => BLANK,
            0 => END,
            0xC2 | 0xE2 => WIDE,
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' => ALPHA,
            b',' | b'?' | b'[' | b']' | b'{' | b'}' => FLOW | INDICATOR,
            b':' => INDICATOR | COLON,
            b'-' => ALPHA | INDICATOR,
            b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' => INDICATOR,
            _ => 0,
        };
        byte += 1;
    }
    table
}

/// Whether a byte is of one of the classes.
pub(super) fn is(byte: u8, classes: u8) -> bool {
    CLASS[byte as usize] & classes != 0
}

/// The length of the line break at the start of `rest`, or 0. CRLF is one break.
pub(super) fn break_len(rest: &[u8]) -> usize {
    match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        [0xC2, 0x85, ..] => 2,
        [0xE2, 0x80, 0xA8 | 0xA9, ..] => 3,
        _ => 0,
    }
}

/// The length of the character that `byte` leads.
pub(crate) fn width(byte: u8) -> usize {
    match byte {
        0..0x80 => 1,
        0x80..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}
