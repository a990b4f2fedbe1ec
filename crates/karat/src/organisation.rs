//! The organisation that a verb works on: a folder with `governance/organisation.yaml`, on disk or at a git revision.

use std::path::Path;
use std::sync::Arc;

use karat_fleet::ORGANISATION_FILE;
use karat_source::{EntryKind, Folder, World};
use karat_verdict::Files;

use crate::error::{CommandError, chain};

/// The organisation in the folder at `path`.
pub(crate) fn folder(path: &str) -> Result<Files, CommandError> {
    let world = Folder::open(path)?;
    open(Arc::new(world), path, path)
}

/// The organisation in the folder at `path` as it was at a git revision.
pub(crate) fn revision(path: &str, revision: &str) -> Result<Files, CommandError> {
    let tree = karat_git::at(Path::new(path), revision).map_err(|error| {
        let hint = match error {
            karat_git::Error::NoRepository { .. } => {
                "a revision needs a git repository; two folders need none: `karat diff OLD NEW`"
            }
            _ => "name a branch, a tag or a commit (`git log --oneline` has them), or a folder that exists",
        };
        CommandError::input(chain(&error)).hint(hint)
    })?;
    open(Arc::new(tree), path, &format!("{path} at {revision}"))
}

fn open(world: Arc<dyn World>, path: &str, shown: &str) -> Result<Files, CommandError> {
    if world.kind(ORGANISATION_FILE)? != Some(EntryKind::File) {
        return Err(CommandError::input(format!("{shown}: not an organisation: there is no {ORGANISATION_FILE}"))
            .hint("name the folder that holds `governance/`; `karat check myhealth` shows one"));
    }
    Ok(Files::new(world, path))
}
