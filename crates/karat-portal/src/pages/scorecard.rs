//! One scorecard: the karats of a thing, and each finding at its lines with its fix.

use karat_diag::Diagnostic;
use karat_standards::{Finding, Scope};
use maud::{Markup, html};

use super::excerpt::excerpt;
use super::{Page, paths, words};
use crate::look::Icon;
use crate::model::{Grade, Model, Scored};
use crate::parts::{Active, Crumb, Header, State, anchor, header, notice, stamp};

/// More findings than these are counted and not shown: the page stays small, and they are mended one by one anyway.
const MOST: usize = 25;

/// The page.
pub fn scorecard(model: &Model, scored: Scored<'_>) -> Page {
    let entity = scored.entity;
    let title = format!("{}, its scorecard", entity.name);
    let head = Header {
        crumbs: vec![
            Crumb { title: "Scorecards", href: "/scorecards".into() },
            Crumb { title: entity.kind.word(), href: format!("/scorecards?kind={}", entity.kind.word()) },
        ],
        title: &entity.name,
        question: "Which standards does it miss, where, and how is that mended?",
        facts: vec![
            words::owner(model, scored.team),
            html! { (Icon::of_kind(entity.kind.word()).draw()) " " (entity.kind.word()) },
            html! { "Level " (Grade::of(scored.score.karats).word()) },
        ],
        actions: vec![stamp(
            scored.score.karats,
            scored.score.unmet.iter().map(|(id, cost)| (id.as_str(), *cost)),
            &paths::scorecard(entity),
        )],
    };
    let content = html! {
        (header(&head))
        (findings(model, &model.findings(entity), "every standard that applies to it"))
        (runs(model, scored))
    };
    Page::new(Active::Scorecards, title, content)
}

/// The findings, open ones first.
pub(super) fn findings(model: &Model, found: &[(&Finding, &Diagnostic)], all: &str) -> Markup {
    let open = found.iter().filter(|(finding, _)| finding.waiver.is_none()).count();
    let title = match (open, found.len() - open) {
        (0, 0) => "Findings".to_owned(),
        (open, 0) => format!("Findings: {open}"),
        (open, waived) => format!("Findings: {open} open, {waived} waived"),
    };
    html! {
        section aria-labelledby="findings" {
            h2 id="findings" { (title) }
            @if found.is_empty() { (notice(State::Good, &html! { "None: it meets " (all) "." })) }
            @for (index, (finding, diagnostic)) in found.iter().take(MOST).enumerate() {
                // The first finding of a standard is where links to the standard lead.
                @let first = found[..index].iter().all(|(other, _)| other.standard != finding.standard);
                (one(model, finding, diagnostic, first))
            }
            @if found.len() > MOST { p { (found.len() - MOST) " more are not shown. " code { "karat check" } " shows them all." } }
        }
    }
}

fn one(model: &Model, finding: &Finding, diagnostic: &Diagnostic, first: bool) -> Markup {
    let (state, word) = words::state(finding);
    html! {
        article class="finding" id=[first.then(|| anchor(&finding.standard))] {
            h3 {
                (state.word(word)) span { (words::said(&diagnostic.message)) }
                span class="cost" { @if finding.waiver.is_none() { "−" (finding.karats) "K" } @else { "costs nothing" } }
            }
            @for place in &diagnostic.places { (excerpt(model, place)) }
            p class="prose" { (finding.why) }
            p class="actions" {
                a class="button" href=(paths::fix(&finding.fix)) { "How to " (karat_verdict::fix_text(&finding.fix)) }
                a class="tag" href=(paths::standard(&finding.standard)) { (finding.standard) }
            }
            @if let Some(waiver) = &finding.waiver {
                p class="muted prose" { "Waived by " (waiver.owner) ", ends " (words::day(model, waiver.until)) ": " (waiver.reason) }
            }
        }
    }
}

/// Where it runs, and what was judged.
fn runs(model: &Model, scored: Scored<'_>) -> Markup {
    let applications: Vec<_> =
        model.verdict.subject.applications.iter().filter(|one| &one.entity == scored.entity).collect();
    if applications.is_empty() {
        let judged = model.verdict.standards.all().iter().filter(|one| one.looks_at(Scope::Repository)).count();
        return html! { p class="muted" { "Judged by " (judged) " standards about repositories." } };
    }
    html! {
        section aria-labelledby="runs" {
            h2 id="runs" { "Where it runs" }
            ul class="rows" {
                @for application in applications {
                    @let cluster = &model.verdict.subject.clusters[application.cluster];
                    li {
                        a href=(paths::application(&application.name)) { (application.name) }
                        span class="small muted" { (cluster.environment) " · " (cluster.name) " · " (application.namespace) }
                    }
                }
            }
        }
    }
}
