//! The thread that reads: it hears of changes, has the machine work them out, tells who listens, and keeps what it came to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock, mpsc};
use std::time::Duration;

use karat_catalog::{EntityRef, LocationRef};
use karat_source::Folder;
use karat_store::{Change, Database, Entities as _, Locations as _, Record};
use tokio::sync::watch as channel;

use crate::catalog::{Catalog, Inner, Settings, Shared, Sources};
use crate::machine::{Bucket, Machine, Memory, World};
use crate::sources::{Content, Mounted, NAMES, below, own};
use crate::urls::Urls;
use crate::{Error, View, watch};

/// An editor writes a file in several steps: reading waits until it is quiet for so long.
const QUIET: Duration = Duration::from_millis(10);
/// How many pauses changes on end put reading off.
const PATIENCE: usize = 30;
/// So often orphans go, and commits are looked for; every few times URLs are read again.
const TICK: Duration = Duration::from_secs(30);
const TICKS_OF_URLS: u64 = 4;

/// What the thread is told.
pub(crate) enum Message {
    /// Files or folders changed; paths from the organisation's root.
    Paths(Vec<String>),
    /// Changes were missed.
    Everything,
    /// A repository may have other commits.
    Commits,
    /// A URL was read.
    Fetched(String),
    Sources(Sources),
    /// The registered locations are others.
    Registered(mpsc::Sender<()>),
    Refresh(EntityRef),
    Remove(EntityRef, mpsc::Sender<()>),
    Tick,
    Stop,
}

/// Opens a catalog: everything is read before it is there.
pub(crate) fn start(settings: Settings) -> Result<Catalog, Error> {
    let Settings { folder, store, sources } = settings;
    let folder = Arc::new(Folder::open(&folder)?);
    let (sender, messages) = mpsc::channel();
    // Watched before it is read: what changes in between is read twice, and never missed.
    let watched = watch::watch(folder.root(), sender.clone());
    let fetched = sender.clone();
    let urls = Urls::new(
        &sources.allow,
        Box::new(move |url| {
            let _ = fetched.send(Message::Fetched(url));
        }),
    );
    let (changes, view) = (channel::Sender::new(0), Arc::new(View::default()));
    let files = Arc::new(Mounted::new(Arc::clone(&folder), &sources.repositories));
    let shared = Arc::new(RwLock::new(Shared { sources: sources.clone(), files: Arc::clone(&files) }));
    let (told, trouble) = channel::channel(None);
    let mut engine = Engine {
        folder,
        store: store.clone(),
        sources,
        files,
        shared: Arc::clone(&shared),
        urls,
        view: Arc::clone(&view),
        changes: changes.clone(),
        trouble: told,
        machine: Machine::default(),
        unkept: Vec::new(),
        ticks: 0,
        watches: watched.is_some(),
    };
    engine.open()?;
    let (stop, stopped) = mpsc::channel::<()>();
    let ticks = sender.clone();
    std::thread::Builder::new().name("catalog-clock".to_owned()).spawn(move || {
        while stopped.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) && ticks.send(Message::Tick).is_ok() {}
    })?;
    std::thread::Builder::new().name("catalog".to_owned()).spawn(move || {
        // Both end with this thread.
        let (_watched, _stop) = (watched, stop);
        engine.work(&messages);
    })?;
    Ok(Catalog(Arc::new(Inner { view, changes, trouble, store, engine: sender, shared })))
}

struct Engine {
    folder: Arc<Folder>,
    store: Database,
    sources: Sources,
    files: Arc<Mounted>,
    shared: Arc<RwLock<Shared>>,
    urls: Arc<Urls>,
    view: Arc<View>,
    changes: channel::Sender<u64>,
    trouble: channel::Sender<Option<String>>,
    machine: Machine,
    /// What could not be kept yet.
    unkept: Vec<Change>,
    ticks: u64,
    /// Whether the system tells of changes.
    watches: bool,
}

impl Engine {
    fn open(&mut self) -> Result<(), Error> {
        let before: BTreeMap<String, String> = self.store.hashes()?.into_iter().collect();
        self.provide_own();
        self.provide_registered()?;
        let store = self.store.clone();
        let mut kept = Ok(());
        self.run(&mut |mut changes| {
            // What is as it was is not written again.
            changes.retain(|change| match change {
                Change::Put(record) => before.get(&record.reference) != Some(&record.hash),
                Change::Show { .. } | Change::Remove(_) => true,
            });
            if kept.is_ok() && !changes.is_empty() {
                kept = store.change_entities(changes);
            }
        });
        kept?;
        let known = |text: &String| text.parse::<EntityRef>().is_ok_and(|one| self.machine.knows(&one));
        let gone: Vec<Change> = before.keys().filter(|text| !known(text)).cloned().map(Change::Remove).collect();
        if !gone.is_empty() {
            self.store.change_entities(gone)?;
        }
        Ok(())
    }

    fn work(&mut self, messages: &mpsc::Receiver<Message>) {
        while let Ok(first) = messages.recv() {
            let mut batch = vec![first];
            if matches!(batch[0], Message::Paths(_) | Message::Everything | Message::Commits) {
                for _ in 0..PATIENCE {
                    let Ok(next) = messages.recv_timeout(QUIET) else { break };
                    batch.push(next);
                }
            }
            batch.extend(messages.try_iter().take(1_000));
            let mut done = Vec::new();
            let mut paths = BTreeSet::new();
            for message in batch {
                match message {
                    Message::Paths(changed) => paths.extend(changed),
                    Message::Everything => self.everything(),
                    Message::Commits => self.commits(),
                    Message::Fetched(url) => self.machine.changed(&LocationRef::new("url", url)),
                    Message::Sources(sources) => self.source(sources),
                    Message::Registered(waiting) => {
                        let provided = self.provide_registered();
                        self.tell(provided.err());
                        done.push(waiting);
                    }
                    Message::Refresh(reference) => self.refresh(&reference),
                    Message::Remove(reference, waiting) => {
                        self.machine.remove(&reference);
                        done.push(waiting);
                    }
                    Message::Tick => self.tick(),
                    Message::Stop => return,
                }
            }
            self.paths(&paths);
            self.settle();
            for waiting in done {
                // Who waited may have gone.
                let _ = waiting.send(());
            }
        }
    }

    /// Works out what changed, tells of it, keeps it.
    fn settle(&mut self) {
        let mut changes = Vec::new();
        self.run(&mut |mut part| changes.append(&mut part));
        if !changes.is_empty() {
            self.changes.send_modify(|version| *version += 1);
        }
        self.unkept.extend(changes);
        if !self.unkept.is_empty() {
            let kept = self.store.change_entities(self.unkept.clone());
            if kept.is_ok() {
                self.unkept.clear();
            }
            self.tell(kept.err());
        }
    }

    fn run(&mut self, keep: &mut dyn FnMut(Vec<Change>)) {
        let content = Content { files: &self.files, urls: &self.urls };
        let world = World { content: &content, memory: &Stored(&self.store), view: &self.view };
        self.machine.run(&world, keep);
    }

    /// Marks what is at some paths.
    fn paths(&mut self, paths: &BTreeSet<String>) {
        if paths.is_empty() {
            return;
        }
        let repositories = &self.sources.repositories;
        let is_own = |path: &String| {
            let (folder, name) = karat_source::split(path);
            let is_file = NAMES.contains(&name);
            repositories.iter().any(|one| is_file && one.folder == folder || below(path, &one.folder).is_some())
        };
        if paths.iter().any(is_own) {
            self.provide_own();
        }
        for path in paths {
            self.machine.changed(&LocationRef::new("file", path.as_str()));
        }
    }

    fn everything(&mut self) {
        self.provide_own();
        self.machine.all_changed();
    }

    /// Looks for other commits of the repositories that are read at one.
    fn commits(&mut self) {
        if self.sources.repositories.iter().all(|one| one.revision.is_none()) {
            return;
        }
        let files = Mounted::new(Arc::clone(&self.folder), &self.sources.repositories);
        let (before, now) = (self.files.commits(), files.commits());
        let folders: BTreeSet<&str> = before.keys().chain(now.keys()).copied().collect();
        let other: Vec<String> =
            folders.into_iter().filter(|one| before.get(one) != now.get(one)).map(str::to_owned).collect();
        if !other.is_empty() {
            self.mount(files);
            self.paths(&other.into_iter().collect());
        }
    }

    fn mount(&mut self, files: Mounted) {
        self.files = Arc::new(files);
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        (shared.sources, shared.files) = (self.sources.clone(), Arc::clone(&self.files));
    }

    fn source(&mut self, sources: Sources) {
        if sources == self.sources {
            return;
        }
        let allows = sources.allow != self.sources.allow;
        self.sources = sources;
        self.mount(Mounted::new(Arc::clone(&self.folder), &self.sources.repositories));
        self.everything();
        if allows {
            self.urls.allow(&self.sources.allow);
            self.read_urls();
        }
    }

    fn refresh(&mut self, reference: &EntityRef) {
        for url in self.machine.refresh(reference) {
            self.urls.refresh(&url);
        }
    }

    fn tick(&mut self) {
        self.ticks += 1;
        self.machine.sweep();
        self.commits();
        if !self.watches {
            self.everything();
        }
        if self.ticks.is_multiple_of(TICKS_OF_URLS) {
            self.read_urls();
        }
    }

    fn read_urls(&mut self) {
        let urls = self.machine.urls();
        self.urls.retain(&urls);
        urls.iter().for_each(|url| self.urls.refresh(url));
    }

    fn provide_own(&mut self) {
        let own = own(&self.files, &self.sources.repositories);
        self.machine.set_provided(Bucket::Organisation, &own);
    }

    fn provide_registered(&mut self) -> Result<(), karat_store::Error> {
        let registered = self.store.locations()?.into_iter().map(|known| LocationRef::new(known.kind, known.target));
        let registered: Vec<LocationRef> = registered.collect();
        self.machine.set_provided(Bucket::Registered, &registered);
        Ok(())
    }

    fn tell(&self, trouble: Option<karat_store::Error>) {
        let trouble = trouble.map(|error| error.to_string());
        self.trouble.send_if_modified(|known| {
            let is_other = *known != trouble;
            *known = trouble;
            is_other
        });
    }
}

/// What is kept, for the machine. What cannot be read is as if it were not there: the files are read anyway.
struct Stored<'s>(&'s Database);

impl Memory for Stored<'_> {
    fn entity(&self, reference: &EntityRef) -> Option<Record> {
        self.0.entity(reference.as_str()).ok().flatten()
    }

    fn entities_of(&self, file: &LocationRef) -> Vec<Record> {
        self.0.entities_of(&file.to_string()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
