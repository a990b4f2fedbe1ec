//! What several pages say in the same words.

use karat_catalog::EntityRef;
use karat_standards::{Admission, Finding, In, Level, Scope, Standard};
use maud::{Markup, html};

use super::paths;
use crate::look::Icon;
use crate::model::{Entities, Model};
use crate::parts::{Day, State, days, relative};

/// `must`, `should`.
pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::Must => "must",
        Level::Should => "should",
    }
}

/// How bad a finding is, in a word.
pub(super) fn state(finding: &Finding) -> (State, &'static str) {
    match (&finding.waiver, finding.level) {
        (Some(_), _) => (State::Quiet, "waived"),
        (None, Level::Must) => (State::Bad, "must"),
        (None, Level::Should) => (State::Attention, "should"),
    }
}

/// What a standard is about, in the plural.
pub(super) fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Object => "objects",
        Scope::Namespace => "namespaces",
        Scope::Application => "applications",
        Scope::Cluster => "clusters",
        Scope::Addon => "addons",
        Scope::Config => "files",
        Scope::Repository => "repositories",
    }
}

/// Whose namespaces a standard is for.
pub(super) fn whose(whose: In) -> &'static str {
    match whose {
        In::Tenants => "in tenants' namespaces",
        In::Platform => "in the platform's namespaces",
        In::All => "everywhere",
    }
}

/// What an API server does about a violation.
pub(super) fn enforced(standard: &Standard) -> &'static str {
    match standard.enforce.as_ref().map(|enforce| enforce.admission) {
        None => "in Git",
        Some(Admission::Deny) => "refused by the API server",
        Some(Admission::Warn) => "warned of by the API server",
        Some(Admission::Audit) => "recorded by the API server",
    }
}

/// A team, as a link to it.
pub(super) fn team(model: &Model, name: &str) -> Markup {
    html! {
        @if name.is_empty() {
            span class="muted" { "nobody" }
        } @else {
            a href=(paths::team(name)) { (model.owners.title(name)) }
        }
    }
}

/// An entity of the catalog as a link; one that is not there only by its name.
pub(super) fn entity(entities: &dyn Entities, reference: &EntityRef) -> Markup {
    html! {
        @match entities.get(reference) {
            Some(entity) => a href=(paths::entity(reference.kind(), reference.namespace(), reference.name())) { (entity.title()) },
            None => span class="muted" title="not in the catalog" { (reference.name()) },
        }
    }
}

/// The owner of what a page is about.
pub(super) fn owner(model: &Model, name: &str) -> Markup {
    html! { (Icon::Group.draw()) " Owned by " (team(model, name)) }
}

/// A message; what it has between backquotes is code.
pub(super) fn said(message: &str) -> Markup {
    html! {
        @for (index, part) in message.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A day, as people say it.
pub(super) fn day(model: &Model, day: jiff::civil::Date) -> Markup {
    let number = |day: jiff::civil::Date| {
        Day(i64::from(day.since(jiff::civil::date(1970, 1, 1)).map_or(0, |span| span.get_days())))
    };
    relative(&days(number(model.today), number(day)), &day.to_string())
}
