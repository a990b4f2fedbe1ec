//! A file of the organisation, with a link for each line.

use karat_diag::Sources;
use maud::html;

use super::{Page, paths};
use crate::model::Model;
use crate::parts::{Active, Header, Line, Query, code, header};

/// So many lines are shown at once.
const LINES: usize = 250;
/// So many bytes at once: lines can be long.
const BYTES: usize = 24_000;

/// The file `file` around the line that `line=` names; `None` if no repository of the organisation holds it as text.
pub fn source(model: &Model, file: &str, query: &Query) -> Option<Page> {
    let text = Some(file).filter(|file| model.holds(file)).and_then(|file| model.files.text(file))?;
    let asked: usize = query.get("line").and_then(|line| line.parse().ok()).unwrap_or(0);
    let all = text.lines().count();
    // A short file is shown whole; of a long one, the line stands in the middle.
    let from = if all <= LINES { 1 } else { asked.saturating_sub(LINES / 2).clamp(1, all.saturating_sub(LINES) + 1) };
    let mut left = BYTES;
    let lines: Vec<Line<'_>> = text
        .lines()
        .enumerate()
        .skip(from - 1)
        .take(LINES)
        .take_while(|(_, text)| {
            let fits = text.len() <= left;
            left = left.saturating_sub(text.len() + 1);
            fits
        })
        .map(|(index, text)| Line { number: index + 1, text, here: index + 1 == asked, mark: None })
        .collect();
    let last = from + lines.len() - 1;
    let (folder, name) = karat_source::split(file);
    let head = Header {
        title: name,
        question: "What does this file say?",
        facts: vec![
            html! { code { (folder) } },
            html! { @if lines.len() < all { "lines " (from) " to " (last) " of " (all) } @else { (all) " lines" } },
        ],
        ..Header::default()
    };
    let step = |line: usize| paths::source(file, line.clamp(1, all.max(1)));
    let content = html! {
        (header(&head))
        (code(&html! { (file) }, &lines, None))
        @if lines.len() < all {
            p class="pages" {
                @if from > 1 { a class="button" href=(step(from.saturating_sub(LINES / 2))) { "Earlier lines" } }
                @if last < all { a class="button" href=(step(last + LINES / 2)) { "Later lines" } }
            }
        }
    };
    Some(Page::new(Active::None, name, content))
}
