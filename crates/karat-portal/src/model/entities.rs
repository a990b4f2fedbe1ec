//! Where pages find entities. The organisation's own are read with its files; a portal that keeps a catalog gives that instead.

use std::collections::BTreeMap;
use std::sync::Arc;

use karat_catalog::{
    Entity, EntityRef, Facet, Graph, Index, List, Listing, LocationRef, Page, Predicate, Query, Uid, WorldFiles,
    assemble, search_rows,
};
use karat_source::{EntryKind, World, join};
use karat_verdict::Verdict;

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

    /// An entity and all that led to it, each with those that led there.
    fn ancestry(&self, reference: &EntityRef) -> Vec<(EntityRef, Vec<EntityRef>)>;

    /// The file and line that an entity is from, if it is a file of the organisation.
    fn place(&self, reference: &EntityRef) -> Option<(String, usize)>;
}

/// The entities of an organisation's files.
#[derive(Default)]
pub(super) struct Own {
    index: Index,
    entities: BTreeMap<EntityRef, Arc<Entity>>,
    places: BTreeMap<EntityRef, (String, usize)>,
    graph: Graph,
}

impl Own {
    pub(super) fn of(verdict: &Verdict, world: &dyn World) -> Self {
        let files = verdict.subject.repositories.iter().flat_map(|repository| {
            ["catalog-info.yaml", "catalog-info.yml"].map(|name| join(&repository.folder, name))
        });
        let there = files.filter(|file| matches!(world.kind(file), Ok(Some(EntryKind::File))));
        let registered: Vec<LocationRef> = there.map(|file| LocationRef::new("file", file)).collect();
        let assembled = assemble(&WorldFiles(world), &registered);
        let mut own = Self { graph: assembled.graph, ..Self::default() };
        for (reference, made) in assembled.entities {
            // A Location that stands for a registered file is nobody's to look at.
            if !assembled.sources.contains_key(&reference) {
                continue;
            }
            if let Ok(rows) = search_rows(&made.entity) {
                own.index.insert(&reference, Uid::of(&reference), &rows);
            }
            own.entities.insert(reference, Arc::new(made.entity));
        }
        for (reference, source) in assembled.sources {
            let place = (source.file.to_string(), source.position.line as usize);
            own.places.insert(reference, place);
        }
        own
    }
}

impl Entities for Own {
    fn query(&self, query: &Query) -> Page {
        self.index.query(query)
    }

    fn list(&self, list: &List) -> Listing {
        self.index.list(list)
    }

    fn facets(&self, keys: &[String], filter: Option<&Predicate>) -> Vec<(String, Vec<Facet>)> {
        self.index.facets(keys, filter)
    }

    fn get(&self, reference: &EntityRef) -> Option<Arc<Entity>> {
        self.entities.get(reference).cloned()
    }

    fn ancestry(&self, reference: &EntityRef) -> Vec<(EntityRef, Vec<EntityRef>)> {
        let mut found = self.graph.ancestry(reference);
        found.retain(|(one, _)| self.entities.contains_key(one));
        for (_, parents) in &mut found {
            parents.retain(|parent| self.entities.contains_key(parent));
        }
        found
    }

    fn place(&self, reference: &EntityRef) -> Option<(String, usize)> {
        self.places.get(reference).cloned()
    }
}
