//! Relations of an entity, drawn and in words.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use karat_catalog::{Entity, EntityRef};

use super::catalog::targets;
use super::paths;
use crate::model::Entities;
use crate::parts::{Edge, Graph, Node};

/// So many entities are drawn.
const MOST: usize = 40;

/// Relations that say the same the other way round; they are drawn as the other.
const BACK: [(&str, &str); 7] = [
    ("ownerOf", "ownedBy"),
    ("hasPart", "partOf"),
    ("dependencyOf", "dependsOn"),
    ("apiConsumedBy", "consumesApi"),
    ("apiProvidedBy", "providesApi"),
    ("hasMember", "memberOf"),
    ("parentOf", "childOf"),
];

/// What is a dependency: what must work so that this does.
const DEPENDS: [&str; 2] = ["dependsOn", "consumesApi"];
const PROVIDED: &str = "apiProvidedBy";
const NEEDED: [&str; 3] = ["dependencyOf", "apiConsumedBy", "providesApi"];

/// What a relation is called on a page.
pub(super) fn word(kind: &str) -> &str {
    match kind {
        "ownedBy" => "owned by",
        "ownerOf" => "owns",
        "partOf" => "part of",
        "hasPart" => "has part",
        "dependsOn" => "depends on",
        "dependencyOf" => "needed by",
        "consumesApi" => "consumes",
        "apiConsumedBy" => "consumed by",
        "providesApi" => "provides",
        "apiProvidedBy" => "provided by",
        "memberOf" => "member of",
        "hasMember" => "has member",
        "childOf" => "child of",
        "parentOf" => "parent of",
        other => other,
    }
}

/// The entity and all that it is related to; how many are left out.
pub(super) fn around(entities: &dyn Entities, reference: &EntityRef, entity: &Entity) -> (Graph, usize) {
    let mut drawing = Drawing::new(entities);
    drawing.node(reference, true);
    let all: Vec<_> = targets(entity).collect();
    let mut left = 0;
    for (kind, target) in &all {
        if drawing.graph.nodes.len() >= MOST && !drawing.known.contains(target) {
            left += 1;
            continue;
        }
        drawing.node(target, false);
        drawing.edge(reference, kind, target);
    }
    (drawing.graph, left)
}

/// What an entity needs, what that needs, and so on; and what needs it.
pub(super) fn dependencies(entities: &dyn Entities, reference: &EntityRef) -> Graph {
    let mut drawing = Drawing::new(entities);
    drawing.node(reference, true);
    for down in [true, false] {
        let mut seen = BTreeSet::from([reference.clone()]);
        let mut next = VecDeque::from([reference.clone()]);
        while let Some(here) = next.pop_front() {
            let Some(entity) = entities.get(&here) else { continue };
            let follows = |kind: &str| {
                if down { DEPENDS.contains(&kind) || kind == PROVIDED } else { NEEDED.contains(&kind) }
            };
            for (kind, target) in targets(&entity).filter(|(kind, _)| follows(kind)) {
                // An API stands between who consumes it and who provides it: only from there on it leads further.
                let is_api = here.kind() == "api";
                if (kind == PROVIDED && !(down && is_api)) || (kind == "providesApi" && down) {
                    continue;
                }
                if drawing.graph.nodes.len() >= MOST && !drawing.known.contains(&target) {
                    continue;
                }
                drawing.node(&target, false);
                drawing.edge(&here, &kind, &target);
                if seen.insert(target.clone()) {
                    next.push_back(target);
                }
            }
        }
    }
    drawing.graph
}

struct Drawing<'e> {
    entities: &'e dyn Entities,
    graph: Graph,
    known: BTreeSet<EntityRef>,
    edges: BTreeSet<(String, String, String)>,
}

impl<'e> Drawing<'e> {
    fn new(entities: &'e dyn Entities) -> Self {
        Self { entities, graph: Graph::default(), known: BTreeSet::new(), edges: BTreeSet::new() }
    }

    fn node(&mut self, reference: &EntityRef, own: bool) {
        if !self.known.insert(reference.clone()) {
            return;
        }
        let entity = self.entities.get(reference);
        self.graph.nodes.push(Node {
            id: reference.to_string(),
            label: entity.as_ref().map_or_else(|| reference.name().to_owned(), |entity| entity.title().to_owned()),
            kind: entity.as_ref().map_or_else(
                || reference.kind().to_owned(),
                |entity| match entity.text(&["spec", "type"]) {
                    Some(kind) => format!("{} · {kind}", reference.kind()),
                    None => reference.kind().to_owned(),
                },
            ),
            href: entity.map(|_| paths::entity(reference.kind(), reference.namespace(), reference.name())),
            own,
        });
    }

    fn edge(&mut self, from: &EntityRef, kind: &str, to: &EntityRef) {
        let back = BACK.iter().find(|(back, _)| *back == kind);
        let (from, to, kind) = back.map_or((from, to, kind), |(_, forth)| (to, from, *forth));
        let key = (from.to_string(), to.to_string(), kind.to_owned());
        if self.edges.insert(key.clone()) {
            self.graph.edges.push(Edge { from: key.0, to: key.1, label: word(kind).to_owned() });
        }
    }
}

/// The relations of an entity by what they are, the most telling first.
pub(super) fn by_kind(entity: &Entity) -> Vec<(String, Vec<EntityRef>)> {
    const ORDER: [&str; 8] = [
        "ownedBy",
        "partOf",
        "providesApi",
        "consumesApi",
        "dependsOn",
        "dependencyOf",
        "apiProvidedBy",
        "apiConsumedBy",
    ];
    let mut kinds: BTreeMap<String, Vec<EntityRef>> = BTreeMap::new();
    for (kind, target) in targets(entity) {
        kinds.entry(kind).or_default().push(target);
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(kind, _)| ORDER.iter().position(|known| known == kind).unwrap_or(ORDER.len()));
    kinds
}
