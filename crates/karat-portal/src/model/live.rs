//! The model kept current: rebuilt on a thread of its own when files change, the last good one kept beside the error.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use karat_diag::Diagnostic;
use karat_fleet::Cache;
use karat_source::{Folder, World};
use notify::{RecursiveMode, Watcher};
use tokio::sync::watch;

use super::Model;

/// The time, as whoever starts the portal tells it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What pages are made of at one moment.
pub struct Snapshot {
    /// The organisation as it was last readable.
    pub model: Arc<Model>,
    /// Why it cannot be read as it is now.
    pub stale: Option<String>,
}

/// The organisation's model, now and from now on.
pub struct Models {
    folder: PathBuf,
    clock: Clock,
    sender: watch::Sender<Arc<Snapshot>>,
}

/// An editor writes a file in several steps: a rebuild waits until it is quiet for so long.
const QUIET: Duration = Duration::from_millis(30);
/// How long many changes on end put a rebuild off.
const PATIENCE: Duration = Duration::from_millis(500);
/// Days end, and with them waivers: so often is looked.
const DAY: Duration = Duration::from_mins(1);

impl Models {
    /// Reads the organisation in `folder`, and watches it from now on.
    ///
    /// # Errors
    /// It cannot be read: what is wrong.
    pub fn open(folder: &Path, clock: Clock) -> Result<Arc<Self>, Vec<Diagnostic>> {
        let model = read(folder, today(&clock))?;
        let snapshot = Arc::new(Snapshot { model: Arc::new(model), stale: None });
        let models = Arc::new(Self { folder: folder.to_owned(), clock, sender: watch::Sender::new(snapshot) });
        let (changed, changes) = mpsc::channel();
        let weak = Arc::downgrade(&models);
        let watched = watcher(folder, changed);
        std::thread::spawn(move || {
            // Without a watcher (a file system that has none) a change is seen within a minute.
            let _watched = watched;
            loop {
                let change = changes.recv_timeout(DAY);
                let Some(models) = weak.upgrade() else { return };
                match change {
                    Ok(()) => {
                        settle(&changes);
                        models.rebuild();
                    }
                    Err(mpsc::RecvTimeoutError::Timeout) => models.turn_of_the_day(),
                    Err(mpsc::RecvTimeoutError::Disconnected) => {
                        std::thread::sleep(DAY);
                        models.rebuild();
                    }
                }
            }
        });
        Ok(models)
    }

    /// What pages are made of now.
    pub fn now(&self) -> Arc<Snapshot> {
        Arc::clone(&self.sender.borrow())
    }

    /// Hears of every new snapshot.
    pub fn changes(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.sender.subscribe()
    }

    /// The organisation's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reads the organisation again. What cannot be read leaves the last good model, and says why.
    pub fn rebuild(&self) {
        let before = self.now();
        let snapshot = match read(&self.folder, today(&self.clock)) {
            Ok(model) => Snapshot { model: Arc::new(model), stale: None },
            Err(problems) => Snapshot {
                model: Arc::clone(&before.model),
                stale: Some(problems.first().map_or_else(String::new, said)),
            },
        };
        self.sender.send_replace(Arc::new(snapshot));
    }

    fn turn_of_the_day(&self) {
        if self.now().model.today != today(&self.clock) {
            self.rebuild();
        }
    }
}

fn today(clock: &Clock) -> Date {
    clock().to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn read(folder: &Path, today: Date) -> Result<Model, Vec<Diagnostic>> {
    let world = Folder::open(folder).map_err(|error| vec![Diagnostic::error(error.to_string())])?;
    // What was rendered for one state of the files is not kept for the next: a page is read far more often than a file is written.
    let world: Arc<dyn World> = Arc::new(world);
    Model::read(&world, &Cache::default(), today)
}

/// One problem on a line.
fn said(problem: &Diagnostic) -> String {
    match problem.places.first() {
        Some(place) => format!("{place}: {}", problem.message),
        None => problem.message.clone(),
    }
}

/// Tells of every change below `folder` that may matter; `None` where the system cannot watch.
fn watcher(folder: &Path, changed: mpsc::Sender<()>) -> Option<notify::RecommendedWatcher> {
    let root = folder.to_owned();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        let matters = |path: &PathBuf| {
            let path = path.strip_prefix(&root).unwrap_or(path);
            // Our own data, git's, and what is built: written all the time, and no part of an organisation.
            !path
                .components()
                .any(|part| matches!(part.as_os_str().to_str(), Some(".karat" | ".git" | "target" | "node_modules")))
        };
        if !event.kind.is_access() && event.paths.iter().any(matters) {
            // Nobody listens any more when the portal stops.
            let _ = changed.send(());
        }
    })
    .ok()?;
    watcher.watch(folder, RecursiveMode::Recursive).ok()?;
    Some(watcher)
}

/// Waits until changes stop coming, or have come for long enough.
fn settle(changes: &mpsc::Receiver<()>) {
    let most = PATIENCE.as_millis() / QUIET.as_millis();
    for _ in 0..most {
        if changes.recv_timeout(QUIET).is_err() {
            return;
        }
        // What is waiting already is the same change.
        while changes.try_recv().is_ok() {}
    }
}
