//! What is loaded or rendered once, by content: charts, and what they give for one set of inputs.
//!
//! Two builds may share a cache, such as the two sides of a difference: what did not change is not done again.

use std::sync::{Arc, Mutex, PoisonError};

use karat_helm::Chart;
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};

use crate::document::{Interner, settle_repeated};
use crate::source::Outcome;

/// A cache for building fleets. Cheap to create, safe to share between threads.
#[derive(Default)]
pub struct Cache {
    pub(crate) texts: Interner,
    charts: Mutex<FxHashMap<Digest, Arc<Chart>>>,
    outcomes: Sharded<Arc<Outcome>>,
}

/// A SHA-256 of everything that decides a result: input is hostile, and a weaker hash could be made to collide.
pub(crate) type Digest = [u8; 32];

impl Cache {
    pub(crate) fn chart(&self, digest: &Digest) -> Option<Arc<Chart>> {
        self.charts.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }

    pub(crate) fn keep_chart(&self, digest: Digest, chart: Arc<Chart>) {
        self.charts.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, chart);
    }

    /// The outcome for a digest of inputs, made by `make` if it is new. Two threads may both make it; both give the same.
    pub(crate) fn outcome(&self, digest: Digest, make: impl FnOnce() -> Outcome) -> Arc<Outcome> {
        if let Some(outcome) = self.outcomes.get(&digest) {
            return outcome;
        }
        let mut outcome = make();
        settle_repeated(&mut outcome.documents, &mut outcome.problems);
        let outcome = Arc::new(outcome);
        self.outcomes.insert(digest, Arc::clone(&outcome));
        outcome
    }
}

/// A map in parts, so that threads seldom wait for each other.
struct Sharded<V> {
    shards: Vec<Mutex<FxHashMap<Digest, V>>>,
}

impl<V> Default for Sharded<V> {
    fn default() -> Self {
        Self { shards: (0..64).map(|_| Mutex::default()).collect() }
    }
}

impl<V: Clone> Sharded<V> {
    fn shard(&self, digest: &Digest) -> std::sync::MutexGuard<'_, FxHashMap<Digest, V>> {
        self.shards[usize::from(digest[0] % 64)].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, digest: &Digest) -> Option<V> {
        self.shard(digest).get(digest).cloned()
    }

    fn insert(&self, digest: Digest, value: V) {
        self.shard(&digest).insert(digest, value);
    }
}

/// Feeds a digest; each part with its length, so that parts cannot run into each other.
#[derive(Clone, Default)]
pub(crate) struct Hasher(Sha256);

impl Hasher {
    pub(crate) fn part(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let bytes = bytes.as_ref();
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    pub(crate) fn flag(&mut self, flag: bool) -> &mut Self {
        self.part([u8::from(flag)])
    }

    pub(crate) fn finish(self) -> Digest {
        self.0.finalize().into()
    }
}

/// The digest of one text.
pub(crate) fn digest(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}
