//! Pages of `entities/by-query`.

use std::cmp::Ordering;
use std::ops::Bound;

use super::Index;
use super::bits::Bits;
use super::like::Like;
use crate::cursor::Cursor;
use crate::query::{OrderField, Query};
use crate::refs::EntityRef;
use crate::uid::Uid;

/// How many entities a page has if nobody says.
pub const DEFAULT_LIMIT: usize = 200;

/// A page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Its entities. One whose order field has several values is there once for each, as in Backstage.
    pub ids: Vec<EntityRef>,
    /// How many there are on all pages; 0 if nobody wanted to know.
    pub total: usize,
    /// Leads to the page after.
    pub next: Option<Cursor>,
    /// Leads to the page before.
    pub prev: Option<Cursor>,
}

/// An entity at its place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place<'v> {
    /// The value of the order field, if there is an order.
    value: Option<&'v str>,
    uid: Uid,
    slot: u32,
}

impl<'v> Place<'v> {
    fn key(&self) -> (Option<&'v str>, Uid) {
        (self.value, self.uid)
    }

    fn values(&self, ordered: bool) -> Vec<Option<String>> {
        let uid = Some(self.uid.to_string());
        if ordered { vec![self.value.map(str::to_owned), uid] } else { vec![uid] }
    }
}

/// The rows to take: from where, in which direction, how many.
struct Walk<'q> {
    /// The place that is not taken itself: the page begins after it.
    after: Option<(Option<&'q str>, Option<Uid>)>,
    descending: bool,
    wanted: usize,
}

impl Walk<'_> {
    fn compare(&self, a: (Option<&str>, Uid), b: (Option<&str>, Uid)) -> Ordering {
        if self.descending { b.cmp(&a) } else { a.cmp(&b) }
    }

    fn takes(&self, place: (Option<&str>, Uid)) -> bool {
        match self.after {
            None => true,
            Some((value, Some(uid))) => self.compare(place, (value, uid)) == Ordering::Greater,
            // SQL compares nothing with null.
            Some((value, None)) => self.compare((place.0, place.1), (value, place.1)) == Ordering::Greater,
        }
    }

    /// The first of some rows, in order.
    fn first<'v>(&self, mut rows: Vec<Place<'v>>, wanted: usize) -> Vec<Place<'v>> {
        if wanted == 0 {
            return Vec::new();
        }
        if rows.len() > wanted {
            rows.select_nth_unstable_by(wanted - 1, |a, b| self.compare(a.key(), b.key()));
            rows.truncate(wanted);
        }
        rows.sort_unstable_by(|a, b| self.compare(a.key(), b.key()));
        rows
    }
}

impl Index {
    /// Answers a query.
    pub fn query(&self, query: &Query) -> Page {
        let mut cursor = query.cursor.clone().unwrap_or_else(|| Cursor {
            filter: query.filter.clone(),
            order: query.order.clone(),
            full_text: query.full_text.clone(),
            ..Cursor::default()
        });
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
        let order = cursor.order.first().cloned();
        let key = order.as_ref().map(|order| order.field.to_lowercase());
        let found = self.found(&cursor, key.as_deref());
        let total = match cursor.total {
            Some(total) => total,
            None if query.uncounted || query.cursor.is_some() => 0,
            None => found.len(),
        };
        let offset = if query.cursor.is_none() { query.offset.unwrap_or_default() } else { 0 };
        let backwards = cursor.previous;
        let values = cursor.values.clone();
        let walk = Walk {
            after: after(&values, key.is_some()),
            descending: order.as_ref().is_some_and(|order| order.descending) != backwards,
            wanted: if limit == 0 { 0 } else { limit.saturating_add(usize::from(!backwards)).saturating_add(offset) },
        };
        let term = self.term_in_order(&cursor, key.as_deref());
        let mut rows = match &key {
            Some(key) => self.by_value(key, &found, &walk, term.as_ref()),
            None => self.by_identity(&found, &walk),
        };
        rows.drain(..offset.min(rows.len()));
        if backwards {
            rows.reverse();
        }
        let more = limit > 0 && (backwards || rows.len() > limit);
        rows.truncate(limit);
        let values_of = |place: Option<&Place<'_>>| place.map(|place| place.values(key.is_some()));
        let (first, last) = (values_of(rows.first()), values_of(rows.last()));
        let initial = cursor.first.is_none();
        let prev = (!initial && !rows.is_empty() && first != cursor.first).then(|| Cursor {
            values: first.clone().unwrap_or_default(),
            previous: true,
            total: Some(total),
            ..cursor.clone()
        });
        let next = more.then(|| {
            cursor.first = cursor.first.take().or(first);
            Cursor { values: last.unwrap_or_default(), previous: false, total: Some(total), ..cursor }
        });
        let ids = rows.iter().filter_map(|row| self.slot(row.slot)).map(|slot| slot.reference.clone()).collect();
        Page { ids, total, next, prev }
    }

    /// All entities in the order of a query, however many there are.
    pub(super) fn everything(&self, filter: Option<&crate::Predicate>, order: Option<&OrderField>) -> Vec<EntityRef> {
        let query = Query {
            filter: filter.cloned(),
            order: order.cloned().into_iter().collect(),
            limit: Some(usize::MAX - 1),
            uncounted: true,
            ..Query::default()
        };
        self.query(&query).ids
    }

    /// The entities of all pages: what the filter means, holds the text, and has a value for the order.
    fn found(&self, cursor: &Cursor, key: Option<&str>) -> Bits {
        let mut found = cursor.filter.as_ref().map_or_else(|| self.all.clone(), |filter| self.bits(filter));
        if let Some(text) = cursor.full_text.as_ref().and_then(|text| self.full_text(text, key)) {
            found.and(&text);
        }
        if let Some(key) = key {
            let mut valued = self.none();
            if let Some((_, column)) = self.column(key) {
                column.valued(&mut valued);
            }
            found.and(&valued);
        }
        found
    }

    /// The text that the value of the order itself must hold: if text and order are of one field, a row is dropped whose value
    /// does not hold it.
    fn term_in_order(&self, cursor: &Cursor, key: Option<&str>) -> Option<Like> {
        let (text, key) = (cursor.full_text.as_ref()?, key?);
        let same = text.fields.as_ref().is_none_or(|fields| matches!(&fields[..], [field] if field == key));
        let term = text.term.trim().to_lowercase();
        (same && !term.is_empty()).then(|| Like::new(&term))
    }

    fn by_value<'i>(&'i self, key: &str, found: &Bits, walk: &Walk<'_>, term: Option<&Like>) -> Vec<Place<'i>> {
        let Some((number, column)) = self.column(key) else { return Vec::new() };
        let fits = |value: &str| term.is_none_or(|term| term.is_in(value));
        let count = found.len();
        if count < FEW || count < self.len() / 32 {
            let rows = found
                .iter()
                .flat_map(|slot| self.values(slot, number).flatten().map(move |value| (slot, value)))
                .filter_map(|(slot, value)| {
                    Some(Place { value: Some(column.lower(value)), uid: self.uid(slot)?, slot })
                })
                .filter(|place| walk.takes(place.key()) && place.value.is_some_and(fits))
                .collect();
            return walk.first(rows, walk.wanted);
        }
        let edge = walk.after.and_then(|(value, _)| value);
        let bounds = match (edge, walk.descending) {
            (None, _) => (Bound::Unbounded, Bound::Unbounded),
            (Some(value), false) => (Bound::Included(value), Bound::Unbounded),
            (Some(value), true) => (Bound::Unbounded, Bound::Included(value)),
        };
        let mut rows: Vec<Place<'i>> = Vec::new();
        let mut take = |(value, slots): (&'i str, Vec<u32>)| {
            if !fits(value) {
                return true;
            }
            let places = slots
                .into_iter()
                .filter(|slot| found.contains(*slot))
                .filter_map(|slot| Some(Place { value: Some(value), uid: self.uid(slot)?, slot }))
                .filter(|place| walk.takes(place.key()))
                .collect();
            let wanted = walk.wanted - rows.len();
            rows.extend(walk.first(places, wanted));
            rows.len() < walk.wanted
        };
        // What the bounds borrow lives shorter than the index.
        let values = column.range(bounds);
        if walk.descending {
            values.rev().all(&mut take)
        } else {
            { values }.all(&mut take)
        };
        rows
    }

    fn by_identity<'i>(&'i self, found: &Bits, walk: &Walk<'_>) -> Vec<Place<'i>> {
        let place = |uid: Uid, slot: u32| Place { value: None, uid, slot };
        let count = found.len();
        if count < FEW || count < self.len() / 32 {
            let rows = found.iter().filter_map(|slot| Some(place(self.uid(slot)?, slot)));
            return walk.first(rows.filter(|place| walk.takes(place.key())).collect(), walk.wanted);
        }
        let edge = walk.after.and_then(|(_, uid)| uid);
        let bounds = match (edge, walk.descending) {
            (None, _) => (Bound::Unbounded, Bound::Unbounded),
            (Some(uid), false) => (Bound::Excluded(uid), Bound::Unbounded),
            (Some(uid), true) => (Bound::Unbounded, Bound::Excluded(uid)),
        };
        let range = self.by_uid.range(bounds);
        let fits = |(uid, slot): (&Uid, &u32)| found.contains(*slot).then(|| place(*uid, *slot));
        if walk.descending {
            range.rev().filter_map(fits).take(walk.wanted).collect()
        } else {
            range.filter_map(fits).take(walk.wanted).collect()
        }
    }
}

/// So few entities are sorted, whatever there is to walk.
const FEW: usize = 256;

fn after(values: &[Option<String>], ordered: bool) -> Option<(Option<&str>, Option<Uid>)> {
    let uid = |text: &Option<String>| text.as_deref().and_then(Uid::parse);
    match (values, ordered) {
        ([value, id], true) => Some((value.as_deref(), uid(id))),
        ([id], false) => Some((None, uid(id))),
        _ => None,
    }
}
