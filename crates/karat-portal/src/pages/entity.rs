//! One entity: who owns it, what it is a part of, what it needs, where it runs, whether it is well.

use std::sync::Arc;

use karat_catalog::{Entity, EntityRef, Problem};
use karat_standards::EntityKind;
use maud::{Markup, PreEscaped, html};
use serde_json::Value;

use super::{Page, catalog, paths, relations, words};
use crate::look::Icon;
use crate::model::{Entities, Model, Scored, scored_of};
use crate::parts::{
    Active, Column, Crumb, Header, Line, State, Tab, Table, code, empty, graph, hallmark, header, notice, safe,
    segment, stamp, table, tabs,
};

/// So many things that are wrong are told.
const TOLD: usize = 3;
/// So many relations of one kind are listed.
const LISTED: usize = 30;
/// So much of an API's definition is drawn on one page, in bytes.
const DRAWN: usize = 48_000;

/// Which page about an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// What it is.
    Overview,
    /// What it needs, and what needs it.
    Dependencies,
    /// What can be asked of it.
    Api,
}

/// The page about the entity of a reference, if there is one.
pub fn entity(model: &Model, entities: &dyn Entities, reference: &EntityRef, view: View) -> Option<Page> {
    let entity = entities.get(reference)?;
    let about = About { model, entities, reference, entity: &entity, scored: scored_of(model, reference) };
    let content = html! {
        (about.head())
        (about.status())
        (about.tabs(view))
        @match view {
            View::Overview => (about.overview()),
            View::Dependencies => (about.dependencies()),
            View::Api => (about.api()),
        }
    };
    Some(Page::new(Active::Catalog, entity.title(), content))
}

struct About<'a> {
    model: &'a Model,
    entities: &'a dyn Entities,
    reference: &'a EntityRef,
    entity: &'a Arc<Entity>,
    scored: Option<Scored<'a>>,
}

impl About<'_> {
    fn href(&self) -> String {
        paths::entity(self.reference.kind(), self.reference.namespace(), self.reference.name())
    }

    fn head(&self) -> Markup {
        let entity = self.entity;
        let fact = |kind: &str, before: &str| {
            catalog::targets(entity).any(|(relation, _)| relation == kind).then(|| {
                html! { (before) " " (catalog::related(self.entities, entity, kind)) }
            })
        };
        let mut facts = Vec::new();
        if let Some(owner) = fact("ownedBy", "Owned by") {
            facts.push(html! { (Icon::Group.draw()) " " (owner) });
        }
        facts.extend(fact("partOf", "Part of"));
        let kind = entity
            .text(&["spec", "type"])
            .map_or_else(|| entity.kind().to_owned(), |kind| format!("{} · {kind}", entity.kind()));
        facts.push(html! { (Icon::of_kind(entity.kind()).draw()) " " (kind) });
        facts.extend(entity.text(&["spec", "lifecycle"]).map(|lifecycle| html! { (lifecycle) }));
        let mut actions = Vec::new();
        let (kind, namespace, name) = (self.reference.kind(), self.reference.namespace(), self.reference.name());
        if let Some(site) = self.model.docs.find(kind, namespace, name) {
            actions.push(html! { a class="button" href=(site.href()) { (Icon::Docs.draw()) "Docs" } });
        }
        if let Some(source) = entity
            .annotation("backstage.io/source-location")
            .and_then(|at| at.split_once(':'))
            .and_then(|(_, url)| safe(url))
        {
            actions.push(html! { a class="button" href=(source) { (Icon::Out.draw()) "Source" } });
        }
        if let Some(scored) = self.scored {
            let unmet = scored.score.unmet.iter().map(|(id, cost)| (id.as_str(), *cost));
            actions.push(stamp(scored.score.karats, unmet, &paths::scorecard(scored.entity)));
        }
        header(&Header {
            crumbs: vec![
                Crumb { title: "Catalog", href: "/catalog".into() },
                Crumb { title: entity.kind(), href: format!("/catalog?kind={}", segment(kind)) },
            ],
            title: entity.title(),
            question: match kind {
                "group" => "What does this team own, and is it well?",
                "system" | "domain" => "What is this made of, and is it well?",
                _ => "Who owns this, and is it well?",
            },
            facts,
            actions,
        })
    }

    /// What is wrong with its file; the last good version is shown below.
    fn status(&self) -> Markup {
        let items =
            self.entity.at(&["status", "items"]).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let problems = self.entities.problems(self.reference);
        let orphan = self.entity.annotation("backstage.io/orphan") == Some("true");
        html! {
            @if !items.is_empty() {
                (notice(State::Bad, &html! {
                    p { strong { "Its file cannot be used as it is." } " What is shown is what was last good." }
                    @if problems.is_empty() {
                        @for item in items.iter().take(TOLD) {
                            p class="mono" { (item.get("message").and_then(Value::as_str).unwrap_or_default()) }
                        }
                    }
                    (self.places(&problems))
                }))
            } @else if !problems.is_empty() {
                (notice(State::Attention, &self.places(&problems)))
            }
            @if orphan { (notice(State::Attention, &html! { "Nothing names its file any more: it is about to leave the catalog." })) }
        }
    }

    fn places(&self, problems: &[Problem]) -> Markup {
        html! {
            @for Problem { place, message } in problems.iter().take(TOLD) {
                @let (file, line) = (&*place.file, place.line as usize);
                p class="mono" {
                    @if self.model.holds(file) && line > 0 { a href=(paths::source(file, line)) { (file) ":" (line) } ": " }
                    @else if line > 0 { (file) ":" (line) ": " }
                    (message)
                }
            }
            @if problems.len() > TOLD { p class="muted" { "And " (problems.len() - TOLD) " more." } }
        }
    }

    fn tabs(&self, view: View) -> Markup {
        let (base, kind) = (self.href(), self.reference.kind());
        let has = |wanted: &str| catalog::targets(self.entity).any(|(relation, _)| relation == wanted);
        let tab = |title, href: String, active| Tab { title, href, active };
        let mut list = vec![tab("Overview", base.clone(), view == View::Overview)];
        if matches!(kind, "component" | "resource" | "api" | "system") {
            list.push(tab("Dependencies", format!("{base}/dependencies"), view == View::Dependencies));
        }
        if kind == "api" || has("providesApi") {
            list.push(tab("API", format!("{base}/api"), view == View::Api));
        }
        if let Some(scored) = self.scored {
            list.push(tab("Scorecard", paths::scorecard(scored.entity), false));
        }
        if list.len() < 2 {
            html! {}
        } else {
            tabs("About this", &list)
        }
    }

    fn overview(&self) -> Markup {
        let entity = self.entity;
        let (drawing, left) = relations::around(self.entities, self.reference, entity);
        let tags = entity.at(&["metadata", "tags"]).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        html! {
            @if let Some(text) = entity.text(&["metadata", "description"]) { p class="prose" { (text) } }
            @if !tags.is_empty() {
                p class="tags" {
                    @for tag in tags.iter().filter_map(Value::as_str) { a class="tag" href={ "/catalog?tag=" (segment(tag)) } { (tag) } }
                }
            }
            (self.environments())
            @if drawing.nodes.len() > 1 {
                section aria-labelledby="relations" {
                    h2 id="relations" { "Relations" }
                    (graph(&format!("Relations of {}", entity.title()), &drawing))
                    @if left > 0 { p class="muted" { (left) " more are only listed." } }
                }
            }
            div class="split" {
                section aria-labelledby="listed" {
                    h2 id="listed" { "In words" }
                    (self.listed())
                }
                section aria-labelledby="facts" {
                    h2 id="facts" { "Facts" }
                    (self.facts())
                }
            }
            (self.karats())
        }
    }

    fn listed(&self) -> Markup {
        let kinds = relations::by_kind(self.entity);
        html! {
            @if kinds.is_empty() { p class="muted" { "It is related to nothing." } }
            dl class="facts" {
                @for (kind, targets) in &kinds {
                    dt { (relations::word(kind)) }
                    dd {
                        @for (index, target) in targets.iter().take(LISTED).enumerate() { @if index > 0 { ", " } (words::entity(self.entities, target)) }
                        @if targets.len() > LISTED { " and " (targets.len() - LISTED) " more" }
                    }
                }
            }
        }
    }

    fn facts(&self) -> Markup {
        let entity = self.entity;
        let links = entity.at(&["metadata", "links"]).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let annotations = entity.at(&["metadata", "annotations"]).and_then(Value::as_object);
        let own = |key: &str| !key.starts_with("backstage.io/managed-by") && key != "backstage.io/orphan";
        html! {
            dl class="facts" {
                dt { "reference" } dd { code { (self.reference) } }
                @if let Some((file, line)) = self.entities.place(self.reference) {
                    dt { "written in" }
                    dd { @if self.model.holds(&file) { a class="mono" href=(paths::source(&file, line)) { (file) ":" (line) } } @else { span class="mono" { (file) ":" (line) } } }
                }
                @for link in links.iter().take(LISTED) {
                    @let text = |key: &str| link.get(key).and_then(Value::as_str);
                    @if let Some(url) = text("url") {
                        dt { "link" }
                        dd { @match safe(url) { Some(href) => a href=(href) { (text("title").unwrap_or(url)) }, None => { (text("title").unwrap_or("")) " " code { (url) } } } }
                    }
                }
                @for (key, value) in annotations.into_iter().flatten().filter(|(key, _)| own(key)).take(LISTED) {
                    dt class="mono" { (key.rsplit('/').next().unwrap_or(key)) }
                    dd class="mono" title=(key) { (value.as_str().unwrap_or_default()) }
                }
            }
        }
    }

    /// Where it runs: one row for each of its Applications.
    fn environments(&self) -> Markup {
        const COLUMNS: [Column; 5] = [
            Column::other("Environment"),
            Column::other("Cluster"),
            Column::other("Version"),
            Column::other("Objects"),
            Column::other("State"),
        ];
        let Some(scored) = self.scored.filter(|scored| scored.entity.kind == EntityKind::Service) else {
            return html! {};
        };
        let subject = &self.model.verdict.subject;
        let rows = subject.applications.iter().filter(|one| &one.entity == scored.entity).map(|application| {
            let cluster = &subject.clusters[application.cluster];
            let found = self.model.verdict.fleet.application(&application.name);
            let revision = found
                .and_then(|found| found.spec.sources.first())
                .map(|source| source.target_revision.as_str())
                .unwrap_or_default();
            let state = match application.state {
                karat_standards::State::Whole => State::Good.word("rendered"),
                karat_standards::State::Part => State::Quiet.word("in part"),
                karat_standards::State::Failed => State::Bad.word("failed"),
            };
            vec![
                html! { a href=(paths::application(&application.name)) { (cluster.environment) } },
                html! { (cluster.name) },
                html! { code title=(revision) { (revision.get(..8).unwrap_or(revision)) } },
                html! { (found.map_or(0, |found| found.documents.len())) },
                state,
            ]
        });
        let rows: Vec<_> = rows.collect();
        html! {
            section aria-labelledby="environments" {
                h2 id="environments" { "Where it runs" }
                @if rows.is_empty() {
                    (empty("It runs nowhere.", "The config repository has no values for it in any environment.", &html! { "See " a href=(paths::fix("how-to/add-an-application")) { "how to add an application" } "." }))
                } @else {
                    (table(&Table { caption: "Environments", columns: &COLUMNS, rows, sort: None }))
                }
            }
        }
    }

    /// Of a group or system: the karats of what it has.
    fn karats(&self) -> Markup {
        const COLUMNS: [Column; 4] =
            [Column::other("Name"), Column::other("Kind"), Column::other("Not met"), Column::other("Karats")];
        let owned: Vec<Scored<'_>> = match self.reference.kind() {
            "group" => self.model.scored().filter(|scored| scored.team == self.reference.name()).collect(),
            "system" => catalog::targets(self.entity)
                .filter(|(kind, _)| kind == "hasPart")
                .filter_map(|(_, target)| scored_of(self.model, &target))
                .collect(),
            _ => return html! {},
        };
        let rows = owned.iter().take(LISTED).map(|scored| {
            let href = paths::scorecard(scored.entity);
            vec![
                html! { a href=(href) { (scored.entity.name) } },
                html! { (scored.entity.kind.word()) },
                html! { (scored.score.unmet.len()) },
                hallmark(scored.score.karats, None),
            ]
        });
        html! {
            @if !owned.is_empty() {
                section aria-labelledby="karats" {
                    h2 id="karats" { "Its karats" }
                    (table(&Table { caption: "Karats", columns: &COLUMNS, rows: rows.collect(), sort: None }))
                    @if owned.len() > LISTED { p { a href={ "/scorecards?owner=" (segment(self.reference.name())) } { "Show all " (owned.len()) } } }
                }
            }
        }
    }

    fn dependencies(&self) -> Markup {
        let drawing = relations::dependencies(self.entities, self.reference);
        let list = |kinds: &[&str]| {
            let found = catalog::targets(self.entity).filter(|(kind, _)| kinds.contains(&kind.as_str()));
            found.map(|(_, target)| target).collect::<Vec<_>>()
        };
        let (needs, needed) = (list(&["dependsOn", "consumesApi"]), list(&["dependencyOf", "apiConsumedBy"]));
        html! {
            @if drawing.nodes.len() < 2 {
                (empty("It needs nothing, and nothing needs it.", "Dependencies are what its catalog entry says in dependsOn and consumesApis, and what others say of it.", &html! { a href=(self.href()) { "Back to the overview" } }))
            } @else {
                (graph(&format!("What {} needs, and what needs it", self.entity.title()), &drawing))
                div class="split" {
                    (self.column("Needs", &needs))
                    (self.column("Needed by", &needed))
                }
            }
        }
    }

    fn column(&self, title: &str, targets: &[EntityRef]) -> Markup {
        html! {
            section {
                h2 { (title) }
                @if targets.is_empty() { p class="muted" { "Nothing." } }
                ul class="rows" {
                    @for target in targets.iter().take(LISTED) {
                        @let owner = self.entities.get(target).map(|entity| catalog::related(self.entities, &entity, "ownedBy"));
                        li {
                            span { (Icon::of_kind(target.kind()).draw()) " " (words::entity(self.entities, target)) }
                            span class="small muted" { @match owner { Some(owner) => (owner), None => "not in the catalog" } }
                        }
                    }
                }
            }
        }
    }

    fn api(&self) -> Markup {
        if self.reference.kind() == "api" {
            return self.definition();
        }
        let apis: Vec<EntityRef> =
            catalog::targets(self.entity).filter(|(kind, _)| kind == "providesApi").map(|(_, target)| target).collect();
        html! {
            @for api in apis.iter().take(LISTED) {
                @let found = self.entities.get(api);
                section {
                    h2 { @match &found { Some(entity) => a href={ (paths::entity("api", api.namespace(), api.name())) "/api" } { (entity.title()) }, None => (api.name()) } }
                    @match &found {
                        Some(entity) => (operations(entity, api)),
                        None => (empty("It is not in the catalog.", "The component says that it provides this API, and no file describes it.", &html! { "Add an entity of kind API to its catalog-info.yaml." })),
                    }
                }
            }
        }
    }

    fn definition(&self) -> Markup {
        let text = self.entity.text(&["spec", "definition"]).unwrap_or_default();
        if text.is_empty() {
            return empty(
                "It has no definition.",
                "spec.definition is where an API says what can be asked of it.",
                &html! { a href=(self.href()) { "Back to the overview" } },
            );
        }
        if self.entity.text(&["spec", "type"]) == Some("openapi") {
            let (api, problems) = karat_docs::openapi::read("definition", text.as_bytes());
            if !api.html.is_empty() && api.html.len() <= DRAWN {
                // Cleaned by an allow-list in `karat-docs`: nothing in it runs.
                // The page has its title already.
                let html = api.html.replace("<h1", "<h2").replace("</h1>", "</h2>");
                return html! { article class="doc" { (PreEscaped(super::docs::reachable(&html))) } };
            }
            if !api.html.is_empty() {
                return html! { p class="muted" { "The whole of it is too large for one page." } (operations(self.entity, self.reference)) };
            }
            return html! {
                @for problem in problems.iter().take(3) { (notice(State::Bad, &html! { (problem.message) })) }
                (source(text))
            };
        }
        source(text)
    }
}

fn source(text: &str) -> Markup {
    let mut left = DRAWN / 2;
    let lines: Vec<Line<'_>> = text
        .lines()
        .take_while(|line| {
            let fits = line.len() <= left;
            left = left.saturating_sub(line.len() + 120);
            fits
        })
        .enumerate()
        .map(|(index, text)| Line { number: index + 1, text, ..Line::default() })
        .collect();
    code(
        &html! { "Definition" @if lines.len() < text.lines().count() { ": the first " (lines.len()) " lines" } },
        &lines,
        None,
    )
}

fn operations(entity: &Entity, reference: &EntityRef) -> Markup {
    const COLUMNS: [Column; 3] = [Column::other("Path"), Column::other("Method"), Column::other("What it does")];
    let text = entity.text(&["spec", "definition"]).unwrap_or_default();
    if entity.text(&["spec", "type"]) != Some("openapi") {
        return html! {
            @if let Some(about) = entity.text(&["metadata", "description"]) { p class="prose" { (about) } }
            p { a href={ (paths::entity("api", reference.namespace(), reference.name())) "/api" } { "Show its definition" } }
        };
    }
    let (api, problems) = karat_docs::openapi::read("definition", text.as_bytes());
    let href = |id: &str| format!("{}/api#{id}", paths::entity("api", reference.namespace(), reference.name()));
    let rows = api.operations.iter().take(200).map(|operation| {
        vec![
            html! { a class="mono" href=(href(&operation.id)) { (operation.path) } },
            html! { code { (operation.method) } },
            html! { (operation.summary) },
        ]
    });
    html! {
        @for problem in problems.iter().take(3) { (notice(State::Bad, &html! { (problem.message) })) }
        @if !api.operations.is_empty() { (table(&Table { caption: "Operations", columns: &COLUMNS, rows: rows.collect(), sort: None })) }
    }
}
