//! Writing trees: all of it or nothing.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use karat_scaffold::{File, Tree};

use crate::Error;

/// Writes a tree as a new folder: beside it first, then renamed in one step.
pub fn folder(path: &Path, tree: &Tree) -> Result<(), Error> {
    vacant(path)?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = Beside(parent.join(format!(".{name}.karat-{}", std::process::id())));
    fs::create_dir(&beside.0)?;
    for (inner, file) in tree.files() {
        let target = beside.0.join(inner);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        create(&target, file)?;
    }
    // An empty folder that is there gives way.
    fs::rename(&beside.0, path)?;
    Ok(())
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

/// A folder that goes away unless it was renamed.
struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        // Nobody is left to tell; the name says whose it is.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What is to become of a file.
pub enum Edit {
    /// It is written, with its mode.
    Write(File),
    /// It goes.
    Delete,
}

/// Edits files below `root`. Everything is written beside its place first; only then files are renamed into place, and
/// put back if one cannot be.
pub fn edit(root: &Path, edits: &[(String, Edit)]) -> Result<(), Error> {
    let root = fs::canonicalize(root)?;
    for (path, _) in edits {
        unlinked(&root, path)?;
    }
    let mut staged = Staged { edits: Vec::new(), done: false };
    for (path, edit) in edits {
        let target = root.join(path);
        staged.edits.push(Staging { target: target.clone(), new: None, old: None, placed: false });
        if let Edit::Write(file) = edit {
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent)?;
            }
            let new = beside(&target, "new");
            if let Some(staging) = staged.edits.last_mut() {
                staging.new = Some(new.clone());
            }
            create(&new, file)?;
        }
    }
    staged.commit()
}

fn beside(target: &Path, word: &str) -> PathBuf {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    target.with_file_name(format!(".{name}.karat-{word}-{}", std::process::id()))
}

/// An edit under way.
struct Staging {
    target: PathBuf,
    /// The new file, not yet in place.
    new: Option<PathBuf>,
    /// The old file, out of the way.
    old: Option<PathBuf>,
    /// Whether the new file is in place.
    placed: bool,
}

struct Staged {
    edits: Vec<Staging>,
    done: bool,
}

impl Staged {
    fn commit(mut self) -> Result<(), Error> {
        for staging in &mut self.edits {
            if fs::symlink_metadata(&staging.target).is_ok() {
                let old = beside(&staging.target, "old");
                fs::rename(&staging.target, &old)?;
                staging.old = Some(old);
            }
            if let Some(new) = &staging.new {
                fs::rename(new, &staging.target)?;
                staging.new = None;
                staging.placed = true;
            }
        }
        self.done = true;
        for staging in &mut self.edits {
            if let Some(old) = staging.old.take() {
                fs::remove_file(old)?;
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
        Ok(())
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
