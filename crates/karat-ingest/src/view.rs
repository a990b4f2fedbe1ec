//! What requests read: final entities, the index over them, where each is from and what is wrong with it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use karat_catalog::{
    Entity, EntityRef, Facet, Final, Index, List, Listing, Page, Predicate, Problem, Query, Row, Uid, search_rows,
};

use crate::machine::{Source, parse};

/// The catalog as it is. A change of some thousand entities is seen as a whole, or not at all.
#[derive(Default)]
pub struct View(RwLock<Inner>);

#[derive(Default)]
struct Inner {
    index: Index,
    entities: BTreeMap<EntityRef, Shown>,
}

/// An entity as people see it.
#[derive(Clone)]
pub(crate) struct Shown {
    /// The entity as JSON: a tree of it would be four times as large, and most are asked for seldom.
    pub(crate) body: Arc<str>,
    pub(crate) hash: Arc<str>,
    /// The file of the organisation and the line, if it is one.
    pub(crate) place: Option<(Source, u32)>,
    /// What leads to it, as far as that is an entity.
    pub(crate) parents: Vec<EntityRef>,
    pub(crate) problems: Vec<Problem>,
    /// Its title, and what else it is found by, in lower case, one after the other.
    words: Arc<str>,
    title: u32,
}

impl View {
    fn inner(&self) -> RwLockReadGuard<'_, Inner> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which entities a query means, and how many there are.
    pub fn query(&self, query: &Query) -> Page {
        self.inner().index.query(query)
    }

    /// All entities that are asked for, or so many of them.
    pub fn list(&self, list: &List) -> Listing {
        self.inner().index.list(list)
    }

    /// How often each value of some fields occurs.
    pub fn facets(&self, keys: &[String], filter: Option<&Predicate>) -> Vec<(String, Vec<Facet>)> {
        self.inner().index.facets(keys, filter)
    }

    /// Which of some entities a filter means.
    pub fn matches(&self, filter: &Predicate, references: &[EntityRef]) -> Vec<bool> {
        self.inner().index.matches(filter, references)
    }

    /// An entity with its relations and status.
    pub fn get(&self, reference: &EntityRef) -> Option<Arc<Entity>> {
        parse(&self.body(reference)?).map(Arc::new)
    }

    /// The same as JSON, on one line.
    pub fn body(&self, reference: &EntityRef) -> Option<Arc<str>> {
        self.inner().entities.get(reference).map(|shown| Arc::clone(&shown.body))
    }

    /// How many entities there are.
    pub fn len(&self) -> usize {
        self.inner().entities.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// So many entities at most whose title, name, kind or description hold every word; those with it in the title first. The
    /// words are in lower case. Locations say where entities are from, and are nothing to look for.
    pub fn find(&self, words: &[&str], most: usize) -> Vec<EntityRef> {
        let (mut first, mut others) = (Vec::new(), Vec::new());
        for (reference, shown) in &self.inner().entities {
            if first.len() >= most {
                break;
            }
            if reference.kind() == "location" || !words.iter().all(|word| shown.words.contains(word)) {
                continue;
            }
            let title = shown.words.get(..shown.title as usize).unwrap_or_default();
            if words.iter().any(|word| title.contains(word)) {
                first.push(reference.clone());
            } else if others.len() < most {
                others.push(reference.clone());
            }
        }
        first.extend(others);
        first.truncate(most);
        first
    }

    /// The file and line that an entity is from, if it is a file of the organisation.
    pub fn place(&self, reference: &EntityRef) -> Option<(String, usize)> {
        let (file, line) = self.inner().entities.get(reference)?.place.clone()?;
        Some((file.target.clone(), line as usize))
    }

    /// What is wrong with an entity as its file has it now, with places.
    pub fn problems(&self, reference: &EntityRef) -> Vec<Problem> {
        self.inner().entities.get(reference).map(|shown| shown.problems.clone()).unwrap_or_default()
    }

    /// An entity and all that lead to it, each with its parents. Nothing if there is no such entity; a circle is walked once.
    pub fn ancestry(&self, reference: &EntityRef) -> Vec<(EntityRef, Vec<EntityRef>)> {
        let inner = self.inner();
        let (mut found, mut todo) = (Vec::new(), vec![reference.clone()]);
        let mut seen = std::collections::BTreeSet::from([reference.clone()]);
        while let Some(current) = todo.pop() {
            let Some(shown) = inner.entities.get(&current) else { continue };
            todo.extend(shown.parents.iter().filter(|parent| seen.insert((*parent).clone())).cloned());
            found.push((current, shown.parents.clone()));
        }
        found
    }

    /// The entity of a uid.
    pub fn by_uid(&self, uid: Uid) -> Option<EntityRef> {
        self.inner().index.by_uid(uid).cloned()
    }

    /// What is shown of an entity.
    pub(crate) fn shown(&self, reference: &EntityRef) -> Option<Shown> {
        self.inner().entities.get(reference).cloned()
    }

    /// Makes some changes: whoever asks sees none of them, or all.
    pub(crate) fn edit(&self, mut edits: Vec<Edit>) {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for edit in &mut edits {
            match edit {
                Edit::Put(reference, put) => {
                    inner.index.insert(reference, put.uid, &put.rows);
                    match inner.entities.get_mut(reference) {
                        Some(shown) => std::mem::swap(shown, &mut put.shown),
                        None => drop(inner.entities.insert(reference.clone(), put.shown.clone())),
                    }
                }
                Edit::Tell(reference, about) => {
                    if let Some(shown) = inner.entities.get_mut(reference) {
                        shown.place.clone_from(&about.place);
                        std::mem::swap(&mut shown.parents, &mut about.parents);
                        std::mem::swap(&mut shown.problems, &mut about.problems);
                    }
                }
                Edit::Remove(reference) => {
                    inner.index.remove(reference);
                    inner.entities.remove(reference);
                }
            }
        }
        // What was shown before is let go of when nobody waits.
        drop(inner);
    }
}

/// A change of what is shown.
pub(crate) enum Edit {
    /// An entity is another, or new.
    Put(EntityRef, Box<Put>),
    /// Other things are known about an entity that itself is the same.
    Tell(EntityRef, About),
    /// An entity is gone.
    Remove(EntityRef),
}

/// An entity to be shown, and its rows.
pub(crate) struct Put {
    uid: Uid,
    shown: Shown,
    rows: Vec<Row>,
}

impl Edit {
    /// Shows an entity, and finds it by its rows. What cannot be found by is still got by its name.
    pub(crate) fn put(reference: &EntityRef, made: &Final, body: &str, about: About) -> Self {
        let rows = search_rows(&made.entity).unwrap_or_default();
        let About { place, parents, problems } = about;
        let (words, title) = words(&made.entity, reference);
        let (body, hash) = (body.into(), made.hash.as_str().into());
        let shown = Shown { body, hash, place, parents, problems, words, title };
        Self::Put(reference.clone(), Box::new(Put { uid: Uid::of(reference), shown, rows }))
    }
}

/// What an entity is found by, and how much of it is its title.
fn words(entity: &Entity, reference: &EntityRef) -> (Arc<str>, u32) {
    let title = entity.title().to_lowercase();
    let about = entity.text(&["metadata", "description"]).unwrap_or_default().to_lowercase();
    let length = u32::try_from(title.len()).unwrap_or(u32::MAX);
    (format!("{title}\n{}\n{}\n{about}", reference.name(), reference.kind()).into(), length)
}

/// What is known about an entity beside itself.
#[derive(Clone, Default)]
pub(crate) struct About {
    pub(crate) place: Option<(Source, u32)>,
    pub(crate) parents: Vec<EntityRef>,
    pub(crate) problems: Vec<Problem>,
}
