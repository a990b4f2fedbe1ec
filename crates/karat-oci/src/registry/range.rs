//! Ranges of bytes: RFC 9110 section 14, one range; and those of chunks, which have a grammar of their own.

/// What of a content is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// All of it: no range, or one that is not understood, which is not an error.
    Whole,
    /// From the first to the last byte, both included.
    Part(u64, u64),
    /// Nothing that there is.
    Beyond,
}

impl Range {
    /// The header `Range` for a content of `size` bytes.
    pub(super) fn parse(header: &str, size: u64) -> Self {
        let Some((first, last)) = header.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
            return Self::Whole;
        };
        match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last && first < size => Self::Part(first, last.min(size - 1)),
            (Some(first), None) if last.trim().is_empty() && first < size => Self::Part(first, size - 1),
            (None, Some(count)) if first.trim().is_empty() && count > 0 && size > 0 => {
                Self::Part(size - count.min(size), size - 1)
            }
            (Some(_), Some(_)) => Self::Beyond,
            (Some(_), None) if last.trim().is_empty() => Self::Beyond,
            (None, Some(_)) if first.trim().is_empty() => Self::Beyond,
            _ => Self::Whole,
        }
    }
}

/// The header `Content-Range` of a chunk, `0-1023`: the first and the last byte, both included.
pub(super) fn chunk(header: &str) -> Option<(u64, u64)> {
    // Some clients write it as HTTP has it.
    let range = header.strip_prefix("bytes ").unwrap_or(header);
    let (first, last) = range.split('/').next()?.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    (first <= last && last < u64::MAX).then_some((first, last))
}

/// Digits alone: no sign, no empty text.
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (header, size, expected) in [
            ("bytes=0-0", 10, Range::Part(0, 0)),
            ("bytes=2-5", 10, Range::Part(2, 5)),
            ("bytes=2-", 10, Range::Part(2, 9)),
            ("bytes=-3", 10, Range::Part(7, 9)),
            ("bytes=-30", 10, Range::Part(0, 9)),
            ("bytes=8-99", 10, Range::Part(8, 9)),
            ("bytes=10-", 10, Range::Beyond),
            ("bytes=5-2", 10, Range::Beyond),
            ("bytes=-0", 10, Range::Beyond),
            ("bytes=0-", 0, Range::Beyond),
            ("bytes=-1", 0, Range::Beyond),
            ("bytes=1-2,4-5", 10, Range::Whole),
            ("bytes=+1-2", 10, Range::Whole),
            ("bytes=-", 10, Range::Whole),
            ("items=1-2", 10, Range::Whole),
            ("bytes=0-99999999999999999999999", 10, Range::Whole),
        ] {
            assert_eq!(Range::parse(header, size), expected, "{header} of {size}");
        }
    }

    #[test]
    fn chunks() {
        assert_eq!(chunk("0-1023"), Some((0, 1023)));
        assert_eq!(chunk("bytes 5-5/*"), Some((5, 5)));
        for wrong in ["", "-", "5-", "-5", "5-4", "a-b", "+1-2", "0-18446744073709551615"] {
            assert_eq!(chunk(wrong), None, "{wrong}");
        }
    }
}
