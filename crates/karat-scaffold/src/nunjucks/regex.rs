//! Regular expressions: JavaScript's syntax on an engine of linear time.

use std::cell::Cell;

use super::budget::{Budget, Fault, Outcome};

/// The longest source.
const SOURCE: usize = 16_384;

/// `r/source/flags`.
pub(super) struct Regex {
    source: String,
    flags: String,
    inner: regex::Regex,
    /// Where a search with `g` or `y` goes on.
    pub(super) last: Cell<usize>,
}

impl std::fmt::Debug for Regex {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.shown())
    }
}

impl Regex {
    /// Compiles a literal.
    pub(super) fn new(source: &str, flags: &str) -> Result<Self, String> {
        if source.len() > SOURCE {
            return Err(format!("a regular expression is longer than {SOURCE} bytes"));
        }
        let inner = regex::RegexBuilder::new(&translated(source))
            .case_insensitive(flags.contains('i'))
            .multi_line(flags.contains('m'))
            .size_limit(1 << 20)
            .build()
            .map_err(|error| {
                let reason = error.to_string();
                let last = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
                format!("cannot use the regular expression /{source}/: {last}; look-around and back-references are not supported")
            })?;
        Ok(Self { source: source.into(), flags: flags.into(), inner, last: Cell::new(0) })
    }

    /// As JavaScript prints it.
    pub(super) fn shown(&self) -> String {
        let source = if self.source.is_empty() { "(?:)" } else { &self.source };
        let flags: String = "gimy".chars().filter(|flag| self.flags.contains(*flag)).collect();
        format!("/{}/{flags}", source.replace('\n', "\\n").replace('\r', "\\r"))
    }

    fn repeats(&self) -> bool {
        self.flags.contains(['g', 'y'])
    }

    /// `regex.test(text)`; with `g` it goes on where it stopped.
    pub(super) fn test(&self, text: &str) -> bool {
        let start = if self.repeats() { self.last.get() } else { 0 };
        let found =
            if start <= text.len() && text.is_char_boundary(start) { self.inner.find_at(text, start) } else { None };
        let found = found.filter(|found| !self.flags.contains('y') || found.start() == start);
        if self.repeats() {
            self.last.set(found.map_or(0, |found| found.end()));
        }
        found.is_some()
    }

    /// Whether it matches anywhere.
    pub(super) fn finds(&self, text: &str) -> bool {
        self.inner.is_match(text)
    }

    /// `text.replace(regex, replacement)`, with `$1`, `$&` and the like in the replacement.
    pub(super) fn replace(&self, text: &str, replacement: &str, budget: &Budget) -> Outcome<String> {
        let mut out = String::new();
        let mut last = 0;
        for captures in self.inner.captures_iter(text) {
            let Some(whole) = captures.get(0) else { break };
            if self.flags.contains('y') && whole.start() != last {
                break;
            }
            out.push_str(&text[last..whole.start()]);
            let before = out.len();
            expand(&mut out, text, replacement, &captures);
            budget.grow(out.len(), out.len() - before)?;
            last = whole.end();
            if !self.flags.contains('g') {
                break;
            }
        }
        out.push_str(&text[last..]);
        budget.text(out.len())?;
        Ok(out)
    }

    /// `text.split(regex)`, groups included.
    pub(super) fn split(&self, text: &str, budget: &Budget) -> Outcome<Vec<Option<String>>> {
        let mut parts = Vec::new();
        let mut last = 0;
        if text.is_empty() {
            return Ok(if self.inner.is_match("") { parts } else { vec![Some(String::new())] });
        }
        for captures in self.inner.captures_iter(text) {
            let Some(whole) = captures.get(0) else { break };
            // An empty match splits between characters, not at the ends.
            if whole.end() == last || whole.start() >= text.len() {
                continue;
            }
            budget.spend(1 + captures.len())?;
            parts.push(Some(text[last..whole.start()].to_owned()));
            parts.extend(captures.iter().skip(1).map(|group| group.map(|group| group.as_str().to_owned())));
            last = whole.end();
        }
        parts.push(Some(text[last..].to_owned()));
        Ok(parts)
    }
}

/// A replacement with its `$` patterns filled in.
fn expand(out: &mut String, text: &str, replacement: &str, captures: &regex::Captures<'_>) {
    let Some(whole) = captures.get(0) else { return };
    let mut rest = replacement;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let digits = after.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let group = (1..=digits).rev().find_map(|count| {
            let number: usize = after[..count].parse().ok()?;
            (number > 0 && number < captures.len()).then_some((number, count))
        });
        let used = match (after.chars().next(), group) {
            (_, Some((number, count))) => {
                out.push_str(captures.get(number).map_or("", |group| group.as_str()));
                count
            }
            (Some('$'), _) => {
                out.push('$');
                1
            }
            (Some('&'), _) => {
                out.push_str(whole.as_str());
                1
            }
            (Some('`'), _) => {
                out.push_str(&text[..whole.start()]);
                1
            }
            (Some('\''), _) => {
                out.push_str(&text[whole.end()..]);
                1
            }
            _ => {
                out.push('$');
                0
            }
        };
        rest = &after[used..];
    }
    out.push_str(rest);
}

/// JavaScript's syntax in ours: its classes are ASCII, its `/` is escaped, brackets in a class are characters.
fn translated(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut class = false;
    let mut characters = source.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('d') => out.push_str(if class { "0-9" } else { "[0-9]" }),
                Some('w') => out.push_str(if class { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
                Some('D') => out.push_str("[^0-9]"),
                Some('W') => out.push_str("[^0-9A-Za-z_]"),
                Some('b') if class => out.push_str("\\x08"),
                Some('b') => out.push_str("(?-u:\\b)"),
                Some('B') => out.push_str("(?-u:\\B)"),
                Some('/') => out.push('/'),
                Some('0') => out.push_str("\\x00"),
                // What is not special may be escaped there, and not here.
                Some(other) if other.is_ascii_alphanumeric() || !other.is_ascii() => {
                    if !other.is_ascii() {
                        out.push(other);
                    } else {
                        out.push('\\');
                        out.push(other);
                    }
                }
                Some(other) => {
                    out.push('\\');
                    out.push(other);
                }
                None => out.push('\\'),
            },
            '[' if !class => {
                let negated = characters.next_if_eq(&'^').is_some();
                if characters.next_if_eq(&']').is_some() {
                    // `[^]` is any character, `[]` none.
                    out.push_str(if negated { "(?s:.)" } else { "[^\\s\\S]" });
                } else {
                    class = true;
                    out.push_str(if negated { "[^" } else { "[" });
                }
            }
            '[' | '&' | '~' if class => {
                out.push('\\');
                out.push(character);
            }
            ']' if class => {
                class = false;
                out.push(']');
            }
            _ => out.push(character),
        }
    }
    out
}

/// Reports what a literal is wrong in.
pub(super) fn compiled(source: &str, flags: &str) -> Outcome<Regex> {
    Regex::new(source, flags).map_err(Fault::new)
}
