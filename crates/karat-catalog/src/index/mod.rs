//! The index: which entities a query means, in which order, without their bodies.
//!
//! Keys and values are kept once. A query becomes a set of bits, one for each entity, so that `and`, `or` and `not` cost a few
//! microseconds for a hundred thousand entities; a page then walks the values of its order, or sorts what is left if that is
//! little.

mod bits;
mod column;
mod facets;
mod filter;
mod like;
mod list;
mod page;

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::refs::EntityRef;
use crate::search::Row;
use crate::uid::Uid;
use bits::Bits;
use column::{Column, ValueId};

pub use facets::Facet;
pub use list::Listing;
pub use page::{DEFAULT_LIMIT, Page};

/// The index over all final entities.
#[derive(Clone, Debug, Default)]
pub struct Index {
    keys: FxHashMap<Arc<str>, u32>,
    columns: Vec<Column>,
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    by_ref: BTreeMap<EntityRef, u32>,
    by_uid: BTreeMap<Uid, u32>,
    /// The slots that are taken.
    all: Bits,
}

/// One entity.
#[derive(Clone, Debug)]
struct Slot {
    reference: EntityRef,
    uid: Uid,
    /// Its keys and values, sorted by key.
    rows: Box<[(u32, ValueId)]>,
}

impl Index {
    /// An empty index.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entity, or replaces what is known of it. Values that it has already cost next to nothing: most of an entity stays as it
    /// is when it changes, and what all have, as their kind, is long to go through.
    pub fn insert(&mut self, reference: &EntityRef, uid: Uid, rows: &[Row]) {
        let known = self.by_ref.get(reference).copied().filter(|number| self.uid(*number) == Some(uid));
        let number = known.unwrap_or_else(|| self.add(reference, uid));
        let rows: Vec<(u32, Option<(&str, &str)>)> = rows
            .iter()
            .map(|row| {
                let value = row.value.as_deref().map(|value| (value, row.original.as_deref().unwrap_or(value)));
                (self.key(&row.key), value)
            })
            .collect();
        let slot = self.slots.get_mut(number as usize).and_then(Option::as_mut);
        let before = slot.map(|slot| std::mem::take(&mut slot.rows)).unwrap_or_default();
        let mut known = Vec::with_capacity(rows.len());
        // A key whose values are not all the same is taken away, and put anew.
        let mut other = Vec::new();
        for (key, value) in &rows {
            match self.columns[*key as usize].held(number, *value) {
                Some(id) => known.push((*key, id)),
                None => other.push(*key),
            }
        }
        known.sort_unstable();
        other.extend(before.iter().filter(|row| known.binary_search(row).is_err()).map(|(key, _)| *key));
        other.sort_unstable();
        let is_other = |key: &u32| other.binary_search(key).is_ok();
        let kept: FxHashSet<u32> = rows.iter().map(|(key, _)| *key).collect();
        known.retain(|(key, _)| !is_other(key));
        for (key, value) in before.iter().filter(|(key, _)| is_other(key)) {
            let column = &mut self.columns[*key as usize];
            column.remove(number, *value);
            if !kept.contains(key) {
                column.leave(number);
            }
        }
        for (key, value) in rows.into_iter().filter(|(key, _)| is_other(key)) {
            known.push((key, self.columns[key as usize].insert(number, value)));
        }
        known.sort_unstable();
        known.dedup();
        if let Some(slot) = self.slots.get_mut(number as usize).and_then(Option::as_mut) {
            slot.rows = known.into();
        }
    }

    /// Adds an entity without values, and gives its number.
    fn add(&mut self, reference: &EntityRef, uid: Uid) -> u32 {
        self.remove(reference);
        // A uid that is taken belongs to an entity that was renamed.
        if let Some(taken) = self.by_uid.get(&uid).and_then(|slot| self.slot(*slot)).map(|slot| slot.reference.clone())
        {
            self.remove(&taken);
        }
        let number = self.free.pop().unwrap_or(self.slots.len() as u32);
        let slot = Slot { reference: reference.clone(), uid, rows: Box::default() };
        match self.slots.get_mut(number as usize) {
            Some(free) => *free = Some(slot),
            None => self.slots.push(Some(slot)),
        }
        self.by_ref.insert(reference.clone(), number);
        self.by_uid.insert(uid, number);
        self.all.insert(number);
        number
    }

    /// Removes an entity; whether it was there.
    pub fn remove(&mut self, reference: &EntityRef) -> bool {
        let Some(number) = self.by_ref.remove(reference) else { return false };
        let Some(slot) = self.slots[number as usize].take() else { return false };
        for (key, value) in slot.rows {
            self.columns[key as usize].remove(number, value);
            self.columns[key as usize].leave(number);
        }
        self.by_uid.remove(&slot.uid);
        self.all.remove(number);
        self.free.push(number);
        true
    }

    /// How many entities there are.
    pub fn len(&self) -> usize {
        self.by_ref.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_ref.is_empty()
    }

    /// Whether an entity is there.
    pub fn contains(&self, reference: &EntityRef) -> bool {
        self.by_ref.contains_key(reference)
    }

    /// The entity of a uid.
    pub fn by_uid(&self, uid: Uid) -> Option<&EntityRef> {
        self.by_uid.get(&uid).and_then(|slot| self.slot(*slot)).map(|slot| &slot.reference)
    }

    /// All references, in order.
    pub fn references(&self) -> impl Iterator<Item = &EntityRef> {
        self.by_ref.keys()
    }

    fn slot(&self, number: u32) -> Option<&Slot> {
        self.slots.get(number as usize)?.as_ref()
    }

    fn uid(&self, number: u32) -> Option<Uid> {
        self.slot(number).map(|slot| slot.uid)
    }

    /// The values of a key that an entity has; `None` for null.
    fn values(&self, number: u32, key: u32) -> impl Iterator<Item = ValueId> {
        of_key(self.slot(number).map(|slot| &*slot.rows).unwrap_or_default(), key)
    }

    fn key(&mut self, key: &str) -> u32 {
        if let Some(number) = self.keys.get(key) {
            return *number;
        }
        let number = self.columns.len() as u32;
        self.columns.push(Column::default());
        self.keys.insert(key.into(), number);
        number
    }

    /// The column of a key, which must be in lower case, if anybody has it.
    fn column(&self, key: &str) -> Option<(u32, &Column)> {
        let number = *self.keys.get(key)?;
        self.columns.get(number as usize).filter(|column| !column.is_empty()).map(|column| (number, column))
    }
}

/// The values of a key among sorted rows.
fn of_key(rows: &[(u32, ValueId)], key: u32) -> impl Iterator<Item = ValueId> {
    let from = rows.partition_point(|(known, _)| *known < key);
    rows[from..].iter().take_while(move |(known, _)| *known == key).map(|(_, value)| *value)
}
