//! Which styles a string may be written in.

use crate::decode::resolve;
use crate::syntax::width;

/// The two emitters that charts use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    /// go-yaml v2 behind `sigs.k8s.io/yaml`: `toYaml`.
    V2,
    /// go-yaml v3 with an indentation of two: `toYamlPretty`.
    V3,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// What a string allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Analysis {
    /// Holds a line break, so it cannot be a simple key.
    pub(super) multiline: bool,
    pub(super) ascii: bool,
    plain: bool,
    single_quoted: bool,
    block: bool,
    line_feed: bool,
}

impl Analysis {
    /// Of printable ASCII on one line.
    pub(super) fn plain_ascii() -> Self {
        Self { multiline: false, ascii: true, plain: true, single_quoted: true, block: true, line_feed: false }
    }

    /// The style for a string, which must not turn into something else when it is read again.
    pub(super) fn writing(&self, text: &[u8], simple_key: bool, flavour: Flavour) -> Writing {
        if self.line_feed {
            return if self.block && !simple_key { Writing::Literal } else { Writing::DoubleQuoted };
        }
        if self.multiline && simple_key || is_special(text, flavour) {
            return Writing::DoubleQuoted;
        }
        match (self.plain, self.single_quoted) {
            (true, _) => Writing::Plain,
            (false, true) => Writing::SingleQuoted,
            (false, false) => Writing::DoubleQuoted,
        }
    }
}

const COLON: u8 = 1;
const HASH: u8 = 2;
const SPACE: u8 = 4;
const OTHER: u8 = 8;
const LEADING: u8 = 16;

static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b':' => COLON | LEADING,
            b'#' => HASH | LEADING,
            b' ' => SPACE | LEADING,
            b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`'
            | b'?' | b'-' | b'.' => LEADING,
            0..0x20 | 0x7F.. => OTHER | LEADING,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// Looks at a string; `None` if it is not UTF-8 or holds a character that YAML does not allow, so that Go's way through
/// JSON would change or refuse it.
pub(super) fn analyse(text: &[u8], flavour: Flavour) -> Option<Analysis> {
    if is_simple(text) {
        return Some(Analysis::plain_ascii());
    }
    let ascii = text.is_ascii();
    if (!ascii || text.contains(&0x7F)) && flavour == Flavour::V2 && !survives_json(text) {
        return None;
    }
    let mut analysis = analyse_fully(text, flavour);
    analysis.ascii = ascii;
    Some(analysis)
}

/// Most strings: printable ASCII without anything that means something.
fn is_simple(text: &[u8]) -> bool {
    let (Some(&first), Some(&last)) = (text.first(), text.last()) else { return false };
    CLASS[first as usize] & LEADING == 0
        && last != b' '
        && text.iter().enumerate().all(|(at, &byte)| match CLASS[byte as usize] & (COLON | HASH | OTHER) {
            0 => true,
            COLON => text.get(at + 1).is_some_and(|&next| next != b' '),
            HASH => text[at - 1] != b' ',
            _ => false,
        })
}

/// Whether the way through JSON and go-yaml's reader leaves a string as it is.
fn survives_json(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    !text.chars().any(|c| matches!(c, '\u{7F}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}'))
}

fn analyse_fully(text: &[u8], flavour: Flavour) -> Analysis {
    let (mut special, mut tabs, mut indicators) = (false, false, text.starts_with(b"---") || text.starts_with(b"..."));
    let (mut break_then_space, mut space_then_break) = (false, false);
    let (mut breaks, mut after_space, mut after_break, mut after_white) = (false, false, false, true);
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        let rest = &text[at..];
        let width = width(byte).min(rest.len());
        let before_white = rest.get(width).is_none_or(|&next| next == b' ' || next == b'\t');
        indicators |= match byte {
            b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' => {
                at == 0
            }
            b'?' | b'-' => at == 0 && before_white,
            b':' => before_white,
            b'#' => after_white,
            _ => false,
        };
        if byte == b'\t' && flavour == Flavour::V3 {
            tabs = true;
        } else {
            special |= !is_printable(rest);
        }
        let is_break = break_len(rest) > 0;
        break_then_space |= byte == b' ' && after_break;
        space_then_break |= is_break && after_space;
        breaks |= is_break;
        (after_space, after_break) = (byte == b' ', is_break);
        after_white = is_break || byte == b' ' || byte == b'\t' || byte == 0;
        at += width;
    }
    let leading = text.first() == Some(&b' ') || break_len(text) > 0;
    // After the loop, `after_*` speak of the last character.
    let trailing = after_space || after_break;
    let hard = space_then_break || special;
    let single_quoted = !(break_then_space || hard || tabs);
    Analysis {
        multiline: breaks,
        ascii: false,
        plain: single_quoted && !leading && !trailing && !breaks && !indicators,
        single_quoted,
        block: !text.is_empty() && !after_space && !hard,
        line_feed: text.contains(&b'\n'),
    }
}

/// Whether a plain string would be read as something else, or as base 60 by YAML 1.1.
fn is_special(text: &[u8], flavour: Flavour) -> bool {
    resolve::is_typed(text) || is_base_60(text) || flavour == Flavour::V3 && is_signed_octal(text)
}

/// `^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`
fn is_base_60(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    if !text.first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let mut parts = text.split(|&b| b == b':');
    let whole = parts.next().unwrap_or_default();
    let mut parts = parts.peekable();
    if parts.peek().is_none() || !whole.iter().all(|&b| b.is_ascii_digit() || b == b'_') {
        return false;
    }
    while let Some(mut part) = parts.next() {
        if parts.peek().is_none()
            && let Some(point) = part.iter().position(|&b| b == b'.')
        {
            if !part[point + 1..].iter().all(|&b| b.is_ascii_digit() || b == b'_') {
                return false;
            }
            part = &part[..point];
        }
        if !matches!(part, [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']) {
            return false;
        }
    }
    true
}

/// `0o-7`: v3 hands what follows `0o` to ParseInt.
fn is_signed_octal(text: &[u8]) -> bool {
    matches!(text, [b'0', b'o', b'-' | b'+', digits @ ..] if resolve::is_octal(digits))
}

/// The length of a line break, or 0; a CR before an LF is one of its own.
pub(super) fn break_len(rest: &[u8]) -> usize {
    match rest {
        [b'\r' | b'\n', ..] => 1,
        [0xC2, 0x85, ..] => 2,
        [0xE2, 0x80, 0xA8 | 0xA9, ..] => 3,
        _ => 0,
    }
}

/// Whether the first character is written as it is; go-yaml escapes what needs four bytes.
pub(super) fn is_printable(rest: &[u8]) -> bool {
    match rest {
        [b'\n' | 0x20..=0x7E, ..] => true,
        [0xC2, second, ..] => *second >= 0xA0,
        [0xED, second, ..] => *second < 0xA0,
        [0xEF, 0xBB, 0xBF, ..] | [0xEF, 0xBF, 0xBE | 0xBF, ..] => false,
        [0xC3..=0xEF, ..] => true,
        _ => false,
    }
}
