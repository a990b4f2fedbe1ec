//! One Application of the fleet: its objects, and where they come from; one object, as it is applied.

use karat_diag::count;
use karat_fleet::Application;
use maud::{Markup, html};

use super::{Page, paths, words};
use crate::model::Model;
use crate::parts::{
    Active, Column, Crumb, Header, Line, Query, Sort, State, Table, code, empty, hallmark, header, notice, table,
};

/// So many objects are listed; an operator's chart has a few hundred.
const MOST: usize = 200;
/// So many lines of an object are shown; the whole text is a link away.
const LINES: usize = 300;

const COLUMNS: [Column; 4] = [
    Column::words("name", "Object"),
    Column::words("kind", "Kind"),
    Column::words("namespace", "Namespace"),
    Column::words("file", "Comes from"),
];

/// The Application `application`.
pub fn application(model: &Model, application: &Application, query: &Query) -> Page {
    let name = application.name().as_str();
    let subject = model.verdict.subject.applications.iter().find(|one| one.name == name);
    let entity = subject.map(|subject| &subject.entity);
    let score = entity.and_then(|entity| model.verdict.report.scores.get(entity));
    let sort = Sort::read(query, &COLUMNS, Sort { key: "kind", down: false });
    let mut rows: Vec<_> = application.documents.iter().enumerate().collect();
    rows.sort_by(|(a, x), (b, y)| {
        let (x, y) = (&x.identity, &y.identity);
        let by = match sort.key {
            "name" => x.name.cmp(&y.name),
            "namespace" => x.namespace.cmp(&y.namespace),
            "file" => application.documents[*a].file.cmp(&application.documents[*b].file),
            _ => x.kind.cmp(&y.kind),
        };
        sort.turn(by).then_with(|| a.cmp(b))
    });
    let rows_shown = rows.iter().take(MOST).map(|(index, document)| {
        let identity = &document.identity;
        vec![
            html! { a href=(paths::object(name, *index)) { (identity.name) } },
            html! { (identity.kind) },
            html! { @if identity.namespace.is_empty() { span class="muted" { "cluster" } } @else { (identity.namespace) } },
            from(model, &document.file, document.first_line as usize),
        ]
    });
    let head = Header {
        crumbs: vec![Crumb { title: "Fleet", href: "/fleet".into() }],
        title: name,
        question: "What does this Application put on its cluster, and from which files?",
        facts: vec![
            entity.map_or_else(|| html! {}, |entity| words::owner(model, model.owners.team(entity))),
            html! { @if let Some(cluster) = &application.cluster { (application.environment) " · " (cluster) } @else { "no cluster of the organisation" } },
            html! { "namespace " (application.spec.destination.namespace) },
            html! { "project " (application.spec.project) },
        ],
        actions: entity
            .zip(score)
            .map(|(entity, score)| hallmark(score.karats, Some(&paths::scorecard(entity))))
            .into_iter()
            .collect(),
    };
    let content = html! {
        (header(&head))
        @for problem in &application.problems {
            (notice(if problem.severity == karat_diag::Severity::Error { State::Bad } else { State::Attention }, &html! {
                (words::said(&problem.message))
                @if let Some(place) = problem.places.first() { " " span class="mono" { (place) } }
            }))
        }
        (sources(model, application))
        section aria-labelledby="objects" {
            h2 id="objects" { (count(application.documents.len(), "object")) }
            @if application.documents.is_empty() {
                (empty("Nothing is rendered here.", "The chart is remote and not in the cache, so this Application is judged by its values.",
                    &html! { "Put the chart into " code { ".karat/charts/" } " to see its objects." }))
            } @else {
                (table(&Table { caption: "Objects", columns: &COLUMNS, rows: rows_shown.collect(), sort: Some((query, sort)) }))
            }
            @if rows.len() > MOST { p class="muted" { (rows.len() - MOST) " more are not shown." } }
        }
    };
    Page::new(Active::Fleet, name, content)
}

fn from(model: &Model, file: &str, line: usize) -> Markup {
    html! { @if model.holds(file) { a class="mono" href=(paths::source(file, line)) { (file) } } @else { span class="mono" { (file) } } }
}

fn sources(model: &Model, application: &Application) -> Markup {
    html! {
        section aria-labelledby="sources" {
            h2 id="sources" { "Sources" }
            dl class="facts" {
                @for source in &application.spec.sources {
                    dt { @if source.chart.is_empty() { "folder" } @else { "chart" } }
                    dd class="mono" {
                        (source.repo_url) " " @if source.chart.is_empty() { (source.path) } @else { (source.chart) }
                        " " span class="muted" { "@ " (source.target_revision) }
                    }
                }
                dt { "made by" }
                dd { (from(model, &application.origin.place.file, application.origin.place.span.map_or(0, |span| span.start.line))) }
                @for file in &application.origin.files { dt { "parameters" } dd { (from(model, file, 0)) } }
                @for unrendered in &application.not_rendered { dt { "not rendered" } dd { (unrendered.why) } }
            }
        }
    }
}

/// One object of an Application, by its place among them.
pub fn object(model: &Model, application: &Application, index: usize) -> Option<Page> {
    let document = application.documents.get(index)?;
    let (name, identity) = (application.name().as_str(), &document.identity);
    let title = format!("{} {}", identity.kind, identity.name);
    let text = object_text(application, index)?;
    let lines: Vec<Line<'_>> = text
        .lines()
        .take(LINES)
        .enumerate()
        .map(|(index, text)| Line { number: index + 1, text, ..Line::default() })
        .collect();
    let all = text.lines().count();
    let raw = format!("{}.yaml", paths::object(name, index));
    let head = Header {
        crumbs: vec![
            Crumb { title: "Fleet", href: "/fleet".into() },
            Crumb { title: name, href: paths::application(name) },
        ],
        title: &title,
        question: "What is applied, and which file says so?",
        facts: vec![
            html! { @if identity.namespace.is_empty() { "of the whole cluster" } @else { "namespace " (identity.namespace) } },
            html! { "from " (from(model, &document.file, document.first_line as usize)) },
        ],
        actions: vec![html! { a class="button" href=(raw) { "Open as text" } }],
    };
    let findings = model.all_findings(|finding| {
        finding.object.as_ref() == Some(identity) && finding.affected.applications.contains(name)
    });
    let content = html! {
        (header(&head))
        @if !findings.is_empty() { (super::scorecard::findings(model, &findings, "every standard")) }
        (code(&html! { "As it is applied" @if all > LINES { ": the first " (LINES) " of " (all) " lines" } }, &lines, None))
    };
    Some(Page::new(Active::Fleet, title, content))
}

/// What an object says.
pub fn object_text(application: &Application, index: usize) -> Option<String> {
    application.documents.get(index).map(|document| document.text.lossy().into_owned())
}
