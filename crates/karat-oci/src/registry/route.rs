//! What a path asks for. Names hold slashes, so it is read from its end; what it is made of is checked here, and nowhere else.

use axum::http::StatusCode;

use super::refusal::{Code, Refusal};
use super::uploads::Id;
use crate::{Digest, Name, Reference};

/// What is below `/v2/`.
pub(super) enum Route {
    /// A blob.
    Blob { name: Name, digest: Digest },
    /// Where uploads begin.
    Uploads { name: Name },
    /// An upload under way.
    Upload { name: Name, id: Id },
    /// A manifest.
    Manifest { name: Name, reference: Reference },
    /// The tags of a repository.
    Tags { name: Name },
    /// Who refers to a manifest.
    Referrers { name: Name, digest: Digest },
}

impl Route {
    /// `path` is decoded, once.
    pub(super) fn parse(path: &str) -> Result<Self, Refusal> {
        let none = || Refusal::new(StatusCode::NOT_FOUND, Code::Unsupported, "there is nothing at this path");
        let (rest, last) = path.rsplit_once('/').ok_or_else(none)?;
        if let Some(name) = rest.strip_suffix("/blobs/uploads") {
            let name = name.parse()?;
            return Ok(if last.is_empty() { Self::Uploads { name } } else { Self::Upload { name, id: last.parse()? } });
        }
        let (name, kind) = rest.rsplit_once('/').ok_or_else(none)?;
        match (kind, last) {
            ("blobs", "uploads") => Ok(Self::Uploads { name: name.parse()? }),
            ("blobs", digest) => Ok(Self::Blob { name: name.parse()?, digest: digest.parse()? }),
            ("manifests", reference) => Ok(Self::Manifest { name: name.parse()?, reference: reference.parse()? }),
            ("tags", "list") => Ok(Self::Tags { name: name.parse()? }),
            ("referrers", digest) => Ok(Self::Referrers { name: name.parse()?, digest: digest.parse()? }),
            _ => Err(none()),
        }
    }

    pub(super) fn name(&self) -> &Name {
        match self {
            Self::Blob { name, .. }
            | Self::Uploads { name }
            | Self::Upload { name, .. }
            | Self::Manifest { name, .. }
            | Self::Tags { name }
            | Self::Referrers { name, .. } => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_from_their_end() {
        let digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let name = |path: &str| Route::parse(path).map(|route| route.name().to_string()).ok();
        assert_eq!(name(&format!("a/blobs/b/blobs/{digest}")).as_deref(), Some("a/blobs/b"));
        assert_eq!(name("a/manifests/manifests/v1").as_deref(), Some("a/manifests"));
        assert_eq!(name("a/blobs/uploads/").as_deref(), Some("a"));
        assert_eq!(name("a/b/tags/list").as_deref(), Some("a/b"));
        for wrong in [
            "",
            "a",
            "a/",
            "/",
            "blobs/uploads/",
            "/blobs/uploads/",
            "a/tags/other",
            "a/../b/tags/list",
            "../tags/list",
            "a/blobs/..",
            "a/manifests/../x",
            "a/manifests/",
            "a/blobs/uploads/../..",
            "a/blobs/uploads/x",
            "a/referrers/v1",
            "_layout/tags/list",
        ] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }
}
