//! Who changed what, and when: one line of JSON for each write, also for those that were refused.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use fs_err as fs;
use serde::{Deserialize, Serialize};

/// The file, in the folder of state.
const FILE: &str = "audit.jsonl";
/// So much of its end is read for the page.
const TAIL: u64 = 64 << 10;

/// One write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Who; empty for who sits at the machine, or is unknown.
    pub who: String,
    /// The request's method.
    pub method: String,
    /// Its path, without what came after it.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
}

/// The log.
#[derive(Debug)]
pub struct Audit {
    file: PathBuf,
    writing: Mutex<()>,
}

impl Audit {
    pub(super) fn open(data: &Path) -> Self {
        Self { file: data.join(FILE), writing: Mutex::new(()) }
    }

    /// Adds a line.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&self, entry: &Entry) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(entry).map_err(std::io::Error::other)?;
        line.push(b'\n');
        let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        // One write of a whole line: a kill leaves whole lines.
        fs::OpenOptions::new().create(true).append(true).open(&self.file)?.write_all(&line)
    }

    /// The last lines, the newest first.
    pub fn last(&self, most: usize) -> Vec<Entry> {
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = fs::File::open(&self.file)?;
            let size = file.metadata()?.len();
            file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
            let mut bytes = Vec::new();
            file.take(TAIL).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().unwrap_or_default();
        let lines = bytes.split(|byte| *byte == b'\n').rev();
        lines.filter_map(|line| serde_json::from_slice(line).ok()).take(most).collect()
    }
}
