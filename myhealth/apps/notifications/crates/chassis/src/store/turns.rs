//! Whose turn it is to write, where the database has one writer.
//!
//! SQLite lets writers look again and again, after pauses that grow: whoever has waited longest looks most rarely, and under load
//! some wait for a second where most wait for milliseconds. So writers queue here, first come, first served, and SQLite's own lock
//! is free when it is asked. Those of one process queue in memory. Processes queue at two locked files beside the store, as at a
//! turnstile: who waits for `-turn` holds `-gate`, so that who has just had a turn comes after. A process that dies leaves both.

use super::{ACQUIRE, Database};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::Path,
    sync::Arc,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The queue of writers; none on Postgres, which queues by row.
#[derive(Debug, Clone)]
pub(super) struct Turns(Option<(Arc<Semaphore>, Arc<Turnstile>)>);

/// Somebody's turn; over when it is dropped.
#[derive(Debug, Default)]
pub(super) struct Turn {
    // In this order: other processes come before another writer of this one can ask.
    _among_processes: Option<Passed>,
    _in_process: Option<OwnedSemaphorePermit>,
}

impl Turns {
    pub(super) fn of(database: &Database) -> io::Result<Self> {
        Ok(Self(match database {
            Database::Secret(_) => None,
            Database::Sqlite(path) => Some((Arc::new(Semaphore::new(1)), Arc::new(Turnstile::open(path)?))),
        }))
    }

    /// Waits for a turn, as long as for a connection.
    pub(super) async fn next(&self) -> Result<Turn, sqlx::Error> {
        let Some((in_process, turnstile)) = &self.0 else { return Ok(Turn::default()) };
        let wait = async {
            let permit = Arc::clone(in_process).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
            let turnstile = Arc::clone(turnstile);
            if turnstile.pass_if_free()? {
                return Ok(Turn { _among_processes: Some(Passed(turnstile)), _in_process: Some(permit) });
            }
            // Nobody can interrupt this wait. If its writer gives up, the turn comes nevertheless, and is over at once.
            let passed = tokio::task::spawn_blocking(move || {
                turnstile.pass()?;
                Ok(Turn { _among_processes: Some(Passed(turnstile)), _in_process: Some(permit) })
            });
            passed.await.unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed))
        };
        tokio::time::timeout(ACQUIRE, wait).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }
}

/// Two locked files. One open file of each a process: its writers come here one at a time.
#[derive(Debug)]
struct Turnstile {
    gate: File,
    turn: File,
}

impl Turnstile {
    fn open(store: &Path) -> io::Result<Self> {
        let beside = |suffix: &str| {
            let mut path = store.as_os_str().to_owned();
            path.push(suffix);
            let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
            file.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", Path::new(&path).display())))
        };
        Ok(Self { gate: beside("-gate")?, turn: beside("-turn")? })
    }

    fn pass(&self) -> io::Result<()> {
        self.gate.lock()?;
        let passed = self.turn.lock();
        self.gate.unlock()?;
        passed
    }

    /// Passes if that needs no waiting.
    fn pass_if_free(&self) -> io::Result<bool> {
        let free = |lock: Result<(), TryLockError>| match lock {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        };
        if !free(self.gate.try_lock())? {
            return Ok(false);
        }
        let passed = free(self.turn.try_lock());
        self.gate.unlock()?;
        passed
    }
}

/// Has passed; makes room when dropped.
#[derive(Debug)]
struct Passed(Arc<Turnstile>);

impl Drop for Passed {
    fn drop(&mut self) {
        let _ = self.0.turn.unlock(); // of a file that is open and locked: cannot fail
    }
}
