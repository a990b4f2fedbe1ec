//! Base64 and base32. Text that does not decode comes out as Go's message: charts print it, so it is exact.

use data_encoding::{BASE32, BASE64};

use crate::Builtin;
use crate::Type::String as Text;

use super::args::{fixed, string, text};

/// The family.
pub(super) const FUNCTIONS: &[Builtin] = &[
    fixed("b64enc", &[Text], |_, a| string(BASE64.encode(text(a, 0)))),
    fixed("b64dec", &[Text], |_, a| string(decode_base64(text(a, 0)).unwrap_or_else(String::into_bytes))),
    fixed("b32enc", &[Text], |_, a| string(BASE32.encode(text(a, 0)))),
    fixed("b32dec", &[Text], |_, a| string(decode_base32(text(a, 0)).unwrap_or_else(String::into_bytes))),
];

/// Go's `base64.StdEncoding.DecodeString`: line ends are skipped, padding is needed, bits left over are ignored.
pub(super) fn decode_base64(text: &[u8]) -> Result<Vec<u8>, String> {
    let corrupt = |at: usize| Err(format!("illegal base64 data at input byte {at}"));
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let is_line_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let mut at = 0;
    loop {
        let mut bits = 0u32;
        let mut count = 0;
        while count < 4 {
            let Some(&byte) = text.get(at) else {
                return if count == 0 { Ok(out) } else { corrupt(at - count) };
            };
            at += 1;
            if let Some(value) = base64_value(byte) {
                bits = bits << 6 | value;
                count += 1;
            } else if !is_line_end(&byte) {
                if byte != b'=' || count < 2 {
                    return corrupt(at - 1);
                }
                break;
            }
        }
        if count == 4 {
            out.extend_from_slice(&bits.to_be_bytes()[1..]);
            continue;
        }
        let skip = |at: usize| at + text[at..].iter().take_while(|byte| is_line_end(byte)).count();
        if count == 2 {
            at = skip(at);
            match text.get(at) {
                None => return corrupt(text.len()),
                Some(b'=') => at += 1,
                Some(_) => return corrupt(at - 1),
            }
        }
        at = skip(at);
        if at < text.len() {
            return corrupt(at);
        }
        let bytes = (bits << (6 * (4 - count))).to_be_bytes();
        out.extend_from_slice(&bytes[1..count]);
        return Ok(out);
    }
}

fn base64_value(byte: u8) -> Option<u32> {
    Some(match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// Go's `base32.StdEncoding.DecodeString`. Places in messages do not count line ends.
fn decode_base32(text: &[u8]) -> Result<Vec<u8>, String> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let corrupt = |at: usize| Err(format!("illegal base32 data at input byte {at}"));
    let mut out = Vec::with_capacity(text.len() / 8 * 5);
    let mut at = 0;
    while at < text.len() {
        let mut bits = 0u64;
        let mut count = 0;
        let mut end = false;
        while count < 8 {
            let Some(&byte) = text.get(at) else {
                return corrupt(text.len() - count);
            };
            at += 1;
            let rest = &text[at..];
            if byte == b'=' && count >= 2 && rest.len() < 8 {
                if rest.len() + count < 7 {
                    return corrupt(text.len());
                }
                if let Some(wrong) = rest.iter().take(7 - count).position(|byte| *byte != b'=') {
                    return corrupt(at + wrong - 1);
                }
                if matches!(count, 3 | 6) {
                    return corrupt(at - 1);
                }
                end = true;
                break;
            }
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'2'..=b'7' => byte - b'2' + 26,
                _ => return corrupt(at - 1),
            };
            bits = bits << 5 | u64::from(value);
            count += 1;
        }
        let bytes = (bits << (5 * (8 - count))).to_be_bytes();
        out.extend_from_slice(&bytes[3..3 + count * 5 / 8]);
        if end {
            break;
        }
    }
    Ok(out)
}
