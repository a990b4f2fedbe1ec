//! Entities: processed, and led on from.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use karat_catalog::{
    Descriptor, Entity, EntityRef, Failure, Files as _, Located, LocationRef, Problem, Processed, Reader, Target,
    location_entity, process, search_rows, unstitch,
};
use karat_store::Record as Kept;

use super::{Fresh, Machine, Source, Via, WILD, World, parse, text};
use crate::sources::Content;

/// The most Locations that lead one to the other.
const MAX_DEPTH: u32 = 30;
/// The most files that a catalog is made of.
const MAX_FILES: usize = 200_000;

impl Machine {
    /// Processes the Location entity that stands for what a provider leads to.
    pub(super) fn take_provided(&mut self, reference: &EntityRef, world: &World<'_>) {
        let Some((location, _)) = self.provided.get(reference).cloned() else { return };
        self.records.entry(reference.clone()).or_default();
        self.choose(reference);
        self.todo.provided.remove(reference);
        let entity = location_entity(&location);
        let text = text(&entity);
        self.process(reference, &entity, text, None, world);
    }

    /// Processes an entity as it was read. What fails leaves what was last good.
    pub(super) fn process(
        &mut self,
        reference: &EntityRef,
        entity: &Entity,
        descriptor: String,
        source: Option<&Descriptor>,
        world: &World<'_>,
    ) {
        let Some(located) = self.located(reference) else { return };
        let recording = Recording { content: world.content, reads: RefCell::default() };
        let result = process(entity, &located, &recording).and_then(findable);
        let reads = recording.reads.into_inner();
        let is_early = result.is_err() && reads.iter().any(|read| world.content.is_pending(read));
        self.set_reads(reference, reads);
        match result {
            Ok(done) => self.good(reference, done, descriptor, source, world),
            // It is not wrong: what it brings in is not here yet, and when it is, it is processed again.
            Err(_) if is_early => {
                if self.shown(reference, world.view).is_none()
                    && let Some(kept) = world.memory.entity(reference)
                {
                    self.recall(reference, &kept, world);
                }
            }
            Err(failure) => {
                self.last_good(reference, entity, &located, descriptor, world);
                self.fail(reference, vec![failure], source);
            }
        }
        self.todo.show.insert(reference.clone());
    }

    fn good(
        &mut self,
        reference: &EntityRef,
        done: Processed,
        descriptor: String,
        source: Option<&Descriptor>,
        world: &World<'_>,
    ) {
        let Processed { entity, relations, targets, failures, .. } = done;
        let changed = self.graph.set_relations(reference, &relations);
        self.todo.show.extend(changed);
        self.todo.fresh.insert(reference.clone(), Fresh { entity, descriptor, is_good: true });
        self.fail(reference, failures, source);
        if let Some(record) = self.records.get_mut(reference) {
            record.was_good = true;
            record.targets = targets;
        }
        self.lead(reference, world);
    }

    /// Takes an entity as it was last good when the portal last ran.
    pub(super) fn recall(&mut self, reference: &EntityRef, kept: &Kept, world: &World<'_>) {
        let good = kept.good.as_deref().and_then(parse);
        let Some(located) = self.located(reference) else { return };
        // Its placeholders are filled already, so nothing is read for it.
        let nothing = Recording { content: world.content, reads: RefCell::default() };
        match good.map(|good| process(&good, &located, &nothing)) {
            Some(Ok(done)) => self.good(reference, done, kept.descriptor.clone(), None, world),
            _ => {
                if let Some(entity) = parse(&kept.descriptor) {
                    self.as_read(reference, entity, &located, kept.descriptor.clone());
                }
            }
        }
        self.todo.show.insert(reference.clone());
    }

    /// What is shown of an entity that failed.
    fn last_good(
        &mut self,
        reference: &EntityRef,
        entity: &Entity,
        located: &Located,
        descriptor: String,
        world: &World<'_>,
    ) {
        let Some(record) = self.records.get(reference) else { return };
        let shown = self.shown(reference, world.view).filter(|_| record.was_good);
        if let Some(shown) = shown
            && let Some(made) = parse(&shown.body)
        {
            let entity = unstitch(&made, &shown.hash, record.shown_orphan, record.shown_failed);
            self.todo.fresh.entry(reference.clone()).or_insert(Fresh { entity, descriptor, is_good: false });
            return;
        }
        match world.memory.entity(reference) {
            Some(kept) if kept.good.is_some() => {
                self.recall(reference, &Kept { descriptor, ..kept }, world);
            }
            _ => self.as_read(reference, entity.clone(), located, descriptor),
        }
    }

    /// Shows an entity that never was good as its file has it.
    fn as_read(&mut self, reference: &EntityRef, entity: Entity, located: &Located, descriptor: String) {
        let entity = located.annotate(entity.clone()).unwrap_or(entity);
        self.todo.fresh.insert(reference.clone(), Fresh { entity, descriptor, is_good: false });
    }

    fn located(&self, reference: &EntityRef) -> Option<Located> {
        let (location, via) = self.records.get(reference)?.chosen.clone()?;
        Some(Located { location: LocationRef::clone(&location), origin: LocationRef::clone(&via.origin) })
    }

    fn fail(&mut self, reference: &EntityRef, failures: Vec<Failure>, source: Option<&Descriptor>) {
        let Some(record) = self.records.get_mut(reference) else { return };
        let place = |failure: &Failure| match source {
            Some(source) => source.place_of_pointer(failure.field.as_deref().unwrap_or_default()),
            None => record.place(0),
        };
        let told = failures.iter().map(|one| Problem { place: place(one), message: one.plain().to_owned() });
        record.problems = told.collect();
        record.failures = failures;
    }

    fn set_reads(&mut self, reference: &EntityRef, reads: BTreeSet<LocationRef>) {
        let Some(record) = self.records.get_mut(reference) else { return };
        let before = std::mem::replace(&mut record.reads, reads.clone());
        self.forget_reads(reference, &before);
        for read in reads {
            self.brought.entry(read).or_default().insert(reference.clone());
        }
    }

    fn source(&self, file: &LocationRef) -> Source {
        self.files.get_key_value(file).map_or_else(|| Source::new(file.clone()), |(known, _)| Source::clone(known))
    }

    /// Finds the files that a Location leads to.
    pub(super) fn lead(&mut self, reference: &EntityRef, world: &World<'_>) {
        self.todo.lead.remove(reference);
        let Some(record) = self.records.get(reference) else { return };
        let Some((_, Via { depth, .. })) = record.chosen else { return };
        let (mut leads, mut astray) = (BTreeMap::new(), Vec::new());
        for target in &record.targets {
            if depth >= MAX_DEPTH {
                let message = format!("more than {MAX_DEPTH} Locations lead one to the other");
                astray.push(Failure::new("InputError", message).of_field(&target.field));
                continue;
            }
            match files(target, world.content) {
                Ok(files) if files.is_empty() && !target.optional => {
                    astray.push(missing(&target.location).of_field(&target.field));
                }
                Ok(files) => leads.extend(files.iter().map(|file| (self.source(file), target.optional))),
                Err(failure) => {
                    // It may be any of these.
                    let optional = |file| self.files.get(file).and_then(|file| file.readers.get(reference)).copied();
                    let known = record.leads.iter().filter_map(|file| Some((file.clone(), optional(file)?)));
                    leads.extend(known);
                    astray.push(failure);
                }
            }
        }
        let new = leads.keys().filter(|file| !self.files.contains_key(*file)).count();
        if self.files.len() + new > MAX_FILES {
            astray.push(Failure::new("Error", format!("the catalog has more than {MAX_FILES} files")));
            leads.retain(|file, _| self.files.contains_key(file));
        }
        let Some(record) = self.records.get_mut(reference) else { return };
        if record.astray != astray {
            record.astray = astray;
            self.todo.show.insert(reference.clone());
        }
        let now: BTreeSet<Source> = leads.keys().cloned().collect();
        if record.leads != now {
            self.todo.walk = true;
            // What is wrong there is told with it.
            self.todo.show.insert(reference.clone());
            let before = std::mem::replace(&mut record.leads, now);
            before.iter().filter(|file| !leads.contains_key(*file)).for_each(|file| self.unread(reference, file));
        }
        for (file, is_optional) in &leads {
            self.reads(reference, file, *is_optional);
        }
    }
}

/// The files that a target means. What is no pattern is a file, whether it is there or not.
fn files(target: &Target, content: &Content<'_>) -> Result<Vec<LocationRef>, Failure> {
    let Target { location, field, .. } = target;
    if location.kind == "file" && location.target.contains(WILD) {
        return content.find(location).map_err(|why| unreadable(location, &why).of_field(field));
    }
    let path = karat_source::clean(&location.target).filter(|_| location.kind == "file");
    Ok(vec![path.map_or_else(|| location.clone(), |path| LocationRef::new("file", path))])
}

pub(super) fn missing(location: &LocationRef) -> Failure {
    Failure::new("NotFoundError", format!("{} {} does not exist", location.kind, location.target))
}

pub(super) fn unreadable(location: &LocationRef, why: &str) -> Failure {
    Failure::new("Error", format!("{} {} could not be read, {why}", location.kind, location.target))
}

/// An entity that cannot be found by its fields is not taken.
fn findable(done: Processed) -> Result<Processed, Failure> {
    search_rows(&done.entity).map_err(|error| Failure::new("Error", error.to_string()))?;
    Ok(done)
}

/// Notes what is read, also what cannot be: when it appears, the entity is processed again.
struct Recording<'c> {
    content: &'c Content<'c>,
    reads: RefCell<BTreeSet<LocationRef>>,
}

impl Reader for Recording<'_> {
    fn read(&self, location: &LocationRef) -> Result<Vec<u8>, String> {
        self.reads.borrow_mut().insert(location.clone());
        self.content.read(location)
    }
}
