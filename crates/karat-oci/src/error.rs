//! What can go wrong.

use std::io;
use std::path::PathBuf;

use crate::{Digest, Name, Reference};

/// Why something could not be read from, or written to, a layout.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk; the message names the path.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Another process has the layout open.
    #[error("{}: another process has this layout open", root.display())]
    InUse {
        /// The folder.
        root: PathBuf,
    },
    /// A file of the layout is not what it was written as.
    #[error("{}: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Not the name of a repository.
    #[error("`{text}` is not the name of a repository")]
    Name {
        /// What was given, shortened.
        text: String,
    },
    /// Not a tag.
    #[error("`{text}` is not a tag")]
    Tag {
        /// What was given, shortened.
        text: String,
    },
    /// Not a digest, or of an algorithm that we do not compute.
    #[error("`{text}` is not a digest (sha256 or sha512)")]
    Digest {
        /// What was given, shortened.
        text: String,
    },
    /// The repository holds nothing.
    #[error("there is no repository `{name}`")]
    NameUnknown {
        /// Its name.
        name: Name,
    },
    /// The repository has no such blob.
    #[error("`{name}` has no blob {digest}")]
    BlobUnknown {
        /// The repository.
        name: Name,
        /// What was asked for.
        digest: Digest,
    },
    /// The repository has no such manifest or tag.
    #[error("`{name}` has no manifest `{reference}`")]
    ManifestUnknown {
        /// The repository.
        name: Name,
        /// What was asked for.
        reference: Reference,
    },
    /// What arrived is not what was announced.
    #[error("the content is {found}, not {expected}")]
    Mismatch {
        /// What was announced.
        expected: Digest,
        /// What arrived.
        found: Digest,
    },
    /// Not a manifest that we keep.
    #[error("not a manifest: {why}")]
    Manifest {
        /// What is wrong with it.
        why: String,
    },
    /// A manifest refers to what the repository does not have.
    #[error("`{name}` lacks {}, which the manifest refers to", list(missing))]
    Missing {
        /// The repository.
        name: Name,
        /// What it lacks.
        missing: Vec<Digest>,
    },
    /// What is to be deleted is part of an image.
    #[error("{digest} is part of {by}; delete that first")]
    Referred {
        /// What was to be deleted.
        digest: Digest,
        /// The manifest that refers to it.
        by: Digest,
    },
    /// More than a limit.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The work was given up: its thread panicked, or the runtime ends.
    #[error("the work was given up")]
    GivenUp,
}

/// The first few; a hostile manifest refers to tens of thousands.
fn list(digests: &[Digest]) -> String {
    let mut text = digests.iter().take(5).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if digests.len() > 5 {
        text.push_str(&format!(" and {} more", digests.len() - 5));
    }
    text
}
