//! The handle on a catalog.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, mpsc};

use karat_catalog::{Entity, EntityRef, LocationRef, Uid, location_entity, walk};
use karat_store::{Database, Locations as _};
use tokio::sync::watch;

use crate::engine::{self, Message};
use crate::fetch::{Fetcher, check};
use crate::sources::{Mounted, PRIVATE, Waiting, own};
use crate::{Error, LocationError, View};

/// A catalog that is kept current. A cheap handle: clones are the same one; it ends with the last.
#[derive(Clone)]
pub struct Catalog(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) view: Arc<View>,
    pub(crate) changes: watch::Sender<u64>,
    pub(crate) trouble: watch::Receiver<Option<String>>,
    pub(crate) store: Database,
    pub(crate) engine: mpsc::Sender<Message>,
    pub(crate) shared: Arc<RwLock<Shared>>,
}

/// What the thread that reads knows of the organisation, for those who ask.
pub(crate) struct Shared {
    pub(crate) sources: Sources,
    pub(crate) files: Arc<Mounted>,
}

impl Inner {
    fn shared<T>(&self, work: impl FnOnce(&Shared) -> T) -> T {
        work(&self.shared.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let _ = self.engine.send(Message::Stop);
    }
}

/// What a catalog is made of.
#[derive(Clone)]
pub struct Settings {
    /// The organisation's folder.
    pub folder: PathBuf,
    /// Where entities and registered locations are kept.
    pub store: Database,
    /// What is read without being registered.
    pub sources: Sources,
}

/// What the organisation says about where its entities are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// Its repositories.
    pub repositories: Vec<Repository>,
    /// Hosts within private networks that URLs may lead to, as `host` or `host:port`, in lower case.
    pub allow: Vec<String>,
}

/// A repository of the organisation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repository {
    /// Its folder, from the organisation's root.
    pub folder: String,
    /// The revision that it is read at; its files as they are without one.
    pub revision: Option<String>,
}

/// A place that the catalog is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// A UUID, derived from the place.
    pub id: String,
    /// `file` or `url`.
    pub kind: String,
    /// A path in the organisation, or a URL.
    pub target: String,
    /// The Location entity that stands for it.
    pub reference: EntityRef,
}

impl Location {
    pub(crate) fn new(kind: &str, target: &str) -> Self {
        let reference = location_entity(&LocationRef::new(kind, target)).reference();
        let (kind, target) = (kind.to_owned(), target.to_owned());
        Self { id: Uid::of(&reference).to_string(), kind, target, reference }
    }
}

/// What registering a location gives.
#[derive(Clone, Debug)]
pub struct Added {
    /// The location.
    pub location: Location,
    /// Its Location entity, and all that it leads to.
    pub entities: Vec<Arc<Entity>>,
    /// Whether it was registered already.
    pub exists: bool,
}

impl Catalog {
    /// Opens the catalog of an organisation, reads its files, and watches them from now on. URLs are read as they arrive; until
    /// then, what they had when it was last open counts.
    ///
    /// # Errors
    /// The folder or what is kept cannot be read.
    pub fn open(settings: Settings) -> Result<Self, Error> {
        engine::start(settings)
    }

    /// The catalog as it is.
    pub fn now(&self) -> Arc<View> {
        Arc::clone(&self.0.view)
    }

    /// Hears of every change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Why what changes is not kept, if it is not: the disk is full, for one. It is tried again with every change.
    pub fn trouble(&self) -> Option<String> {
        self.0.trouble.borrow().clone()
    }

    /// Reads from other repositories and hosts from now on.
    pub fn set_sources(&self, sources: Sources) {
        self.send(Message::Sources(sources));
    }

    /// Reads again what an entity comes from, and what leads there. It is not waited for.
    pub fn refresh(&self, reference: &EntityRef) {
        self.send(Message::Refresh(reference.clone()));
    }

    /// All locations: those of the organisation's own repositories, then those that were registered.
    ///
    /// # Errors
    /// What is kept cannot be read.
    pub fn locations(&self) -> Result<Vec<Location>, LocationError> {
        let mut all = self.own();
        all.extend(self.0.store.locations()?.into_iter().map(|known| Location::new(&known.kind, &known.target)));
        Ok(all)
    }

    /// What registering a location would give, without doing it. It may wait for a network: not for async threads.
    ///
    /// # Errors
    /// It is no place of catalog files, or what is wrong with what is there.
    pub fn try_location(&self, kind: &str, target: &str) -> Result<Added, LocationError> {
        let location = accepted(kind, target)?;
        let exists = self.locations()?.contains(&location);
        let (files, allow) = self.0.shared(|shared| (Arc::clone(&shared.files), shared.sources.allow.clone()));
        let fetcher = Fetcher::new(&allow);
        let registered = LocationRef::new(location.kind.as_str(), location.target.as_str());
        let mut entities = BTreeMap::new();
        let problems = walk(&Waiting::new(&files, &fetcher), &[registered], &mut |met| {
            // As Backstage answers: processed, not stitched.
            entities.insert(met.reference.clone(), Arc::new(met.entity.clone()));
        });
        if let Some(problem) = problems.first() {
            // A URL that cannot be read has no lines.
            let whole = if problem.place.line > 0 { problem.to_string() } else { problem.message.clone() };
            return Err(LocationError::Input(whole));
        }
        Ok(Added { location, entities: entities.into_values().collect(), exists })
    }

    /// Registers a location. What is wrong with what is there is in the status of its Location entity. It waits for the disk: not
    /// for async threads.
    ///
    /// # Errors
    /// It is no place of catalog files, or registered already, or cannot be kept.
    pub fn add_location(&self, kind: &str, target: &str) -> Result<Added, LocationError> {
        let location = accepted(kind, target)?;
        let exists = || LocationError::Exists(format!("{}:{}", location.kind, location.target));
        let registered = self.0.store.locations()?;
        if registered.len() >= MOST {
            return Err(LocationError::Input(format!("more than {MOST} locations cannot be registered")));
        }
        let Location { id, kind, target, .. } = location.clone();
        if self.own().contains(&location) || !self.0.store.add_location(&karat_store::Location { id, kind, target })? {
            return Err(exists());
        }
        self.told(Message::Registered);
        Ok(Added { location, entities: Vec::new(), exists: false })
    }

    /// Forgets a registered location, and with it what only it leads to. It waits for the disk: not for async threads.
    ///
    /// # Errors
    /// There is none of that id, or it is the organisation's own, or it cannot be forgotten.
    pub fn remove_location(&self, id: &str) -> Result<(), LocationError> {
        if self.own().iter().any(|own| own.id == id) {
            return Err(LocationError::Own);
        }
        if !self.0.store.remove_location(id)? {
            return Err(LocationError::Missing(id.to_owned()));
        }
        self.told(Message::Registered);
        Ok(())
    }

    /// Removes an entity. What a file still says comes back when that is read again.
    ///
    /// # Errors
    /// There is none.
    pub fn remove_entity(&self, uid: Uid) -> Result<(), LocationError> {
        let missing = || LocationError::NoEntity(uid.to_string());
        let reference = self.0.view.by_uid(uid).ok_or_else(missing)?;
        self.told(|done| Message::Remove(reference, done));
        Ok(())
    }

    fn own(&self) -> Vec<Location> {
        let own = self.0.shared(|shared| own(&shared.files, &shared.sources.repositories));
        own.iter().map(|location| Location::new(&location.kind, &location.target)).collect()
    }

    fn send(&self, message: Message) {
        // A thread that ended has told why.
        let _ = self.0.engine.send(message);
    }

    /// Sends, and waits until it is done.
    fn told(&self, message: impl FnOnce(mpsc::Sender<()>) -> Message) {
        let (done, waiting) = mpsc::channel();
        self.send(message(done));
        let _ = waiting.recv();
    }
}

/// The most locations that are registered.
const MOST: usize = 10_000;

/// A location that may be registered: a file of the organisation, or a URL. Whether the URL's host may be asked is seen when it is.
fn accepted(kind: &str, target: &str) -> Result<Location, LocationError> {
    match kind {
        "file" => {
            let clean = karat_source::clean(target).filter(|path| !path.is_empty());
            let outside = || LocationError::Input(format!("{target} leads out of the organisation's folder"));
            let path = clean.ok_or_else(outside)?;
            if path.split('/').any(|part| PRIVATE.contains(&part)) {
                return Err(LocationError::Input(format!("{target} is no file of a repository")));
            }
            Ok(Location::new(kind, &path))
        }
        "url" => {
            check(target).map_err(LocationError::Input)?;
            Ok(Location::new(kind, target))
        }
        _ => {
            let message = "Registered locations must be of an allowed type [\"file\",\"url\"]";
            Err(LocationError::Input(message.to_owned()))
        }
    }
}
