//! The standards: what is asked, and who does not meet it.

use std::collections::BTreeSet;

use karat_standards::Level;
use maud::html;

use super::scorecards::choice;
use super::{Page, paths, words};
use crate::model::Model;
use crate::parts::{Active, Column, Header, Query, Sort, State, Table, empty, header, table};

const COLUMNS: [Column; 6] = [
    Column::words("id", "Standard"),
    Column::words("title", "What it asks"),
    Column::words("level", "Level"),
    Column::numbers("karats", "Costs"),
    Column::words("to", "Judges"),
    Column::numbers("unmet", "Met"),
];

/// The page.
pub fn standards(model: &Model, query: &Query) -> Page {
    let (area, level, met) = (query.get("area"), query.get("level"), query.get("met"));
    let word = query.get("q").map(str::to_lowercase);
    let sort = Sort::read(query, &COLUMNS, Sort { key: "id", down: false });
    let all = model.verdict.standards.all();
    let area_of = |id: &str| id.split('/').next().unwrap_or_default().to_owned();
    let areas: BTreeSet<String> = all.iter().map(|standard| area_of(&standard.id)).collect();
    let unmet = |id: &str| model.scored().filter(|scored| scored.score.unmet.contains_key(id)).count();
    let mut rows: Vec<_> = all
        .iter()
        .map(|standard| (standard, unmet(&standard.id)))
        .filter(|(standard, _)| area.is_none_or(|area| area_of(&standard.id) == area))
        .filter(|(standard, _)| level.is_none_or(|level| words::level(standard.level) == level))
        .filter(|(_, unmet)| met.is_none_or(|met| (met == "yes") == (*unmet == 0)))
        .filter(|(standard, _)| {
            word.as_deref()
                .is_none_or(|word| standard.id.contains(word) || standard.title.to_lowercase().contains(word))
        })
        .collect();
    rows.sort_by(|a, b| {
        let by = match sort.key {
            "title" => a.0.title.cmp(&b.0.title),
            "level" => a.0.level.cmp(&b.0.level),
            "karats" => a.0.karats.cmp(&b.0.karats),
            "to" => a.0.applies.to.cmp(&b.0.applies.to),
            "unmet" => a.1.cmp(&b.1),
            _ => a.0.id.cmp(&b.0.id),
        };
        sort.turn(by).then_with(|| a.0.id.cmp(&b.0.id))
    });
    let shown = rows.len();
    let rows = rows.iter().map(|(standard, unmet)| {
        vec![
            html! { a href=(paths::standard(&standard.id)) { (standard.id) } },
            html! { (standard.title) },
            html! { (words::level(standard.level)) },
            html! { (standard.karats) "K" },
            html! { (words::scope(standard.applies.to)) },
            html! {
                @match (*unmet, standard.level) {
                    (0, _) => (State::Good.word("met")),
                    (unmet, Level::Must) => (State::Bad.word(&format!("{unmet} do not"))),
                    (unmet, Level::Should) => (State::Attention.word(&format!("{unmet} do not"))),
                }
            },
        ]
    });
    let rows: Vec<_> = rows.collect();
    let head = Header {
        title: "Golden standards",
        question: "What is asked of what we build and run, and who does not meet it?",
        ..Header::default()
    };
    let content = html! {
        (header(&head))
        form class="filters" action="/standards" {
            div class="grow" { label for="q" { "Words" } input id="q" name="q" value=[query.get("q")]; }
            (choice("area", "Area", area, areas.into_iter().map(|area| (area.clone(), area))))
            (choice("level", "Level", level, [("must".to_owned(), "must".to_owned()), ("should".to_owned(), "should".to_owned())]))
            (choice("met", "Met", met, [("yes".to_owned(), "by all".to_owned()), ("no".to_owned(), "not by all".to_owned())]))
            @if let Some(sort) = query.get("sort") { input type="hidden" name="sort" value=(sort); }
            button { "Show" }
            span class="of" { (shown) " of " (all.len()) }
        }
        @if rows.is_empty() {
            (empty("No standard is like that.", "Nothing has these words, area and level at once.", &html! { a href="/standards" { "Show every standard" } }))
        } @else {
            (table(&Table { caption: "Golden standards", columns: &COLUMNS, rows, sort: Some((query, sort)) }))
        }
    };
    Page::new(Active::Standards, "Standards", content)
}
