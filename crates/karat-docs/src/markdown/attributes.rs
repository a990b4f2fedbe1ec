//! Attribute lists: `{: #id .class key="value" }`, as Python-Markdown's `attr_list` reads them.

/// What a list says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) id: Option<String>,
    pub(super) classes: Vec<String>,
    pub(super) others: Vec<(String, String)>,
}

impl Attributes {
    /// Writes ` class="…"` and the others; the id is written by who made it unique.
    pub(super) fn write(&self, out: &mut String, classes: &[&str]) {
        let all: Vec<&str> = classes.iter().copied().chain(self.classes.iter().map(String::as_str)).collect();
        if !all.is_empty() {
            attribute(out, "class", &all.join(" "));
        }
        for (name, value) in &self.others {
            if crate::sanitise::is_generic(name) {
                attribute(out, name, value);
            }
        }
    }
}

/// ` name="value"`.
pub(super) fn attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    super::escape(out, value);
    out.push('"');
}

/// The list at the start of a text, directly after an inline element: what it says, and how long it is.
pub(super) fn leading(text: &str) -> Option<(Attributes, usize)> {
    let brace = text.strip_prefix('{')?;
    let inner = brace.strip_prefix(':').unwrap_or(brace).trim_start_matches(' ');
    let line = inner.split('\n').next()?;
    if line.is_empty() || line.starts_with('}') {
        return None;
    }
    let (attributes, close) = scan(line)?;
    Some((attributes, text.len() - inner.len() + close + 1))
}

/// The list that ends a text: what it says, and where it starts, blanks before it included.
pub(super) fn trailing(text: &str) -> Option<(Attributes, usize)> {
    let body = text.trim_end_matches(' ').strip_suffix('}')?;
    let open = body.rfind('{')?;
    let before = text[..open].trim_end_matches(' ');
    if before.len() == open && open > 0 {
        return None;
    }
    let inner = &body[open + 1..];
    let inner = inner.strip_prefix(':').unwrap_or(inner).trim_start_matches(' ');
    if inner.is_empty() || inner.contains('\n') {
        return None;
    }
    let (attributes, _) = scan(&format!("{inner}}}"))?;
    Some((attributes, before.len()))
}

/// Reads words up to the closing brace; gives where the brace is, counted from the start.
fn scan(text: &str) -> Option<(Attributes, usize)> {
    let mut attributes = Attributes::default();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let first = rest.chars().next()?;
        match first {
            '}' => return Some((attributes, at)),
            ' ' => {
                at += 1;
                continue;
            }
            _ => {}
        }
        let end = rest.find([' ', '=', '}']).unwrap_or(rest.len());
        let name = &rest[..end];
        if rest[end..].starts_with('=') {
            let value = &rest[end + 1..];
            let (value, length) = match value.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    let close = value[1..].find(quote)?;
                    (&value[1..=close], close + 2)
                }
                _ => {
                    let close = value.find([' ', '}']).unwrap_or(value.len());
                    (&value[..close], close)
                }
            };
            match name {
                "id" => attributes.id = Some(value.to_owned()),
                "class" => attributes.classes = value.split_whitespace().map(str::to_owned).collect(),
                _ => attributes.others.push((name.to_owned(), value.to_owned())),
            }
            at += end + 1 + length;
        } else {
            match name.split_at_checked(1) {
                Some((".", class)) => attributes.classes.push(class.to_owned()),
                Some(("#", id)) => attributes.id = Some(id.to_owned()),
                _ => attributes.others.push((name.to_owned(), name.to_owned())),
            }
            at += end.max(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{leading, trailing};

    #[test]
    fn lists_are_read_where_they_stand() {
        let (attributes, length) = leading("{: #a .b .c target=\"_blank\" } rest").unwrap();
        assert_eq!((attributes.id.as_deref(), attributes.classes.len(), length), (Some("a"), 2, 29));
        assert_eq!(leading("{.b}").unwrap().1, 4);
        assert!(leading("{}").is_none());
        assert!(leading("{ open").is_none());
        let (attributes, start) = trailing("Title {#a .b}").unwrap();
        assert_eq!((attributes.id.as_deref(), start), (Some("a"), 5));
        assert!(trailing("no{#a}").is_none());
        assert!(trailing("Title {}").is_none());
    }
}
