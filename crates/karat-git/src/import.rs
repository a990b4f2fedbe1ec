//! A folder as the first commit of a repository: the same folder gives the same hashes, on every machine.
//!
//! An organisation keeps its repositories as folders. What calls a reusable workflow pins it by commit, so that commit
//! must be known without a repository: it is a function of the folder. Author, date and message are fixed; order, modes
//! and ignore rules are git's, so that `git add -A && git write-tree` gives the same tree.
//!
//! A history of one commit would move every pin with every change. So what is pinned can come first: a commit of some
//! folders alone ([`WORKFLOWS`]), and the commit of everything on top of it.

use std::path::{Path, PathBuf};

use fs_err as fs;
use gix::ObjectId;
use gix::bstr::{BString, ByteSlice as _};
use gix::glob::pattern::Case;
use gix::hash::Kind as Hash;
use gix::ignore::Search;
use gix::ignore::search::Ignore;
use gix::objs::tree::{Entry, EntryKind as Mode};
use gix::objs::{Tree, WriteTo as _, compute_hash};
use karat_source::{FILE_LIMIT, WALK_LIMIT};

pub use gix::objs::Kind;

/// What reusable workflows are made of: the workflows, and the scripts that they check out.
pub const WORKFLOWS: &[&str] = &[".github", "scripts"];

/// The commits that a folder is; hashes in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The hash of the commit of everything.
    pub commit: String,
    /// Its parent, of what came first: it changes only when that does. `None` if the folder holds none of it.
    pub first: Option<String>,
    /// The hash of the tree of everything.
    pub tree: String,
}

/// One object of an import, in the order in which each is complete: what it names came before.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// Blob, tree or commit.
    pub kind: Kind,
    /// Its hash.
    pub id: ObjectId,
    /// Its content, without git's header.
    pub data: &'a [u8],
}

/// Why a folder cannot become a repository.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The system said no; the message names the path.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A folder below has a `.git` of its own.
    #[error("{}: a repository within a folder that is to become one; move it out or delete its .git", path.display())]
    Nested {
        /// The inner repository.
        path: PathBuf,
    },
    /// Larger than any file that is read.
    #[error("{}: {size} bytes, more than the limit of {limit}; add it to .gitignore", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// More than any folder that is walked.
    #[error("{}: more than {limit} files and folders; add what is built to .gitignore", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// An object that gix refuses to write.
    #[error("{}: cannot be a git object: {message}", path.display())]
    Object {
        /// The file or folder.
        path: PathBuf,
        /// What gix said.
        message: String,
    },
}

/// Who imports, when: no clock and no user, or the hash would be another each time.
const SIGNATURE: &str = "Karat <karat@karat.dev> 1767225600 +0000"; // 2026-01-01T00:00:00Z
const MESSAGE: &str = "Import\n";

/// The commits that `folder` is: one of what `first` names at its top, if anything, and one of everything. `keep` is given
/// every object, once or more; what an object names was given before.
///
/// Read are regular files (with their executable bit) and links (as links). `.gitignore` files count as far as they lie
/// within the folder; those above it, the user's own and attributes do not. Empty folders and a `.git` at the top are
/// left out, as are devices and sockets.
pub fn import(folder: &Path, first: &[&str], keep: &mut dyn FnMut(Object<'_>)) -> Result<Import, ImportError> {
    let mut walk = Walk { root: folder, ignored: Search::default(), visited: 0, keep };
    let entries = walk.entries(folder, &BString::default())?;
    let before: Vec<Entry> =
        entries.iter().filter(|entry| first.iter().any(|name| entry.filename == *name)).cloned().collect();
    let parent = if before.is_empty() {
        None
    } else {
        let tree = walk.tree(folder, before)?;
        Some(walk.commit(tree, None)?)
    };
    let tree = walk.tree(folder, entries)?;
    let commit = walk.commit(tree, parent)?;
    Ok(Import { commit: commit.to_string(), first: parent.map(|id| id.to_string()), tree: tree.to_string() })
}

struct Walk<'a> {
    root: &'a Path,
    /// The rules of the folders that lead to the current one, the nearest last.
    ignored: Search,
    visited: usize,
    keep: &'a mut dyn FnMut(Object<'_>),
}

impl Walk<'_> {
    /// What one folder holds, in any order. `place` is its path from the root.
    fn entries(&mut self, folder: &Path, place: &BString) -> Result<Vec<Entry>, ImportError> {
        let rules = self.ignored.patterns.len();
        let file = folder.join(".gitignore");
        // A link is not read as rules, as git does not since 2.32.
        if fs::symlink_metadata(&file).is_ok_and(|about| about.is_file()) {
            self.ignored.add_patterns_buffer(&self.read(&file)?, &file, Some(self.root), Ignore::default())?;
        }
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            self.visited += 1;
            if self.visited > WALK_LIMIT {
                return Err(ImportError::TooMany { path: self.root.to_owned(), limit: WALK_LIMIT });
            }
            let name =
                gix::path::os_string_into_bstring(entry.file_name()).map_err(|error| refused(&entry.path(), error))?;
            if let Some(entry) = self.entry(&entry.path(), place, name)? {
                entries.push(entry);
            }
        }
        self.ignored.patterns.truncate(rules);
        Ok(entries)
    }

    fn tree(&mut self, folder: &Path, mut entries: Vec<Entry>) -> Result<ObjectId, ImportError> {
        entries.sort();
        let mut data = Vec::new();
        Tree { entries }.write_to(&mut data)?;
        self.object(folder, Kind::Tree, &data)
    }

    fn commit(&mut self, tree: ObjectId, parent: Option<ObjectId>) -> Result<ObjectId, ImportError> {
        let parent = parent.map(|id| format!("parent {id}\n")).unwrap_or_default();
        let text = format!("tree {tree}\n{parent}author {SIGNATURE}\ncommitter {SIGNATURE}\n\n{MESSAGE}");
        self.object(self.root, Kind::Commit, text.as_bytes())
    }

    /// What a tree says of one file, link or folder; `None` if git would not add it.
    fn entry(&mut self, path: &Path, place: &BString, name: BString) -> Result<Option<Entry>, ImportError> {
        if name.eq_ignore_ascii_case(b".git") {
            return if place.is_empty() { Ok(None) } else { Err(ImportError::Nested { path: path.to_owned() }) };
        }
        let about = fs::symlink_metadata(path)?;
        let mut below = place.clone();
        if !below.is_empty() {
            below.push(b'/');
        }
        below.extend_from_slice(&name);
        let rule = self.ignored.pattern_matching_relative_path(below.as_bstr(), Some(about.is_dir()), Case::Sensitive);
        if rule.is_some_and(|rule| !rule.pattern.is_negative()) {
            return Ok(None);
        }
        let (mode, oid) = if about.is_dir() {
            let entries = self.entries(path, &below)?;
            // An empty folder is nothing to git.
            if entries.is_empty() {
                return Ok(None);
            }
            (Mode::Tree, self.tree(path, entries)?)
        } else if about.is_symlink() {
            let target = fs::read_link(path)?;
            let target =
                gix::path::os_string_into_bstring(target.into_os_string()).map_err(|error| refused(path, error))?;
            (Mode::Link, self.object(path, Kind::Blob, &target)?)
        } else if about.is_file() {
            let mode = if executable(&about) { Mode::BlobExecutable } else { Mode::Blob };
            let data = self.read(path)?;
            (mode, self.object(path, Kind::Blob, &data)?)
        } else {
            return Ok(None);
        };
        Ok(Some(Entry { mode: mode.into(), filename: name, oid }))
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, ImportError> {
        let size = fs::metadata(path)?.len();
        if size > FILE_LIMIT {
            return Err(ImportError::TooLarge { path: path.to_owned(), size, limit: FILE_LIMIT });
        }
        Ok(fs::read(path)?)
    }

    fn object(&mut self, path: &Path, kind: Kind, data: &[u8]) -> Result<ObjectId, ImportError> {
        let id = compute_hash(Hash::Sha1, kind, data).map_err(|error| refused(path, error))?;
        (self.keep)(Object { kind, id, data });
        Ok(id)
    }
}

fn refused(path: &Path, error: impl std::fmt::Display) -> ImportError {
    ImportError::Object { path: path.to_owned(), message: error.to_string() }
}

/// Whether its owner may run a file: the one bit of the mode that git keeps.
#[cfg(unix)]
fn executable(about: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    about.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn executable(_about: &std::fs::Metadata) -> bool {
    false
}
