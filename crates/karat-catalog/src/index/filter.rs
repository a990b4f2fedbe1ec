//! Predicates as sets of entities.

use std::collections::BTreeSet;

use super::Index;
use super::bits::Bits;
use super::like::Like;
use crate::predicate::{Condition, Predicate, Relation};
use crate::query::FullText;
use crate::refs::EntityRef;

impl Index {
    /// Which of these entities a predicate means; for each whether it does.
    pub fn matches(&self, filter: &Predicate, references: &[EntityRef]) -> Vec<bool> {
        let bits = self.bits(filter);
        let found = |reference| self.by_ref.get(reference).is_some_and(|slot| bits.contains(*slot));
        references.iter().map(found).collect()
    }

    /// How many entities a predicate means.
    pub fn count(&self, filter: &Predicate) -> usize {
        self.bits(filter).len()
    }

    pub(super) fn bits(&self, filter: &Predicate) -> Bits {
        match filter {
            Predicate::All(items) => self.all_of(items.iter().map(|item| self.bits(item))),
            Predicate::Any(items) => {
                let mut found = self.none();
                items.iter().for_each(|item| found.or(&self.bits(item)));
                found
            }
            Predicate::Not(item) => self.bits(item).not(&self.all),
            Predicate::Fields(fields) => {
                self.all_of(fields.iter().map(|(key, condition)| self.condition(&key.to_lowercase(), condition)))
            }
            // Parsing lets no bare value stand for an entity.
            Predicate::Value(_) => self.none(),
        }
    }

    fn all_of(&self, sets: impl Iterator<Item = Bits>) -> Bits {
        sets.reduce(|mut found, next| {
            found.and(&next);
            found
        })
        .unwrap_or_else(|| self.all.clone())
    }

    pub(super) fn none(&self) -> Bits {
        Bits::none(self.slots.len())
    }

    fn condition(&self, key: &str, condition: &Condition) -> Bits {
        let mut found = self.none();
        if let Condition::Contains(target) = condition
            && !matches!(**target, Predicate::Value(_))
        {
            if let Ok(relation) = Relation::of(key, target) {
                self.relation(&relation, &mut found);
            }
            return found;
        }
        let column = self.column(key).map(|(_, column)| column);
        if let Condition::Exists(there) = condition {
            if let Some(column) = column {
                column.present().mark(&mut found);
            }
            return if *there { found } else { found.not(&self.all) };
        }
        let Some(column) = column else { return found };
        match condition {
            Condition::Is(value) => column.mark(&value.lower(), &mut found),
            Condition::In(values) => values.iter().for_each(|value| column.mark(&value.lower(), &mut found)),
            Condition::HasPrefix(prefix) => column.mark_prefix(&prefix.to_lowercase(), &mut found),
            Condition::Contains(target) => {
                if let Predicate::Value(value) = &**target {
                    column.mark(&value.lower(), &mut found);
                }
            }
            Condition::Exists(_) => {}
        }
        found
    }

    fn relation(&self, relation: &Relation, found: &mut Bits) {
        let Some((_, column)) = self.column(&format!("relations.{}", relation.kind)) else { return };
        match &relation.targets {
            None => column.present().mark(found),
            Some(targets) => targets.iter().for_each(|target| column.mark(target, found)),
        }
    }

    /// Who has a text in one of the fields; `None` if the filter asks for nothing.
    pub(super) fn full_text(&self, filter: &FullText, order: Option<&str>) -> Option<Bits> {
        let term = filter.term.trim().to_lowercase();
        if term.is_empty() {
            return None;
        }
        let default = [order.unwrap_or("metadata.uid").to_owned()];
        let fields = filter.fields.as_deref().unwrap_or(&default);
        let like = Like::new(&term);
        let mut found = self.none();
        // A field that is named twice is looked at once.
        for field in fields.iter().map(|field| field.to_lowercase()).collect::<BTreeSet<_>>() {
            if let Some((_, column)) = self.column(&field) {
                column.mark_like(&like, &mut found);
            }
        }
        Some(found)
    }
}
