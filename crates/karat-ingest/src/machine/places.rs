//! Where each file and each entity is come by from.
//!
//! Locations may lead to each other in circles, and an entity may be in several files, of which one counts: a Location there leads
//! to other files than it would elsewhere. There is one answer nevertheless, whatever order things changed in. Files are come by in
//! the order of how much they are trusted, how many Locations lead there, and their names; the first that holds an entity counts
//! for it; and what a Location leads to always comes after the file that the Location is in. So a walk from the providers, in this
//! order, decides each file and each entity once and for all, and a Location is processed before it is gone on from.
//!
//! A start is such a walk with everything still to be read. A later one reads what changed, and what counts now and did not before.
//! Other entities than Locations lead nowhere: as long as Locations stay as they are, nothing is walked.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use karat_catalog::{EntityRef, LocationRef};
use karat_store::Change;

use super::{Bucket, File, Machine, Source, Via, World};

impl Machine {
    /// Comes by all files, and drops those that nothing leads to any more.
    pub(super) fn walk(&mut self, world: &World<'_>, keep: &mut dyn FnMut(Vec<Change>)) {
        self.walks += 1;
        for bucket in [Bucket::Organisation, Bucket::Registered] {
            // Files, each with the first of the provided ones that it is come by from.
            let mut next = BTreeMap::new();
            let of_bucket = self.provided.iter().filter(|(_, (_, buckets))| buckets.first() == Some(&bucket));
            let provided: Vec<EntityRef> = of_bucket.map(|(reference, _)| reference.clone()).collect();
            for reference in &provided {
                self.choose(reference);
                if self.todo.provided.remove(reference) {
                    self.take_provided(reference, world);
                }
                self.go_on(reference, &mut next, world);
                self.part(world, keep);
            }
            let mut depth = 1;
            while !next.is_empty() {
                for (file, origin) in std::mem::take(&mut next) {
                    let is_there = self.files.get(&file).is_some_and(|known| known.walk != self.walks);
                    if !is_there {
                        continue;
                    }
                    self.come_by(&file, Via { bucket, depth, origin }, world);
                    for location in self.files.get(&file).map(File::locations).unwrap_or_default() {
                        if !self.provided.contains_key(&location) && self.counts(&location, &file) {
                            self.go_on(&location, &mut next, world);
                        }
                    }
                    self.part(world, keep);
                }
                depth += 1;
            }
        }
        self.drop_lost();
        self.settle();
        self.todo.walk = false;
    }

    /// Marks a file, reads it if that is to be done, and gives the Locations their place that count here.
    fn come_by(&mut self, location: &Source, via: Via, world: &World<'_>) {
        let Some(file) = self.files.get_mut(location) else { return };
        file.walk = self.walks;
        let is_new = file.via.is_none();
        if file.via.as_ref() != Some(&via) {
            file.via = Some(via);
            self.todo.choose.extend(file.entities.keys().cloned());
        }
        if self.todo.files.remove(location) || is_new {
            self.read(location, world);
        }
        let locations = self.files.get(location).map(File::locations).unwrap_or_default();
        locations.iter().for_each(|reference| self.choose(reference));
        // One that did not count here before is processed as it is here.
        if self.todo.files.remove(location) {
            self.read(location, world);
        }
    }

    /// Finds where a Location leads to, if that is to be done, and what is to be come by then.
    fn go_on(&mut self, reference: &EntityRef, next: &mut BTreeMap<Source, Source>, world: &World<'_>) {
        if self.todo.lead.contains(reference) {
            self.lead(reference, world);
        }
        let Some(record) = self.records.get(reference) else { return };
        let Some((_, Via { origin, .. })) = &record.chosen else { return };
        for lead in &record.leads {
            let first = next.entry(lead.clone()).or_insert_with(|| origin.clone());
            if origin < first {
                first.clone_from(origin);
            }
        }
    }

    /// Drops the files that the walk did not come by. What is in them and nowhere else is an orphan; or goes, if what led there was
    /// removed.
    fn drop_lost(&mut self) {
        let is_lost = |file: &&File| file.walk != self.walks;
        let (mut at_once, mut todo) = (BTreeSet::new(), Vec::from_iter(std::mem::take(&mut self.todo.removed)));
        while let Some(location) = todo.pop() {
            let Some(file) = self.files.get(&location).filter(is_lost) else { continue };
            if at_once.insert(location) {
                let records = file.locations().into_iter().filter_map(|reference| self.records.get(&reference));
                todo.extend(records.flat_map(|record| &record.leads).cloned());
            }
        }
        let lost: Vec<Source> =
            self.files.iter().filter(|(_, file)| is_lost(file)).map(|(location, _)| location.clone()).collect();
        for location in lost {
            self.todo.files.remove(&location);
            for reference in self.files.remove(&location).into_iter().flat_map(|file| file.entities.into_keys()) {
                if let Some(record) = self.records.get_mut(&reference) {
                    record.files.remove(&location);
                }
                if at_once.contains(&location) {
                    self.todo.gone.insert(reference.clone());
                }
                self.todo.show.insert(reference.clone());
                self.todo.choose.insert(reference);
            }
        }
    }

    /// Gives the entities their place whose files changed.
    pub(super) fn settle(&mut self) {
        while let Some(reference) = self.todo.choose.pop_first() {
            self.choose(&reference);
        }
        while let Some(reference) = self.todo.gone.pop_first() {
            if self.records.get(&reference).is_some_and(|record| record.chosen.is_none()) {
                self.remove(&reference);
            }
        }
    }

    /// Which of the places of an entity counts: a provider's own, then the more trusted, then the nearest, then the first. During a
    /// walk, of those that it came by; what it has not come by yet would count less.
    pub(super) fn choose(&mut self, reference: &EntityRef) {
        let Some(record) = self.records.get(reference) else { return };
        let chosen = match self.provided.get(reference) {
            Some((location, buckets)) => {
                let bucket = buckets.first().copied().unwrap_or(Bucket::Registered);
                Some((location.clone(), Via { bucket, depth: 0, origin: location.clone() }))
            }
            None => {
                let places = record.files.iter().filter_map(|file| Some((file, self.via(file)?)));
                let first = places.min_by_key(|(file, via)| (via.bucket, via.depth, *file));
                first.map(|(file, via)| (file.clone(), via.clone()))
            }
        };
        if record.chosen == chosen {
            return;
        }
        let is_farther_only = match (&record.chosen, &chosen) {
            (Some((file, via)), Some((its, now))) => {
                file == its && via.bucket == now.bucket && via.origin == now.origin
            }
            _ => false,
        };
        let is_orphan = chosen.is_none();
        let Some(record) = self.records.get_mut(reference) else { return };
        record.chosen = chosen;
        // An orphan is still there, and leads nowhere.
        let leads = if is_orphan { std::mem::take(&mut record.leads) } else { BTreeSet::new() };
        leads.iter().for_each(|lead| self.unread(reference, lead));
        if is_location(reference) {
            self.todo.walk = true;
            if !is_orphan {
                self.todo.lead.insert(reference.clone());
            }
        }
        if !is_farther_only {
            self.todo.show.insert(reference.clone());
            self.again(reference);
        }
    }

    /// How a file is come by, if it is.
    fn via(&self, location: &LocationRef) -> Option<&Via> {
        self.files.get(location).filter(|file| file.walk == self.walks)?.via.as_ref()
    }

    /// Whether it is this file that counts for an entity.
    pub(super) fn counts(&self, reference: &EntityRef, location: &LocationRef) -> bool {
        let chosen = self.records.get(reference).and_then(|record| record.chosen.as_ref());
        chosen.is_some_and(|(file, _)| **file == *location)
    }
}

impl File {
    /// The Locations in it.
    fn locations(&self) -> Vec<EntityRef> {
        locations(&self.entities).map(|(reference, _)| reference.clone()).collect()
    }
}

/// The Locations among entities.
pub(super) fn locations<T>(entities: &BTreeMap<EntityRef, T>) -> impl Iterator<Item = (&EntityRef, &T)> {
    let from = entities.range::<str, _>((Bound::Included("location:"), Bound::Unbounded));
    from.take_while(|(reference, _)| is_location(reference))
}

/// Whether an entity may lead to others.
pub(super) fn is_location(reference: &EntityRef) -> bool {
    reference.kind() == "location"
}
