//! A template's text cut into text, `${{ }}`, `{% %}` and `{# #}`.

use super::Error;
use super::ast::At;
use super::lexer;
use super::number::is_space;

/// How the text is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Syntax {
    /// `{{ }}` instead of `${{ }}`, and the names that Jinja has.
    pub cookiecutter: bool,
    /// The line break after a block is taken off.
    pub trim_blocks: bool,
    /// The indentation before a block that stands alone is taken off.
    pub lstrip_blocks: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PieceKind {
    Text,
    Output,
    Block,
}

/// A piece; the text of `Output` and `Block` is what stands between the delimiters.
#[derive(Debug)]
pub(super) struct Piece<'t> {
    pub(super) kind: PieceKind,
    pub(super) text: std::borrow::Cow<'t, str>,
    /// Where it starts.
    pub(super) at: At,
    /// Where its text starts.
    pub(super) inner: At,
}

/// Counts lines and columns of a text as it is walked.
pub(super) struct Places<'t> {
    text: &'t str,
    offset: usize,
    at: At,
}

impl<'t> Places<'t> {
    pub(super) fn new(text: &'t str, start: At) -> Self {
        Self { text, offset: 0, at: start }
    }

    /// The place of `offset`, which never goes back.
    pub(super) fn at(&mut self, offset: usize) -> At {
        for character in self.text[self.offset..offset].chars() {
            if character == '\n' {
                self.at = At { line: self.at.line + 1, column: 1 };
            } else {
                self.at.column += 1;
            }
        }
        self.offset = offset;
        self.at
    }
}

/// Cuts `text`.
pub(super) fn scan(text: &str, syntax: Syntax) -> Result<Vec<Piece<'_>>, Error> {
    let output = if syntax.cookiecutter { "{{" } else { "${{" };
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let mut places = Places::new(text, At { line: 1, column: 1 });
    let mut from = 0;
    // What of the text before `from` is not yet a piece.
    let mut pending = String::new();
    let mut pending_at = places.at(0);
    while from < text.len() {
        let opening =
            [(output, PieceKind::Output, "}}"), ("{%", PieceKind::Block, "%}"), ("{#", PieceKind::Text, "#}")]
                .into_iter()
                .filter_map(|(open, kind, close)| Some((from + text[from..].find(open)?, open, kind, close)))
                .min_by_key(|(at, ..)| *at);
        let end_of_comment = text[from..].find("#}").map(|at| from + at);
        if let Some(at) = end_of_comment.filter(|end| opening.is_none_or(|(at, ..)| *end < at)) {
            return Err(Error::new("`#}` ends a comment that was not begun", places.at(at)));
        }
        let Some((at, open, kind, close)) = opening else {
            if pending.is_empty() {
                pending_at = places.at(from);
            }
            pending.push_str(&text[from..]);
            break;
        };
        if pending.is_empty() {
            pending_at = places.at(from);
        }
        pending.push_str(&text[from..at]);
        let start = places.at(at);
        let block = kind == PieceKind::Block;
        if block && syntax.lstrip_blocks {
            strip_indent(&mut pending, &text[..at]);
        }
        let mut inner = at + open.len();
        if text[inner..].starts_with('-') {
            inner += 1;
            pending.truncate(pending.trim_end_matches(is_space).len());
        }
        let comment = kind == PieceKind::Text;
        let end =
            if comment { text[inner..].find(close).map(|end| inner + end) } else { lexer::find(text, inner, close) };
        let what = if comment { "comment" } else { "tag" };
        let Some(end) = end else {
            return Err(Error::new(format!("this {what} is not closed by `{close}`"), start));
        };
        let right = text[inner..end].ends_with('-');
        let body = &text[inner..end - usize::from(right)];
        let trimmed = body.trim_start_matches(lexer::is_space);
        let inner_at = places.at(inner + (body.len() - trimmed.len()));
        from = end + close.len();
        let name = if block { lexer::tag(trimmed).0 } else { "" };
        let raw = name == "raw" || name == "verbatim";
        if raw {
            if syntax.trim_blocks {
                from += line_break(&text[from..]);
            }
            let Some((stop, after)) = raw_end(text, from, name) else {
                return Err(Error::new(format!("`{name}` is not closed by `end{name}`"), start));
            };
            if pending.is_empty() {
                pending_at = places.at(from);
            }
            pending.push_str(&text[from..stop]);
            from = after;
        } else if !comment {
            if !pending.is_empty() {
                let text = std::mem::take(&mut pending).into();
                pieces.push(Piece { kind: PieceKind::Text, text, at: pending_at, inner: pending_at });
            }
            pieces.push(Piece {
                kind,
                text: trimmed.trim_end_matches(lexer::is_space).into(),
                at: start,
                inner: inner_at,
            });
        }
        if right {
            let rest = &text[from..];
            from += rest.len() - rest.trim_start_matches(is_space).len();
        } else if block && !raw && syntax.trim_blocks {
            from += line_break(&text[from..]);
        }
    }
    if !pending.is_empty() {
        pieces.push(Piece { kind: PieceKind::Text, text: pending.into(), at: pending_at, inner: pending_at });
    }
    Ok(pieces)
}

fn line_break(text: &str) -> usize {
    if text.starts_with("\r\n") { 2 } else { usize::from(text.starts_with('\n')) }
}

/// Takes the indentation of the last line off, unless something stands before it on that line.
fn strip_indent(pending: &mut String, before: &str) {
    let line = before.rsplit('\n').next().unwrap_or_default();
    if line.chars().all(is_space) {
        let start = pending.rfind('\n').map_or(0, |at| at + 1);
        if pending[start..].chars().all(is_space) {
            pending.truncate(start);
        }
    }
}

/// Where the raw text that starts at `from` ends, and where what follows its end tag starts. Raw blocks nest.
fn raw_end(text: &str, from: usize, name: &str) -> Option<(usize, usize)> {
    let mut depth = 1;
    let mut at = from;
    loop {
        let start = at + text.get(at..)?.find("{%")?;
        at = start + 2;
        let inner = text[at..].trim_start_matches(is_space);
        let (opens, rest) = match (inner.strip_prefix("end"), inner.strip_prefix(name)) {
            (Some(rest), _) if rest.starts_with(name) => (false, &rest[name.len()..]),
            (_, Some(rest)) => (true, rest),
            _ => continue,
        };
        let Some(rest) = rest.trim_start_matches(is_space).strip_prefix("%}") else { continue };
        at = text.len() - rest.len();
        depth = if opens { depth + 1 } else { depth - 1 };
        if depth == 0 {
            return Some((start, at));
        }
    }
}
