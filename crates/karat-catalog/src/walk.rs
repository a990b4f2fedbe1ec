//! A whole catalog at once: from registered locations to all that they lead to. What a check of an organisation stands on.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::entity::Entity;
use crate::failure::Failure;
use crate::files::Files;
use crate::location::LocationRef;
use crate::process::{Located, Processed, Target, location_entity, process};
use crate::read::{Descriptor, Place, Problem, read};
use crate::refs::EntityRef;
use crate::relations::Relation;

/// An entity, when the walk comes to it. It is held no longer: a large catalog need not be in memory as a whole.
pub struct Met<'m> {
    /// Its reference.
    pub reference: &'m EntityRef,
    /// The document that it is from; the Location that stands for a registered location has none.
    pub descriptor: Option<&'m Descriptor>,
    /// Complete; as its file has it, if it failed.
    pub entity: &'m Entity,
    /// The relations that it makes, in both directions.
    pub relations: &'m [Relation],
    /// What is wrong with it.
    pub failures: &'m [Failure],
}

/// The most files that a catalog is made of.
const MAX_FILES: usize = 200_000;

/// Reads registered locations and all that they lead to. Each entity is `met` once: of those with the same reference the first, in
/// the order of the registered locations, then of what those lead to. Gives all that is wrong, by place.
pub fn walk(files: &dyn Files, registered: &[LocationRef], met: &mut dyn FnMut(Met<'_>)) -> Vec<Problem> {
    let mut walk =
        Walk { files, met, known: FxHashMap::default(), todo: VecDeque::new(), read: 0, problems: Vec::new() };
    for location in registered {
        walk.meet(location_entity(location), Located::registered(location.clone()), None);
    }
    while let Some((found, processed)) = walk.todo.pop_front() {
        walk.follow(&found, processed);
    }
    walk.problems.sort_by(|a, b| a.place.cmp(&b.place));
    walk.problems
}

struct Walk<'w> {
    files: &'w dyn Files,
    met: &'w mut dyn FnMut(Met<'_>),
    /// All that were met, with the file that each is from.
    known: FxHashMap<EntityRef, Arc<str>>,
    /// The Locations that lead on.
    todo: VecDeque<(Found, Processed)>,
    read: usize,
    problems: Vec<Problem>,
}

/// An entity that is met for the first time.
struct Found {
    reference: EntityRef,
    located: Located,
    descriptor: Option<Descriptor>,
}

impl Walk<'_> {
    fn meet(&mut self, entity: Entity, located: Located, descriptor: Option<Descriptor>) {
        let reference = entity.reference();
        let file = descriptor.as_ref().map_or_else(|| located.location.target.as_str().into(), |one| one.file.clone());
        if let Some(first) = self.known.get(&reference) {
            // Or it is the same document, by another way.
            if let Some(descriptor) = descriptor.filter(|_| *first != file) {
                let message = format!("`{reference}` is in {first} already; the first counts");
                self.problems.push(Problem { place: descriptor.place(["metadata", "name"]), message });
            }
            return;
        }
        self.known.insert(reference.clone(), file);
        let processed = process(&entity, &located, self.files);
        let found = Found { reference, located, descriptor };
        match processed {
            Ok(done) if done.targets.is_empty() => {
                self.tell(&found, &done.entity, &done.relations, done.failures, Vec::new());
            }
            Ok(done) => self.todo.push_back((found, done)),
            Err(failure) => {
                let entity = found.located.annotate(entity.clone()).unwrap_or(entity);
                self.tell(&found, &entity, &[], vec![failure], Vec::new());
            }
        }
    }

    /// Meets what a Location leads to, then the Location itself: what is wrong there is known then.
    fn follow(&mut self, found: &Found, processed: Processed) {
        let Processed { entity, relations, targets, mut failures, .. } = processed;
        let mut within = Vec::new();
        self.load(&targets, &found.located, &mut failures, &mut within);
        self.tell(found, &entity, &relations, failures, within);
    }

    /// Hands an entity on, with what is wrong with it, and `within` the files that it leads to: that has places of its own.
    fn tell(
        &mut self,
        found: &Found,
        entity: &Entity,
        relations: &[Relation],
        mut failures: Vec<Failure>,
        mut within: Vec<Failure>,
    ) {
        let Found { reference, located, descriptor } = found;
        let descriptor = descriptor.as_ref();
        self.problems.extend(failures.iter().map(|failure| {
            let place = match descriptor {
                Some(descriptor) => descriptor.place_of_pointer(failure.field.as_deref().unwrap_or_default()),
                None => Place { file: located.location.target.as_str().into(), line: 0, column: 0 },
            };
            Problem { place, message: format!("`{reference}`: {}", failure.plain()) }
        }));
        failures.append(&mut within);
        (self.met)(Met { reference, descriptor, entity, relations, failures: &failures });
    }

    /// Reads what a Location leads to, with what is wrong `within` the files.
    fn load(&mut self, targets: &[Target], located: &Located, failures: &mut Vec<Failure>, within: &mut Vec<Failure>) {
        for Target { location, optional, field } in targets {
            let files = match self.files.find(location) {
                Ok(files) if files.is_empty() && !optional => {
                    let message = format!("{} {} does not exist", location.kind, location.target);
                    failures.push(Failure::new("NotFoundError", message).of_field(field));
                    continue;
                }
                Ok(files) => files,
                Err(why) => {
                    failures.push(unreadable(location, &why));
                    continue;
                }
            };
            for file in files {
                self.read += 1;
                if self.read > MAX_FILES {
                    failures.push(unreadable(&file, &format!("Error: the catalog has more than {MAX_FILES} files")));
                    return;
                }
                match self.files.read(&file) {
                    Ok(text) => self.documents(&text, &file, located, within),
                    Err(why) => failures.push(unreadable(&file, &why)),
                }
            }
        }
    }

    fn documents(&mut self, text: &[u8], file: &LocationRef, located: &Located, within: &mut Vec<Failure>) {
        for descriptor in read(text, &file.target) {
            match &descriptor.content {
                Err(problem) => {
                    within.push(Failure::new("Error", problem.to_string()));
                    self.problems.push(problem.clone());
                }
                Ok(entity) => self.meet(entity.clone(), located.below(file.clone()), Some(descriptor)),
            }
        }
    }
}

fn unreadable(location: &LocationRef, why: &str) -> Failure {
    Failure::new("Error", format!("{} {} could not be read, {why}", location.kind, location.target))
}
