//! The organisation's repositories: a folder of bare ones, made of the organisation's folders.
//!
//! ```text
//! <root>/<owner>/<name>.git      as its URL says: https://host/<owner>/<name>.git; the owner may be missing
//! ```
//!
//! Two hidden refs of ours are below `refs/karat/`: clients neither see nor change them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use gix::ObjectId;
use gix::objs::{Exists as _, Write as _};
use gix::refs::Target;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit};

use crate::lock::PushLock;
use crate::{Error, Import, ImportError, Repository, import};

/// What a repository is called: `owner/name` or `name`; letters, digits, `-`, `_` and `.`, as in its URL without `.git`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// The longest part of a name, in bytes.
const NAME_LIMIT: usize = 100;

impl Name {
    /// # Errors
    /// [`Error::Name`] if `text` is none; so no name leads out of the folder, and none is a file of git's.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let good = |part: &str| {
            part.len() <= NAME_LIMIT
                && part.starts_with(|first: char| first.is_ascii_alphanumeric())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
                && !part.contains("..")
                && ![".", ".git", ".lock"].iter().any(|end| part.ends_with(end))
        };
        let parts = text.split('/').count();
        if parts > 2 || !text.split('/').all(good) {
            return Err(Error::Name { text: text.chars().take(2 * NAME_LIMIT).collect() });
        }
        Ok(Self(text.to_owned()))
    }

    /// As it was parsed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A folder that is to be a repository.
#[derive(Clone, Copy, Debug)]
pub struct Folder<'a> {
    /// What the repository is called.
    pub name: &'a Name,
    /// Where the folder is.
    pub path: &'a Path,
    /// The branch that it becomes, such as `main`.
    pub branch: &'a str,
    /// What is committed first, as [`import`] takes it: [`crate::WORKFLOWS`] for the governance repository.
    pub first: &'a [&'a str],
}

/// What an import found, or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The repository is new.
    Created,
    /// It holds what the folder holds.
    Unchanged,
    /// Nobody had pushed; the folder had changed, and the branch is now what the folder is.
    Renewed,
    /// It was pushed to: it is the truth now, and the folder was not looked at.
    Kept,
}

/// One repository after an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// What it is called.
    pub name: Name,
    /// The commit of its branch, in full; `None` if somebody deleted the branch.
    pub commit: Option<String>,
    /// What was done.
    pub outcome: Outcome,
}

/// A folder of bare repositories. Only this process changes them; another Karat on the same folder waits for its pushes.
#[derive(Clone, Debug)]
pub struct Repositories {
    root: PathBuf,
}

/// Where a repository that is being made lies until it is whole.
const UNFINISHED: &str = ".import-";
/// The commit that the folder was when it was imported.
const IMPORTED: &str = "refs/karat/import";
/// Refs that are not the users'.
pub(crate) const HIDDEN: &str = "refs/karat/";
/// The same as git wants it, without the slash.
pub(crate) const HIDDEN_PREFIX: &str = "refs/karat";

impl Repositories {
    /// The repositories below `root`, which is made if it is not there.
    pub fn open(root: &Path) -> Result<Self, Error> {
        fs::create_dir_all(root)?;
        Ok(Self { root: fs::canonicalize(root)? })
    }

    /// The repositories' folder, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a repository is, or would be.
    pub fn place(&self, name: &Name) -> PathBuf {
        self.root.join(format!("{name}.git"))
    }

    /// Whether there is one of this name.
    pub fn contains(&self, name: &Name) -> bool {
        self.place(name).join("HEAD").is_file()
    }

    /// All of them, sorted.
    pub fn list(&self) -> Result<Vec<Name>, Error> {
        let mut names = Vec::new();
        for (name, path) in folders(&self.root)? {
            match name.strip_suffix(".git") {
                Some(name) => names.extend(Name::parse(name)),
                None if name.starts_with('.') => {}
                None => {
                    let below = folders(&path)?;
                    let below = below.iter().filter_map(|(below, _)| below.strip_suffix(".git"));
                    names.extend(below.filter_map(|below| Name::parse(&format!("{name}/{below}")).ok()));
                }
            }
        }
        names.sort();
        Ok(names)
    }

    /// One of them, to read: trees, history.
    pub fn repository(&self, name: &Name) -> Result<Repository, Error> {
        if !self.contains(name) {
            return Err(Error::Missing { name: name.to_string() });
        }
        open(&self.place(name))
    }

    /// Its branches, tags and other refs by full name (`refs/heads/main`), with the hash that each leads to.
    ///
    /// A push event tells that something changed now; what was missed while nobody listened is found by comparing these.
    pub fn refs(&self, name: &Name) -> Result<BTreeMap<String, String>, Error> {
        self.repository(name)?.refs()
    }

    /// Makes an empty repository whose first branch will be `branch`; one that is there stays as it is.
    pub fn create(&self, name: &Name, branch: &str) -> Result<(), Error> {
        let _making = self.making()?;
        if self.contains(name) {
            return Ok(());
        }
        let made = self.unfinished()?;
        prepare(made.path(), branch)?;
        self.finish(made, name)
    }

    /// Makes each folder a repository with one branch: the commits that [`import`] says, which are the same everywhere.
    /// Done again it adds what is new, and overwrites nothing that somebody pushed to. Reads and writes files: not for an
    /// async thread.
    pub fn import(&self, folders: &[Folder<'_>]) -> Result<Vec<Imported>, Error> {
        let _making = self.making()?;
        folders.iter().map(|folder| self.import_one(folder)).collect()
    }

    fn import_one(&self, folder: &Folder<'_>) -> Result<Imported, Error> {
        if self.contains(folder.name) {
            return self.renew(folder);
        }
        let made = self.unfinished()?;
        prepare(made.path(), folder.branch)?;
        let import = write(&open(made.path())?, folder)?;
        for name in [branch(folder.branch).as_str(), IMPORTED] {
            let path = made.path().join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, format!("{}\n", import.commit))?;
        }
        self.finish(made, folder.name)?;
        Ok(Imported { name: folder.name.clone(), commit: Some(import.commit), outcome: Outcome::Created })
    }

    /// A repository that is there follows its folder for as long as it holds nothing but the import.
    fn renew(&self, folder: &Folder<'_>) -> Result<Imported, Error> {
        let name = folder.name.clone();
        let place = self.place(&name);
        // Somebody pushes just now.
        let Some(lock) = PushLock::try_take(&place)? else {
            let commit = self.refs(&name)?.remove(&branch(folder.branch));
            return Ok(Imported { name, commit, outcome: Outcome::Kept });
        };
        let repository = open(&place)?;
        let mut refs = repository.refs()?;
        let (others, commit) = (refs.len() > 1, refs.remove(&branch(folder.branch)));
        let before = repository.reference(IMPORTED)?;
        if others || commit.is_none() || commit != before.map(|id| id.to_string()) {
            return Ok(Imported { name, commit, outcome: Outcome::Kept });
        }
        if commit == Some(import(folder.path, folder.first, &mut |_| {})?.commit) {
            return Ok(Imported { name, commit, outcome: Outcome::Unchanged });
        }
        let import = write(&repository, folder)?;
        repository.repoint(&[branch(folder.branch).as_str(), IMPORTED], before, &import.commit)?;
        drop(lock);
        Ok(Imported { name, commit: Some(import.commit), outcome: Outcome::Renewed })
    }

    /// Held while repositories are made: what others left unfinished is nobody's then, and is deleted.
    fn making(&self) -> Result<fs::File, Error> {
        let lock = fs::OpenOptions::new().create(true).append(true).open(self.root.join(".lock"))?;
        lock.lock()?;
        for (name, path) in folders(&self.root)? {
            if name.starts_with(UNFINISHED) {
                fs::remove_dir_all(path)?;
            }
        }
        Ok(lock)
    }

    fn unfinished(&self) -> Result<tempfile::TempDir, Error> {
        Ok(tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(&self.root)?)
    }

    /// A repository that is whole gets its name: whoever looks sees none of it, or all.
    fn finish(&self, made: tempfile::TempDir, name: &Name) -> Result<(), Error> {
        let place = self.place(name);
        if let Some(owner) = place.parent() {
            fs::create_dir_all(owner)?;
        }
        fs::rename(made.path(), place)?;
        // Its path is no longer there to be deleted.
        let _ = made.keep();
        Ok(())
    }
}

impl Repository {
    /// All refs that are not hidden, with the object that each leads to.
    pub(crate) fn refs(&self) -> Result<BTreeMap<String, String>, Error> {
        let repository = self.inner.to_thread_local();
        let mut refs = BTreeMap::new();
        for reference in repository.references().map_err(unreadable)?.all().map_err(unreadable)? {
            let reference = reference.map_err(unreadable)?;
            let name = reference.name().as_bstr().to_string();
            if let Some(id) = reference.try_id().filter(|_| !name.starts_with(HIDDEN)) {
                refs.insert(name, id.to_string());
            }
        }
        Ok(refs)
    }

    /// What the ref of this full name leads to; `None` if there is none, or the name cannot be one.
    pub(crate) fn reference(&self, name: &str) -> Result<Option<ObjectId>, Error> {
        let Ok(full) = gix::refs::FullName::try_from(name) else { return Ok(None) };
        let repository = self.inner.to_thread_local();
        let found = repository.try_find_reference(full.as_ref().as_partial_name()).map_err(unreadable)?;
        // A search by a part of the name finds others too.
        let found = found.filter(|found| found.name() == full.as_ref());
        Ok(found.and_then(|found| found.try_id()).map(gix::Id::detach))
    }

    /// Moves refs that are at `before` to `after`, all or none.
    fn repoint(&self, names: &[&str], before: Option<ObjectId>, after: &str) -> Result<(), Error> {
        let new = Target::Object(ObjectId::from_hex(after.as_bytes()).map_err(unreadable)?);
        let expected = match before {
            Some(before) => PreviousValue::MustExistAndMatch(Target::Object(before)),
            None => PreviousValue::MustNotExist,
        };
        let mut edits = Vec::new();
        for name in names {
            let name = gix::refs::FullName::try_from(*name).map_err(unreadable)?;
            let change = Change::Update { log: LogChange::default(), expected: expected.clone(), new: new.clone() };
            edits.push(RefEdit { change, name, deref: false });
        }
        self.inner.to_thread_local().edit_references_as(edits, None).map_err(unreadable)?;
        Ok(())
    }
}

fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Refs { source: error.into() }
}

fn branch(name: &str) -> String {
    format!("refs/heads/{name}")
}

/// Opens exactly this repository, by its own configuration alone.
fn open(path: &Path) -> Result<Repository, Error> {
    let inner = gix::ThreadSafeRepository::open_opts(path, gix::open::Options::isolated())
        .map_err(|error| Error::NoRepository { path: path.to_owned(), source: error.into() })?;
    Ok(Repository { inner })
}

/// The files of a bare repository without a commit; no template of the system's, no hooks.
fn prepare(path: &Path, branch: &str) -> Result<(), Error> {
    for folder in ["objects/info", "objects/pack", "refs/heads", "refs/tags"] {
        fs::create_dir_all(path.join(folder))?;
    }
    fs::write(path.join("config"), "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n")?;
    fs::write(path.join("HEAD"), format!("ref: {}\n", self::branch(branch)))?;
    Ok(())
}

/// Writes the objects that a folder is.
fn write(repository: &Repository, folder: &Folder<'_>) -> Result<Import, Error> {
    let repository = repository.inner.to_thread_local();
    let mut failed = None;
    let import = import(folder.path, folder.first, &mut |object| {
        if failed.is_some() || repository.objects.exists(&object.id) {
            return;
        }
        let written = repository.objects.write_buf_with_known_id(object.kind, object.data, object.id);
        failed = written.err().map(|error| error.to_string());
    })?;
    match failed {
        None => Ok(import),
        Some(message) => Err(ImportError::Object { path: folder.path.to_owned(), message }.into()),
    }
}

/// The folders right below a folder, by name; what is not UTF-8 is not ours.
fn folders(path: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir()
            && let Ok(name) = entry.file_name().into_string()
        {
            found.push((name, entry.path()));
        }
    }
    Ok(found)
}
