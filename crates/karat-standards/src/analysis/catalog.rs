//! What the catalog says: whether it can be read, whether what it names is there, and who owns it.

use std::collections::BTreeSet;

use karat_catalog::EntityRef;
use karat_kube::Path;
use karat_yaml::Value;

use super::{Analysis, Found, label};
use crate::judge::{Anchor, View};
use crate::{Repository, Scope, Subject};

/// What a repository says to the catalog is read there, and what it refers to is there.
pub(super) static CATALOG_IS_WHOLE: Analysis = Analysis {
    name: "catalog-is-whole",
    scope: Scope::Repository,
    kinds: &[],
    about: "a repository has a catalog-info.yaml; every entity that it and the repository's templates lead to is as Backstage asks \
            for it; whom entities refer to is in the catalog of the organisation (owners are platform/owned's); definitions of \
            OpenAPI and AsyncAPI can be read",
    run: whole,
};

/// Everything in the catalog, and every namespace, has an owner who exists.
pub(super) static EVERYTHING_IS_OWNED: Analysis = Analysis {
    name: "everything-is-owned",
    scope: Scope::Config,
    kinds: &[],
    about: "components, APIs, resources, systems, domains and templates name an owner that is a group or user of the catalog; \
            components, APIs and resources a system and a lifecycle; namespaces a group (settings.platform.ownerLabel)",
    run: owned,
};

fn whole(view: &View<'_>) -> Vec<Found> {
    let Some(repository) = view.repository() else { return Vec::new() };
    if !["catalog-info.yaml", "catalog-info.yml"].iter().any(|file| repository.facts.has(file)) {
        let message = format!("repository `{}` is not in the catalog (catalog-info.yaml)", repository.name);
        return vec![Found::here(message)];
    }
    let subject = view.subject();
    let known = Known::of(subject);
    let mut found: Vec<Found> = repository
        .catalog
        .problems
        .iter()
        .map(|problem| at(repository, &problem.place, problem.message.clone()))
        .collect();
    for (reference, entry) in &repository.catalog.entities {
        let lost = entry.references().filter(|(field, target, _)| {
            // Who owns it is another standard's.
            !subject.alone && *field != "owner" && known.lacks(target)
        });
        found.extend(lost.map(|(field, target, place)| {
            let message = format!("`{reference}` names `{target}` ({field}), which is not in the catalog");
            at(repository, &place, message)
        }));
        found.extend(entry.undefined().map(|(message, place)| at(repository, &place, message.to_owned())));
    }
    found
}

fn owned(view: &View<'_>) -> Vec<Found> {
    let subject = view.subject();
    let known = Known::of(subject);
    let mut found = Vec::new();
    for (number, repository) in subject.repositories.iter().enumerate() {
        for (reference, entry) in &repository.catalog.entities {
            let message = |field: &str| format!("`{reference}` names no {field}");
            let lacks = entry.lacks().map(|(field, place)| (place, message(field)));
            let owner = entry.references().find(|(field, ..)| *field == "owner");
            let lost = owner.filter(|(_, owner, _)| known.lacks(owner)).map(|(_, owner, place)| {
                (place, format!("the owner of `{reference}`, `{owner}`, is not in the catalog"))
            });
            found.extend(lost.into_iter().chain(lacks).map(|(place, message)| Found {
                on: Some(Anchor::Repository(number)),
                ..at(repository, &place, message)
            }));
        }
    }
    found.extend(namespaces(view, &known));
    found
}

/// Namespaces whose label names no group.
fn namespaces(view: &View<'_>, known: &Known<'_>) -> Vec<Found> {
    let name = view.organisation().setting("platform.ownerLabel").and_then(Value::as_str).unwrap_or("karat.dev/owner");
    let objects = view.subject().objects.iter().enumerate();
    let namespaces = objects
        .filter(|(_, object)| object.identity.kind == "Namespace" && object.identity.group.is_empty() && !object.own);
    namespaces
        .filter_map(|(at, object)| {
            let namespace = &object.identity.name;
            let value = object.doc.value();
            let (path, message) = match label(&value, name) {
                None => ("metadata.name", format!("namespace `{namespace}` names no owner (label {name})")),
                Some(owner) if !known.groups.contains(owner.to_lowercase().as_str()) => (
                    "metadata.labels",
                    format!("the owner of namespace `{namespace}`, `{owner}`, is no group of the catalog"),
                ),
                Some(_) => return None,
            };
            Some(Found {
                on: Some(Anchor::Object(at)),
                ..Found::within(at, Path::parse(path).unwrap_or_default(), message)
            })
        })
        .collect()
}

/// Who is in the catalog.
struct Known<'s> {
    entities: BTreeSet<&'s EntityRef>,
    /// The names of groups.
    groups: BTreeSet<&'s str>,
    /// The kinds that somebody has written down. Where nobody writes users, another system knows them.
    kinds: BTreeSet<&'s str>,
}

impl<'s> Known<'s> {
    fn of(subject: &'s Subject) -> Self {
        let entities: BTreeSet<&EntityRef> =
            subject.repositories.iter().flat_map(|repository| repository.catalog.entities.keys()).collect();
        let groups = entities.iter().filter(|entity| entity.kind() == "group").map(|group| group.name()).collect();
        let kinds = entities.iter().map(|entity| entity.kind()).collect();
        Self { entities, groups, kinds }
    }

    fn lacks(&self, target: &EntityRef) -> bool {
        !self.entities.contains(target) && (target.kind() != "user" || self.kinds.contains("user"))
    }
}

fn at(repository: &Repository, place: &karat_catalog::Place, message: String) -> Found {
    let place = karat_repository::Place {
        file: place.file.as_ref().into(),
        line: place.line,
        column: place.column,
        end_column: place.column,
    };
    Found { place: Some(repository.place(&place)), ..Found::here(message) }
}
