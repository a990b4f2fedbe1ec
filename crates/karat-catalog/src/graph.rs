//! Who leads to whom: what must be stitched anew when one entity changes.
//!
//! Two kinds of edges. *Relations* are what entities say of each other; one entity may make relations of others. *References*
//! are how entities were found: a registered location leads to a Location entity, which leads to those of its files. What
//! nothing leads to is an orphan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::refs::EntityRef;
use crate::relations::Relation;

/// The edges of all entities. It holds no bodies.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The numbers of references; they are kept, for entities come back.
    numbers: FxHashMap<EntityRef, u32>,
    names: Vec<EntityRef>,
    nodes: Vec<Node>,
    /// What providers lead to.
    providers: BTreeMap<Arc<str>, BTreeSet<u32>>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// The relations that this entity makes, as (source, type, target), sorted.
    made: Box<[(u32, &'static str, u32)]>,
    /// Its relations, and how many entities make each.
    relations: BTreeMap<(&'static str, u32), u32>,
    /// What it leads to.
    children: Box<[u32]>,
    /// Which entities lead to it.
    parents: BTreeSet<u32>,
    /// How many providers do.
    provided: u32,
}

impl Graph {
    /// No edges.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the relations that an entity makes; none removes them. Gives the entities that have other relations now: they are
    /// to be stitched.
    pub fn set_relations(&mut self, maker: &EntityRef, relations: &[Relation]) -> BTreeSet<EntityRef> {
        let maker = self.number(maker);
        let mut made: Vec<(u32, &'static str, u32)> = relations
            .iter()
            .map(|relation| (self.number(&relation.source), relation.kind, self.number(&relation.target)))
            .collect();
        made.sort_unstable();
        made.dedup();
        let before = std::mem::replace(&mut self.nodes[maker as usize].made, made.clone().into());
        let mut changed = BTreeSet::new();
        for (source, kind, target) in made.iter().filter(|one| before.binary_search(one).is_err()) {
            let count = self.nodes[*source as usize].relations.entry((kind, *target)).or_default();
            *count += 1;
            if *count == 1 {
                changed.insert(*source);
            }
        }
        for (source, kind, target) in before.iter().filter(|one| made.binary_search(one).is_err()) {
            let known = &mut self.nodes[*source as usize].relations;
            if let Some(count) = known.get_mut(&(kind, *target)) {
                *count -= 1;
                if *count == 0 {
                    known.remove(&(kind, *target));
                    changed.insert(*source);
                }
            }
        }
        self.named(changed)
    }

    /// Sets what an entity leads to. Gives those that became orphans, or are none any more.
    pub fn set_children(&mut self, parent: &EntityRef, children: &[EntityRef]) -> BTreeSet<EntityRef> {
        let parent = self.number(parent);
        let mut new: Vec<u32> = children.iter().map(|child| self.number(child)).collect();
        new.sort_unstable();
        new.dedup();
        let before = std::mem::replace(&mut self.nodes[parent as usize].children, new.clone().into());
        let orphans = self.orphans_of(before.iter().chain(&new));
        for child in &before {
            self.nodes[*child as usize].parents.remove(&parent);
        }
        for child in &new {
            self.nodes[*child as usize].parents.insert(parent);
        }
        self.changed(&orphans)
    }

    /// Sets what a provider leads to. Gives those that became orphans, or are none any more.
    pub fn set_provided(&mut self, provider: &str, entities: &[EntityRef]) -> BTreeSet<EntityRef> {
        let new: BTreeSet<u32> = entities.iter().map(|entity| self.number(entity)).collect();
        let before = if new.is_empty() {
            self.providers.remove(provider).unwrap_or_default()
        } else {
            self.providers.insert(provider.into(), new.clone()).unwrap_or_default()
        };
        let orphans = self.orphans_of(before.iter().chain(&new));
        for entity in before.difference(&new) {
            self.nodes[*entity as usize].provided -= 1;
        }
        for entity in new.difference(&before) {
            self.nodes[*entity as usize].provided += 1;
        }
        self.changed(&orphans)
    }

    /// Removes the edges that an entity makes. Gives whom that changes; see [`Graph::set_relations`] and
    /// [`Graph::set_children`].
    pub fn remove(&mut self, entity: &EntityRef) -> BTreeSet<EntityRef> {
        let mut changed = self.set_relations(entity, &[]);
        changed.append(&mut self.set_children(entity, &[]));
        changed.remove(entity);
        changed
    }

    /// The relations of an entity, as they are shown: sorted by type, then by target.
    pub fn relations(&self, entity: &EntityRef) -> Vec<(&'static str, &EntityRef)> {
        let Some(node) = self.node(entity) else { return Vec::new() };
        let mut found: Vec<(&'static str, &EntityRef)> =
            node.relations.keys().map(|(kind, target)| (*kind, &self.names[*target as usize])).collect();
        found.sort_unstable();
        found
    }

    /// Whether nothing leads to an entity.
    pub fn is_orphan(&self, entity: &EntityRef) -> bool {
        self.node(entity).is_none_or(Node::is_orphan)
    }

    /// What an entity leads to.
    pub fn children(&self, entity: &EntityRef) -> Vec<EntityRef> {
        let children = self.node(entity).map(|node| &*node.children).unwrap_or_default();
        children.iter().map(|child| self.names[*child as usize].clone()).collect()
    }

    /// The entities that lead to one, sorted.
    pub fn parents(&self, entity: &EntityRef) -> Vec<EntityRef> {
        let parents = self.node(entity).into_iter().flat_map(|node| &node.parents);
        let mut found: Vec<EntityRef> = parents.map(|parent| self.names[*parent as usize].clone()).collect();
        found.sort_unstable();
        found
    }

    /// An entity and all that lead to it, each with its parents: what `ancestry` of the API answers. A circle is walked once.
    pub fn ancestry(&self, entity: &EntityRef) -> Vec<(EntityRef, Vec<EntityRef>)> {
        let mut seen = BTreeSet::from([entity.clone()]);
        let mut todo = vec![entity.clone()];
        let mut found = Vec::new();
        while let Some(current) = todo.pop() {
            let parents = self.parents(&current);
            todo.extend(parents.iter().filter(|parent| seen.insert((*parent).clone())).cloned());
            found.push((current, parents));
        }
        found
    }

    fn node(&self, entity: &EntityRef) -> Option<&Node> {
        self.nodes.get(*self.numbers.get(entity)? as usize)
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

    fn named(&self, numbers: BTreeSet<u32>) -> BTreeSet<EntityRef> {
        numbers.into_iter().map(|number| self.names[number as usize].clone()).collect()
    }

    /// Whether each is an orphan now.
    fn orphans_of<'n>(&self, numbers: impl Iterator<Item = &'n u32>) -> BTreeMap<u32, bool> {
        numbers.map(|number| (*number, self.nodes[*number as usize].is_orphan())).collect()
    }

    fn changed(&self, before: &BTreeMap<u32, bool>) -> BTreeSet<EntityRef> {
        let now = |number: &u32| self.nodes[*number as usize].is_orphan();
        self.named(before.iter().filter(|(number, was)| now(number) != **was).map(|(number, _)| *number).collect())
    }
}

impl Node {
    fn is_orphan(&self) -> bool {
        self.parents.is_empty() && self.provided == 0
    }
}
