//! The fleet: what runs where.

use std::collections::BTreeMap;

use karat_diag::{Severity, count};
use karat_standards::{Entity, EntityKind, State as Whole};
use maud::{Markup, html};

use super::scorecards::choice;
use super::{Page, paths, words};
use crate::model::Model;
use crate::parts::{Active, Cell, Header, Query, State, empty, hallmark, header, matrix, notice};

/// The page.
pub fn fleet(model: &Model, query: &Query) -> Page {
    let subject = &model.verdict.subject;
    let (kind, environment) = (query.get("kind"), query.get("environment"));
    let word = query.get("q").map(str::to_lowercase);
    let clusters: Vec<usize> = (0..subject.clusters.len())
        .filter(|at| environment.is_none_or(|name| subject.clusters[*at].environment == name))
        .collect();
    let mut rows: BTreeMap<&Entity, BTreeMap<usize, Vec<usize>>> = BTreeMap::new();
    for (at, application) in subject.applications.iter().enumerate() {
        let entity = &application.entity;
        let is = kind.is_none_or(|kind| entity.kind.word() == kind)
            && word.as_deref().is_none_or(|word| entity.name.to_lowercase().contains(word))
            && clusters.contains(&application.cluster);
        if is {
            rows.entry(entity).or_default().entry(application.cluster).or_default().push(at);
        }
    }
    let mut environments: Vec<&str> = subject.clusters.iter().map(|cluster| cluster.environment.as_str()).collect();
    environments.sort_unstable();
    environments.dedup();
    let columns: Vec<Markup> = clusters
        .iter()
        .map(|at| {
            let cluster = &subject.clusters[*at];
            let entity = Entity { kind: EntityKind::Cluster, name: cluster.name.clone() };
            html! { a href=(paths::scorecard(&entity)) { (cluster.name) } }
        })
        .collect();
    let shown: Vec<(Markup, Vec<Cell>)> = rows
        .iter()
        .map(|(entity, places)| {
            let karats = model.verdict.report.scores.get(*entity).map_or(24, |score| score.karats);
            let name = html! { (hallmark(karats, None)) " " a href=(paths::scorecard(entity)) { (entity.name) } };
            let cells = clusters.iter().map(|at| places.get(at).map_or(Cell::None, |all| Cell::Some(cell(model, all))));
            (name, cells.collect())
        })
        .collect();
    let head = Header {
        title: "Fleet",
        question: "What runs where, and is all of it rendered?",
        actions: vec![html! { a class="button" href="/fleet/diff" { "Compare revisions" } }],
        ..Header::default()
    };
    let content = html! {
        (header(&head))
        (not_rendered(model))
        form class="filters" action="/fleet" {
            div class="grow" { label for="q" { "Name" } input id="q" name="q" value=[query.get("q")]; }
            (choice("kind", "Kind", kind, [EntityKind::Service, EntityKind::Tenant, EntityKind::Addon, EntityKind::Repository].map(|kind| (kind.word().to_owned(), kind.word().to_owned()))))
            (choice("environment", "Environment", environment, environments.iter().map(|name| ((*name).to_owned(), (*name).to_owned()))))
            button { "Show" }
            span class="of" { (count(shown.len(), "row")) ", " (count(subject.applications.len(), "application")) " in all" }
        }
        @if shown.is_empty() {
            (empty("Nothing like that runs.", "No Application has this name, kind and environment.", &html! { a href="/fleet" { "Show the whole fleet" } }))
        } @else {
            (matrix("What runs on which cluster", "Runs", &columns, &shown))
        }
    };
    Page::new(Active::Fleet, "Fleet", content)
}

fn cell(model: &Model, applications: &[usize]) -> Markup {
    html! {
        @for (index, at) in applications.iter().enumerate() {
            @if index > 0 { " " }
            @let application = &model.verdict.subject.applications[*at];
            @let objects = model.verdict.fleet.application(&application.name).map_or(0, |found| found.documents.len());
            a href=(paths::application(&application.name)) title=(application.name) {
                span class="hide" { (application.name) ": " }
                (match application.state {
                    Whole::Whole => State::Good.word(&objects.to_string()),
                    Whole::Part => State::Quiet.word("values"),
                    Whole::Failed => State::Bad.word("failed"),
                })
                @if application.state == Whole::Whole { span class="hide" { @if objects == 1 { " object" } @else { " objects" } } }
            }
        }
    }
}

/// What is not rendered here is said once, above: nobody shall take a part for the whole.
fn not_rendered(model: &Model) -> Markup {
    let subject = &model.verdict.subject;
    let failed = subject.applications.iter().filter(|application| application.state == Whole::Failed).count();
    let part = subject.applications.iter().filter(|application| application.state == Whole::Part).count();
    let errors = model.verdict.problems.iter().filter(|problem| problem.severity == Severity::Error);
    html! {
        @if failed > 0 {
            (notice(State::Bad, &html! {
                p { strong { (count(failed, "Application")) " cannot be rendered." } }
                @for problem in errors.take(3) {
                    p class="mono" { @if let Some(place) = problem.places.first() { (place) ": " } (words::said(&problem.message)) }
                }
            }))
        }
        @if part > 0 {
            p class="muted prose" {
                (count(part, "Application")) " " @if part == 1 { "is" } @else { "are" } " shown as values: "
                "the chart is remote and not in the cache, so it is judged by the values that it is given."
            }
        }
    }
}
