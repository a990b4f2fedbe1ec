//! Whether a trace goes on where a service talks to others.

use ecow::EcoString;
use karat_repository::Place;
use karat_yaml::Value;

use super::{Analysis, Found, list, text};
use crate::judge::View;
use crate::{Repository, Scope};

/// Every boundary that code has carries the context of traces.
pub(super) static CONTEXT_IS_PROPAGATED: Analysis = Analysis {
    name: "context-is-propagated",
    scope: Scope::Repository,
    kinds: &[],
    about: "where a repository's code serves, calls, sends or receives (settings.observability.boundaries), code of the same \
            language in it also takes the trace context in or hands it on",
    run,
};

fn run(view: &View<'_>) -> Vec<Found> {
    let Some(repository) = view.repository() else { return Vec::new() };
    let boundaries = view.organisation().setting("observability.boundaries").and_then(Value::as_seq);
    boundaries.unwrap_or_default().iter().filter_map(|boundary| check(repository, boundary)).collect()
}

fn check(repository: &Repository, boundary: &Value) -> Option<Found> {
    let mentioned = |name: &str| match text(boundary, "language") {
        Some("go") => in_go(repository, name),
        Some("rust") => in_rust(repository, name),
        _ => None,
    };
    let names = |key: &'static str| list(boundary, key).iter().filter_map(Value::as_str);
    let (name, place) = names("at").find_map(|name| Some((name, mentioned(name)?)))?;
    // Each of these is needed; of the names in one, any.
    let missing = names("carries").find(|any| !any.split(" or ").any(|name| mentioned(name).is_some()))?;
    let what = text(boundary, "name").unwrap_or(name);
    Some(Found {
        place: Some(repository.place(place)),
        ..Found::here(format!("`{name}` {what} and the trace ends there ({missing})"))
    })
}

/// Where code of Go that is no test mentions `name` first.
fn in_go<'r>(repository: &'r Repository, name: &str) -> Option<&'r Place> {
    let name = EcoString::from(name);
    let packages = repository.facts.go.iter().flat_map(|module| &module.packages);
    packages.flat_map(karat_repository::golang::Package::sources).find_map(|source| source.mentions.get(&name))
}

/// Where code of Rust that is no test mentions `name` first.
fn in_rust<'r>(repository: &'r Repository, name: &str) -> Option<&'r Place> {
    let name = EcoString::from(name);
    let crates = repository.facts.rust.iter().flat_map(|workspace| &workspace.crates);
    crates.flat_map(|one| &one.files).find_map(|source| source.mentions.get(&name))
}
