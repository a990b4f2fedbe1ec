//! Files and folders that are there as a whole, also after the process or the machine died.

use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use fs_err as fs;

/// Puts `bytes` at `path`, in place of what was there. One writer at a time.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("new");
    let mut file = fs::File::create(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&aside, path)?;
    sync_parent(path)
}

/// Gives the file at `from`, which is synced, the second name `to`. Nothing happens if there is one already: names are digests.
pub(super) fn link(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => sync_parent(to),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Takes a name away, if it is there.
pub(super) fn unlink(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => sync_parent(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes a folder and those above it, below `root`.
pub(super) fn make_folder(path: &Path, root: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    for above in path.ancestors().skip(1).take_while(|above| above.starts_with(root)) {
        sync_folder(above)?;
    }
    Ok(())
}

/// Names are safe on disk when their folder is synced.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    // Elsewhere folders cannot be opened, and need not be.
    if cfg!(unix) { fs::File::open(path)?.sync_all() } else { Ok(()) }
}

fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync_folder)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// Whoever looks at any moment, the dead process's successor among them, finds one content or the other.
    #[test]
    fn what_is_replaced_is_never_half_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.json");
        let contents = [vec![b'a'; 1 << 20], vec![b'b'; 1 << 19]];
        replace(&path, &contents[0]).unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for at in 0..40 {
                    replace(&path, &contents[at % 2]).unwrap();
                }
                done.store(true, Ordering::Relaxed);
            });
            while !done.load(Ordering::Relaxed) {
                let found = fs::read(&path).unwrap();
                assert!(contents.contains(&found), "{} bytes", found.len());
            }
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_content_that_has_its_name_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second, name) = (folder.path().join("1"), folder.path().join("2"), folder.path().join("name"));
        fs::write(&first, "first").unwrap();
        fs::write(&second, "second").unwrap();
        link(&first, &name).unwrap();
        link(&second, &name).unwrap();
        assert_eq!(fs::read(&name).unwrap(), b"first");
        unlink(&name).unwrap();
        unlink(&name).unwrap();
        assert!(!name.exists() && first.exists());
    }
}
