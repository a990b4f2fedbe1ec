//! What a walk of a path comes down to on this disk: folders to make, changes to make, and what is for others.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use karat_scaffold::{BASE_FILE, Data, File, Kind, LINEAGE_FILE, Lineage, Outcome, Publication, Tree};

use crate::change::{self, Change};
use crate::paths::{Found, Home};
use crate::{Error, Journal, write};

/// What a run comes down to on this disk.
pub struct Plan {
    /// New folders.
    pub folders: Vec<(PathBuf, Tree)>,
    /// Changes to the organisation's repositories.
    pub changes: Vec<Change>,
    /// Changes to repositories that are not here.
    pub elsewhere: Vec<Publication>,
}

impl Plan {
    /// Plans it. `dir` is the folder to make, if it is named.
    ///
    /// # Errors
    /// What cannot be made here, and why.
    pub fn new(
        found: &Found,
        given: &Data,
        outcome: &Outcome,
        home: Option<&Home>,
        dir: Option<&Path>,
    ) -> Result<Self, Error> {
        let (repositories, changes): (Vec<&Publication>, Vec<&Publication>) =
            outcome.publications.iter().partition(|publication| is_repository(publication));
        let (changes, elsewhere) = change::changes(&changes, home)?;
        let mut folders = Vec::new();
        match repositories.as_slice() {
            // A path that publishes nothing leaves its workspace; one that only changes what is there makes no folder.
            [] if outcome.publications.is_empty() => {
                let dir = dir.ok_or_else(|| {
                    Error::input("this template publishes nothing, so it does not say what its folder is called")
                        .hint("name the folder: `karat new --template T DIR`")
                })?;
                folders.push((dir.to_owned(), with_lineage(found, given, &outcome.workspace)?));
            }
            [] => {}
            [one] => {
                let dir = dir.map_or_else(|| change::default_folder(&one.repository, home, &changes), Path::to_owned);
                folders.push((dir, with_lineage(found, given, &one.tree)?));
            }
            several => {
                for publication in several {
                    let dir = dir.unwrap_or(Path::new(".")).join(&publication.repository.repo);
                    folders.push((dir, with_lineage(found, given, &publication.tree)?));
                }
            }
        }
        let distinct: BTreeSet<&PathBuf> = folders.iter().map(|(folder, _)| folder).collect();
        if distinct.len() < folders.len() {
            return Err(Error::input("the template publishes two repositories of one name"));
        }
        Ok(Self { folders, changes, elsewhere })
    }

    /// Writes it: all of it or nothing. With a `journal`, a file beside the caller's state, that holds for a process that dies
    /// in the middle as well: the next one calls [`recover`](crate::recover) with it. What it gives is dropped once the caller has
    /// noted that it is done.
    ///
    /// # Errors
    /// What the disk refuses; then what was made is gone again.
    pub fn write(&self, home: Option<&Home>, journal: Option<&Path>) -> Result<Journal, Error> {
        let root = home.map(|home| home.root.as_path());
        write::all(&self.folders, root, &change::edits(&self.changes), journal)
    }

    /// Whether every folder that it makes is still to be made.
    ///
    /// # Errors
    /// The one that is there.
    pub fn vacant(&self) -> Result<(), Error> {
        self.folders.iter().try_for_each(|(folder, _)| write::vacant(folder))
    }
}

/// Whether a publication is a repository of its own.
pub fn is_repository(publication: &Publication) -> bool {
    matches!(publication.kind, Kind::Repository { .. })
}

/// The tree with the record of where it came from.
fn with_lineage(found: &Found, given: &Data, tree: &Tree) -> Result<Tree, Error> {
    let mut tree = tree.clone();
    for file in [LINEAGE_FILE, BASE_FILE] {
        if tree.exists(file) {
            return Err(Error::input(format!("the template makes a file `{file}`, which `karat new` itself writes")));
        }
    }
    let lineage = Lineage::new(&found.template, given, &tree).to_yaml();
    let base = karat_scaffold::pack(&tree)?;
    for (path, bytes) in [(LINEAGE_FILE, lineage.into_bytes()), (BASE_FILE, base)] {
        tree.insert(path, File::new(bytes)).map_err(Error::input)?;
    }
    Ok(tree)
}
