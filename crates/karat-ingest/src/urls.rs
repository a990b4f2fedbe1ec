//! What URLs have, as it was last read: fetched on threads of their own, so that a slow host keeps no file waiting.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::fetch::Fetcher;

/// So many are read at once.
const AT_ONCE: usize = 4;
/// The most URLs that a catalog is made of.
const MOST: usize = 5_000;
/// The most bytes of them that are kept.
const MOST_BYTES: usize = 256 << 20;

/// Told of a URL that has been read.
pub(crate) type Done = Box<dyn Fn(String) + Send + Sync>;

/// URLs and what they have.
pub(crate) struct Urls {
    state: Mutex<State>,
    done: Done,
}

#[derive(Default)]
struct State {
    fetcher: Option<Arc<Fetcher>>,
    known: BTreeMap<String, Known>,
    queue: VecDeque<String>,
    threads: usize,
    bytes: usize,
}

#[derive(Default)]
struct Known {
    found: Option<Result<Arc<[u8]>, String>>,
    queued: bool,
}

impl Urls {
    pub(crate) fn new(allow: &[String], done: Done) -> Arc<Self> {
        let state = State { fetcher: Some(Arc::new(Fetcher::new(allow))), ..State::default() };
        Arc::new(Self { state: Mutex::new(state), done })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads with these hosts allowed from now on.
    pub(crate) fn allow(&self, allow: &[String]) {
        self.state().fetcher = Some(Arc::new(Fetcher::new(allow)));
    }

    /// What a URL has, if it has been read; it is asked for otherwise.
    pub(crate) fn get(self: &Arc<Self>, url: &str) -> Option<Result<Arc<[u8]>, String>> {
        let mut state = self.state();
        if let Some(found) = state.known.get(url).and_then(|known| known.found.clone()) {
            return Some(found);
        }
        if state.known.len() >= MOST && !state.known.contains_key(url) {
            return Some(Err(format!("Error: the catalog leads to more than {MOST} URLs")));
        }
        self.ask(&mut state, url);
        None
    }

    /// Reads a URL again; what it had counts until then.
    pub(crate) fn refresh(self: &Arc<Self>, url: &str) {
        let mut state = self.state();
        if state.known.contains_key(url) {
            self.ask(&mut state, url);
        }
    }

    /// Forgets all but these.
    pub(crate) fn retain(&self, used: &BTreeSet<String>) {
        let mut state = self.state();
        state.known.retain(|url, _| used.contains(url));
        state.bytes = state.known.values().map(Known::size).sum();
    }

    fn ask(self: &Arc<Self>, state: &mut State, url: &str) {
        let known = state.known.entry(url.to_owned()).or_default();
        if known.queued {
            return;
        }
        known.queued = true;
        state.queue.push_back(url.to_owned());
        if state.threads < AT_ONCE {
            state.threads += 1;
            let urls = Arc::downgrade(self);
            std::thread::spawn(move || work(&urls));
        }
    }

    /// Takes the next URL; `None` when there is none, and the thread ends.
    fn next(&self) -> Option<(String, Arc<Fetcher>)> {
        let mut state = self.state();
        let next = state.queue.pop_front().and_then(|url| Some((url, state.fetcher.clone()?)));
        if next.is_none() {
            state.threads -= 1;
        }
        next
    }

    fn keep(&self, url: String, mut found: Result<Arc<[u8]>, String>) {
        let mut state = self.state();
        let before = state.known.get(&url).map_or(0, Known::size);
        let size = found.as_ref().map_or(0, |bytes| bytes.len());
        if state.bytes - before + size > MOST_BYTES {
            found = Err(format!("Error: the URLs of the catalog have more than {MOST_BYTES} bytes"));
        }
        state.bytes = state.bytes - before + found.as_ref().map_or(0, |bytes| bytes.len());
        let Some(known) = state.known.get_mut(&url) else { return };
        known.queued = false;
        known.found = Some(found);
        drop(state);
        (self.done)(url);
    }
}

impl Known {
    fn size(&self) -> usize {
        self.found.as_ref().and_then(|found| found.as_ref().ok()).map_or(0, |bytes| bytes.len())
    }
}

/// Reads what is asked for until nothing is, or nobody is left who asks.
fn work(urls: &Weak<Urls>) {
    while let Some((urls, (url, fetcher))) = urls.upgrade().and_then(|urls| urls.next().map(|next| (urls, next))) {
        // Not held while it is read: a catalog that is closed does not wait for a slow host.
        let weak = Arc::downgrade(&urls);
        drop(urls);
        let found = fetcher.get(&url).map(Into::into);
        let Some(urls) = weak.upgrade() else { return };
        urls.keep(url, found);
    }
}
