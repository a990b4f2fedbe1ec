//! From lines and columns to bytes, and what may be shown of a text.

use std::ops::Range;

use crate::Span;

/// The lines of `text` from the first to the last line of `span` (one for most spans), and where the span lies in them
/// in bytes. `None` if the text has no such line: it changed, or the place is wrong; a place is then shown without its
/// line rather than with a wrong one.
pub(crate) fn excerpt(text: &str, span: Span) -> Option<(&str, Range<usize>)> {
    let start = line_start(text, span.start.line)?;
    let last = span.end.line.max(span.start.line);
    let last_start = line_start(text, last)?;
    let end = text[last_start..].find('\n').map_or(text.len(), |length| last_start + length);
    let lines = text[start..end].trim_end_matches('\r');
    let from = column(lines, span.start.column);
    let to = column(&lines[(last_start - start).min(lines.len())..], span.end.column) + (last_start - start);
    let to = to.min(lines.len());
    // A position, or a span that ends before it starts, stands for the word there.
    Some((lines, if to > from { from..to } else { from..word_end(lines, from) }))
}

fn line_start(text: &str, line: usize) -> Option<usize> {
    match line {
        0 => None,
        1 => Some(0),
        _ => text.match_indices('\n').nth(line - 2).map(|(at, _)| at + 1),
    }
}

/// The byte of the character at `column` (from 1) in the first line of `text`.
fn column(text: &str, column: usize) -> usize {
    let line = text.split('\n').next().unwrap_or("");
    line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at)
}

fn word_end(text: &str, from: usize) -> usize {
    let rest = &text[from..];
    let end = rest.find(|c: char| c.is_whitespace() || c == ':').unwrap_or(rest.len());
    from + end.max(rest.chars().next().map_or(0, char::len_utf8))
}

/// `text` on one line and without control characters: file contents and names are not ours, and a terminal obeys
/// escape sequences.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Words folded to lines of at most `width` columns; a longer word has a line of its own.
pub fn fold(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split([' ', '\n', '\t']).filter(|word| !word.is_empty()) {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}
