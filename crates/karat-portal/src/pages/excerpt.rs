//! The lines around a place.

use karat_diag::{Place, Sources};
use maud::{Markup, html};

use super::paths;
use crate::model::Model;
use crate::parts::{Line, code};

/// How many lines are shown before a place, and after it.
const AROUND: usize = 3;
/// Longer lines are cut: the file has the rest.
const LONGEST: usize = 400;
/// What is underlined may be a whole file: no more lines than these are shown.
const MOST: usize = 12;

/// The place as a link, over the lines that it is about.
pub(super) fn excerpt(model: &Model, place: &Place) -> Markup {
    let text = model.holds(&place.file).then(|| model.files.text(&place.file)).flatten();
    let line = place.span.map_or(0, |span| span.start.line);
    let title = html! {
        @if text.is_some() { a href=(paths::source(&place.file, line)) { (place) } } @else { (place) }
        @if let Some(label) = &place.label { " " span class="muted" { (label) } }
    };
    let Some((text, span)) = text.zip(place.span) else { return html! { p class="mono" { (title) } } };
    let last = span.end.line.max(line).min(line + MOST);
    let from = line.saturating_sub(AROUND).max(1);
    let lines: Vec<Line<'_>> = text
        .lines()
        .enumerate()
        .skip(from - 1)
        .take(last + AROUND + 1 - from)
        .map(|(index, text)| {
            let number = index + 1;
            let text = cut(text);
            let here = (line..=last).contains(&number);
            let first = if number == line { span.start.column.saturating_sub(1) } else { indent(text) };
            let end = if number == span.end.line { span.end.column.saturating_sub(1) } else { text.chars().count() };
            Line { number, text, here, mark: here.then_some((first, end)) }
        })
        .collect();
    code(&title, &lines, Some(&|number| paths::source(&place.file, number)))
}

fn indent(text: &str) -> usize {
    text.chars().take_while(|c| c.is_whitespace()).count()
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(LONGEST).map_or(text, |(at, _)| &text[..at])
}
