//! A whole catalog at once: registered locations to final entities. What a check of an organisation stands on.

use std::collections::{BTreeMap, VecDeque};

use crate::entity::Entity;
use crate::failure::Failure;
use crate::files::Files;
use crate::graph::Graph;
use crate::location::LocationRef;
use crate::process::{Located, Processed, Target, location_entity, process};
use crate::read::{Descriptor, Place, Problem, read};
use crate::refs::EntityRef;
use crate::stitch::{Final, Stitching, stitch};
use crate::uid::Uid;

/// A catalog.
#[derive(Clone, Debug, Default)]
pub struct Assembled {
    /// The entities, with relations. One that fails is there as its file has it, with the failure in its status.
    pub entities: BTreeMap<EntityRef, Final>,
    /// The documents that they are from; the Locations that stand for registered locations have none.
    pub sources: BTreeMap<EntityRef, Descriptor>,
    /// All that is wrong, with places.
    pub problems: Vec<Problem>,
    /// Who leads to whom.
    pub graph: Graph,
}

/// The most files that a catalog is made of.
const MAX_FILES: usize = 200_000;

/// Reads registered locations and all that they lead to.
pub fn assemble(files: &dyn Files, registered: &[LocationRef]) -> Assembled {
    let mut work = Work { files, known: BTreeMap::new(), todo: VecDeque::new(), read: 0, out: Assembled::default() };
    let mut provided = Vec::new();
    for location in registered {
        let entity = location_entity(location);
        provided.push(entity.reference());
        work.todo.push_back(Found { entity, located: Located::registered(location.clone()), descriptor: None });
    }
    work.out.graph.set_provided("registered", &provided);
    while let Some(found) = work.todo.pop_front() {
        work.take(found);
    }
    work.finish()
}

struct Found {
    entity: Entity,
    located: Located,
    descriptor: Option<Descriptor>,
}

struct Known {
    entity: Entity,
    located: Located,
    failures: Vec<Failure>,
}

struct Work<'w> {
    files: &'w dyn Files,
    known: BTreeMap<EntityRef, Known>,
    todo: VecDeque<Found>,
    read: usize,
    out: Assembled,
}

impl Work<'_> {
    fn take(&mut self, found: Found) {
        let reference = found.entity.reference();
        if let Some(known) = self.known.get(&reference) {
            // The same document, by another way.
            if let Some(descriptor) = found.descriptor.filter(|_| known.located.location != found.located.location) {
                let first = &known.located.location.target;
                let place = descriptor.place(["metadata", "name"]);
                let message = format!("`{reference}` is in {first} already; the first counts");
                self.out.problems.push(Problem { place, message });
            }
            return;
        }
        let (mut failures, mut told) = (Vec::new(), Vec::new());
        let mut entity = found.entity.clone();
        match process(&found.entity, &found.located, self.files) {
            Ok(Processed { entity: complete, relations, targets, failures: partial, .. }) => {
                entity = complete;
                failures = partial;
                self.out.graph.set_relations(&reference, &relations);
                let children = self.load(&targets, &found.located, &mut failures, &mut told);
                let others: Vec<EntityRef> = children.into_iter().filter(|child| *child != reference).collect();
                self.out.graph.set_children(&reference, &others);
            }
            Err(failure) => {
                if let Ok(annotated) = found.located.annotate(entity.clone()) {
                    entity = annotated;
                }
                failures.push(failure);
            }
        }
        for failure in &failures {
            let place = match &found.descriptor {
                Some(descriptor) => descriptor.place_of_pointer(failure.field.as_deref().unwrap_or_default()),
                None => Place { file: found.located.location.target.as_str().into(), line: 0, column: 0 },
            };
            self.out.problems.push(Problem { place, message: format!("`{reference}`: {}", failure.plain()) });
        }
        if let Some(descriptor) = found.descriptor {
            self.out.sources.insert(reference.clone(), descriptor);
        }
        // These have places of their own.
        failures.append(&mut told);
        self.known.insert(reference, Known { entity, located: found.located, failures });
    }

    /// Reads what a Location leads to, and gives the entities there. What is wrong within the files is `told`.
    fn load(
        &mut self,
        targets: &[Target],
        located: &Located,
        failures: &mut Vec<Failure>,
        told: &mut Vec<Failure>,
    ) -> Vec<EntityRef> {
        let mut children = Vec::new();
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
                    return children;
                }
                match self.files.read(&file) {
                    Ok(text) => children.extend(self.documents(&text, &file, located, told)),
                    Err(why) => failures.push(unreadable(&file, &why)),
                }
            }
        }
        children
    }

    fn documents(
        &mut self,
        text: &[u8],
        file: &LocationRef,
        located: &Located,
        told: &mut Vec<Failure>,
    ) -> Vec<EntityRef> {
        let mut children = Vec::new();
        for descriptor in read(text, &file.target) {
            match &descriptor.content {
                Err(problem) => {
                    told.push(Failure::new("Error", problem.to_string()));
                    self.out.problems.push(problem.clone());
                }
                Ok(entity) => {
                    let entity = entity.clone();
                    children.push(entity.reference());
                    let located = located.below(file.clone());
                    self.todo.push_back(Found { entity, located, descriptor: Some(descriptor) });
                }
            }
        }
        children
    }

    fn finish(mut self) -> Assembled {
        for (reference, known) in self.known {
            let relations = self.out.graph.relations(&reference);
            let stitching = Stitching {
                uid: Uid::of(&reference),
                relations: &relations,
                orphan: self.out.graph.is_orphan(&reference),
                failures: &known.failures,
            };
            let made = stitch(&known.entity, &stitching);
            self.out.entities.insert(reference, made);
        }
        self.out.problems.sort_by(|a, b| a.place.cmp(&b.place));
        self.out
    }
}

fn unreadable(location: &LocationRef, why: &str) -> Failure {
    Failure::new("Error", format!("{} {} could not be read, {why}", location.kind, location.target))
}
