//! Waivers: what is accepted, by whom, why, and until when.

use karat_standards::Waiver;
use maud::html;

use super::{Page, paths, words};
use crate::model::Model;
use crate::parts::{Active, Column, Crumb, Header, Query, Sort, State, Table, empty, header, notice, table};

const COLUMNS: [Column; 5] = [
    Column::words("standard", "Standard"),
    Column::other("For"),
    Column::words("owner", "Owner"),
    Column::other("Reason"),
    Column::words("until", "Ends"),
];

/// The page.
pub fn waivers(model: &Model, query: &Query) -> Page {
    let sort = Sort::read(query, &COLUMNS, Sort { key: "until", down: false });
    let mut rows: Vec<&Waiver> = model.verdict.decided.waivers.iter().collect();
    rows.sort_by(|a, b| {
        let by = match sort.key {
            "standard" => a.standard.cmp(&b.standard),
            "owner" => a.accepted.owner.cmp(&b.accepted.owner),
            _ => a.accepted.until.cmp(&b.accepted.until),
        };
        sort.turn(by).then_with(|| a.standard.cmp(&b.standard))
    });
    let row = |waiver: &&Waiver| {
        let place = waiver.place();
        let on = &waiver.on;
        let on = [
            ("", &on.application),
            ("", &on.repository),
            ("", &on.name),
            ("kind ", &on.kind),
            ("namespace ", &on.namespace),
            ("cluster ", &on.cluster),
            ("environment ", &on.environment),
        ];
        let on: Vec<String> =
            on.iter().filter_map(|(word, value)| value.as_ref().map(|value| format!("{word}{value}"))).collect();
        let over = waiver.accepted.until < model.today;
        vec![
            html! { a href=(paths::standard(&waiver.standard)) { (waiver.standard) } },
            html! { (on.join(", ")) },
            html! { (waiver.accepted.owner) },
            html! { (waiver.accepted.reason) " " a class="small" href=(paths::source(&place.file, place.line as usize)) { "line " (place.line) } },
            html! {
                @if over { (State::Bad.word("ended")) " " }
                (words::day(model, waiver.accepted.until))
            },
        ]
    };
    let head = Header {
        crumbs: vec![Crumb { title: "Scorecards", href: "/scorecards".into() }],
        title: "Waivers",
        question: "What is accepted although it is not met, why, and until when?",
        ..Header::default()
    };
    let content = html! {
        (header(&head))
        @for problem in &model.verdict.waivers {
            (notice(if problem.severity == karat_diag::Severity::Error { State::Bad } else { State::Attention }, &html! {
                (words::said(&problem.message))
                @if let Some(place) = problem.places.first() { " " a href=(paths::source(&place.file, place.span.map_or(0, |span| span.start.line))) { (place) } }
            }))
        }
        @if rows.is_empty() {
            (empty(
                "There are no waivers.",
                "A waiver accepts one finding on one thing until a day. It has an owner and a reason, costs no karats, and fails the check when its day has passed.",
                &html! { "Write one in " code { "governance/waivers.yaml" } "; the head of that file shows how." },
            ))
        } @else {
            (table(&Table { caption: "Waivers", columns: &COLUMNS, rows: rows.iter().map(row).collect(), sort: Some((query, sort)) }))
        }
    };
    Page::new(Active::Scorecards, "Waivers", content)
}
