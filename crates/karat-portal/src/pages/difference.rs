//! The difference of two fleets: what a change does, first what is lost, then Application by Application.

use karat_diag::count;
use karat_fleet::diff::{
    ApplicationDifference, ApplicationFate, ApplicationKind, Change, Difference, Edit, Loss, Lost, ObjectFate,
    ObjectKind,
};
use karat_yaml::{Escape, Value};
use maud::{Markup, html};

use super::{Page, paths};
use crate::parts::{Active, Crumb, Header, Row, State, diff, empty, header, notice};

/// What is compared.
#[derive(Clone, Debug, Default)]
pub struct Sides {
    /// The revision before.
    pub from: String,
    /// The revision after; empty for the files as they are.
    pub to: String,
}

/// Values longer than this are cut.
const VALUE: usize = 160;
/// So many lines are shown: a page stays small.
const ROWS: usize = 320;

/// The page: a form, and what came of it. `result` is the difference, or why there is none; without it nothing was asked yet.
pub fn difference(sides: &Sides, result: Option<Result<&Difference, &str>>) -> Page {
    let head = Header {
        crumbs: vec![Crumb { title: "Fleet", href: "/fleet".into() }],
        title: "Compare revisions",
        question: "What would this change do to the whole fleet?",
        ..Header::default()
    };
    let content = html! {
        (header(&head))
        form class="filters" action="/fleet/diff" {
            div { label for="from" { "Before" } input id="from" name="from" value=(sides.from) placeholder="HEAD" class="mono" spellcheck="false"; }
            div { label for="to" { "After" } input id="to" name="to" value=(sides.to) placeholder="the files as they are" class="mono" spellcheck="false"; }
            button class="main" { "Compare" }
        }
        @match result {
            None => (empty("Nothing is compared yet.", "Both sides are expanded and rendered, and told object by object. A side is a branch, a tag or a commit of the organisation's repository; an empty one is the files as they are.",
                &html! { a href="/fleet/diff?from=HEAD" { "Compare the last commit with the files as they are" } })),
            Some(Err(error)) => (notice(State::Bad, &html! { p { strong { "There is no difference to show." } } p class="mono" { (error) } })),
            Some(Ok(found)) => (shown(found)),
        }
    };
    Page::new(Active::Fleet, "Compare revisions", content)
}

fn shown(found: &Difference) -> Markup {
    if found.applications.is_empty() {
        return notice(State::Good, &html! { "No difference: the fleet stays as it is." });
    }
    let mut left = ROWS;
    let mut shown = Vec::new();
    for application in &found.applications {
        let rows = rows(application);
        if rows.len() > left && !shown.is_empty() {
            break;
        }
        let cut = rows.len() > left;
        left = left.saturating_sub(rows.len().max(1));
        shown.push((application, rows.into_iter().take(ROWS).collect::<Vec<_>>(), cut));
    }
    let totals = found.totals.values();
    let (added, removed, changed) =
        totals.fold((0, 0, 0), |(a, r, c), one| (a + one.added, r + one.removed, c + one.changed + one.renamed));
    html! {
        dl class="tiles" {
            div { dt { "Applications" } dd { (found.applications.len()) } }
            div { dt { "Clusters" } dd { (found.totals.len()) } }
            div { dt { "Added" } dd { (added) } }
            div { dt { "Removed" } dd { (removed) } }
            div { dt { "Changed" } dd { (changed) } }
        }
        @if !found.losses.is_empty() {
            section aria-labelledby="lost" {
                h2 id="lost" { "What is lost" }
                ul class="rows" { @for loss in &found.losses { li { (lost(loss)) } } }
            }
        }
        section aria-labelledby="changes" {
            h2 id="changes" { "What changes" }
            @for (application, rows, cut) in &shown {
                (diff(&title(application), rows))
                @if *cut { p class="muted" { "The rest of it is not shown." } }
                @if !application.causes.is_empty() {
                    p class="small muted" {
                        "because of "
                        @for (index, cause) in application.causes.iter().take(4).enumerate() {
                            @if index > 0 { ", " }
                            a class="mono" href=(paths::source(cause, 0)) { (cause) }
                        }
                        @if application.causes.len() > 4 { " and " (application.causes.len() - 4) " more" }
                    }
                }
            }
            @if shown.len() < found.applications.len() {
                p { (found.applications.len() - shown.len()) " more Applications change. " code { "karat diff" } " shows them all." }
            }
        }
    }
}

fn title(application: &ApplicationDifference) -> Markup {
    let (state, word) = match &application.kind {
        ApplicationKind::Added => (State::Good, "added".to_owned()),
        ApplicationKind::Removed(_) => (State::Bad, "removed".to_owned()),
        ApplicationKind::Renamed { from, .. } => (State::Attention, format!("was {from}")),
        ApplicationKind::Changed => (State::Quiet, "changed".to_owned()),
    };
    html! {
        strong { (application.name) } " " (state.word(&word))
        @if !application.cluster.is_empty() { " " span class="muted" { (application.environment) " · " (application.cluster) } }
    }
}

fn lost(loss: &Loss) -> Markup {
    let place = [loss.environment.as_str(), loss.cluster.as_str()].join(" · ");
    match &loss.what {
        Lost::Application { fate, objects } => {
            let objects = count(*objects, "object");
            let (state, word, fate) = match fate {
                ApplicationFate::Deleted => (State::Bad, "deleted", format!("with its {objects}")),
                ApplicationFate::ObjectsStay => {
                    (State::Attention, "orphaned", format!("it goes; its {objects} stay, and nothing tends them"))
                }
                ApplicationFate::Stays => {
                    (State::Attention, "orphaned", format!("it stays with its {objects}, and nothing renews it"))
                }
            };
            html! { span { (state.word(word)) " Application " strong { (loss.application) } ": " (fate) } span class="small muted" { (place) } }
        }
        Lost::Object { identity, fate } => {
            let (state, word) = match fate {
                ObjectFate::Deleted => (State::Bad, "deleted"),
                ObjectFate::Stays => (State::Attention, "orphaned"),
            };
            html! { span { (state.word(word)) " " strong { (identity) } " of " (loss.application) } span class="small muted" { (place) } }
        }
    }
}

fn rows(application: &ApplicationDifference) -> Vec<Row> {
    let mut rows = Vec::new();
    changes(&mut rows, &application.spec, "");
    for object in &application.objects {
        let name = object.identity.to_string();
        match &object.kind {
            ObjectKind::Added => rows.push(Row::Added(name)),
            ObjectKind::Removed(fate) => {
                let fate = match fate {
                    ObjectFate::Deleted => "deleted",
                    ObjectFate::Stays => "stays, and nothing tends it",
                };
                rows.push(Row::Removed(format!("{name}: {fate}")));
            }
            ObjectKind::Changed(parts) => {
                rows.push(Row::Both(name));
                changes(&mut rows, parts, "  ");
            }
            ObjectKind::Renamed { from, changes: parts, .. } => {
                rows.push(Row::Both(format!("{name} (was {from})")));
                changes(&mut rows, parts, "  ");
            }
            ObjectKind::Moved { from, changes: parts } => {
                rows.push(Row::Both(format!("{name} (moved from Application {from})")));
                changes(&mut rows, parts, "  ");
            }
        }
    }
    rows
}

fn changes(rows: &mut Vec<Row>, changes: &[Change], indent: &str) {
    for change in changes {
        let line = |value: &Value| format!("{indent}{}: {}", change.label, said(value));
        match &change.edit {
            Edit::Added(new) => rows.push(Row::Added(line(new))),
            Edit::Removed(old) => rows.push(Row::Removed(line(old))),
            Edit::Changed { old, new } => rows.extend([Row::Removed(line(old)), Row::Added(line(new))]),
        }
    }
}

fn said(value: &Value) -> String {
    let text = match value {
        Value::Str(text) => text.lossy().into_owned(),
        other => karat_yaml::to_json(other, Escape::Raw).unwrap_or_else(|error| error.to_string()),
    };
    let text = text.replace('\n', "\\n");
    match text.char_indices().nth(VALUE) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}
