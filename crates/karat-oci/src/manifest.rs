//! Manifests: as little of them as a registry must understand. They are kept byte for byte; what we do not know in them is kept too.
//!
//! Our own types, not a crate's: what is read is read leniently (a registry must take what it does not know), and what is written is
//! the same bytes each time, annotations in order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Digest, Error};

/// The largest manifest, in bytes: what the distribution specification asks registries to take, and no more.
pub const MANIFEST_LIMIT: usize = 4 << 20;
/// The longest media type: RFC 6838 gives each half 127 characters.
const MEDIA_TYPE_LIMIT: usize = 255;

/// The manifests that are kept. Of others we would not know what they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// An OCI image.
    Image,
    /// An OCI index.
    Index,
    /// A Docker image, schema 2.
    DockerImage,
    /// A Docker manifest list.
    DockerList,
}

impl MediaType {
    const ALL: [Self; 4] = [Self::Image, Self::Index, Self::DockerImage, Self::DockerList];

    /// As it stands in `Content-Type`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "application/vnd.oci.image.manifest.v1+json",
            Self::Index => "application/vnd.oci.image.index.v1+json",
            Self::DockerImage => "application/vnd.docker.distribution.manifest.v2+json",
            Self::DockerList => "application/vnd.docker.distribution.manifest.list.v2+json",
        }
    }

    /// The media type that `text` is, if it is one of a manifest.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    fn is_index(self) -> bool {
        matches!(self, Self::Index | Self::DockerList)
    }
}

/// What a manifest says that a registry needs to know.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// What it is.
    pub media_type: MediaType,
    /// Its `artifactType`; of an image without one, the media type of its configuration.
    pub artifact_type: Option<String>,
    /// What it is about.
    pub subject: Option<Digest>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// What it cannot be used without: configuration, layers, the manifests of an index. Not the subject, which may come later, and no
    /// layer that is got from elsewhere (`urls`).
    pub needs: Vec<Digest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Part>,
    layers: Option<Vec<Part>>,
    manifests: Option<Vec<Part>>,
    subject: Option<Part>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    media_type: Option<String>,
    digest: Digest,
    urls: Option<Vec<String>>,
}

impl Manifest {
    /// Reads a manifest that was sent as `content_type` (without parameters; `None` where nothing was said).
    ///
    /// # Errors
    /// [`Error::Manifest`], [`Error::TooLarge`].
    pub fn parse(bytes: &[u8], content_type: Option<&str>) -> Result<Self, Error> {
        let wrong = |why: String| Error::Manifest { why };
        if bytes.len() > MANIFEST_LIMIT {
            return Err(Error::TooLarge { limit: MANIFEST_LIMIT as u64 });
        }
        let document: Document = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        let media_type = match (content_type, document.media_type.as_deref().filter(|text| !text.is_empty())) {
            (Some(sent), Some(inner)) if sent != inner => {
                return Err(wrong("its `mediaType` is not the Content-Type that it was sent as".to_owned()));
            }
            (Some(one), _) | (None, Some(one)) => {
                MediaType::parse(one).ok_or_else(|| wrong("neither an OCI nor a Docker manifest".to_owned()))?
            }
            (None, None) => return Err(wrong("neither `mediaType` nor Content-Type says what it is".to_owned())),
        };
        // What is an image to one reader and an index to another lets unchecked content pass for checked (CVE-2021-41190).
        if media_type.is_index() && (document.config.is_some() || document.layers.is_some()) {
            return Err(wrong("an index with `config` or `layers`".to_owned()));
        }
        if !media_type.is_index() && document.manifests.is_some() {
            return Err(wrong("an image with `manifests`".to_owned()));
        }
        if !media_type.is_index() && document.config.is_none() {
            return Err(wrong("an image without `config`".to_owned()));
        }
        let config_type = document.config.as_ref().and_then(|config| config.media_type.clone());
        let artifact_type = document.artifact_type.filter(|text| !text.is_empty()).or(config_type);
        if artifact_type.as_ref().is_some_and(|text| text.len() > MEDIA_TYPE_LIMIT) {
            return Err(wrong(format!("a media type of more than {MEDIA_TYPE_LIMIT} bytes")));
        }
        let layers = document.layers.unwrap_or_default();
        let layers = layers.into_iter().filter(|layer| layer.urls.as_ref().is_none_or(Vec::is_empty));
        let parts = document.config.into_iter().chain(layers).chain(document.manifests.unwrap_or_default());
        Ok(Self {
            media_type,
            artifact_type,
            subject: document.subject.map(|part| part.digest),
            annotations: document.annotations.unwrap_or_default(),
            needs: parts.map(|part| part.digest).collect(),
        })
    }
}

/// An OCI image index, as we write it: `index.json` of a layout, and the answer to who refers to a manifest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageIndex {
    /// Always 2.
    pub schema_version: u8,
    /// `application/vnd.oci.image.index.v1+json`.
    #[serde(default)]
    pub media_type: String,
    /// What is in it.
    pub manifests: Vec<Descriptor>,
}

impl ImageIndex {
    /// An index of `manifests`.
    #[must_use]
    pub fn new(manifests: Vec<Descriptor>) -> Self {
        Self { schema_version: 2, media_type: MediaType::Index.as_str().to_owned(), manifests }
    }
}

/// What a manifest is, where to find it, and how large it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The media type.
    pub media_type: String,
    /// The digest.
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
    /// What kind of artifact it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Its annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn parse(text: &str) -> Result<Manifest, Error> {
        Manifest::parse(text.replace("@A", A).as_bytes(), Some(MediaType::Image.as_str()))
    }

    #[test]
    fn an_image_needs_its_parts() {
        let image = parse(
            r#"{"config":{"mediaType":"a/b","digest":"@A","size":0},"layers":[{"digest":"@A"},{"digest":"@A","urls":["https://x"]}],
                "subject":{"digest":"@A"},"more":[1]}"#,
        )
        .unwrap();
        assert_eq!(image.needs.len(), 2);
        assert_eq!(image.artifact_type.as_deref(), Some("a/b"));
        assert!(image.subject.is_some());
    }

    #[test]
    fn what_is_two_things_at_once_is_neither() {
        for wrong in [
            "",
            "[]",
            "{}",
            r#"{"config":{"digest":"@A"},"manifests":[]}"#,
            r#"{"mediaType":"application/vnd.oci.image.index.v1+json","config":{"digest":"@A"}}"#,
            r#"{"config":{"digest":"sha256:../../etc/passwd"}}"#,
            r#"{"config":{"digest":"@A"},"config":{"digest":"@A"}}"#,
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(Manifest::parse(b"{}", Some("text/html")).is_err());
        assert!(Manifest::parse(b"{}", None).is_err());
    }

    /// What we do not know is passed over without recursion, and kept as it is.
    #[test]
    fn deep_documents_cost_no_stack() {
        let deep =
            |depth: usize| format!(r#"{{"config":{{"digest":"@A"}},"x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&deep(1_000_000)).is_ok());
        assert!(matches!(parse(&deep(MANIFEST_LIMIT / 2)), Err(Error::TooLarge { .. })));
    }
}
