//! Who is related to whom: what must be stitched anew when one entity changes. One entity may make relations of others.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::refs::EntityRef;
use crate::relations::Relation;

/// The relations of all entities. It holds no bodies.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The numbers of references; they are kept, for entities come back.
    numbers: FxHashMap<EntityRef, u32>,
    names: Vec<EntityRef>,
    /// The types of relations; there are few.
    kinds: Vec<&'static str>,
    nodes: Vec<Node>,
}

/// The number of a type.
type Kind = u16;

#[derive(Clone, Debug, Default)]
struct Node {
    /// The relations that this entity makes, as (source, type, target), sorted.
    made: Box<[(u32, Kind, u32)]>,
    /// Its relations, and how many entities make each.
    relations: BTreeMap<(Kind, u32), u32>,
}

impl Graph {
    /// No relations.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the relations that an entity makes; none removes them. Gives the entities that have other relations now: they are
    /// to be stitched.
    pub fn set_relations(&mut self, maker: &EntityRef, relations: &[Relation]) -> BTreeSet<EntityRef> {
        let maker = self.number(maker);
        let mut made: Vec<(u32, Kind, u32)> = relations
            .iter()
            .map(|one| (self.number(&one.source), self.kind(one.kind), self.number(&one.target)))
            .collect();
        made.sort_unstable();
        made.dedup();
        let before = std::mem::replace(&mut self.nodes[maker as usize].made, made.clone().into());
        let mut changed = BTreeSet::new();
        for (source, kind, target) in made.iter().filter(|one| before.binary_search(one).is_err()) {
            let count = self.nodes[*source as usize].relations.entry((*kind, *target)).or_default();
            *count += 1;
            if *count == 1 {
                changed.insert(*source);
            }
        }
        for (source, kind, target) in before.iter().filter(|one| made.binary_search(one).is_err()) {
            let known = &mut self.nodes[*source as usize].relations;
            if let Some(count) = known.get_mut(&(*kind, *target)) {
                *count -= 1;
                if *count == 0 {
                    known.remove(&(*kind, *target));
                    changed.insert(*source);
                }
            }
        }
        changed.into_iter().map(|number| self.names[number as usize].clone()).collect()
    }

    /// The relations of an entity, as they are shown: sorted by type, then by target.
    pub fn relations(&self, entity: &EntityRef) -> Vec<(&'static str, &EntityRef)> {
        let Some(number) = self.numbers.get(entity) else { return Vec::new() };
        let known = self.nodes[*number as usize].relations.keys();
        let mut found: Vec<(&'static str, &EntityRef)> =
            known.map(|(kind, target)| (self.kinds[usize::from(*kind)], &self.names[*target as usize])).collect();
        found.sort_unstable();
        found
    }

    fn number(&mut self, entity: &EntityRef) -> u32 {
        if let Some(number) = self.numbers.get(entity) {
            return *number;
        }
        let number = self.nodes.len() as u32;
        self.numbers.insert(entity.clone(), number);
        self.names.push(entity.clone());
        self.nodes.push(Node::default());
        number
    }

    fn kind(&mut self, kind: &'static str) -> Kind {
        let known = self.kinds.iter().position(|known| *known == kind);
        known.unwrap_or_else(|| {
            self.kinds.push(kind);
            self.kinds.len() - 1
        }) as Kind
    }
}
