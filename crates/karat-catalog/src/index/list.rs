//! The lists of `GET /entities`.

use std::cmp::Ordering;

use super::Index;
use crate::cursor;
use crate::query::{List, OrderField};
use crate::refs::EntityRef;
use crate::uid::Uid;

/// The answer to `GET /entities`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The entities.
    pub ids: Vec<EntityRef>,
    /// The `after` of the next page, if there is one.
    pub after: Option<String>,
}

/// The most combinations of values that one entity is listed with, if it is ordered by several fields with several values.
const MAX_COMBINATIONS: usize = 1000;

type Values<'i> = Vec<Option<&'i str>>;

impl Index {
    /// Answers `GET /entities`.
    ///
    /// If no page is asked for all are listed: those that have a value for the first order, or by uid.
    pub fn list(&self, list: &List) -> Listing {
        if !list.paged {
            return Listing { ids: self.everything(list.filter.as_ref(), list.order.first()), after: None };
        }
        let offset = list.offset.unwrap_or_default();
        let limit = list.limit.unwrap_or(usize::MAX - 1);
        let found = list.filter.as_ref().map_or_else(|| self.all.clone(), |filter| self.bits(filter));
        let wanted = limit.saturating_add(1);
        let mut ids: Vec<EntityRef> = if list.order.is_empty() {
            let fits = self.by_ref.iter().filter(|(_, slot)| found.contains(**slot));
            fits.skip(offset).take(wanted).map(|(reference, _)| reference.clone()).collect()
        } else {
            let mut rows: Vec<(Values<'_>, Uid, &EntityRef)> = Vec::new();
            for number in found.iter() {
                let Some(slot) = self.slot(number) else { continue };
                let combined = self.combinations(number, &list.order);
                rows.extend(combined.into_iter().map(|values| (values, slot.uid, &slot.reference)));
            }
            rows.sort_by(|a, b| compare(&a.0, &b.0, &list.order).then(a.1.cmp(&b.1)));
            rows.into_iter().skip(offset).take(wanted).map(|(_, _, reference)| reference.clone()).collect()
        };
        let more = ids.len() > limit;
        ids.truncate(limit);
        Listing { ids, after: more.then(|| cursor::after(limit, offset.saturating_add(limit))) }
    }

    /// What an entity is ordered by: a join makes a row of each combination of values.
    fn combinations<'i>(&'i self, number: u32, order: &[OrderField]) -> Vec<Values<'i>> {
        let mut rows: Vec<Values<'i>> = vec![Vec::new()];
        for field in order {
            // Not in lower case: Backstage takes the key as it is written here.
            let column = self.column(&field.field);
            let mut values: Values<'i> = column
                .map(|(key, column)| self.values(number, key).map(|id| id.map(|id| column.lower(id))).collect())
                .unwrap_or_default();
            // One order only looks at values that are there.
            if order.len() == 1 && values.iter().any(Option::is_some) {
                values.retain(Option::is_some);
            }
            if values.is_empty() {
                values.push(None);
            }
            rows = rows
                .iter()
                .flat_map(|row| values.iter().map(move |value| row.iter().copied().chain([*value]).collect()))
                .take(MAX_COMBINATIONS)
                .collect();
        }
        rows
    }
}

fn compare(a: &[Option<&str>], b: &[Option<&str>], order: &[OrderField]) -> Ordering {
    for ((a, b), order) in a.iter().zip(b).zip(order) {
        let next = match (a, b) {
            (Some(a), Some(b)) if order.descending => b.cmp(a),
            (Some(a), Some(b)) => a.cmp(b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        if next != Ordering::Equal {
            return next;
        }
    }
    Ordering::Equal
}
