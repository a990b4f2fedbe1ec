//! Tasks on disk: one file each in the folder of state, one line of JSON for everything that is known of it, in order.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::tasks::Line;

/// The folder, in the folder of state.
const FOLDER: &str = "tasks";
/// The largest file that is read again.
const LARGEST: u64 = 64 << 20;

pub(super) struct Kept {
    folder: PathBuf,
}

impl Kept {
    /// # Errors
    /// The folder cannot be made.
    pub(super) fn open(data: &Path) -> std::io::Result<Self> {
        let folder = data.join(FOLDER);
        fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    /// The lines of each task. One that a kill has cut short is no line, and what is added later begins a new one.
    pub(super) fn all(&self) -> std::io::Result<Vec<Vec<Line>>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let fits = fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() <= LARGEST);
            if path.extension().is_some_and(|ending| ending == "jsonl") && fits {
                let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
                if !text.ends_with('\n') {
                    fs::OpenOptions::new().append(true).open(&path)?.write_all(b"\n")?;
                }
                all.push(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect());
            }
        }
        Ok(all)
    }

    /// Adds a line: one write of the whole of it, so that a kill leaves whole lines.
    pub(super) fn add(&self, id: &str, line: &Line) -> std::io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let mut options = fs::OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        {
            use fs::os::unix::fs::OpenOptionsExt as _;
            // Answers are for those who run the portal.
            options.mode(0o600);
        }
        options.open(self.file(id))?.write_all(&text)
    }

    /// A task that is remembered no longer.
    pub(super) fn forget(&self, id: &str) {
        // One that stays is read again, and forgotten again.
        let _ = fs::remove_file(self.file(id));
    }

    fn file(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.jsonl"))
    }
}
