//! Names of attributes that Rust code gives: to `tracing`'s macros, to OpenTelemetry's `KeyValue`, to `Span::record`.

use std::ops::Range;

use ecow::EcoString;

use super::tokens::{Kind, Token};
use crate::At;
use crate::text::Text;

/// The macros of `tracing` that take fields.
const MACROS: &[&str] = &[
    "trace",
    "debug",
    "info",
    "warn",
    "error",
    "event",
    "span",
    "trace_span",
    "debug_span",
    "info_span",
    "warn_span",
    "error_span",
];

/// Functions whose first argument is a name, as the last names of their paths.
const FUNCTIONS: &[(&str, &str)] = &[("KeyValue", "new"), ("Key", "new"), ("Key", "from_static_str")];

/// All names, in the order of the text.
pub(super) fn find(tokens: &[Token], text: &Text<'_>) -> Vec<At<EcoString>> {
    let mut found = Vec::new();
    let ends = ends(tokens);
    for (at, token) in tokens.iter().enumerate() {
        let Some(name) = token.name() else { continue };
        let after = |offset: usize| tokens.get(at + offset);
        let opens = |offset: usize, bracket: char| after(offset).is_some_and(|token| token.opens(bracket));
        let bang = after(1).is_some_and(|token| token.is('!'));
        if MACROS.contains(&name) && bang && (opens(2, '(') || opens(2, '{') || opens(2, '[')) {
            fields(tokens, at + 3..ends[at + 2], &ends, text, &mut found);
        } else if name == "fields" && opens(1, '(') && in_attribute(tokens, at) {
            fields(tokens, at + 2..ends[at + 1], &ends, text, &mut found);
        } else if opens(1, '(')
            && let Some(key) = after(2)
            && let Some(said) = key.text()
            && (takes_a_name(tokens, at, name) || name == "record" && at > 0 && tokens[at - 1].is('.'))
        {
            found.push(At::new(said, key.place(text)));
        }
    }
    found
}

fn takes_a_name(tokens: &[Token], at: usize, name: &str) -> bool {
    let owner = at.checked_sub(3).and_then(|owner| tokens[owner].name());
    FUNCTIONS.iter().any(|(of, function)| *function == name && owner == Some(of))
}

/// Whether `#[instrument(` or another attribute is around: what comes before, up to a `#`, is no end of a statement.
fn in_attribute(tokens: &[Token], at: usize) -> bool {
    let before = tokens[at.saturating_sub(64)..at].iter().rev();
    let mut before = before.take_while(|token| !token.is(';') && !token.opens('{'));
    before.any(|token| token.is('#'))
}

/// For each bracket that opens, where it closes; what does not is read to the end.
fn ends(tokens: &[Token]) -> Vec<usize> {
    let mut ends = vec![tokens.len(); tokens.len()];
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Open(_) => open.push(at),
            Kind::Close(_) => {
                if let Some(opened) = open.pop() {
                    ends[opened] = at;
                }
            }
            _ => {}
        }
    }
    ends
}

/// The fields of a macro's arguments: `a.b = 1`, `%a`, `?a`, `a`, separated by commas. What is in brackets is passed over.
fn fields(tokens: &[Token], range: Range<usize>, ends: &[usize], text: &Text<'_>, found: &mut Vec<At<EcoString>>) {
    let mut start = range.start;
    let mut at = range.start;
    while at < range.end {
        match tokens[at].kind {
            Kind::Open(_) => at = ends[at],
            Kind::Sign(',', _) => {
                found.extend(field(&tokens[start..at], text));
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    found.extend(tokens.get(start..range.end).and_then(|last| field(last, text)));
}

/// The name that one argument gives, if it is a field.
fn field(argument: &[Token], text: &Text<'_>) -> Option<At<EcoString>> {
    let marked = argument.first().is_some_and(|token| token.is('%') || token.is('?'));
    let argument = if marked { &argument[1..] } else { argument };
    if let Some(said) = argument.first().and_then(Token::text) {
        // `"a.b" = 1`; alone it is the message.
        let named = argument.get(1).is_some_and(|token| token.is('='));
        return named.then(|| At::new(said, argument[0].place(text)));
    }
    let mut name = EcoString::new();
    let mut last = 0;
    for (at, token) in argument.iter().enumerate() {
        match &token.kind {
            Kind::Name(part) if at % 2 == 0 => name.push_str(part),
            Kind::Sign('.', _) if at % 2 == 1 => name.push('.'),
            Kind::Sign('=', joint) if at % 2 == 1 && !joint && !marked => break,
            _ => return None,
        }
        last = at;
    }
    (!name.is_empty()).then(|| At::new(name, argument[0].place_to(&argument[last], text)))
}
