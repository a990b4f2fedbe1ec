//! Predicates as sets of entities.

use super::Index;
use super::bits::Bits;
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
        let mut found = self.none();
        for field in fields {
            if let Some((_, column)) = self.column(&field.to_lowercase()) {
                column.mark_like(|text| is_like(text, &term), &mut found);
            }
        }
        Some(found)
    }
}

/// Whether a text holds a term in which `%` stands for any text and `_` for one character: SQL's `LIKE '%term%'`.
pub(super) fn is_like(text: &str, term: &str) -> bool {
    if !term.contains(['%', '_']) {
        return text.contains(term);
    }
    let pattern: Vec<char> = format!("%{term}%").chars().collect();
    let text: Vec<char> = text.chars().collect();
    // The last `%` is where a mismatch goes back to.
    let (mut at, mut next, mut back) = (0, 0, None);
    while at < text.len() {
        match pattern.get(next) {
            Some('%') => {
                back = Some((next + 1, at));
                next += 1;
            }
            Some(one) if *one == '_' || *one == text[at] => {
                (at, next) = (at + 1, next + 1);
            }
            _ => {
                let Some((after, from)) = back else { return false };
                back = Some((after, from + 1));
                (at, next) = (from + 1, after);
            }
        }
    }
    pattern[next..].iter().all(|one| *one == '%')
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn a_term_is_sqls_pattern() {
        for (text, term, like) in [
            ("records-api", "rds-", true),
            ("records", "r_c", true),
            ("records", "r_o", false),
            ("records", "re%ds", true),
            ("records", "s%r", false),
            ("", "%", true),
            ("", "_", false),
            ("aab", "a_b", true),
        ] {
            assert_eq!(is_like(text, term), like, "{text} like {term}");
        }
    }
}
