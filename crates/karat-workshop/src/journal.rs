//! What a write is about to do, on disk before it does it: whoever finds that after a crash puts everything back.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::write::{Staging, beside_folder};

/// What follows the plan once files are moved into place, and once all of them are.
const PLACING: &str = "placing\n";
const DONE: &str = "done\n";

/// A file that is there as long as a write is under way, and until this is dropped: what was written is known to whoever asked by then.
pub struct Journal {
    file: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Plan {
    /// New folders, and what each is called until it is in place.
    folders: Vec<(PathBuf, PathBuf)>,
    edits: Vec<Edited>,
}

#[derive(Serialize, Deserialize)]
struct Edited {
    target: PathBuf,
    new: PathBuf,
    old: PathBuf,
    existed: bool,
}

impl Journal {
    /// Notes what will be done; without a file nothing is noted.
    ///
    /// # Errors
    /// The file cannot be written; then nothing may be done.
    pub(crate) fn begin(file: Option<&Path>, folders: &[&Path], edits: &[Staging]) -> Result<Self, Error> {
        let Some(file) = file else { return Ok(Self { file: None }) };
        let plan = Plan {
            folders: folders.iter().map(|folder| named(folder)).collect::<Result<_, _>>()?,
            edits: edits
                .iter()
                .map(|edit| Edited {
                    target: edit.target.clone(),
                    new: edit.beside("new"),
                    old: edit.beside("old"),
                    existed: fs::symlink_metadata(&edit.target).is_ok(),
                })
                .collect(),
        };
        let mut line = serde_json::to_vec(&plan).map_err(std::io::Error::from)?;
        line.push(b'\n');
        let mut written = fs::File::create(file)?;
        written.write_all(&line)?;
        written.sync_all()?;
        Ok(Self { file: Some(file.to_owned()) })
    }

    /// From now on files are moved into place.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn placing(&self) -> Result<(), Error> {
        self.note(PLACING)
    }

    /// Everything is in place: from now on it stays.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn done(&self) -> Result<(), Error> {
        self.note(DONE)
    }

    fn note(&self, line: &str) -> Result<(), Error> {
        if let Some(file) = &self.file {
            let mut file = fs::OpenOptions::new().append(true).open(file)?;
            file.write_all(line.as_bytes())?;
            file.sync_all()?;
        }
        Ok(())
    }
}

/// A new folder and its other name, wherever the next process stands.
fn named(folder: &Path) -> Result<(PathBuf, PathBuf), std::io::Error> {
    let folder = std::path::absolute(folder)?;
    let beside = beside_folder(&folder);
    Ok((folder, beside))
}

impl Drop for Journal {
    /// What was done stays, or was put back already: either way there is nothing left to put back.
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _ = fs::remove_file(file);
        }
    }
}

/// What became of a write whose process died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// There was none.
    Nothing,
    /// It was not whole: everything is as it was.
    PutBack,
    /// Everything was in place, and is.
    Whole,
}

/// Puts back what a write that did not come to its end has done. `file` is the journal that it was given.
///
/// # Errors
/// The disk says no; the file stays, and the next call goes on.
pub fn recover(file: &Path) -> Result<Recovered, Error> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Recovered::Nothing),
        Err(error) => return Err(error.into()),
    };
    let (plan, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let done = rest.ends_with(DONE);
    // A line that is cut short was written before anything else was.
    if let Ok(plan) = serde_json::from_str::<Plan>(plan) {
        let placing = rest.starts_with(PLACING);
        let is = |path: &Path| fs::symlink_metadata(path).is_ok();
        for Edited { target, new, old, existed } in plan.edits.iter().rev() {
            if done {
                if is(old) {
                    fs::remove_file(old)?;
                }
                continue;
            }
            match (is(old), *existed) {
                (true, _) => fs::rename(old, target)?,
                (false, false) if placing && !is(new) && is(target) => fs::remove_file(target)?,
                _ => {}
            }
            if is(new) {
                fs::remove_file(new)?;
            }
        }
        for (folder, beside) in plan.folders.iter().filter(|_| !done) {
            // Until it is renamed, the folder has its other name.
            let gone = if beside.exists() { Some(beside) } else { Some(folder).filter(|it| placing && it.exists()) };
            if let Some(gone) = gone {
                fs::remove_dir_all(gone)?;
            }
        }
    }
    fs::remove_file(file)?;
    Ok(if done { Recovered::Whole } else { Recovered::PutBack })
}
