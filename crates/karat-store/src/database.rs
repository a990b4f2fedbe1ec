//! The database: one thread that writes, connections that read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction};

use crate::Error;
use crate::migrations::{self, NEWEST};

/// How long a statement waits for another process that has the database.
const PATIENCE: Duration = Duration::from_secs(5);
/// So many idle connections are kept for reading.
const IDLE: usize = 4;

/// So many writes that nobody waits for are one transaction.
const TOGETHER: usize = 256;

/// What the thread that writes does.
enum Work {
    /// A transaction that somebody waits for.
    Now(Box<dyn FnOnce(&mut Connection) + Send>),
    /// A part of one that nobody waits for.
    Soon(Soon),
}

type Soon = Box<dyn FnOnce(&Transaction<'_>) -> rusqlite::Result<()> + Send>;

/// A database. A cheap handle: clones are the same one.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    path: PathBuf,
    /// To the thread that writes; it ends when the last handle goes.
    writer: mpsc::Sender<Work>,
    readers: Mutex<Vec<Connection>>,
}

impl Database {
    /// Opens the database in a file, made if it is not there, and brings it to the newest version.
    ///
    /// # Errors
    /// It cannot be opened, is none, or a newer Karat made it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if let Some(folder) = path.parent() {
            fs_err::create_dir_all(folder)?;
        }
        own(path)?;
        let failed = |error: rusqlite::Error| failed(path, &error);
        let mut connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        let found = migrations::version(&connection).map_err(failed)?;
        if found > NEWEST {
            return Err(Error::Newer { path: path.to_owned(), found, known: NEWEST });
        }
        // Readers go on while somebody writes; a commit is on the disk before it is told.
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        if found < NEWEST {
            migrations::migrate(&mut connection).map_err(failed)?;
        }
        let (writer, work) = mpsc::channel::<Work>();
        std::thread::Builder::new().name("store".to_owned()).spawn(move || {
            let mut next = work.recv().ok();
            while let Some(now) = next {
                next = match now {
                    Work::Now(whole) => {
                        whole(&mut connection);
                        None
                    }
                    // What cannot be kept is gone: nobody asked whether it was.
                    Work::Soon(first) => together(&mut connection, first, &work).unwrap_or_default(),
                };
                next = next.or_else(|| work.recv().ok());
            }
        })?;
        Ok(Self(Arc::new(Inner { path: path.to_owned(), writer, readers: Mutex::new(Vec::new()) })))
    }

    /// Writes: all of `work`, or nothing of it if it fails or the process ends.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let (done, result) = mpsc::sync_channel(1);
        let whole = move |connection: &mut Connection| {
            let result = connection.transaction().and_then(|transaction| {
                let value = work(&transaction)?;
                transaction.commit()?;
                Ok(value)
            });
            // Who asked may have gone.
            let _ = done.send(result);
        };
        self.0.writer.send(Work::Now(Box::new(whole))).map_err(|_| Error::Closed)?;
        result.recv().map_err(|_| Error::Closed)?.map_err(|error| self.failed(&error))
    }

    /// Writes after what was written before, without waiting for it; what follows on each other so is one transaction.
    pub(crate) fn write_soon(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()> + Send + 'static) {
        // The thread that writes ends with the last handle, and this is one.
        let _ = self.0.writer.send(Work::Soon(Box::new(work)));
    }

    /// Reads one state of the database.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let idle = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.reader().map_err(|error| self.failed(&error))?,
        };
        let value = work(&connection).map_err(|error| self.failed(&error));
        let mut readers = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < IDLE {
            readers.push(connection);
        }
        value
    }

    fn reader(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.0.path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        Ok(connection)
    }

    fn failed(&self, error: &rusqlite::Error) -> Error {
        failed(&self.0.path, error)
    }
}

/// Does writes that nobody waits for, as many as there are by now; gives what is to be done next.
fn together(connection: &mut Connection, first: Soon, work: &mpsc::Receiver<Work>) -> rusqlite::Result<Option<Work>> {
    let transaction = connection.transaction()?;
    let (mut next, mut done) = (Some(first), 0);
    let mut left = None;
    while let Some(soon) = next.take() {
        // One that fails is no reason for the others to.
        let _ = soon(&transaction);
        done += 1;
        if done < TOGETHER {
            match work.try_recv() {
                Ok(Work::Soon(more)) => next = Some(more),
                Ok(now) => left = Some(now),
                Err(_) => {}
            }
        }
    }
    // Whoever waits for what comes next hears of a disk that is full from that.
    let _ = transaction.commit();
    Ok(left)
}

/// Makes the file if it is not there, for its owner alone: what people answer is in it. What SQLite puts beside it is as it is.
fn own(path: &Path) -> std::io::Result<()> {
    let mut options = fs_err::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = options.open(path)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))
    }
    #[cfg(not(unix))]
    options.open(path).map(drop)
}

fn failed(path: &Path, error: &rusqlite::Error) -> Error {
    Error::Database { path: path.to_owned(), message: error.to_string() }
}
