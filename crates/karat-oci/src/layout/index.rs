//! The index of a repository: `index.json` of an OCI image layout, one descriptor for each tag, one for each manifest without.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::{FOLDER, disk};
use crate::manifest::{Descriptor, ImageIndex, MediaType};
use crate::{Algorithm, Digest, Error, Name, Tag};

/// The tag, by the image specification.
const TAG: &str = "org.opencontainers.image.ref.name";
/// What the manifest is about: kept here so that who refers to what is known without reading each.
const SUBJECT: &str = "dev.karat.oci.subject";

/// What is in a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) manifests: BTreeMap<Digest, Entry>,
    /// Each leads to one of `manifests`.
    pub(super) tags: BTreeMap<Tag, Digest>,
}

/// A manifest of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub media_type: MediaType,
    /// In bytes.
    pub size: u64,
    /// What kind of artifact it is.
    pub artifact_type: Option<String>,
    /// What it is about.
    pub subject: Option<Digest>,
}

impl Index {
    /// Reads the index in the folder of a layout.
    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("index.json");
        let damaged = |why: String| Error::Damaged { path: path.clone(), why };
        let document: ImageIndex =
            serde_json::from_slice(&fs::read(&path)?).map_err(|error| damaged(error.to_string()))?;
        let mut index = Self::default();
        for descriptor in document.manifests {
            let Descriptor { media_type, digest, size, artifact_type, annotations } = descriptor;
            let media_type =
                MediaType::parse(&media_type).ok_or_else(|| damaged(format!("`{media_type}` is not a manifest")))?;
            let subject = annotations.get(SUBJECT).map(|text| text.parse()).transpose();
            let subject = subject.map_err(|error: Error| damaged(error.to_string()))?;
            if let Some(tag) = annotations.get(TAG) {
                index.tags.insert(tag.parse().map_err(|error: Error| damaged(error.to_string()))?, digest.clone());
            }
            index.manifests.insert(digest, Entry { media_type, size, artifact_type, subject });
        }
        Ok(index)
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), Error> {
        let mut tags: BTreeMap<&Digest, Vec<&Tag>> = BTreeMap::new();
        for (tag, digest) in &self.tags {
            tags.entry(digest).or_default().push(tag);
        }
        let mut descriptors = Vec::new();
        for (digest, entry) in &self.manifests {
            let subject = entry.subject.iter().map(|subject| (SUBJECT.to_owned(), subject.to_string()));
            let plain = Descriptor {
                media_type: entry.media_type.as_str().to_owned(),
                digest: digest.clone(),
                size: entry.size,
                artifact_type: entry.artifact_type.clone(),
                annotations: subject.collect(),
            };
            match tags.get(digest) {
                None => descriptors.push(plain),
                Some(tags) => descriptors.extend(tags.iter().map(|tag| {
                    let mut tagged = plain.clone();
                    tagged.annotations.insert(TAG.to_owned(), tag.to_string());
                    tagged
                })),
            }
        }
        let bytes = serde_json::to_vec(&ImageIndex::new(descriptors)).map_err(std::io::Error::from)?;
        Ok(disk::replace(&folder.join("index.json"), &bytes)?)
    }
}

/// Makes what is missing of an empty layout: all of it, or what a process that was killed did not come to, making or removing it.
pub(super) fn prepare(folder: &Path, root: &Path) -> Result<(), Error> {
    for algorithm in Algorithm::ALL {
        let blobs = folder.join("blobs").join(algorithm.as_str());
        if !blobs.is_dir() {
            disk::make_folder(&blobs, root)?;
        }
    }
    let mark = folder.join("oci-layout");
    if !mark.exists() {
        disk::replace(&mark, br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    }
    if !folder.join("index.json").exists() {
        Index::default().write(folder)?;
    }
    Ok(())
}

/// The repositories below a folder.
pub(super) fn names(root: &Path) -> Result<Vec<Name>, Error> {
    let mut names = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(inner) = open.pop() {
        for entry in fs::read_dir(root.join(&inner))? {
            let entry = entry?;
            if entry.file_name() == FOLDER {
                let text = inner.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
                names.push(text.parse()?);
            } else if entry.file_type()?.is_dir() {
                open.push(inner.join(entry.file_name()));
            }
        }
    }
    Ok(names)
}
