//! How often each value of a key occurs.

use super::Index;
use crate::predicate::Predicate;

/// One value of a facet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Facet {
    /// The value as it is written.
    pub value: String,
    /// How many entities have it.
    pub count: usize,
}

impl Index {
    /// The values of each key (in any case) among the entities that a predicate means, sorted by value. A value that is
    /// written in two ways is there twice.
    pub fn facets(&self, keys: &[String], filter: Option<&Predicate>) -> Vec<(String, Vec<Facet>)> {
        let bits = filter.map(|filter| self.bits(filter));
        let count = |slots: &[u32]| match &bits {
            None => slots.len(),
            Some(bits) => slots.iter().filter(|slot| bits.contains(**slot)).count(),
        };
        keys.iter()
            .map(|key| {
                let column = self.column(&key.to_lowercase());
                let mut found: Vec<Facet> = column
                    .into_iter()
                    .flat_map(|(_, column)| column.written())
                    .map(|(value, slots)| (value, count(slots)))
                    .filter(|(_, count)| *count > 0)
                    .map(|(value, count)| Facet { value: value.to_owned(), count })
                    .collect();
                found.sort_unstable();
                (key.clone(), found)
            })
            .collect()
    }
}
