//! Changes that a path makes to repositories that are there: in the folders that the organisation maps them to.

use std::path::PathBuf;

use karat_scaffold::{File, Kind, Publication, RepoUrl};
use karat_source::{EntryKind, Memory, World, join};

use crate::Edit;
use crate::Error;
use crate::paths::{Home, repositories};

/// A change to one repository.
pub struct Change {
    /// The repository's folder, from the organisation's root.
    pub folder: String,
    /// What the change is called.
    pub title: String,
    /// What becomes of each path, from the organisation's root; what is so already is left out.
    files: Vec<(String, Becomes)>,
}

enum Becomes {
    Added(File),
    Changed(File),
    Deleted,
}

impl Change {
    /// Paths and `+`, `~` or `-`.
    pub fn signs(&self) -> impl Iterator<Item = (&str, char)> {
        self.files.iter().map(|(path, becomes)| {
            let sign = match becomes {
                Becomes::Added(_) => '+',
                Becomes::Changed(_) => '~',
                Becomes::Deleted => '-',
            };
            (path.as_str(), sign)
        })
    }
}

/// The changes that can be made here, and those to repositories that are not here.
pub(crate) fn changes(
    publications: &[&Publication],
    home: Option<&Home>,
) -> Result<(Vec<Change>, Vec<Publication>), Error> {
    let (mut here, mut elsewhere) = (Vec::new(), Vec::new());
    for publication in publications {
        match home.and_then(|home| Some((home, home.folder_of(&publication.repository)?))) {
            Some((home, folder)) => here.push(change(publication, home, folder)?),
            None => elsewhere.push((*publication).clone()),
        }
    }
    Ok((here, elsewhere))
}

fn change(publication: &Publication, home: &Home, folder: &str) -> Result<Change, Error> {
    let Kind::Change { folder: target, title, deleted, .. } = &publication.kind else {
        return Err(Error::input("a repository is no change"));
    };
    let mut files = Vec::new();
    for (path, file) in publication.tree.files() {
        let path = join(&join(folder, target), path);
        match current(home.world.as_ref(), &path)? {
            Some(old) if old == *file => {}
            Some(_) => files.push((path, Becomes::Changed(file.clone()))),
            None => files.push((path, Becomes::Added(file.clone()))),
        }
    }
    for path in deleted {
        let path = join(folder, path);
        if current(home.world.as_ref(), &path)?.is_some() {
            files.push((path, Becomes::Deleted));
        }
    }
    Ok(Change { folder: folder.to_owned(), title: title.clone(), files })
}

fn current(world: &dyn World, path: &str) -> Result<Option<File>, Error> {
    match world.kind(path)? {
        None => Ok(None),
        Some(EntryKind::File) => {
            Ok(Some(File { bytes: world.read(path)?.into(), executable: world.executable(path)? }))
        }
        Some(_) => Err(Error::input(format!("{path} is no file, and the path makes one of this name"))),
    }
}

/// The edits of all changes.
pub(crate) fn edits(changes: &[Change]) -> Vec<(String, Edit)> {
    let files = changes.iter().flat_map(|change| &change.files);
    let edit = |(path, becomes): &(String, Becomes)| {
        let edit = match becomes {
            Becomes::Added(file) | Becomes::Changed(file) => Edit::Write(file.clone()),
            Becomes::Deleted => Edit::Delete,
        };
        (path.clone(), edit)
    };
    files.map(edit).collect()
}

/// What an organisation says of itself.
fn governance(world: &dyn World) -> Vec<String> {
    let file = karat_fleet::ORGANISATION_FILE;
    let parts = karat_source::walk(world, karat_fleet::PARTS_FOLDER).unwrap_or_default();
    parts.into_iter().chain([file.to_owned()]).collect()
}

/// Where a new repository goes: where the organisation will have it once the changes are made, else a folder of its name.
pub(crate) fn default_folder(url: &RepoUrl, home: Option<&Home>, changes: &[Change]) -> PathBuf {
    let planned = || {
        let home = home?;
        if let Some(folder) = home.folder_of(url) {
            return Some(home.root.join(folder));
        }
        // The organisation's own files as they will be.
        let mut world = Memory::default();
        let own = governance(home.world.as_ref());
        for path in own {
            world.insert(path.as_str(), home.world.read(&path).ok()?);
        }
        for (path, becomes) in changes.iter().flat_map(|change| &change.files) {
            if let Becomes::Added(file) | Becomes::Changed(file) = becomes {
                world.insert(path.as_str(), file.bytes.to_vec());
            }
        }
        let repositories = repositories(&world).ok()?;
        let after = Home { root: home.root.clone(), world: std::sync::Arc::new(world), repositories };
        after.folder_of(url).map(|folder| home.root.join(folder))
    };
    let folder = planned().unwrap_or_else(|| PathBuf::from(&url.repo));
    // Shown as a person would type it.
    let here = fs_err::canonicalize(".").ok();
    here.and_then(|here| folder.strip_prefix(here).ok().map(PathBuf::from)).unwrap_or(folder)
}
