//! The catalog: everything that somebody owns, with the choices in the URL.

use std::sync::Arc;

use karat_catalog::{Entity, EntityRef, FullText, OrderField, Predicate, Query as Question};
use maud::{Markup, html};

use super::{Page, paths, words};
use crate::look::Icon;
use crate::model::{Entities, Model, scored_of};
use crate::parts::{Active, Column, Header, Query, Sort, State, Table, Viewer, empty, hallmark, header, table};

/// So many entities are on a page.
const PAGE: usize = 50;

const COLUMNS: [Column; 7] = [
    Column::words("metadata.name", "Name"),
    Column::words("kind", "Kind"),
    Column::words("spec.type", "Type"),
    Column::words("relations.ownedby", "Owner"),
    Column::words("relations.partof", "Part of"),
    Column::words("spec.lifecycle", "Lifecycle"),
    Column::other("Karats"),
];

/// What can be chosen: the URL's word, the label, the field.
const CHOICES: [(&str, &str, &str); 5] = [
    ("kind", "Kind", "kind"),
    ("type", "Type", "spec.type"),
    ("owner", "Owner", "relations.ownedby"),
    ("lifecycle", "Lifecycle", "spec.lifecycle"),
    ("tag", "Tag", "metadata.tags"),
];

/// The page.
pub fn catalog(model: &Model, entities: &dyn Entities, query: &Query, viewer: &Viewer) -> Page {
    let sort = Sort::read(query, &COLUMNS, Sort { key: "metadata.name", down: false });
    let number = query.get("page").and_then(|page| page.parse::<usize>().ok()).unwrap_or(1).clamp(1, 100_000);
    let chosen = |without: &str| -> Option<Predicate> {
        let mut all: Vec<Predicate> = CHOICES
            .iter()
            .filter(|(key, ..)| *key != without)
            .filter_map(|(key, _, field)| query.get(key).map(|value| Predicate::field(*field, value)))
            .collect();
        // A Location is where entities are from, and nothing to look for.
        if query.get("kind").is_none() {
            all.push(Predicate::Not(Box::new(Predicate::field("kind", "location"))));
        }
        (!all.is_empty()).then_some(Predicate::All(all))
    };
    let asked = Question {
        filter: chosen(""),
        order: vec![OrderField { field: sort.key.to_owned(), descending: sort.down }],
        full_text: query.get("q").map(|term| FullText {
            term: term.to_owned(),
            fields: Some(["metadata.name", "metadata.title", "metadata.description"].map(str::to_owned).to_vec()),
        }),
        limit: Some(PAGE),
        offset: Some((number - 1) * PAGE),
        ..Question::default()
    };
    let found = entities.query(&asked);
    let rows: Vec<Vec<Markup>> = found
        .ids
        .iter()
        .filter_map(|reference| entities.get(reference).map(|entity| row(model, entities, reference, &entity)))
        .collect();
    let create = || html! { a class="button" href="/create" { (Icon::Create.draw()) "Create" } };
    let actions = viewer.refused(paths::MAKES).map_or_else(|| vec![create()], |_| Vec::new());
    let head = Header {
        title: "Catalog",
        question: "What is there, who owns it, and is it well?",
        actions,
        ..Header::default()
    };
    let pages = found.total.div_ceil(PAGE);
    let content = html! {
        (header(&head))
        form class="filters" action="/catalog" {
            div class="grow" { label for="q" { "Words" } input id="q" name="q" value=[query.get("q")]; }
            @for (key, label, field) in CHOICES { (choice(entities, query, key, label, field, chosen(key).as_ref())) }
            @if let Some(sort) = query.get("sort") { input type="hidden" name="sort" value=(sort); }
            button { "Show" }
            span class="of" { (found.total) @if found.total == 1 { " entity" } @else { " entities" } }
        }
        @if rows.is_empty() {
            (empty("Nothing is like that.", "No entity has all that is chosen. An entity is in the catalog when its repository's catalog-info.yaml is.", &html! { a href="/catalog" { "Show the whole catalog" } }))
        } @else {
            (table(&Table { caption: "Entities", columns: &COLUMNS, rows, sort: Some((query, sort)) }))
        }
        @if pages > 1 {
            nav class="pages" aria-label="Pages of the list" {
                @if number > 1 { a class="button" rel="prev" href=(query.with("page", &(number - 1).to_string())) { "Page before" } }
                span class="muted" { "Page " (number) " of " (pages) }
                @if number < pages { a class="button" rel="next" href=(query.with("page", &(number + 1).to_string())) { "Next page" } }
            }
        }
    };
    Page::new(Active::Catalog, "Catalog", content)
}

fn choice(
    entities: &dyn Entities,
    query: &Query,
    key: &str,
    label: &str,
    field: &str,
    filter: Option<&Predicate>,
) -> Markup {
    let facets = entities.facets(&[field.to_owned()], filter);
    let values: Vec<(String, String)> = facets
        .into_iter()
        .flat_map(|(_, facets)| facets)
        // A select of thousands helps nobody: the words find those.
        .take(200)
        .map(|facet| {
            let shown = facet.value.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
            (facet.value, format!("{shown} ({})", facet.count))
        })
        .collect();
    let chosen = query.get(key);
    html! {
        div {
            label for={ "by-" (key) } { (label) }
            select id={ "by-" (key) } name=(key) {
                option value="" { "any" }
                @for (value, title) in &values {
                    option value=(value) selected[chosen.is_some_and(|chosen| chosen.eq_ignore_ascii_case(value))] { (title) }
                }
                // What was asked for and is not there can still be seen, and unchosen.
                @if let Some(chosen) = chosen.filter(|chosen| !values.iter().any(|(value, _)| value.eq_ignore_ascii_case(chosen))) {
                    option value=(chosen) selected { (chosen) " (0)" }
                }
            }
        }
    }
}

fn row(model: &Model, entities: &dyn Entities, reference: &EntityRef, entity: &Arc<Entity>) -> Vec<Markup> {
    let href = paths::entity(reference.kind(), reference.namespace(), reference.name());
    let scored = scored_of(model, reference);
    let failing =
        entity.at(&["status", "items"]).and_then(|items| items.as_array()).is_some_and(|items| !items.is_empty());
    vec![
        html! {
            a href=(href) { (entity.title()) }
            @if failing { " " (State::Bad.word("cannot be read")) }
        },
        html! { (Icon::of_kind(entity.kind()).draw()) " " (entity.kind()) },
        html! { (entity.text(&["spec", "type"]).unwrap_or_default()) },
        related(entities, entity, "ownedBy"),
        related(entities, entity, "partOf"),
        html! { (entity.text(&["spec", "lifecycle"]).unwrap_or_default()) },
        html! { @if let Some(scored) = scored { (hallmark(scored.score.karats, Some(&paths::scorecard(scored.entity)))) } },
    ]
}

/// What an entity is related to in one way, as links.
pub(super) fn related(entities: &dyn Entities, entity: &Entity, kind: &str) -> Markup {
    let targets = targets(entity).filter(|(relation, _)| relation == kind).map(|(_, target)| target);
    html! {
        @for (index, target) in targets.take(3).enumerate() {
            @if index > 0 { ", " }
            (words::entity(entities, &target))
        }
    }
}

/// The relations of an entity.
pub(super) fn targets(entity: &Entity) -> impl Iterator<Item = (String, EntityRef)> {
    let list = entity.at(&["relations"]).and_then(|list| list.as_array()).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|relation| {
        let text = |key: &str| relation.get(key).and_then(|value| value.as_str());
        let target = EntityRef::parse(text("targetRef")?, karat_catalog::Defaults::default()).ok()?;
        Some((text("type")?.to_owned(), target))
    })
}
