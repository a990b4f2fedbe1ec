//! Files by pattern: what a location leads to.

use globset::{GlobBuilder, GlobMatcher};
use karat_source::{EntryKind, ReadError, World};

use crate::location::LocationRef;
use crate::placeholders::Reader;

/// Reads locations, and finds what a pattern of them means.
pub trait Files: Reader {
    /// The locations that a target means, sorted; none if nothing is there.
    ///
    /// # Errors
    /// A sentence that says why they cannot be found.
    fn find(&self, target: &LocationRef) -> Result<Vec<LocationRef>, String>;
}

/// The files of a world, as `file` locations relative to its root.
#[derive(Clone, Copy)]
pub struct WorldFiles<'w>(pub &'w dyn World);

impl Reader for WorldFiles<'_> {
    fn read(&self, location: &LocationRef) -> Result<Vec<u8>, String> {
        if location.kind != "file" {
            return Err(format!("Error: {location} is not a file of this folder"));
        }
        self.0.read(&clean(&location.target)?).map_err(|error| match error {
            ReadError::NotFound { .. } => format!("NotFoundError: {error}"),
            _ => format!("Error: {error}"),
        })
    }
}

impl Files for WorldFiles<'_> {
    fn find(&self, target: &LocationRef) -> Result<Vec<LocationRef>, String> {
        if target.kind != "file" {
            return Err(format!("Error: {target} is not a file of this folder"));
        }
        let files = expand(self.0, &target.target).map_err(|error| format!("Error: {error}"))?;
        Ok(files.into_iter().map(|file| LocationRef::new("file", file)).collect())
    }
}

fn clean(path: &str) -> Result<String, String> {
    karat_source::clean(path).ok_or_else(|| format!("Error: {path} leads out of the folder"))
}

/// The most files that one pattern means.
const MAX_FILES: usize = 10_000;

/// The files that a path or a pattern (`*`, `?`, `[...]`, `{...}`, `**`) means, sorted. Wildcards do not match names that start
/// with a dot.
///
/// # Errors
/// The pattern is none, leaves the world, or means too much; what reading folders says.
pub fn expand(world: &dyn World, pattern: &str) -> Result<Vec<String>, PatternError> {
    let outside = || PatternError::Outside { pattern: pattern.to_owned() };
    let path = karat_source::clean(pattern).ok_or_else(outside)?;
    if !path.contains(['*', '?', '[', '{']) {
        let there = world.kind(&path)? == Some(EntryKind::File);
        return Ok(if there { vec![path] } else { Vec::new() });
    }
    let malformed = |error: globset::Error| PatternError::Malformed {
        pattern: pattern.to_owned(),
        message: error.kind().to_string(),
    };
    let glob = GlobBuilder::new(&path).literal_separator(true).build().map_err(malformed)?.compile_matcher();
    let fixed = path.split('/').take_while(|part| !part.contains(['*', '?', '[', '{'])).collect::<Vec<_>>().join("/");
    let depth = if path.contains("**") { usize::MAX } else { path.split('/').count() };
    let mut found = Vec::new();
    if world.kind(&fixed)? == Some(EntryKind::Folder) {
        walk(&Search { world, glob, pattern, depth }, &fixed, &mut found)?;
    }
    found.sort_unstable();
    Ok(found)
}

/// Why a pattern means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It leaves the folder.
    #[error("{pattern} leads out of the folder")]
    Outside {
        /// The pattern.
        pattern: String,
    },
    /// It is no pattern.
    #[error("{pattern} is no pattern of paths: {message}")]
    Malformed {
        /// The pattern.
        pattern: String,
        /// Why.
        message: String,
    },
    /// It means too many files.
    #[error("{pattern} means more than {MAX_FILES} files; name a folder below")]
    TooMany {
        /// The pattern.
        pattern: String,
    },
    /// A folder cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

struct Search<'s> {
    world: &'s dyn World,
    glob: GlobMatcher,
    pattern: &'s str,
    /// How many names a path may have.
    depth: usize,
}

fn walk(search: &Search<'_>, folder: &str, found: &mut Vec<String>) -> Result<(), PatternError> {
    let mut folders = vec![folder.to_owned()];
    let mut visited = 0;
    while let Some(folder) = folders.pop() {
        for entry in search.world.list(&folder)? {
            visited += 1;
            let path = karat_source::join(&folder, &entry.name);
            if visited > karat_source::WALK_LIMIT || found.len() >= MAX_FILES {
                return Err(PatternError::TooMany { pattern: search.pattern.to_owned() });
            }
            match entry.kind {
                // A dot is matched by a dot only.
                _ if entry.name.starts_with('.') && !search.pattern.contains(&entry.name) => {}
                EntryKind::File if search.glob.is_match(&path) => found.push(path),
                EntryKind::Folder if path.split('/').count() < search.depth => folders.push(path),
                EntryKind::File | EntryKind::Folder | EntryKind::Escape | EntryKind::Special => {}
            }
        }
    }
    Ok(())
}
