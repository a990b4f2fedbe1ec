//! One standard: why, who meets it, how to mend it, what meets and misses it in the smallest.

use karat_standards::Standard;
use maud::{Markup, html};

use super::{Page, paths, words};
use crate::cases::{Case, cases};
use crate::model::Model;
use crate::parts::{Active, Column, Crumb, Header, Line, State, Table, anchor, code, hallmark, header, notice, table};

/// So many bytes of cases are shown; the rest is named.
const CASES: usize = 12_000;

/// The page.
pub fn standard(model: &Model, standard: &Standard) -> Page {
    let area = standard.id.split('/').next().unwrap_or_default();
    let head = Header {
        crumbs: vec![
            Crumb { title: "Standards", href: "/standards".into() },
            Crumb { title: area, href: format!("/standards?area={area}") },
        ],
        title: &standard.title,
        question: "Why is it asked, who does not meet it, and how is it met?",
        facts: vec![
            html! { code { (standard.id) } },
            html! { "Level " strong { (words::level(standard.level)) } },
            html! { "Costs " strong { (standard.karats) "K" } " of 24" },
        ],
        actions: vec![
            html! { a class="button main" href=(paths::fix(&standard.fix)) { "How to " (karat_verdict::fix_text(&standard.fix)) } },
        ],
    };
    let content = html! {
        (header(&head))
        p class="prose" { (standard.why) }
        dl class="facts" {
            dt { "Judges" } dd { "each of the " (words::scope(standard.applies.to)) " " (words::whose(standard.applies.whose)) }
            dt { "Enforced" } dd { (words::enforced(standard)) }
            dt { "Comes from" } dd { (standard.source) }
            dt { "Written in" } dd { code { (standard.file) } }
        }
        (who(model, standard))
        (examples(standard))
    };
    Page::new(Active::Standards, standard.id.to_string(), content)
}

const COLUMNS: [Column; 5] = [
    Column::other("Name"),
    Column::other("Kind"),
    Column::other("Owner"),
    Column::other("How"),
    Column::other("Karats"),
];

fn who(model: &Model, standard: &Standard) -> Markup {
    let id = standard.id.as_str();
    let rows: Vec<_> = model
        .scored()
        .filter(|scored| scored.score.unmet.contains_key(id) || scored.score.waived.contains(id))
        .map(|scored| {
            let href = format!("{}#{}", paths::scorecard(scored.entity), anchor(id));
            let how = if scored.score.unmet.contains_key(id) {
                State::Bad.word("not met")
            } else {
                State::Quiet.word("waived")
            };
            vec![
                html! { a href=(href) { (scored.entity.name) } },
                html! { (scored.entity.kind.word()) },
                words::team(model, scored.team),
                how,
                hallmark(scored.score.karats, None),
            ]
        })
        .collect();
    html! {
        section aria-labelledby="who" {
            h2 id="who" { "Who does not meet it" }
            @if rows.is_empty() {
                (notice(State::Good, &html! { "Nobody: everything that it applies to meets it." }))
            } @else {
                (table(&Table { caption: "Who does not meet it", columns: &COLUMNS, rows, sort: None }))
            }
        }
    }
}

fn examples(standard: &Standard) -> Markup {
    let all: Vec<&Case> = cases(&standard.id).collect();
    if all.is_empty() {
        return html! {};
    }
    let mut left = CASES;
    let mut shown = Vec::new();
    let mut named = Vec::new();
    // One that meets it, then those that miss it, as far as there is room.
    for case in all.iter().filter(|case| case.good).take(2).chain(all.iter().filter(|case| !case.good)) {
        if case.text.len() <= left {
            left -= case.text.len();
            shown.push(*case);
        } else {
            named.push(case.file);
        }
    }
    html! {
        section aria-labelledby="cases" {
            h2 id="cases" { "In the smallest" }
            p class="muted prose" { "Tests hold the standard to these files." }
            @for case in shown {
                @let state = if case.good { State::Good.word("meets it") } else { State::Bad.word("misses it") };
                @let lines: Vec<Line<'_>> = case.text.lines().enumerate().map(|(index, text)| Line { number: index + 1, text, ..Line::default() }).collect();
                details {
                    summary { (state) " " code { (case.file) } }
                    (code(&html! { (case.file) }, &lines, None))
                }
            }
            @if !named.is_empty() { p class="small muted" { "And " (named.join(", ")) "." } }
        }
    }
}
