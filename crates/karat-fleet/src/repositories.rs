//! The organisation's repositories as Argo CD sees them: a URL stands for a folder, every revision for the tree there is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ecow::EcoString;
use karat_source::{EntryKind, ReadError, World, join};
use karat_yaml::{Dialect, Map, Numbers, Value};
use rustc_hash::FxHashMap;

use crate::cache::{Digest, digest};
use crate::glob::{DoubleStar, Pathspec, PathspecError};

/// Repositories of an organisation, over one world. What was listed, matched or parsed once is kept.
pub struct Repositories<'w> {
    world: &'w dyn World,
    repositories: Vec<Repository>,
    globbing: Globbing,
}

/// How a git files generator reads patterns: a setting of Argo CD's ApplicationSet controller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Globbing {
    /// As `git ls-files`: the default.
    #[default]
    Pathspec,
    /// As doublestar: `--enable-new-git-file-globbing`.
    DoubleStar,
}

struct Repository {
    url: String,
    folder: String,
    tree: OnceLock<Result<Tree, ReadError>>,
    selected: Mutex<FxHashMap<String, Selected>>,
    parsed: Mutex<FxHashMap<String, (Parsed, Digest)>>,
}

/// Files below a repository's folder, sorted, and folders in the order of a walk, both relative to it.
struct Tree {
    files: Vec<String>,
    folders: Arc<Vec<String>>,
}

type Selected = Result<Arc<Vec<String>>, RepositoryError>;
type Parsed = Result<Arc<Vec<Map>>, RepositoryError>;

/// Why a repository did not give what a generator asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RepositoryError {
    /// A file or folder could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The pattern is none.
    #[error("{0}")]
    Pattern(String),
    /// A pattern of the new globbing matches a folder, which has no contents.
    #[error("`{pattern}` matches the folder `{folder}`, which cannot be read; end it with a file's name")]
    Folder {
        /// The pattern.
        pattern: String,
        /// The folder.
        folder: String,
    },
    /// A file holds no parameters.
    #[error("{file}: {message}")]
    File {
        /// The path in the world.
        file: String,
        /// What is wrong with it.
        message: String,
    },
}

impl From<PathspecError> for RepositoryError {
    fn from(error: PathspecError) -> Self {
        Self::Pattern(error.to_string())
    }
}

impl<'w> Repositories<'w> {
    /// Repositories by URL and folder in `world`.
    pub fn new(
        world: &'w dyn World,
        repositories: impl IntoIterator<Item = (String, String)>,
        globbing: Globbing,
    ) -> Self {
        let repositories = repositories
            .into_iter()
            .map(|(url, folder)| Repository {
                url: normalized(&url),
                folder,
                tree: OnceLock::new(),
                selected: Mutex::default(),
                parsed: Mutex::default(),
            })
            .collect();
        Self { world, repositories, globbing }
    }

    /// The world that they are in.
    pub fn world(&self) -> &'w dyn World {
        self.world
    }

    /// The folder that a URL stands for.
    pub fn folder(&self, url: &str) -> Option<&str> {
        self.find(url).map(|index| self.repositories[index].folder.as_str())
    }

    pub(crate) fn find(&self, url: &str) -> Option<usize> {
        let url = normalized(url);
        self.repositories.iter().position(|repository| repository.url == url)
    }

    /// A file of a repository, from the organisation's root.
    pub(crate) fn place(&self, index: usize, file: &str) -> EcoString {
        join(&self.repositories[index].folder, file).into()
    }

    /// The files that a pattern of a git files generator selects, sorted.
    pub(crate) fn select(&self, index: usize, pattern: &str) -> Selected {
        let repository = &self.repositories[index];
        if let Some(selected) = lock(&repository.selected).get(pattern) {
            return selected.clone();
        }
        let selected = self.select_anew(repository, pattern);
        lock(&repository.selected).insert(pattern.to_owned(), selected.clone());
        selected
    }

    fn select_anew(&self, repository: &Repository, pattern: &str) -> Selected {
        let tree = self.tree(repository)?;
        let files = match self.globbing {
            Globbing::Pathspec => {
                let pathspec = Pathspec::parse(pattern)?;
                tree.files.iter().filter(|file| pathspec.selects(file)).cloned().collect()
            }
            Globbing::DoubleStar => {
                let glob = DoubleStar::parse(pattern)
                    .map_err(|what| RepositoryError::Pattern(format!("`{pattern}` is not a pattern: {what}")))?;
                let root = [String::from(".")];
                let folders = root.iter().filter(|_| glob.matches("")).chain(tree.folders.iter());
                for folder in folders {
                    if folder == "." || glob.matches(folder) {
                        return Err(RepositoryError::Folder { pattern: pattern.to_owned(), folder: folder.clone() });
                    }
                }
                tree.files.iter().filter(|file| glob.matches(file)).cloned().collect()
            }
        };
        Ok(Arc::new(files))
    }

    /// All folders but hidden ones and what is in them.
    pub(crate) fn folders(&self, index: usize) -> Result<Arc<Vec<String>>, RepositoryError> {
        let folders = Arc::clone(&self.tree(&self.repositories[index])?.folders);
        let hidden = |folder: &String| folder.split('/').any(|name| name.starts_with('.'));
        if !folders.iter().any(hidden) {
            return Ok(folders);
        }
        Ok(Arc::new(folders.iter().filter(|folder| !hidden(folder)).cloned().collect()))
    }

    fn tree<'r>(&self, repository: &'r Repository) -> Result<&'r Tree, RepositoryError> {
        let tree = repository.tree.get_or_init(|| {
            let mut tree = (Vec::new(), Vec::new());
            walk(self.world, &repository.folder, "", &mut tree)?;
            tree.0.sort_unstable();
            Ok(Tree { files: tree.0, folders: Arc::new(tree.1) })
        });
        tree.as_ref().map_err(|error| error.clone().into())
    }

    /// The sets of parameters in a file: one for a mapping, one for each item of a list, an empty one for nothing.
    pub(crate) fn objects(&self, index: usize, file: &str) -> Parsed {
        let repository = &self.repositories[index];
        if let Some((parsed, _)) = lock(&repository.parsed).get(file) {
            return parsed.clone();
        }
        let path = join(&repository.folder, file);
        let bytes = self.world.read(&path)?;
        let parsed = parse(&bytes, &path);
        lock(&repository.parsed).insert(file.to_owned(), (parsed.clone(), digest(&bytes)));
        parsed
    }

    /// The files that parameters were read from, with the digests of their contents.
    pub(crate) fn files(&self, into: &mut BTreeMap<EcoString, Digest>) {
        for repository in &self.repositories {
            let parsed = lock(&repository.parsed);
            #[expect(clippy::iter_over_hash_type, reason = "they are sorted by what they are put into")]
            for (file, (_, digest)) in parsed.iter() {
                into.insert(join(&repository.folder, file).into(), *digest);
            }
        }
    }
}

fn parse(bytes: &[u8], path: &str) -> Parsed {
    let fail = |message: String| RepositoryError::File { file: path.to_owned(), message };
    let document =
        karat_yaml::from_yaml(bytes, Dialect::GoYaml, Numbers::Float).map_err(|error| fail(error.to_go_unmarshal()))?;
    let objects = match document {
        Value::Map(map) => vec![map],
        Value::Null => vec![Map::new()],
        Value::Seq(items) if items.is_empty() => vec![Map::new()],
        Value::Seq(items) => {
            let mut maps = Vec::with_capacity(items.len());
            for item in items {
                maps.push(match item {
                    Value::Map(map) => map,
                    Value::Null => Map::new(),
                    other => return Err(fail(format!("a list of mappings is needed, an item is {}", other.kind()))),
                });
            }
            maps
        }
        other => return Err(fail(format!("a mapping or a list of mappings is needed, this is {}", other.kind()))),
    };
    Ok(Arc::new(objects))
}

/// Files and folders below `root`, relative to it, depth first by name. Git's own folder is no part of a tree.
fn walk(world: &dyn World, root: &str, below: &str, into: &mut (Vec<String>, Vec<String>)) -> Result<(), ReadError> {
    let mut open = vec![below.to_owned()];
    while let Some(folder) = open.pop() {
        if !folder.is_empty() {
            into.1.push(folder.clone());
        }
        let mut inner = Vec::new();
        for entry in world.list(&join(root, &folder))? {
            let path = join(&folder, &entry.name);
            match entry.kind {
                EntryKind::File => into.0.push(path),
                EntryKind::Folder if entry.name != ".git" => inner.push(path),
                EntryKind::Folder | EntryKind::Escape | EntryKind::Special => {}
            }
        }
        open.extend(inner.into_iter().rev());
    }
    Ok(())
}

/// URLs that Argo CD takes for the same: without `.git` and a slash at the end, in lower case.
fn normalized(url: &str) -> String {
    let url = url.trim().trim_end_matches('/').to_ascii_lowercase();
    url.strip_suffix(".git").unwrap_or(&url).to_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
