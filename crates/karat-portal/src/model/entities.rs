//! Where pages find entities, and where those are read from.

use std::collections::BTreeMap;
use std::sync::Arc;

use karat_catalog::{Entity, EntityRef, Facet, List, Listing, Page, Predicate, Problem, Query};
use karat_ingest::{Repository, Sources, View};
use karat_verdict::Verdict;
use karat_yaml::Value;

/// A catalog, as pages ask it.
pub trait Entities: Send + Sync {
    /// Which entities a query means, and how many there are.
    fn query(&self, query: &Query) -> Page;

    /// All entities that are asked for, or so many of them.
    fn list(&self, list: &List) -> Listing;

    /// How often each value of some fields occurs.
    fn facets(&self, keys: &[String], filter: Option<&Predicate>) -> Vec<(String, Vec<Facet>)>;

    /// An entity with its relations and status.
    fn get(&self, reference: &EntityRef) -> Option<Arc<Entity>>;

    /// So many entities at most whose title, name, kind or description hold every word; those with it in the title first. The
    /// words are in lower case.
    fn find(&self, words: &[&str], most: usize) -> Vec<EntityRef>;

    /// An entity and all that led to it, each with those that led there.
    fn ancestry(&self, reference: &EntityRef) -> Vec<(EntityRef, Vec<EntityRef>)>;

    /// The file and line that an entity is from, if it is a file of the organisation.
    fn place(&self, reference: &EntityRef) -> Option<(String, usize)>;

    /// What is wrong with an entity as its file has it now.
    fn problems(&self, reference: &EntityRef) -> Vec<Problem>;
}

impl Entities for View {
    fn query(&self, query: &Query) -> Page {
        self.query(query)
    }

    fn list(&self, list: &List) -> Listing {
        self.list(list)
    }

    fn facets(&self, keys: &[String], filter: Option<&Predicate>) -> Vec<(String, Vec<Facet>)> {
        self.facets(keys, filter)
    }

    fn get(&self, reference: &EntityRef) -> Option<Arc<Entity>> {
        self.get(reference)
    }

    fn find(&self, words: &[&str], most: usize) -> Vec<EntityRef> {
        self.find(words, most)
    }

    fn ancestry(&self, reference: &EntityRef) -> Vec<(EntityRef, Vec<EntityRef>)> {
        self.ancestry(reference)
    }

    fn place(&self, reference: &EntityRef) -> Option<(String, usize)> {
        self.place(reference)
    }

    fn problems(&self, reference: &EntityRef) -> Vec<Problem> {
        self.problems(reference)
    }
}

/// What the catalog of an organisation is read from: its repositories, and the hosts of its settings.
pub(super) fn sources(verdict: &Verdict) -> Sources {
    let setting = |path: &str| verdict.decided.setting(path);
    let at_branch = setting("portal.catalog.read").and_then(Value::as_str) == Some("branch");
    let organisation = &verdict.fleet.organisation;
    let files = std::iter::once(&organisation.file).chain(&organisation.parts);
    let listed = files.filter_map(|file| file.value.at(["spec", "repositories"]).and_then(Value::as_seq)).flatten();
    let branches: BTreeMap<&str, &str> = listed
        .filter_map(|one| Some((one.get("name").and_then(Value::as_str)?, one.get("branch").and_then(Value::as_str)?)))
        .collect();
    let repositories = verdict.subject.repositories.iter().map(|one| Repository {
        folder: one.folder.to_string(),
        revision: at_branch.then(|| branches.get(one.name.as_str()).copied().unwrap_or("HEAD").to_owned()),
    });
    let allow = setting("portal.catalog.allow").and_then(Value::as_seq).unwrap_or_default();
    Sources {
        repositories: repositories.collect(),
        allow: allow.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
    }
}
