//! What a change of one file changes: the entities in it, what they lead to, whose relations are others. Nothing else is read,
//! processed or stitched again.
//!
//! - A *provider* (the organisation, what people registered) leads to Location entities. What it no longer names goes at once, and
//!   with it what only that led to.
//! - A Location leads to *files*; a file holds *entities*. An entity that a readable file no longer holds is an orphan, and
//!   goes with the next [`Machine::sweep`].
//! - What cannot be read or processed stays as it was last good, and says why.

mod changes;
mod files;
mod places;
mod process;
mod show;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use karat_catalog::{Entity, EntityRef, Failure, Graph, LocationRef, Place, Problem, Target};
use karat_store::{Change, Record as Kept};

use crate::View;
use crate::sources::Content;

/// Which provider, the more trusted first: of an entity in two places, the first counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bucket {
    /// The organisation's repositories.
    Organisation,
    /// What people registered.
    Registered,
}

impl Bucket {
    fn name(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Registered => "registered",
        }
    }
}

/// What was kept of entities when the portal last ran.
pub(crate) trait Memory {
    /// One entity.
    fn entity(&self, reference: &EntityRef) -> Option<Kept>;

    /// The entities of a file.
    fn entities_of(&self, file: &LocationRef) -> Vec<Kept>;
}

/// What a run works with.
pub(crate) struct World<'w> {
    pub(crate) content: &'w Content<'w>,
    pub(crate) memory: &'w dyn Memory,
    pub(crate) view: &'w View,
}

/// All that is known, without the bodies of entities: those are in the [`View`].
#[derive(Default)]
pub(crate) struct Machine {
    provided: BTreeMap<EntityRef, (Source, BTreeSet<Bucket>)>,
    files: BTreeMap<Source, File>,
    records: BTreeMap<EntityRef, Record>,
    /// What placeholders bring in, and into which entities.
    brought: BTreeMap<LocationRef, BTreeSet<EntityRef>>,
    graph: Graph,
    todo: Todo,
    changes: Vec<Change>,
    /// How many walks there were.
    walks: u32,
}

/// What is to be done.
#[derive(Default)]
struct Todo {
    /// Provided Locations to process.
    provided: BTreeSet<EntityRef>,
    /// Locations whose patterns may mean other files now.
    lead: BTreeSet<EntityRef>,
    /// Files to read.
    files: BTreeSet<Source>,
    /// Whether Locations lead elsewhere than they did.
    walk: bool,
    /// Files that a removed Location led to.
    removed: BTreeSet<Source>,
    /// Entities whose place is to be chosen again.
    choose: BTreeSet<EntityRef>,
    /// Entities that go, if they have no place then.
    gone: BTreeSet<EntityRef>,
    /// Entities to process though their file has them as before.
    again: BTreeSet<EntityRef>,
    /// Entities to show no more.
    unshown: BTreeSet<EntityRef>,
    /// Entities to show anew.
    show: BTreeSet<EntityRef>,
    /// Entities that were processed, to be shown.
    fresh: BTreeMap<EntityRef, Fresh>,
}

struct Fresh {
    entity: Entity,
    /// As it was read.
    descriptor: String,
    is_good: bool,
}

/// A location, once for all that are there.
pub(crate) type Source = Arc<LocationRef>;

type Digest = [u8; 20];

/// A file that something leads to.
#[derive(Default)]
struct File {
    /// The Locations that lead to it, and whether it need not be there for them.
    readers: BTreeMap<EntityRef, bool>,
    /// How it is come by; not before the first walk that does.
    via: Option<Via>,
    /// The walk that came by last.
    walk: u32,
    /// Of its bytes; none before it was read.
    digest: Option<Digest>,
    entities: BTreeMap<EntityRef, Held>,
    /// What is wrong within.
    problems: Vec<Problem>,
    /// Why it cannot be read.
    unreadable: Option<Unreadable>,
}

struct Unreadable {
    why: String,
    is_missing: bool,
}

/// An entity in a file.
#[derive(Clone, Copy)]
struct Held {
    digest: Digest,
    line: u32,
    /// Whether the file does not show it now: it is as it was last good.
    is_kept: bool,
}

/// How an entity was come by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Via {
    bucket: Bucket,
    /// How many Locations lead there, one to the other.
    depth: u32,
    origin: Source,
}

/// One entity.
#[derive(Default)]
struct Record {
    /// The files that hold it.
    files: BTreeSet<Source>,
    /// The one that counts, and how it is come by.
    chosen: Option<(Source, Via)>,
    /// What its last processing failed of.
    failures: Vec<Failure>,
    /// What is wrong with where it leads.
    astray: Vec<Failure>,
    /// Both, with places.
    problems: Vec<Problem>,
    reads: BTreeSet<LocationRef>,
    targets: Vec<Target>,
    leads: BTreeSet<Source>,
    /// Whether it ever was good.
    was_good: bool,
    /// How it was last shown.
    shown_orphan: bool,
    shown_failed: bool,
    /// How many sweeps it is an orphan for.
    swept: u32,
}

impl Record {
    fn place(&self, line: u32) -> Place {
        let file = self.chosen.as_ref().map_or("", |(file, _)| file.target.as_str());
        Place { file: file.into(), line, column: u32::from(line > 0) }
    }
}

impl Machine {
    /// Does all that is to be done. Gives what is to be kept, a part at a time.
    pub(crate) fn run(&mut self, world: &World<'_>, keep: &mut dyn FnMut(Vec<Change>)) {
        // Two or three are enough, unless files change while they are read.
        for _ in 0..MOST_ROUNDS {
            self.take_changed(world, keep);
            if self.todo.walk {
                self.walk(world, keep);
            } else {
                self.settle();
            }
            if self.is_done() {
                break;
            }
        }
        self.todo.again.clear();
        self.show(world.view);
        keep(std::mem::take(&mut self.changes));
    }

    /// Reads what changed, as long as what leads there is as it was.
    fn take_changed(&mut self, world: &World<'_>, keep: &mut dyn FnMut(Vec<Change>)) {
        while !self.todo.walk {
            if let Some(reference) = self.todo.provided.pop_first() {
                self.take_provided(&reference, world);
            } else if let Some(reference) = self.todo.lead.pop_first() {
                self.lead(&reference, world);
            } else if let Some(file) = self.todo.files.pop_first() {
                self.read(&file, world);
            } else {
                break;
            }
            self.part(world, keep);
        }
    }

    /// Whether nothing is to be done but to show it.
    fn is_done(&self) -> bool {
        let Todo { provided, lead, files, walk, removed, choose, gone, .. } = &self.todo;
        provided.is_empty()
            && lead.is_empty()
            && files.is_empty()
            && !walk
            && removed.is_empty()
            && choose.is_empty()
            && gone.is_empty()
    }

    /// A large catalog is not held as a whole. What is shown early is shown again if others say more of it.
    fn part(&mut self, world: &World<'_>, keep: &mut dyn FnMut(Vec<Change>)) {
        if self.todo.fresh.len() >= AT_ONCE {
            self.show(world.view);
            keep(std::mem::take(&mut self.changes));
        }
    }

    /// Removes what has been an orphan since the last time.
    pub(crate) fn sweep(&mut self) {
        let mut gone = Vec::new();
        for (reference, record) in &mut self.records {
            let is_orphan = record.chosen.is_none();
            record.swept = if is_orphan { record.swept + 1 } else { 0 };
            if record.swept > 1 {
                gone.push(reference.clone());
            }
        }
        for reference in gone {
            self.remove(&reference);
        }
    }

    /// Removes an entity, and what only it leads to. A file that still holds it shows it again when it is refreshed or changes.
    pub(crate) fn remove(&mut self, reference: &EntityRef) {
        let Some(record) = self.records.remove(reference) else { return };
        for file in &record.files {
            if let Some(known) = self.files.get_mut(file) {
                known.entities.remove(reference);
            }
        }
        self.forget_reads(reference, &record.reads);
        let relations = self.graph.set_relations(reference, &[]);
        self.todo.show.extend(relations);
        self.todo.show.remove(reference);
        self.todo.fresh.remove(reference);
        self.todo.unshown.insert(reference.clone());
        self.changes.push(Change::Remove(reference.to_string()));
        for file in record.leads {
            self.todo.walk = true;
            self.unread(reference, &file);
            self.todo.removed.insert(file);
        }
    }

    /// The files and URLs that are read.
    pub(crate) fn urls(&self) -> BTreeSet<String> {
        let all = self.files.keys().map(|file| &**file).chain(self.brought.keys());
        all.filter(|known| known.kind == "url").map(|known| known.target.clone()).collect()
    }

    /// All entities.
    pub(crate) fn knows(&self, reference: &EntityRef) -> bool {
        self.records.contains_key(reference)
    }

    fn forget_reads(&mut self, reference: &EntityRef, reads: &BTreeSet<LocationRef>) {
        for read in reads {
            if let Some(entities) = self.brought.get_mut(read) {
                entities.remove(reference);
                if entities.is_empty() {
                    self.brought.remove(read);
                }
            }
        }
    }

    /// Who leads to an entity.
    fn parents(&self, reference: &EntityRef) -> Vec<EntityRef> {
        let Some(record) = self.records.get(reference) else { return Vec::new() };
        let readers = record.files.iter().filter_map(|file| self.files.get(file)).flat_map(|file| file.readers.keys());
        let parents: BTreeSet<&EntityRef> = readers.filter(|reader| *reader != reference).collect();
        parents.into_iter().cloned().collect()
    }
}

/// So often is looked for what is to be done for one change; what is left then is done with the next.
const MOST_ROUNDS: usize = 10;

/// So many processed entities are held until they are shown.
const AT_ONCE: usize = 2_000;

/// What makes a path a pattern.
const WILD: [char; 4] = ['*', '?', '[', '{'];

fn digest(bytes: &[u8]) -> Digest {
    use sha1::Digest as _;
    sha1::Sha1::digest(bytes).into()
}

/// The text of an entity, to keep and to compare.
fn text(entity: &Entity) -> String {
    serde_json::to_string(entity.as_map()).unwrap_or_default()
}

pub(crate) fn parse(text: &str) -> Option<Entity> {
    Entity::new(serde_json::from_str(text).ok()?).ok()
}

#[cfg(test)]
mod tests;
