//! What the machine is told: providers lead elsewhere, files are others, somebody asks for the newest. It is noted, and worked out later.

use std::collections::{BTreeMap, BTreeSet};

use karat_catalog::{EntityRef, LocationRef, Target, location_entity};

use super::places::locations;
use super::{Bucket, Machine, Source, WILD};

impl Machine {
    /// What a provider leads to from now on.
    pub(crate) fn set_provided(&mut self, bucket: Bucket, locations: &[LocationRef]) {
        let now: BTreeMap<EntityRef, &LocationRef> =
            locations.iter().map(|location| (location_entity(location).reference(), location)).collect();
        let known = self.provided.iter().filter(|(_, (_, buckets))| buckets.contains(&bucket));
        let gone: Vec<EntityRef> = known.map(|(known, _)| known.clone()).filter(|one| !now.contains_key(one)).collect();
        for reference in gone {
            self.todo.walk = true;
            self.todo.provided.insert(reference.clone());
            let Some((_, buckets)) = self.provided.get_mut(&reference) else { continue };
            buckets.remove(&bucket);
            if buckets.is_empty() {
                self.provided.remove(&reference);
                self.todo.provided.remove(&reference);
                self.unprovided(&reference);
            }
        }
        for (reference, location) in now {
            let (_, buckets) = self
                .provided
                .entry(reference.clone())
                .or_insert_with(|| (Source::new(location.clone()), BTreeSet::new()));
            if buckets.insert(bucket) {
                self.todo.walk = true;
                self.todo.provided.insert(reference);
            }
        }
    }

    /// A provider led to it no more: it goes, unless a file holds it.
    fn unprovided(&mut self, reference: &EntityRef) {
        if self.records.get(reference).is_some_and(|record| record.files.is_empty()) {
            self.remove(reference);
        } else {
            self.todo.choose.insert(reference.clone());
        }
    }

    /// A file, a folder, or a URL is another, or is gone, or is there.
    pub(crate) fn changed(&mut self, location: &LocationRef) {
        let below = LocationRef::new(location.kind.as_str(), format!("{}/", location.target));
        let within = |known: &LocationRef| {
            known == location || (known.kind == below.kind && known.target.starts_with(&below.target))
        };
        let files = self
            .files
            .range::<LocationRef, _>(location..)
            .map(|(known, _)| known)
            .take_while(|known| known.kind == location.kind && known.target.starts_with(&location.target));
        self.todo.files.extend(files.filter(|known| within(known)).cloned());
        let brought = self
            .brought
            .range::<LocationRef, _>(location..)
            .take_while(|(known, _)| known.kind == location.kind && known.target.starts_with(&location.target));
        let again: Vec<EntityRef> =
            brought.filter(|(known, _)| within(known)).flat_map(|(_, entities)| entities).cloned().collect();
        again.iter().for_each(|reference| self.again(reference));
        // Patterns are few: what each means now is asked again where it may be within it.
        let may_mean = |target: &Target| {
            let pattern = &target.location;
            let fixed = pattern.target.split(WILD).next().unwrap_or_default();
            pattern.kind == location.kind
                && pattern.target.contains(WILD)
                && (location.target.starts_with(fixed) || fixed.starts_with(&below.target))
        };
        let patterned = locations(&self.records).filter(|(_, record)| record.targets.iter().any(may_mean));
        self.todo.lead.extend(patterned.map(|(reference, _)| reference.clone()));
    }

    /// Everything may have changed.
    pub(crate) fn all_changed(&mut self) {
        self.todo.files.extend(self.files.keys().cloned());
        self.todo.again.extend(self.brought.values().flatten().cloned());
        self.todo.lead.extend(locations(&self.records).map(|(reference, _)| reference.clone()));
    }

    /// Reads again what an entity comes from, and what leads there. Gives the URLs among them, which are to be fetched.
    pub(crate) fn refresh(&mut self, reference: &EntityRef) -> Vec<String> {
        let (mut todo, mut seen) = (vec![reference.clone()], BTreeSet::new());
        let mut urls = BTreeSet::new();
        while let Some(current) = todo.pop() {
            if !seen.insert(current.clone()) {
                continue;
            }
            if self.provided.contains_key(&current) {
                self.todo.provided.insert(current.clone());
            }
            let Some(record) = self.records.get(&current) else { continue };
            let files = record.files.iter().chain(&record.leads).map(|file| &**file).chain(&record.reads);
            urls.extend(files.filter(|file| file.kind == "url").map(|file| file.target.clone()));
            let (files, leads) = (record.files.clone(), record.leads.clone());
            for file in files.iter().chain(&leads) {
                if let Some(known) = self.files.get_mut(file) {
                    // What was removed by hand comes back, though the file is the same.
                    known.digest = None;
                    todo.extend(known.readers.keys().filter(|_| files.contains(file)).cloned());
                }
                self.todo.files.insert(file.clone());
            }
            self.again(&current);
        }
        urls.into_iter().collect()
    }

    /// Processes an entity again, though its file is as it was.
    pub(super) fn again(&mut self, reference: &EntityRef) {
        let Some(record) = self.records.get(reference) else { return };
        if self.provided.contains_key(reference) {
            self.todo.provided.insert(reference.clone());
        } else if let Some((file, _)) = &record.chosen {
            self.todo.again.insert(reference.clone());
            self.todo.files.insert(file.clone());
        }
    }
}
