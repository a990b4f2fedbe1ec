//! One push at a time for each repository, also across processes; and what a killed one left behind.
//!
//! The lock is the system's (`flock`) on a file in the repository, and the child that changes the refs inherits it as its
//! standard error. So it is held for as long as that child lives, even if Karat is killed and starts again in the
//! meantime. The file is empty while nothing happens: one that is not says that the last push did not come to its end,
//! and its leftovers are swept away before the next.

use std::fs::TryLockError;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use fs_err as fs;

/// The right to change a repository's refs.
pub(crate) struct PushLock {
    file: fs::File,
}

impl PushLock {
    /// Waits for it; not for an async thread.
    pub(crate) fn take(repository: &Path) -> io::Result<Self> {
        let file = file(repository)?;
        file.lock()?;
        Self::swept(file, repository)
    }

    /// `None` if somebody has it.
    pub(crate) fn try_take(repository: &Path) -> io::Result<Option<Self>> {
        let file = file(repository)?;
        match file.try_lock() {
            Ok(()) => Self::swept(file, repository).map(Some),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn swept(file: fs::File, repository: &Path) -> io::Result<Self> {
        if file.metadata()?.len() > 0 {
            sweep(repository)?;
            file.set_len(0)?;
        }
        Ok(Self { file })
    }

    /// From here on refs may change. What is given is the standard error of the child that changes them.
    pub(crate) fn start(&self) -> io::Result<Stdio> {
        let mut file = self.file.try_clone()?;
        file.write_all(b"a push is being carried out\n")?;
        Ok(file.into_file().into())
    }

    /// The child came to its own end, good or bad: it left nothing.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.file.set_len(0)
    }
}

fn file(repository: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().create(true).append(true).open(repository.join("karat-push.lock"))
}

/// Deletes what a killed `git receive-pack` leaves: objects in quarantine, and locks of refs. Nobody else has any then.
fn sweep(repository: &Path) -> io::Result<()> {
    for (name, path) in entries(&repository.join("objects"))? {
        if name.starts_with("tmp_objdir-") || name.starts_with("incoming-") {
            fs::remove_dir_all(path)?;
        }
    }
    for (name, path) in entries(&repository.join("objects/pack"))? {
        if name.starts_with("tmp_") {
            fs::remove_file(path)?;
        }
    }
    for (name, path) in entries(repository)? {
        if ["packed-refs.lock", "packed-refs.new", "HEAD.lock"].contains(&name.as_str()) {
            fs::remove_file(path)?;
        }
    }
    // Refs are as deep as their names; git allows 4 KiB of those.
    let mut open = vec![repository.join("refs")];
    while let Some(folder) = open.pop() {
        for (name, path) in entries(&folder)? {
            if path.is_dir() {
                open.push(path);
            } else if name.ends_with(".lock") {
                fs::remove_file(path)?;
            }
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_child_holds_the_lock_even_alone() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["objects/pack", "objects/tmp_objdir-incoming-x", "refs/heads"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let lock = PushLock::take(root.path()).unwrap();
        assert!(PushLock::try_take(root.path()).unwrap().is_none());
        let mut child = Command::new("sleep").arg("60").stderr(lock.start().unwrap()).spawn().unwrap();
        // As if this process had been killed.
        drop(lock);
        assert!(PushLock::try_take(root.path()).unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        let lock = PushLock::try_take(root.path()).unwrap().unwrap();
        assert!(!root.path().join("objects/tmp_objdir-incoming-x").exists(), "it did not come to its end");
        drop(lock.start().unwrap());
        lock.finish().unwrap();
        assert_eq!(fs::metadata(root.path().join("karat-push.lock")).unwrap().len(), 0);
    }
}
