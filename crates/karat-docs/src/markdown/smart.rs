//! Symbols for what is typed (`pymdownx.smartsymbols`): `(c)`, `-->`, `1/2`, `2nd`.

/// Text as HTML, with symbols.
pub(super) fn write(out: &mut String, text: &str) {
    let bytes = text.as_bytes();
    let (mut from, mut at) = (0, 0);
    while at < bytes.len() {
        let found = match bytes[at] {
            b'(' | b'+' | b'=' | b'<' | b'-' | b'c' | b'1'..=b'9' | b'0' => symbol(bytes, at),
            _ => None,
        };
        match found {
            Some((length, html)) => {
                super::escape(out, &text[from..at]);
                out.push_str(&html);
                at += length;
                from = at;
            }
            None => at += 1,
        }
    }
    super::escape(out, &text[from..]);
}

fn symbol(bytes: &[u8], at: usize) -> Option<(usize, std::borrow::Cow<'static, str>)> {
    let rest = &bytes[at..];
    let before = at.checked_sub(1).map(|before| bytes[before]);
    let fixed: [(&[u8], &str); 7] = [
        (b"(tm)", "\u{2122}"),
        (b"(c)", "\u{a9}"),
        (b"(r)", "\u{ae}"),
        (b"+/-", "\u{b1}"),
        (b"=/=", "\u{2260}"),
        (b"<-->", "\u{2194}"),
        (b"-->", "\u{2192}"),
    ];
    if let Some((typed, shown)) = fixed.into_iter().find(|(typed, _)| rest.starts_with(typed)) {
        return (typed != b"-->" || before != Some(b'-')).then(|| (typed.len(), shown.into()));
    }
    if rest.starts_with(b"<--") {
        return (rest.get(3) != Some(&b'-')).then(|| (3, "\u{2190}".into()));
    }
    if rest.starts_with(b"c/o") {
        let alone = !before.is_some_and(is_word) && !rest.get(3).copied().is_some_and(is_word);
        return alone.then(|| (3, "\u{2105}".into()));
    }
    fraction(rest, before).map(|shown| (3, shown.into())).or_else(|| ordinal(rest, before))
}

fn fraction(rest: &[u8], before: Option<u8>) -> Option<&'static str> {
    if before.is_some_and(|byte| byte.is_ascii_digit()) || rest.get(3).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    Some(match rest.get(..3)? {
        b"1/4" => "\u{bc}",
        b"1/2" => "\u{bd}",
        b"3/4" => "\u{be}",
        b"1/3" => "\u{2153}",
        b"2/3" => "\u{2154}",
        b"1/5" => "\u{2155}",
        b"2/5" => "\u{2156}",
        b"3/5" => "\u{2157}",
        b"4/5" => "\u{2158}",
        b"1/6" => "\u{2159}",
        b"5/6" => "\u{215a}",
        b"1/8" => "\u{215b}",
        b"3/8" => "\u{215c}",
        b"5/8" => "\u{215d}",
        b"7/8" => "\u{215e}",
        _ => return None,
    })
}

fn ordinal(rest: &[u8], before: Option<u8>) -> Option<(usize, std::borrow::Cow<'static, str>)> {
    if before.is_some_and(is_word) {
        return None;
    }
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits > 18 || rest.get(digits + 2).copied().is_some_and(is_word) {
        return None;
    }
    let (last, tens) = (rest[digits - 1], digits.checked_sub(2).map(|tens| rest[tens]));
    let suffix = match rest.get(digits..digits + 2)? {
        b"st" if last == b'1' => "st",
        b"nd" if last == b'2' => "nd",
        b"rd" if last == b'3' => "rd",
        b"th" if tens == Some(b'1') || !matches!(last, b'1'..=b'3') => "th",
        _ => return None,
    };
    if rest[0] == b'0' && digits > 1 {
        return None;
    }
    let number = String::from_utf8_lossy(&rest[..digits]).into_owned();
    Some((digits + 2, format!("{number}<sup>{suffix}</sup>").into()))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    #[test]
    fn symbols_are_those_of_pymdownx() {
        for (typed, shown) in [
            ("a --> b <-- c <--> d ---> e", "a \u{2192} b \u{2190} c \u{2194} d ---&gt; e"),
            ("1/2 11/2 1/25 7/8", "\u{bd} 11/2 1/25 \u{215e}"),
            (
                "1st 2nd 11th 12th 2th x1st 1stx",
                "1<sup>st</sup> 2<sup>nd</sup> 11<sup>th</sup> 12<sup>th</sup> 2th x1st 1stx",
            ),
            ("(c) (C) +/- a =/= b c/o", "\u{a9} (C) \u{b1} a \u{2260} b \u{2105}"),
        ] {
            let mut out = String::new();
            super::write(&mut out, typed);
            assert_eq!(out, shown);
        }
    }
}
