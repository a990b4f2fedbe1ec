//! Git trees as a [`World`], read from the object database without a checkout; folders as the commits they would be; and
//! an organisation's repositories, made of its folders and served over smart HTTP.
#![forbid(unsafe_code)]

mod history;
mod import;
mod lock;
mod repositories;
pub mod serve;

pub use history::{COMMITS_LIMIT, Change};
pub use import::{Import, ImportError, Kind, Object, WORKFLOWS, import};
pub use repositories::{Folder, Imported, Name, Outcome, Repositories};

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::objs::tree::EntryKind as Mode;
use karat_source::{Entry, EntryKind, FILE_LIMIT, ReadError, World, join, parent};

/// A git repository.
pub struct Repository {
    inner: gix::ThreadSafeRepository,
}

/// The tree of one revision, or one folder of it.
pub struct Tree {
    repository: gix::ThreadSafeRepository,
    commit: String,
    /// Every blob and link below the folder, by its path from there.
    entries: BTreeMap<String, (Mode, ObjectId)>,
}

/// Why a repository or a revision could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No repository around a path.
    #[error("{}: not in a git repository", path.display())]
    NoRepository {
        /// The path that was searched from.
        path: PathBuf,
        /// What gix said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No such revision.
    #[error("`{revision}` is not a revision of this repository")]
    NoRevision {
        /// What was asked for.
        revision: String,
        /// What gix said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The folder is not in that revision.
    #[error("`{folder}` is not a folder at revision `{revision}`")]
    NoFolder {
        /// The folder, from the repository's root.
        folder: String,
        /// The revision.
        revision: String,
    },
    /// An object is missing or damaged; a shallow or partial clone has that too.
    #[error("cannot read the tree of `{revision}`")]
    Damaged {
        /// The revision.
        revision: String,
        /// What gix said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What no repository can be called.
    #[error("`{text}` is not a repository's name: `name` or `owner/name`, of letters, digits, `-`, `_` and `.`")]
    Name {
        /// What was to be one.
        text: String,
    },
    /// There is none of this name.
    #[error("no repository `{name}`")]
    Missing {
        /// The name.
        name: String,
    },
    /// Branches and tags cannot be read or changed.
    #[error("cannot read or change the refs of a repository")]
    Refs {
        /// What gix said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A folder cannot become a repository.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The system said no; the message names the path.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// A folder on disk as it was at a revision of the repository around it, in git's own notation.
pub fn at(folder: &Path, revision: &str) -> Result<Tree, Error> {
    let (repository, inner) = around(folder)?;
    repository.tree(revision, &inner)
}

/// The repository that a folder on disk lies in, and where in it that is: `""` for its root.
pub fn around(folder: &Path) -> Result<(Repository, String), Error> {
    let repository = Repository::discover(folder)?;
    let folder = fs_err::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let inner = repository
        .work_tree()
        .and_then(|root| fs_err::canonicalize(root).ok())
        .and_then(|root| folder.strip_prefix(root).ok().map(Path::to_owned))
        .unwrap_or_default();
    Ok((repository, inner.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")))
}

/// Links followed in a row, as on Linux.
const LINK_LIMIT: usize = 40;

impl Repository {
    /// The repository that `path` lies in.
    pub fn discover(path: &Path) -> Result<Self, Error> {
        let inner = gix::ThreadSafeRepository::discover(path)
            .map_err(|error| Error::NoRepository { path: path.to_owned(), source: error.into() })?;
        Ok(Self { inner })
    }

    /// The root of the work tree; `None` for a bare repository.
    pub fn work_tree(&self) -> Option<PathBuf> {
        self.inner.to_thread_local().workdir().map(Path::to_owned)
    }

    /// The commit that is checked out, in full; `None` before the first one.
    pub fn head(&self) -> Option<String> {
        self.inner.to_thread_local().head_id().ok().map(|id| id.to_string())
    }

    /// `folder` (from the repository's root, `""` for all of it) as it is at `revision`, in git's own notation:
    /// `main`, `HEAD~2`, `v1.2.0`, a hash.
    pub fn tree(&self, revision: &str, folder: &str) -> Result<Tree, Error> {
        let repository = self.inner.to_thread_local();
        let missing = |source: Box<dyn std::error::Error + Send + Sync>| Error::NoRevision {
            revision: revision.to_owned(),
            source,
        };
        let damaged =
            |source: Box<dyn std::error::Error + Send + Sync>| Error::Damaged { revision: revision.to_owned(), source };
        let id = repository.rev_parse_single(revision).map_err(|error| missing(error.into()))?;
        let commit = id
            .object()
            .map_err(|error| damaged(error.into()))?
            .peel_to_commit()
            .map_err(|error| missing(error.into()))?;
        let mut tree = commit.tree().map_err(|error| damaged(error.into()))?;
        if !folder.is_empty() {
            let absent = || Error::NoFolder { folder: folder.to_owned(), revision: revision.to_owned() };
            let entry = tree.lookup_entry_by_path(folder).map_err(|error| damaged(error.into()))?.ok_or_else(absent)?;
            if !entry.mode().is_tree() {
                return Err(absent());
            }
            tree = entry.object().map_err(|error| damaged(error.into()))?.into_tree();
        }
        let mut entries = BTreeMap::new();
        for entry in tree.traverse().breadthfirst.files().map_err(|error| damaged(error.into()))? {
            if !entry.mode.is_tree() {
                entries.insert(entry.filepath.to_string(), (entry.mode.kind(), entry.oid));
            }
        }
        Ok(Tree { repository: self.inner.clone(), commit: commit.id.to_string(), entries })
    }
}

impl Tree {
    /// The hash of the commit.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    fn holds(&self, folder: &str) -> bool {
        if folder.is_empty() {
            return true;
        }
        let prefix = format!("{folder}/");
        self.entries
            .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded))
            .next()
            .is_some_and(|(path, _)| path.starts_with(&prefix))
    }

    /// `path` with every link resolved; `None` if a link leaves the tree.
    fn resolve(&self, path: &str) -> Result<Option<String>, ReadError> {
        let mut rest: Vec<String> = path.split('/').filter(|part| !part.is_empty()).rev().map(str::to_owned).collect();
        let mut place = String::new();
        let mut links = 0;
        while let Some(part) = rest.pop() {
            if part == ".." {
                if place.is_empty() {
                    return Ok(None);
                }
                place = parent(&place).to_owned();
                continue;
            }
            let next = join(&place, &part);
            match self.entries.get(&next) {
                Some((Mode::Link, id)) => {
                    links += 1;
                    let target = String::from_utf8_lossy(&self.blob(&next, *id)?).into_owned();
                    if target.starts_with('/') || links > LINK_LIMIT {
                        return Ok(None);
                    }
                    let parts = target.split('/').filter(|part| !part.is_empty() && *part != ".");
                    rest.extend(parts.rev().map(str::to_owned));
                }
                _ => place = next,
            }
        }
        Ok(Some(place))
    }

    fn blob(&self, path: &str, id: ObjectId) -> Result<Vec<u8>, ReadError> {
        let repository = self.repository.to_thread_local();
        let failed = |message: String| ReadError::Io { path: path.to_owned(), message };
        let size = repository.find_header(id).map_err(|error| failed(error.to_string()))?.size();
        if size > FILE_LIMIT {
            return Err(ReadError::TooLarge { path: path.to_owned(), size, limit: FILE_LIMIT });
        }
        let mut object = repository.find_object(id).map_err(|error| failed(error.to_string()))?;
        Ok(std::mem::take(&mut object.data))
    }
}

impl World for Tree {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let place = self.resolve(path)?.ok_or_else(|| ReadError::Escape { path: path.to_owned() })?;
        match self.entries.get(&place) {
            Some((Mode::Blob | Mode::BlobExecutable, id)) => self.blob(path, *id),
            _ => Err(ReadError::NotFound { path: path.to_owned() }),
        }
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>, ReadError> {
        let place = self.resolve(path)?.ok_or_else(|| ReadError::Escape { path: path.to_owned() })?;
        if !self.holds(&place) {
            return Err(ReadError::NotFound { path: path.to_owned() });
        }
        let prefix = if place.is_empty() { String::new() } else { format!("{place}/") };
        let mut kinds: BTreeMap<&str, EntryKind> = BTreeMap::new();
        for (file, (mode, _)) in self.entries.range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded)) {
            let Some(rest) = file.strip_prefix(&prefix) else { break };
            match rest.split_once('/') {
                Some((name, _)) => kinds.insert(name, EntryKind::Folder),
                None if *mode == Mode::Link => kinds.insert(rest, self.kind(file)?.unwrap_or(EntryKind::Escape)),
                None => kinds.insert(rest, kind_of(*mode)),
            };
        }
        Ok(kinds.into_iter().map(|(name, kind)| Entry { name: name.to_owned(), kind }).collect())
    }

    fn kind(&self, path: &str) -> Result<Option<EntryKind>, ReadError> {
        let Some(place) = self.resolve(path)? else { return Ok(Some(EntryKind::Escape)) };
        Ok(match self.entries.get(&place) {
            Some((mode, _)) => Some(kind_of(*mode)),
            None => self.holds(&place).then_some(EntryKind::Folder),
        })
    }

    fn executable(&self, path: &str) -> Result<bool, ReadError> {
        let place = self.resolve(path)?.ok_or_else(|| ReadError::Escape { path: path.to_owned() })?;
        Ok(matches!(self.entries.get(&place), Some((Mode::BlobExecutable, _))))
    }
}

fn kind_of(mode: Mode) -> EntryKind {
    match mode {
        Mode::Blob | Mode::BlobExecutable => EntryKind::File,
        Mode::Tree => EntryKind::Folder,
        Mode::Link => EntryKind::Escape,
        // A submodule: its files are in another repository.
        Mode::Commit => EntryKind::Special,
    }
}
