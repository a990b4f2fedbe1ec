//! Files: read, taken apart, and dropped when nothing leads to them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use karat_catalog::{Descriptor, EntityRef, LocationRef, Problem, read};

use super::{Bucket, File, Held, Machine, Source, Unreadable, Via, World, digest, text};

impl Machine {
    /// Reads a file, if it is another than it was, and takes what is in it.
    pub(super) fn read(&mut self, location: &Source, world: &World<'_>) {
        let (Some(via), Some(file)) = (self.via(location, None), self.files.get_mut(location)) else { return };
        let moved = file.via.as_ref() != Some(&via);
        file.via = Some(via);
        self.todo.moving.insert(location.clone());
        if moved {
            let within: Vec<EntityRef> = file.entities.keys().cloned().collect();
            within.iter().for_each(|reference| self.choose(reference));
        }
        let Some(file) = self.files.get(location) else { return };
        if world.content.is_pending(location) {
            if file.entities.is_empty() {
                self.remember(location, &BTreeMap::new(), world);
            }
            return;
        }
        match karat_catalog::Reader::read(world.content, location) {
            Err(why) => self.unreadable(location, why, world),
            Ok(bytes) => {
                let digest = digest(&bytes);
                let Some(file) = self.files.get_mut(location) else { return };
                let is_same = file.digest == Some(digest) && file.unreadable.is_none();
                if !is_same || moved || file.entities.keys().any(|one| self.todo.again.contains(one)) {
                    file.digest = Some(digest);
                    self.take(location, read(&bytes, &location.target), moved, world);
                }
            }
        }
    }

    /// What is in it stays as it was last good; or goes, if it need not be there.
    fn unreadable(&mut self, location: &Source, why: String, world: &World<'_>) {
        let is_missing = why.starts_with("NotFoundError");
        let Some(file) = self.files.get_mut(location) else { return };
        file.digest = None;
        file.problems.clear();
        let may_be_missing = is_missing && file.readers.values().all(|is_optional| *is_optional);
        if may_be_missing {
            file.unreadable = None;
            let gone: Vec<EntityRef> = file.entities.keys().cloned().collect();
            gone.iter().for_each(|reference| self.unhold(reference, location, false));
        } else {
            file.unreadable = Some(Unreadable { why, is_missing });
            self.remember(location, &BTreeMap::new(), world);
            self.keep(location, &BTreeMap::new());
        }
        self.show_readers(location);
    }

    fn take(&mut self, location: &Source, descriptors: Vec<Descriptor>, moved: bool, world: &World<'_>) {
        let mut found: BTreeMap<EntityRef, Descriptor> = BTreeMap::new();
        let (mut problems, mut doubled) = (Vec::new(), Vec::new());
        for descriptor in descriptors {
            let reference = match &descriptor.content {
                Ok(entity) => entity.reference(),
                Err(problem) => {
                    problems.push(problem.clone());
                    continue;
                }
            };
            match found.entry(reference) {
                Entry::Vacant(free) => {
                    free.insert(descriptor);
                }
                Entry::Occupied(first) => {
                    let message = format!("`{}` is in this file already; the first counts", first.key());
                    doubled.push(Problem { place: descriptor.place(["metadata", "name"]), message });
                }
            }
        }
        let Some(file) = self.files.get_mut(location) else { return };
        // A document that cannot be read hides which entity it was.
        let hides = !problems.is_empty();
        problems.append(&mut doubled);
        let told = file.problems != problems || file.unreadable.is_some();
        file.unreadable = None;
        file.problems = problems;
        if told {
            self.show_readers(location);
        }
        if hides {
            self.remember(location, &found, world);
            self.keep(location, &found);
        } else {
            let known = self.files.get(location).into_iter().flat_map(|file| file.entities.keys());
            let gone: Vec<EntityRef> = known.filter(|one| !found.contains_key(*one)).cloned().collect();
            gone.iter().for_each(|reference| self.unhold(reference, location, false));
        }
        for (reference, descriptor) in &found {
            self.hold(reference, descriptor, location, moved, world);
        }
    }

    /// Takes an entity that is in a file.
    fn hold(
        &mut self,
        reference: &EntityRef,
        descriptor: &Descriptor,
        location: &Source,
        moved: bool,
        world: &World<'_>,
    ) {
        let (Ok(entity), Some(file)) = (&descriptor.content, self.files.get_mut(location)) else { return };
        let text = text(entity);
        let held = Held { digest: digest(text.as_bytes()), line: descriptor.position.line, is_kept: false };
        let before = file.entities.insert(reference.clone(), held);
        self.records.entry(reference.clone()).or_default().files.insert(location.clone());
        self.choose(reference);
        let is_same = before.is_some_and(|before| before.digest == held.digest && !before.is_kept);
        let counts = self.records.get(reference).and_then(|record| record.chosen.as_ref());
        if counts.is_none_or(|(file, _)| file != location) {
            // The one that counts tells of this one.
            self.todo.show.insert(reference.clone());
            return;
        }
        let is_asked = self.todo.again.remove(reference);
        if !is_same || is_asked || moved {
            self.process(reference, entity, text, Some(descriptor), world);
        } else if before.is_some_and(|before| before.line != held.line) {
            self.todo.show.insert(reference.clone());
        }
    }

    /// Marks what a file does not show now, and is not `found` in it.
    fn keep(&mut self, location: &LocationRef, found: &BTreeMap<EntityRef, Descriptor>) {
        let Some(file) = self.files.get_mut(location) else { return };
        for (reference, held) in file.entities.iter_mut().filter(|(reference, _)| !found.contains_key(*reference)) {
            held.is_kept = true;
            self.todo.show.insert(reference.clone());
        }
    }

    /// Takes what a file held when the portal last ran, but for what is `found` in it.
    fn remember(&mut self, location: &Source, found: &BTreeMap<EntityRef, Descriptor>, world: &World<'_>) {
        let known = |machine: &Self, reference: &EntityRef| {
            machine.files.get(location).is_some_and(|file| file.entities.contains_key(reference))
        };
        for kept in world.memory.entities_of(location) {
            let Ok(reference) = kept.reference.parse::<EntityRef>() else { continue };
            if found.contains_key(&reference) || known(self, &reference) {
                continue;
            }
            let Some(file) = self.files.get_mut(location) else { return };
            let held = Held { digest: digest(kept.descriptor.as_bytes()), line: kept.line, is_kept: true };
            file.entities.insert(reference.clone(), held);
            self.records.entry(reference.clone()).or_default().files.insert(location.clone());
            self.choose(&reference);
            let counts = self.records.get(&reference).and_then(|record| record.chosen.as_ref());
            if counts.is_some_and(|(file, _)| file == location) {
                self.todo.again.remove(&reference);
                self.recall(&reference, &kept, world);
            }
        }
    }

    /// A file holds an entity no more.
    fn unhold(&mut self, reference: &EntityRef, location: &LocationRef, at_once: bool) {
        if let Some(file) = self.files.get_mut(location) {
            file.entities.remove(reference);
        }
        let Some(record) = self.records.get_mut(reference) else { return };
        record.files.remove(location);
        self.choose(reference);
        let Some(record) = self.records.get_mut(reference) else { return };
        if record.chosen.is_some() {
            return;
        }
        // An orphan is still there, and leads nowhere.
        let leads = std::mem::take(&mut record.leads);
        self.todo.show.insert(reference.clone());
        if at_once {
            self.todo.gone.insert(reference.clone());
        }
        leads.iter().for_each(|lead| self.unread(reference, lead, at_once));
    }

    /// A Location leads to a file from now on.
    pub(super) fn reads(&mut self, reader: &EntityRef, location: &Source, is_optional: bool) {
        let file = self.files.entry(location.clone()).or_default();
        if file.readers.insert(reader.clone(), is_optional) != Some(is_optional) {
            // Who leads to an entity is told with it.
            self.todo.show.extend(file.entities.keys().cloned());
            self.todo.files.insert(location.clone());
        }
    }

    /// A Location leads to a file no more. What is in it goes, if nothing else leads there: `at_once`, or as orphans.
    pub(super) fn unread(&mut self, reader: &EntityRef, location: &Source, at_once: bool) {
        let Some(file) = self.files.get_mut(location) else { return };
        file.readers.remove(reader);
        self.todo.show.extend(file.entities.keys().cloned());
        if self.roots(location, None).next().is_some() {
            self.todo.files.insert(location.clone());
            return;
        }
        let Some(file) = self.files.remove(location) else { return };
        self.todo.files.remove(location);
        for reference in file.entities.keys() {
            self.unhold(reference, location, at_once);
        }
        // What was left of a circle may still be there by another way, and lead here again.
        self.todo.lead.extend(file.readers.into_keys());
    }

    /// The provided Locations that lead to a file in the end, the nearest first, each with how many Locations lead there on the way. A
    /// Location leads to files as that place of it has it that counts. Locations may lead to each other in a circle; what leads there
    /// by one of them only may be left out.
    fn roots<'m>(
        &'m self,
        location: &'m Source,
        without: Option<&'m EntityRef>,
    ) -> impl Iterator<Item = (u32, &'m EntityRef)> {
        let (mut level, mut seen) = (vec![location], BTreeSet::from([location]));
        let mut depth = 0;
        std::iter::from_fn(move || {
            let (mut roots, mut next) = (Vec::new(), Vec::new());
            for reader in level.iter().filter_map(|file| self.files.get(*file)).flat_map(|file| file.readers.keys()) {
                if without == Some(reader) {
                    continue;
                }
                if self.provided.contains_key(reader) {
                    roots.push((depth + 1, reader));
                } else if let Some((file, _)) = self.records.get(reader).and_then(|record| record.chosen.as_ref())
                    && seen.insert(file)
                {
                    next.push(file);
                }
            }
            depth += 1;
            level = next;
            (!roots.is_empty() || !level.is_empty()).then_some(roots)
        })
        .flatten()
    }

    /// Which of the places of an entity counts: a provider's own, then the more trusted, then the nearest, then the first. A place
    /// that an entity itself leads to is farther than its own, so what it leads to cannot take its place and lead elsewhere.
    pub(super) fn choose(&mut self, reference: &EntityRef) {
        let Some(record) = self.records.get(reference) else { return };
        let chosen = match self.provided.get(reference) {
            Some((location, buckets)) => {
                let bucket = buckets.first().copied().unwrap_or(Bucket::Registered);
                Some((location.clone(), Via { bucket, depth: 0, origin: location.clone() }))
            }
            None => {
                let places: Vec<(&Source, Option<Via>)> =
                    record.files.iter().map(|file| (file, self.via(file, Some(reference)))).collect();
                let stored = |file: &Source| self.files.get(file).and_then(|file| file.via.as_ref());
                if places.iter().any(|(file, via)| via.as_ref() != stored(file)) {
                    // What leads there is just moving: it is looked at again when everything has its place.
                    self.todo.choose.insert(reference.clone());
                }
                let led = places.into_iter().filter_map(|(file, via)| Some((file, via?)));
                let first = led.min_by(|(one, via), (other, its)| {
                    (via.bucket, via.depth, *one).cmp(&(its.bucket, its.depth, *other))
                });
                first.map(|(file, via)| (file.clone(), via))
            }
        };
        if record.chosen == chosen {
            return;
        }
        // What it leads to is marked by how it is come by.
        self.todo.files.extend(record.leads.iter().cloned());
        self.todo.show.insert(reference.clone());
        if let Some(record) = self.records.get_mut(reference) {
            record.chosen = chosen;
        }
        self.again(reference);
    }

    /// How a file is come by: from the more trusted provider, and by the fewest Locations. It is found anew from the providers,
    /// since what is left of a circle would otherwise hold itself up.
    pub(super) fn via(&self, location: &Source, without: Option<&EntityRef>) -> Option<Via> {
        let ways = self.roots(location, without).filter_map(|(depth, root)| {
            let (origin, buckets) = self.provided.get(root)?;
            Some(Via { bucket: *buckets.first()?, depth, origin: Source::clone(origin) })
        });
        ways.min()
    }

    fn show_readers(&mut self, location: &LocationRef) {
        if let Some(File { readers, .. }) = self.files.get(location) {
            self.todo.show.extend(readers.keys().cloned());
        }
    }
}
