//! Sessions, in memory: whoever is signed in when the portal ends signs in again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::{digest, random};

/// How long a session is good for, in seconds: a working day.
const LIFE: i64 = 12 * 3600;
/// The most sessions; the oldest end first.
const MOST: usize = 10_000;
/// So many wrong passwords for one name, and it waits.
const TRIES: u32 = 8;
/// How long wrong passwords are remembered, in seconds.
const WAIT: i64 = 15 * 60;

#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// Who, and until when, by the digest of what the cookie holds.
    sessions: BTreeMap<String, (String, i64)>,
    /// How many wrong passwords, and when the last one was, by name.
    wrong: BTreeMap<String, (u32, i64)>,
}

impl Sessions {
    pub(super) fn begin(&self, name: &str, now: i64) -> String {
        let secret = random();
        let mut kept = self.kept();
        kept.sessions.retain(|_, (_, until)| *until > now);
        if kept.sessions.len() >= MOST {
            let oldest = kept.sessions.iter().min_by_key(|(_, (_, until))| *until).map(|(key, _)| key.clone());
            oldest.map(|key| kept.sessions.remove(&key));
        }
        kept.sessions.insert(digest(&secret), (name.to_owned(), now + LIFE));
        secret
    }

    pub(super) fn find(&self, secret: &str, now: i64) -> Option<String> {
        let kept = self.kept();
        kept.sessions.get(&digest(secret)).filter(|(_, until)| *until > now).map(|(name, _)| name.clone())
    }

    pub(super) fn end(&self, secret: &str) {
        self.kept().sessions.remove(&digest(secret));
    }

    pub(super) fn may_try(&self, name: &str, now: i64) -> bool {
        self.kept().wrong.get(name).is_none_or(|(times, last)| *times < TRIES || last + WAIT < now)
    }

    pub(super) fn failed(&self, name: &str, now: i64) {
        let mut kept = self.kept();
        kept.wrong.retain(|_, (_, last)| *last + WAIT >= now);
        // Made-up names must not fill the memory; a real one is among them soon enough.
        if kept.wrong.len() < MOST {
            let name = name.chars().take(64).collect::<String>();
            let (times, last) = kept.wrong.entry(name).or_default();
            *times += 1;
            *last = now;
        }
    }

    pub(super) fn forgive(&self, name: &str) {
        self.kept().wrong.remove(name);
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
