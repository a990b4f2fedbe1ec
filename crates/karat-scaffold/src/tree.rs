//! Files in memory with their modes: what a template makes, before anybody writes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use karat_source::{ReadError, World, clean, join, walk};

/// The most files of a tree.
pub const MAX_FILES: usize = 20_000;
/// The most bytes of all files of a tree: 64 MiB.
pub const MAX_BYTES: usize = 64 << 20;
/// The longest path, in bytes, and the longest name in one.
const MAX_PATH: usize = 1024;
const MAX_NAME: usize = 255;

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What is in it.
    pub bytes: Arc<[u8]>,
    /// Mode 755 instead of 644.
    pub executable: bool,
}

impl File {
    /// A file that is not executable.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { bytes: bytes.into(), executable: false }
    }

    /// The text, if it is one: UTF-8 without NUL.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok().filter(|text| !text.contains('\0'))
    }
}

/// Files by path. Folders are there as far as files are in them, as in git.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<String, File>,
    bytes: usize,
}

impl Tree {
    /// The files, by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The file at `path`.
    pub fn get(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    /// Whether a file or a folder is at `path`.
    pub fn exists(&self, path: &str) -> bool {
        path.is_empty() || self.files.contains_key(path) || self.below(path).next().is_some()
    }

    /// The paths of all files below a folder.
    pub fn below(&self, folder: &str) -> impl Iterator<Item = &str> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let files = self.files.range(prefix.clone()..).map(|(path, _)| path.as_str());
        files.take_while(move |path| path.starts_with(&prefix))
    }

    /// Adds or replaces a file.
    ///
    /// # Errors
    /// A path that leaves the tree, that git or a file system would not take, or that makes a file of a folder; more
    /// files or bytes than the limits.
    pub fn insert(&mut self, path: &str, file: File) -> Result<(), String> {
        check(path)?;
        let mut folder = karat_source::parent(path);
        while !folder.is_empty() {
            if self.files.contains_key(folder) {
                return Err(format!("`{path}` cannot be made: `{folder}` is a file"));
            }
            folder = karat_source::parent(folder);
        }
        if self.below(path).next().is_some() {
            return Err(format!("`{path}` cannot be a file: it is a folder"));
        }
        let added = file.bytes.len();
        let replaced = self.files.get(path).map_or(0, |old| old.bytes.len());
        if self.bytes - replaced + added > MAX_BYTES {
            return Err(format!("the template makes more than {} MiB", MAX_BYTES >> 20));
        }
        if replaced == 0 && self.files.len() >= MAX_FILES && !self.files.contains_key(path) {
            return Err(format!("the template makes more than {MAX_FILES} files"));
        }
        self.bytes = self.bytes - replaced + added;
        self.files.insert(path.to_owned(), file);
        Ok(())
    }

    /// Takes a file out.
    pub fn remove(&mut self, path: &str) -> Option<File> {
        let file = self.files.remove(path)?;
        self.bytes -= file.bytes.len();
        Some(file)
    }

    /// The part below a folder, as a tree of its own.
    pub fn part(&self, folder: &str) -> Self {
        let mut part = Self::default();
        let skip = if folder.is_empty() { 0 } else { folder.len() + 1 };
        for path in self.below(folder) {
            if let Some(file) = self.files.get(path) {
                part.bytes += file.bytes.len();
                part.files.insert(path[skip..].to_owned(), file.clone());
            }
        }
        part
    }

    /// All files below a folder of a world.
    ///
    /// # Errors
    /// What cannot be read, or is beyond the limits.
    pub fn read(world: &dyn World, folder: &str) -> Result<Self, ReadError> {
        let mut tree = Self::default();
        for path in walk(world, folder)? {
            let inner = path[folder.len()..].trim_start_matches('/');
            let file = File { bytes: world.read(&path)?.into(), executable: world.executable(&path)? };
            tree.insert(inner, file).map_err(|message| ReadError::Io { path: join(folder, inner), message })?;
        }
        Ok(tree)
    }
}

/// Whether a path can be written on any system, and stays where it belongs.
fn check(path: &str) -> Result<(), String> {
    let shown = || path.escape_debug().to_string();
    if clean(path).as_deref() != Some(path) || path.is_empty() {
        return Err(format!("`{}` is not a path within the repository", shown()));
    }
    if path.len() > MAX_PATH || path.split('/').any(|name| name.len() > MAX_NAME) {
        return Err(format!("`{}` is too long for a path", shown().chars().take(80).collect::<String>()));
    }
    if path.contains(|character: char| character.is_control() || character == '\\') {
        return Err(format!("`{}` has characters that a path cannot have everywhere", shown()));
    }
    if path.split('/').any(|name| name.eq_ignore_ascii_case(".git")) {
        return Err(format!("`{}` is git's own", shown()));
    }
    Ok(())
}
