//! One portal for one data folder: a lock of the system's, which ends with the process however it ends.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use crate::Error;

/// How often, and after which pauses, a lock is asked for.
const TRIES: usize = 5;
const WAIT: Duration = Duration::from_millis(100);

/// The lock of a data folder, held as long as this lives.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a folder, and writes down who holds it.
    pub(crate) fn take(data: &Path, address: SocketAddr) -> Result<Self, Error> {
        let path = data.join("lock");
        let mut options = fs_err::OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path).map_err(Error::Data)?;
        let mut file = file.into_file();
        let mut tried = file.try_lock();
        // A portal that was just killed may still hold it for a moment.
        for _ in 0..TRIES {
            if !matches!(tried, Err(TryLockError::WouldBlock)) {
                break;
            }
            std::thread::sleep(WAIT);
            tried = file.try_lock();
        }
        match tried {
            Ok(()) => write(&mut file, address).map_err(Error::Data)?,
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who holds it is for the reader's help only.
                let _ = (&file).take(200).read_to_string(&mut holder);
                return Err(Error::Held { data: data.to_owned(), holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(Error::Data(error)),
        }
        Ok(Self { _file: file })
    }
}

fn write(file: &mut File, address: SocketAddr) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "process {} at {address}", std::process::id())?;
    file.flush()
}
