//! Files: read, taken apart, and dropped when nothing leads to them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use karat_catalog::{Descriptor, EntityRef, LocationRef, Problem, location_entity, read};

use super::places::is_location;
use super::{File, Held, Machine, Source, Unreadable, World, digest, text};

impl Machine {
    /// Reads a file, if it is another than it was, and takes what is in it.
    pub(super) fn read(&mut self, location: &Source, world: &World<'_>) {
        let Some(file) = self.files.get(location) else { return };
        if world.content.is_pending(location) {
            if file.entities.is_empty() {
                self.remember(location, &BTreeMap::new(), world);
            }
        } else {
            match karat_catalog::Reader::read(world.content, location) {
                Err(why) => self.unreadable(location, why, world),
                Ok(bytes) => {
                    let digest = digest(&bytes);
                    let Some(file) = self.files.get_mut(location) else { return };
                    let is_same = file.digest == Some(digest) && file.unreadable.is_none();
                    if !is_same || file.entities.keys().any(|one| self.todo.again.contains(one)) {
                        file.digest = Some(digest);
                        self.take(location, read(&bytes, &location.target), is_same, world);
                    }
                }
            }
        }
        self.move_kept(location, world);
        // What it just gave a place has been processed.
        self.todo.files.remove(location);
    }

    /// What counts here since just now, and the file does not show, is as it was last good elsewhere.
    fn move_kept(&mut self, location: &Source, world: &World<'_>) {
        let entities = self.files.get(location).into_iter().flat_map(|file| &file.entities);
        let kept = entities.filter(|(reference, held)| held.is_kept && self.todo.again.contains(*reference));
        let kept: Vec<EntityRef> = kept.map(|(reference, _)| reference.clone()).collect();
        for reference in kept.iter().filter(|reference| self.counts(reference, location)).collect::<Vec<_>>() {
            self.todo.again.remove(reference);
            if let Some(kept) = world.memory.entity(reference) {
                self.recall(reference, &kept, world);
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
            gone.iter().for_each(|reference| self.unhold(reference, location));
        } else {
            file.unreadable = Some(Unreadable { why, is_missing });
            self.remember(location, &BTreeMap::new(), world);
            self.keep(location, &BTreeMap::new());
        }
        self.show_readers(location);
    }

    fn take(&mut self, location: &Source, descriptors: Vec<Descriptor>, is_same: bool, world: &World<'_>) {
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
        if is_same {
            // What was removed by hand stays away until the file is another.
            found.retain(|reference, _| file.entities.contains_key(reference));
        }
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
            gone.iter().for_each(|reference| self.unhold(reference, location));
        }
        for (reference, descriptor) in &found {
            self.hold(reference, descriptor, location, world);
        }
    }

    /// Takes an entity that is in a file.
    fn hold(&mut self, reference: &EntityRef, descriptor: &Descriptor, location: &Source, world: &World<'_>) {
        let (Ok(entity), Some(file)) = (&descriptor.content, self.files.get_mut(location)) else { return };
        let text = text(entity);
        let held = Held { digest: digest(text.as_bytes()), line: descriptor.position.line, is_kept: false };
        let before = file.entities.insert(reference.clone(), held);
        self.records.entry(reference.clone()).or_default().files.insert(location.clone());
        self.choose(reference);
        let is_same = before.is_some_and(|before| before.digest == held.digest && !before.is_kept);
        if !self.counts(reference, location) {
            // The one that counts tells of this one.
            self.todo.show.insert(reference.clone());
            return;
        }
        let is_asked = self.todo.again.remove(reference);
        if !is_same || is_asked {
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
        // It stands for the file, and is not in it.
        let provided = location_entity(location).reference();
        for kept in world.memory.entities_of(location) {
            let Ok(reference) = kept.reference.parse::<EntityRef>() else { continue };
            if reference == provided || found.contains_key(&reference) || known(self, &reference) {
                continue;
            }
            let Some(file) = self.files.get_mut(location) else { return };
            let held = Held { digest: digest(kept.descriptor.as_bytes()), line: kept.line, is_kept: true };
            file.entities.insert(reference.clone(), held);
            self.records.entry(reference.clone()).or_default().files.insert(location.clone());
            self.choose(&reference);
            if self.counts(&reference, location) {
                self.todo.again.remove(&reference);
                self.recall(&reference, &kept, world);
            }
        }
    }

    /// A file holds an entity no more. Which place counts then is seen when all files are read: it may have moved.
    fn unhold(&mut self, reference: &EntityRef, location: &LocationRef) {
        if let Some(file) = self.files.get_mut(location) {
            file.entities.remove(reference);
        }
        let is_lost = self.counts(reference, location) && !self.provided.contains_key(reference);
        self.todo.walk |= is_lost && is_location(reference);
        let Some(record) = self.records.get_mut(reference) else { return };
        record.files.remove(location);
        self.todo.choose.insert(reference.clone());
        self.todo.show.insert(reference.clone());
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

    /// A Location leads to a file no more. Whether another does is seen in a walk.
    pub(super) fn unread(&mut self, reader: &EntityRef, location: &Source) {
        let Some(file) = self.files.get_mut(location) else { return };
        file.readers.remove(reader);
        self.todo.show.extend(file.entities.keys().cloned());
        if file.unreadable.is_some() {
            // For the others it may be missing.
            self.todo.files.insert(location.clone());
        }
    }

    fn show_readers(&mut self, location: &LocationRef) {
        if let Some(File { readers, .. }) = self.files.get(location) {
            self.todo.show.extend(readers.keys().cloned());
        }
    }
}
