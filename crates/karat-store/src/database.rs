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

type Work = Box<dyn FnOnce(&mut Connection) + Send>;

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
            while let Ok(work) = work.recv() {
                work(&mut connection);
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
        self.0.writer.send(Box::new(whole)).map_err(|_| Error::Closed)?;
        result.recv().map_err(|_| Error::Closed)?.map_err(|error| self.failed(&error))
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

fn failed(path: &Path, error: &rusqlite::Error) -> Error {
    Error::Database { path: path.to_owned(), message: error.to_string() }
}
