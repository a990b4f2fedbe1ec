//! One key of the index: its values in order, and who has them.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, OnceLock};

use super::bits::{Bits, Postings};
use super::like::{Arena, Like};

/// The values of one key.
#[derive(Clone, Debug, Default)]
pub(super) struct Column {
    /// The values in lower case, in the order of their bytes, which is how SQLite orders them.
    order: BTreeMap<Arc<str>, u32>,
    values: Vec<Value>,
    free: Vec<u32>,
    /// Who has the key without a value: null, or one that is too long.
    nulls: Postings,
    /// Who has the key.
    present: Postings,
    /// The values to search in, made when somebody does; another value, and it is made anew.
    arena: OnceLock<Arena>,
}

/// One value.
#[derive(Clone, Debug)]
struct Value {
    lower: Arc<str>,
    /// How it is written, and who writes it so. Mostly one way.
    variants: Vec<(Arc<str>, Postings)>,
}

/// The value of a row in a column; `None` for null.
pub(super) type ValueId = Option<u32>;

impl Column {
    pub(super) fn insert(&mut self, slot: u32, value: Option<(&str, &str)>) -> ValueId {
        self.present.insert(slot);
        let Some((lower, original)) = value else {
            self.nulls.insert(slot);
            return None;
        };
        let id = match self.order.get(lower) {
            Some(id) => *id,
            None => self.add(lower),
        };
        let value = &mut self.values[id as usize];
        match value.variants.iter_mut().find(|(text, _)| &**text == original) {
            Some((_, postings)) => postings.insert(slot),
            None => {
                // What is in lower case already is kept once.
                let text = if original == lower { value.lower.clone() } else { original.into() };
                value.variants.push((text, Postings::One(slot)));
            }
        }
        Some(id)
    }

    /// What somebody has, if it is this value, written so and in no other way.
    pub(super) fn held(&self, slot: u32, value: Option<(&str, &str)>) -> Option<ValueId> {
        let Some((lower, original)) = value else { return self.nulls.contains(slot).then_some(None) };
        let id = *self.order.get(lower)?;
        let mut written = self.values[id as usize].variants.iter().filter(|(_, who)| who.contains(slot));
        let is_so = written.next().is_some_and(|(text, _)| **text == *original) && written.next().is_none();
        is_so.then_some(Some(id))
    }

    fn add(&mut self, lower: &str) -> u32 {
        // Room for one only: most values are written one way, and there are very many.
        let value = Value { lower: lower.into(), variants: Vec::with_capacity(1) };
        let lower = value.lower.clone();
        let id = match self.free.pop() {
            Some(id) => {
                self.values[id as usize] = value;
                id
            }
            None => {
                self.values.push(value);
                self.values.len() as u32 - 1
            }
        };
        self.order.insert(lower, id);
        self.arena = OnceLock::new();
        id
    }

    /// Somebody has the key no more.
    pub(super) fn leave(&mut self, slot: u32) {
        self.present.remove(slot);
    }

    /// Somebody has a value no more, and still the key.
    pub(super) fn remove(&mut self, slot: u32, id: ValueId) {
        let Some(id) = id else {
            self.nulls.remove(slot);
            return;
        };
        let value = &mut self.values[id as usize];
        for (_, postings) in &mut value.variants {
            postings.remove(slot);
        }
        value.variants.retain(|(_, postings)| !postings.is_empty());
        if value.variants.is_empty() {
            self.order.remove(&value.lower);
            self.arena = OnceLock::new();
            value.lower = Arc::default();
            self.free.push(id);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.present.is_empty()
    }

    pub(super) fn present(&self) -> &Postings {
        &self.present
    }

    /// Who has the key with a value that is not null.
    pub(super) fn valued(&self, bits: &mut Bits) {
        if self.nulls.is_empty() {
            return self.present.mark(bits);
        }
        for value in &self.values {
            value.variants.iter().for_each(|(_, postings)| postings.mark(bits));
        }
    }

    pub(super) fn mark(&self, lower: &str, bits: &mut Bits) {
        if let Some(id) = self.order.get(lower) {
            self.mark_value(*id, bits);
        }
    }

    fn mark_value(&self, id: u32, bits: &mut Bits) {
        self.values[id as usize].variants.iter().for_each(|(_, postings)| postings.mark(bits));
    }

    pub(super) fn mark_prefix(&self, prefix: &str, bits: &mut Bits) {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        for (_, id) in self.order.range::<str, _>(from).take_while(|(text, _)| text.starts_with(prefix)) {
            self.mark_value(*id, bits);
        }
    }

    pub(super) fn mark_like(&self, like: &Like, bits: &mut Bits) {
        let arena = self.arena.get_or_init(|| Arena::of(self.order.iter().map(|(text, id)| (&**text, *id))));
        arena.holding(like).for_each(|id| self.mark_value(id, bits));
    }

    pub(super) fn lower(&self, id: u32) -> &str {
        &self.values[id as usize].lower
    }

    /// The values between two bounds, in order, with who has them; who has one, by slot.
    pub(super) fn range<'c>(
        &'c self,
        bounds: (Bound<&str>, Bound<&str>),
    ) -> impl DoubleEndedIterator<Item = (&'c str, Vec<u32>)> + use<'c> {
        self.order.range::<str, _>(bounds).map(|(text, id)| {
            let variants = &self.values[*id as usize].variants;
            let mut slots: Vec<u32> = variants.iter().flat_map(|(_, postings)| postings.as_slice()).copied().collect();
            if variants.len() > 1 {
                slots.sort_unstable();
            }
            (&**text, slots)
        })
    }

    /// Each way that each value is written, and who writes it so.
    pub(super) fn written(&self) -> impl Iterator<Item = (&str, &[u32])> {
        self.order
            .values()
            .flat_map(|id| &self.values[*id as usize].variants)
            .map(|(text, postings)| (&**text, postings.as_slice()))
    }
}
