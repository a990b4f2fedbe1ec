//! Finding byte strings in byte strings in linear time.

use std::borrow::Cow;

/// Where `needle` occurs in `haystack`, without overlaps. An empty needle occurs nowhere.
pub(super) fn find_all(haystack: &[u8], needle: &[u8]) -> Vec<usize> {
    if needle.is_empty() || needle.len() > haystack.len() {
        return Vec::new();
    }
    if let [byte] = needle {
        return haystack.iter().enumerate().filter(|(_, found)| *found == byte).map(|(at, _)| at).collect();
    }
    // `str` searches with the two-way algorithm. What is not UTF-8 is read as Latin-1, where each byte below 0x80 takes
    // one byte of UTF-8 and each other byte two.
    match (std::str::from_utf8(haystack), std::str::from_utf8(needle)) {
        (Ok(haystack), Ok(needle)) => haystack.match_indices(needle).map(|(at, _)| at).collect(),
        _ => {
            let (wide, needle) = (latin1(haystack), latin1(needle));
            let mut at = 0;
            let mut wide_at = 0;
            let mut found = Vec::new();
            for (target, _) in wide.match_indices(&*needle) {
                while wide_at < target {
                    wide_at += if haystack[at] < 0x80 { 1 } else { 2 };
                    at += 1;
                }
                found.push(at);
            }
            found
        }
    }
}

/// Whether `needle` occurs in `haystack`; the empty one does.
pub(super) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    match (std::str::from_utf8(haystack), std::str::from_utf8(needle)) {
        (Ok(haystack), Ok(needle)) => haystack.contains(needle),
        _ => needle.is_empty() || latin1(haystack).contains(&*latin1(needle)),
    }
}

fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.is_ascii() => text.into(),
        _ => bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into(),
    }
}
