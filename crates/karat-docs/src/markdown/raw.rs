//! Raw HTML in Markdown, taken apart: what the allow-list has is kept, what it has not is named.

use crate::sanitise::{Scheme, TAGS, WITH_CONTENT, is_allowed, scheme};

/// A part of raw HTML.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'r> {
    /// Text, as it is written: entities are entities.
    Text(&'r str),
    /// A start tag that is allowed: its name, and its attributes as HTML.
    Open { name: String, attributes: String, void: bool },
    /// An end tag.
    Close { name: String },
    /// Something that is not allowed.
    Refused { what: String },
}

/// Takes raw HTML apart.
pub(super) fn parts(html: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        if at > 0 {
            parts.push(Part::Text(&rest[..at]));
        }
        rest = &rest[at..];
        rest = markup(rest, &mut parts);
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

/// What begins with `<`; gives what comes after it.
fn markup<'r>(rest: &'r str, parts: &mut Vec<Part<'r>>) -> &'r str {
    if let Some(comment) = rest.strip_prefix("<!--") {
        return comment.find("-->").map_or("", |end| &comment[end + 3..]);
    }
    if rest.starts_with("<!") || rest.starts_with("<?") {
        return rest.find('>').map_or("", |end| &rest[end + 1..]);
    }
    let (closing, inner) = rest[1..].strip_prefix('/').map_or((false, &rest[1..]), |inner| (true, inner));
    let length = inner.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
    if length == 0 || !inner.as_bytes()[0].is_ascii_alphabetic() {
        parts.push(Part::Text(&rest[..1]));
        return &rest[1..];
    }
    let name = inner[..length].to_ascii_lowercase();
    let Some((attributes, void, after)) = attributes(&inner[length..]) else {
        // A tag that does not end is no tag.
        parts.push(Part::Text(&rest[..1]));
        return &rest[1..];
    };
    if closing {
        parts.push(Part::Close { name });
        return after;
    }
    if WITH_CONTENT.contains(&name.as_str()) {
        parts.push(Part::Refused { what: format!("the element `<{name}>`") });
        return content_end(after, &name);
    }
    // The one control is the box of a task, which the writer makes.
    if !TAGS.contains(&name.as_str()) || name == "input" {
        parts.push(Part::Refused { what: format!("the element `<{name}>`") });
        return after;
    }
    let mut html = String::new();
    let mut seen: Vec<&str> = Vec::new();
    for (attribute, value) in &attributes {
        let refusal = refusal(&name, attribute, value);
        if let Some(what) = refusal {
            parts.push(Part::Refused { what });
        } else if is_allowed(&name, attribute) && !seen.contains(&attribute.as_str()) {
            super::attributes::attribute(&mut html, attribute, value);
            seen.push(attribute);
        }
    }
    parts.push(Part::Open { name, attributes: html, void });
    after
}

/// Why an attribute is worth telling about; what only means nothing here is left out silently.
fn refusal(tag: &str, attribute: &str, value: &str) -> Option<String> {
    if attribute.starts_with("on") {
        return Some(format!("the attribute `{attribute}` of `<{tag}>`"));
    }
    let leads =
        matches!(attribute, "href" | "src" | "cite" | "action" | "formaction" | "data" | "xlink:href" | "srcset");
    if leads && let Scheme::Refused(scheme) = scheme(value) {
        return Some(format!("an address with the scheme `{scheme}:`"));
    }
    (attribute == "style").then(|| format!("the attribute `style` of `<{tag}>`"))
}

/// The attributes after a tag's name, whether it closes itself, and what comes after it; `None` if it does not end.
#[expect(clippy::type_complexity, reason = "read in one place")]
fn attributes(text: &str) -> Option<(Vec<(String, String)>, bool, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut void = false;
    loop {
        rest = rest.trim_start_matches(|character: char| character.is_ascii_whitespace());
        let first = rest.chars().next()?;
        match first {
            '>' => return Some((found, void, &rest[1..])),
            '/' => {
                void = true;
                rest = &rest[1..];
                continue;
            }
            _ => void = false,
        }
        let end =
            rest.find(|character: char| character.is_ascii_whitespace() || matches!(character, '=' | '>' | '/'))?;
        if end == 0 {
            // A stray `=`.
            rest = &rest[1..];
            continue;
        }
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start_matches(|character: char| character.is_ascii_whitespace());
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start_matches(|character: char| character.is_ascii_whitespace());
            match after.chars().next()? {
                quote @ ('"' | '\'') => {
                    let close = after[1..].find(quote)?;
                    value = &after[1..=close];
                    rest = &after[close + 2..];
                }
                _ => {
                    let close = after.find(|character: char| character.is_ascii_whitespace() || character == '>')?;
                    value = &after[..close];
                    rest = &after[close..];
                }
            }
        }
        found.push((name, decode(value)));
    }
}

/// What comes after the end tag of an element whose content is dropped.
fn content_end<'r>(text: &'r str, name: &str) -> &'r str {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(found) = text[at..].find("</") {
        at += found + 2;
        let end = at + name.len();
        if bytes.len() >= end && bytes[at..end].eq_ignore_ascii_case(name.as_bytes()) {
            return text[end..].find('>').map_or("", |close| &text[end + close + 1..]);
        }
    }
    ""
}

/// An attribute's value without the entities that matter for addresses and quotes; an unknown one stays as it is written.
fn decode(value: &str) -> String {
    if !value.contains('&') {
        return value.to_owned();
    }
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match entity(rest) {
            Some((character, length)) => {
                out.push(character);
                rest = &rest[length..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(text: &str) -> Option<(char, usize)> {
    if let Some(number) = text.strip_prefix("&#") {
        let (radix, digits) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => (16, digits),
            None => (10, number),
        };
        let length = digits.bytes().take_while(u8::is_ascii_hexdigit).take(8).count();
        let length =
            if radix == 10 { digits.bytes().take(length).take_while(u8::is_ascii_digit).count() } else { length };
        let character = u32::from_str_radix(digits.get(..length)?, radix).ok().and_then(char::from_u32)?;
        let start = text.len() - digits.len();
        let semicolon = usize::from(digits[length..].starts_with(';'));
        return Some((character, start + length + semicolon));
    }
    let named = [
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&apos;", '\''),
        ("&colon;", ':'),
        ("&Tab;", '\t'),
        ("&NewLine;", '\n'),
        ("&lpar;", '('),
        ("&sol;", '/'),
        ("&nbsp;", '\u{a0}'),
    ];
    named.into_iter().find(|(name, _)| text.starts_with(name)).map(|(name, character)| (character, name.len()))
}

#[cfg(test)]
mod tests {
    use super::{Part, parts};

    #[test]
    fn raw_html_is_taken_apart() {
        let html = "a <b class='x' onclick=\"y()\">c</b><script>d</script ><!-- e -->f<br/> < g";
        let expected = vec![
            Part::Text("a "),
            Part::Refused { what: "the attribute `onclick` of `<b>`".into() },
            Part::Open { name: "b".into(), attributes: " class=\"x\"".into(), void: false },
            Part::Text("c"),
            Part::Close { name: "b".into() },
            Part::Refused { what: "the element `<script>`".into() },
            Part::Text("f"),
            Part::Open { name: "br".into(), attributes: String::new(), void: true },
            Part::Text(" "),
            Part::Text("<"),
            Part::Text(" g"),
        ];
        assert_eq!(parts(html), expected);
    }

    #[test]
    fn addresses_are_read_as_browsers_read_them() {
        for html in
            ["<a href=javascript&colon;a>", "<a href='java&#x09;script&#58a()'>", "<a href=' &#1;javascript:a'>"]
        {
            assert!(matches!(parts(html).first(), Some(Part::Refused { .. })), "{html}");
        }
    }
}
