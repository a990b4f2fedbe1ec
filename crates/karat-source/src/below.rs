//! A folder of another world, as a world of its own.

use crate::{Entry, EntryKind, ReadError, World, join};

/// The part of a world below one folder: an organisation within a repository, a chart within an organisation.
pub struct Below<'a> {
    world: &'a dyn World,
    folder: String,
}

impl<'a> Below<'a> {
    /// The world below `folder` (clean, see [`crate::clean`]) of `world`. Errors name the outer paths, which are the
    /// ones that a person can open.
    pub fn new(world: &'a dyn World, folder: impl Into<String>) -> Self {
        Self { world, folder: folder.into() }
    }
}

impl World for Below<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.world.read(&join(&self.folder, path))
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>, ReadError> {
        self.world.list(&join(&self.folder, path))
    }

    fn kind(&self, path: &str) -> Result<Option<EntryKind>, ReadError> {
        self.world.kind(&join(&self.folder, path))
    }

    fn executable(&self, path: &str) -> Result<bool, ReadError> {
        self.world.executable(&join(&self.folder, path))
    }
}
