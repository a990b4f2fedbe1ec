//! Writing trees: all of it or nothing.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use karat_scaffold::{File, Tree};

use crate::Error;
use crate::journal::Journal;

/// Writes trees as new folders, and edits files below `root`: all of it or nothing. Everything is written beside its place first;
/// only then it is renamed into place, and put back if something cannot be. With a `journal` that holds for a process that
/// dies in the middle as well: see [`recover`](crate::recover).
pub(crate) fn all(
    folders: &[(PathBuf, Tree)],
    root: Option<&Path>,
    edits: &[(String, Edit)],
    journal: Option<&Path>,
) -> Result<Journal, Error> {
    let (journal, mut staged) = begin(folders, root, edits, journal)?;
    staged.write(folders, edits)?;
    journal.placing()?;
    staged.place(&mut || Ok(()))?;
    journal.done()?;
    staged.tidy();
    Ok(journal)
}

/// What will be done, noted. The journal goes after what is staged has been put back.
fn begin(
    folders: &[(PathBuf, Tree)],
    root: Option<&Path>,
    edits: &[(String, Edit)],
    journal: Option<&Path>,
) -> Result<(Journal, Staged), Error> {
    let mut staged = Staged { folders: Vec::new(), edits: Vec::new(), done: false };
    if let (Some(root), false) = (root, edits.is_empty()) {
        let root = fs::canonicalize(root)?;
        for (path, _) in edits {
            unlinked(&root, path)?;
            staged.edits.push(Staging { target: root.join(path), new: None, old: None, placed: false });
        }
    }
    for (folder, _) in folders {
        vacant(folder)?;
    }
    let targets: Vec<&Path> = folders.iter().map(|(folder, _)| folder.as_path()).collect();
    Ok((Journal::begin(journal, &targets, &staged.edits)?, staged))
}

/// Edits files below `root`: all of them or none.
pub fn edit(root: &Path, edits: &[(String, Edit)]) -> Result<(), Error> {
    all(&[], Some(root), edits, None).map(drop)
}

/// What a new folder is called until it is in place.
pub(crate) fn beside_folder(folder: &Path) -> PathBuf {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    parent.join(format!(".{name}.karat-{}", std::process::id()))
}

/// Whether a new folder can be at `path`.
pub fn vacant(path: &Path) -> Result<(), Error> {
    let taken = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::read_dir(path)?.next().is_some(),
        Ok(_) => true,
        Err(_) => false,
    };
    if taken {
        return Err(Error::input(format!("{} is there already", path.display())).hint(
            "name a folder that is not there, or an empty one; `karat update` brings an older repository up to date",
        ));
    }
    Ok(())
}

/// What is to become of a file.
pub enum Edit {
    /// It is written, with its mode.
    Write(File),
    /// It goes.
    Delete,
}

/// A new folder under way.
struct New {
    target: PathBuf,
    beside: PathBuf,
    placed: bool,
}

/// An edit under way.
pub(crate) struct Staging {
    pub(crate) target: PathBuf,
    /// The new file, not yet in place.
    new: Option<PathBuf>,
    /// The old file, out of the way.
    old: Option<PathBuf>,
    /// Whether the new file is in place.
    placed: bool,
}

impl Staging {
    /// What the file is called while it is not in place.
    pub(crate) fn beside(&self, word: &str) -> PathBuf {
        let name = self.target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.target.with_file_name(format!(".{name}.karat-{word}-{}", std::process::id()))
    }
}

struct Staged {
    folders: Vec<New>,
    edits: Vec<Staging>,
    done: bool,
}

impl Staged {
    /// Writes everything beside its place.
    fn write(&mut self, folders: &[(PathBuf, Tree)], edits: &[(String, Edit)]) -> Result<(), Error> {
        for (folder, tree) in folders {
            let beside = beside_folder(folder);
            if let Some(parent) = beside.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::create_dir(&beside)?;
            self.folders.push(New { target: folder.clone(), beside: beside.clone(), placed: false });
            for (inner, file) in tree.files() {
                let target = beside.join(inner);
                if let Some(parent) = target.parent() {
                    fs::create_dir_all(parent)?;
                }
                create(&target, file)?;
            }
        }
        for (staging, (_, edit)) in self.edits.iter_mut().zip(edits) {
            if let Edit::Write(file) = edit {
                if let Some(parent) = staging.target.parent() {
                    fs::create_dir_all(parent)?;
                }
                let new = staging.beside("new");
                staging.new = Some(new.clone());
                create(&new, file)?;
            }
        }
        Ok(())
    }

    /// Renames everything into place; `next` is asked before each, which is how a test has it die in between.
    fn place(&mut self, next: &mut dyn FnMut() -> Result<(), Error>) -> Result<(), Error> {
        for new in &mut self.folders {
            next()?;
            // An empty folder that is there gives way.
            fs::rename(&new.beside, &new.target)?;
            new.placed = true;
        }
        for staging in &mut self.edits {
            if fs::symlink_metadata(&staging.target).is_ok() {
                next()?;
                let old = staging.beside("old");
                fs::rename(&staging.target, &old)?;
                staging.old = Some(old);
            }
            if let Some(new) = &staging.new {
                next()?;
                fs::rename(new, &staging.target)?;
                staging.new = None;
                staging.placed = true;
            }
        }
        Ok(())
    }

    /// Removes what gave way.
    fn tidy(mut self) {
        self.done = true;
        for staging in &mut self.edits {
            if let Some(old) = staging.old.take() {
                // Everything is in place; one that stays says by its name what it is.
                let _ = fs::remove_file(old);
            }
            // A folder that lost its last file goes too, as in git.
            let mut folder = staging.target.parent();
            while let Some(empty) = folder.filter(|_| !staging.target.exists()) {
                if fs::remove_dir(empty).is_err() {
                    break;
                }
                folder = empty.parent();
            }
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        // As it was: what fails here has failed before, and was told.
        for staging in self.edits.iter().rev() {
            if let Some(new) = &staging.new {
                let _ = fs::remove_file(new);
            }
            if let Some(old) = &staging.old {
                let _ = fs::rename(old, &staging.target);
            } else if staging.placed {
                let _ = fs::remove_file(&staging.target);
            }
        }
        for new in &self.folders {
            let _ = fs::remove_dir_all(if new.placed { &new.target } else { &new.beside });
        }
    }
}

/// Refuses a path of which a part is a link: it could lead out of `root`.
fn unlinked(root: &Path, path: &str) -> Result<(), Error> {
    let mut place = root.to_owned();
    for part in path.split('/') {
        place.push(part);
        match fs::symlink_metadata(&place) {
            Ok(metadata) if metadata.is_symlink() => {
                return Err(Error::input(format!("{} is a link, and links are not written through", place.display())));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A new file with its mode.
fn create(path: &Path, file: &File) -> io::Result<()> {
    fs::write(path, &*file.bytes)?;
    set_mode(path, file.executable)
}

#[cfg(unix)]
fn set_mode(path: &Path, executable: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if executable {
        // Who may read it may run it: the umask has decided who that is.
        let mode = fs::metadata(path)?.permissions().mode();
        fs::set_permissions(path, std::fs::Permissions::from_mode(mode | (mode & 0o444) >> 2))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: bool) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recovered;

    fn files(root: &Path) -> Vec<(String, String)> {
        let mut open = vec![root.to_owned()];
        let mut files = Vec::new();
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
        files.sort();
        files
    }

    /// A process that dies before any of its renames, or after the last: as it was, or all of it.
    #[test]
    fn what_died_in_the_middle_is_put_back() {
        let file = |text: &str| File::new(text.as_bytes());
        for died in 0..8 {
            let root = tempfile::tempdir().unwrap();
            let (root, state) = (fs::canonicalize(root.path()).unwrap(), tempfile::tempdir().unwrap());
            fs::create_dir_all(&root).unwrap();
            fs::write(root.join("changed"), "before").unwrap();
            fs::write(root.join("gone"), "before").unwrap();
            let before = files(&root);
            let mut tree = Tree::default();
            tree.insert("inner/file", file("new")).unwrap();
            let folders = [(root.join("made"), tree)];
            let edits = [
                ("changed".to_owned(), Edit::Write(file("after"))),
                ("deep/added".to_owned(), Edit::Write(file("after"))),
                ("gone".to_owned(), Edit::Delete),
            ];
            let note = state.path().join("journal");
            let (journal, mut staged) = begin(&folders, Some(&root), &edits, Some(&note)).unwrap();
            staged.write(&folders, &edits).unwrap();
            let mut left = died;
            let mut next = || {
                left -= 1;
                if left < 0 { Err(Error::input("dies here")) } else { Ok(()) }
            };
            if died > 0 {
                journal.placing().unwrap();
            }
            let whole = staged.place(&mut next).is_ok();
            if whole {
                journal.done().unwrap();
            }
            // The process is gone: nothing of it tidies up.
            std::mem::forget((journal, staged));
            let expected = if whole { Recovered::Whole } else { Recovered::PutBack };
            assert_eq!(crate::recover(&note).unwrap(), expected);
            assert_eq!(crate::recover(&note).unwrap(), Recovered::Nothing, "once");
            let after = files(&root);
            if whole {
                let names: Vec<&str> = after.iter().map(|(name, _)| name.as_str()).collect();
                assert_eq!(names, ["changed", "deep/added", "made/inner/file"], "{died}");
            } else {
                assert_eq!(after, before, "{died}");
            }
            fs::remove_dir_all(&root).unwrap();
        }
    }
}
