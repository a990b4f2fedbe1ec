//! The tokens of a Rust file in a row, by `proc-macro2`, which is rustc's own lexer for those outside it.
//!
//! Tokens and not a syntax tree: half of a service is inside macros (`select!`, `info!`, `routes!`), which no parser looks into,
//! and a parser recurses as deep as its input is nested.

use proc_macro2::{Delimiter, LineColumn, Spacing, TokenStream, TokenTree};

use crate::Problem;
use crate::text::{Place, Text};

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name(String),
    /// A character, and whether the next one belongs to it.
    Sign(char, bool),
    /// A text; other literals are not kept.
    Text(String),
    Literal,
    Open(char),
    Close(char),
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    start: LineColumn,
    end: LineColumn,
}

impl Token {
    pub(super) fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is(&self, sign: char) -> bool {
        matches!(self.kind, Kind::Sign(found, _) if found == sign)
    }

    pub(super) fn opens(&self, bracket: char) -> bool {
        self.kind == Kind::Open(bracket)
    }

    /// Where the stretch from here to `last` is.
    pub(super) fn place_to(&self, last: &Self, text: &Text<'_>) -> Place {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let end = if last.end.line == self.start.line { last.end.column } else { self.start.column };
        Place {
            file: text.file.clone(),
            line: number(self.start.line),
            column: number(self.start.column + 1),
            end_column: number(end + 1),
        }
    }

    pub(super) fn place(&self, text: &Text<'_>) -> Place {
        self.place_to(self, text)
    }
}

/// The tokens of a file. Comments and what documents are left out.
pub(super) fn read(text: &Text<'_>) -> Result<Vec<Token>, Problem> {
    let tokens = flatten(text);
    // Places of tokens are kept per thread until told otherwise; all of this file's are ours by now.
    proc_macro2::extra::invalidate_current_thread_spans();
    tokens
}

fn flatten(text: &Text<'_>) -> Result<Vec<Token>, Problem> {
    let source = text.text.strip_prefix('\u{feff}').unwrap_or(text.text);
    // A first line for an interpreter is no Rust; its line break stays, so that lines keep their numbers.
    let source = match source.strip_prefix("#!") {
        Some(rest) if !rest.trim_start().starts_with('[') => rest.find('\n').map_or("", |end| &rest[end..]),
        _ => source,
    };
    let stream: TokenStream = source.parse().map_err(|error: proc_macro2::LexError| {
        let start = error.span().start();
        let line = u32::try_from(start.line).unwrap_or(u32::MAX);
        let column = u32::try_from(start.column + 1).unwrap_or(u32::MAX);
        let place = Place { file: text.file.clone(), line, column, end_column: column };
        Problem { place, message: "not Rust: `cargo check` says what is wrong".to_owned() }
    })?;
    let mut tokens = Vec::new();
    // Without recursion: tokens are as deep as the file says.
    let mut open = vec![(stream.into_iter(), None)];
    while let Some((stream, end)) = open.last_mut() {
        let Some(tree) = stream.next() else {
            tokens.extend(end.take());
            open.pop();
            continue;
        };
        let span = tree.span();
        let (start, end) = (span.start(), span.end());
        let mut add = |kind| tokens.push(Token { kind, start, end });
        match tree {
            TokenTree::Ident(ident) => add(Kind::Name(ident.to_string().trim_start_matches("r#").to_owned())),
            TokenTree::Punct(sign) => add(Kind::Sign(sign.as_char(), sign.spacing() == Spacing::Joint)),
            TokenTree::Literal(literal) => {
                add(quoted(&literal.to_string()).map_or(Kind::Literal, Kind::Text));
            }
            TokenTree::Group(group) => {
                let (opens, closes) = match group.delimiter() {
                    Delimiter::Parenthesis => ('(', ')'),
                    Delimiter::Brace => ('{', '}'),
                    Delimiter::Bracket => ('[', ']'),
                    Delimiter::None => (' ', ' '),
                };
                let (first, last) = (group.span_open(), group.span_close());
                tokens.push(Token { kind: Kind::Open(opens), start: first.start(), end: first.end() });
                let end = Token { kind: Kind::Close(closes), start: last.start(), end: last.end() };
                open.push((group.stream().into_iter(), Some(end)));
            }
        }
    }
    Ok(tokens)
}

/// The text of a literal that is one without escapes.
fn quoted(literal: &str) -> Option<String> {
    let text = literal.strip_prefix('"')?.strip_suffix('"')?;
    (!text.contains('\\')).then(|| text.to_owned())
}
