//! Lineage: which path a repository walks, and what it was given.
//!
//! Two files at the repository's root, both committed: [`LINEAGE_FILE`] says the template, its version, the answers, and
//! the digest of every generated file; [`BASE_FILE`] holds those files as they were generated, so that an update can merge
//! three ways without the old template, without a network and without git. `.karat/` is not the place: that is Karat's
//! cache, which repositories ignore.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use crate::Data;
use crate::error::{Error, Place};
use crate::glob::Globs;
use crate::parameters::Page;
use crate::template::Template;
use crate::tree::{File, MAX_BYTES, Tree};

/// The record.
pub const LINEAGE_FILE: &str = ".karat-lineage.yaml";
/// What was generated.
pub const BASE_FILE: &str = ".karat-lineage.tar.gz";

/// The record of a repository's path.
#[derive(Clone, Debug)]
pub struct Lineage {
    /// `template:default/rust-service`.
    pub template: String,
    /// The version of the template.
    pub version: String,
    /// The answers, secrets left out.
    pub answers: Data,
    /// Patterns of the files that stay the path's.
    pub owned: Vec<String>,
    /// Path, mode and digest (`sha256:…`) of every generated file.
    pub files: Vec<Generated>,
}

/// A generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// Its path.
    pub path: String,
    /// `sha256:` and the digest of its bytes.
    pub digest: String,
    /// Mode 755.
    pub executable: bool,
}

impl Lineage {
    /// The record of a tree that `template` has made.
    pub fn new(template: &Template, answers: &Data, tree: &Tree) -> Self {
        Self {
            template: template.reference(),
            version: template.version.clone(),
            answers: public(&template.pages, answers),
            owned: template.owned.clone(),
            files: tree.files().map(|(path, file)| Generated::of(path, file)).collect(),
        }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// A text that is no record.
    pub fn read(text: &[u8]) -> Result<Self, Error> {
        let wrong = |message: String, line: u32, column: u32| Error::File {
            place: Place { file: LINEAGE_FILE.into(), line, column },
            message,
        };
        let data = Data::parse(text).map_err(|error| {
            let (line, column) = error.position().map_or((0, 0), |position| (position.line, position.column));
            wrong(error.message().to_owned(), line, column)
        })?;
        let missing = |what: &str| {
            wrong(format!("`{what}` is missing: the file is written by `karat new` and `karat update`"), 0, 0)
        };
        let text = |path: [&str; 3]| data.at(path).and_then(Data::as_str).map(str::to_owned);
        if data.get("kind").and_then(Data::as_str) != Some("Lineage") {
            return Err(missing("kind: Lineage"));
        }
        let generated = |(path, facts): &(String, Data)| -> Option<Generated> {
            let facts = facts.as_str()?;
            let (digest, mode) = facts.split_once(' ').unwrap_or((facts, ""));
            Some(Generated { path: path.clone(), digest: digest.to_owned(), executable: mode == "executable" })
        };
        let files = data.at(["spec", "files"]).map(Data::entries).unwrap_or_default();
        Ok(Self {
            template: text(["spec", "template", "ref"]).ok_or_else(|| missing("spec.template.ref"))?,
            version: text(["spec", "template", "version"]).ok_or_else(|| missing("spec.template.version"))?,
            answers: data.at(["spec", "answers"]).cloned().unwrap_or_else(|| Data::Map(Vec::new())),
            owned: data
                .at(["spec", "owned"])
                .map(Data::items)
                .unwrap_or_default()
                .iter()
                .filter_map(Data::as_str)
                .map(str::to_owned)
                .collect(),
            files: files.iter().map(generated).collect::<Option<_>>().ok_or_else(|| missing("spec.files"))?,
        })
    }

    /// The record as a file.
    pub fn to_yaml(&self) -> String {
        let files = self.files.iter().map(|file| {
            let mode = if file.executable { " executable" } else { "" };
            (file.path.as_str(), Data::String(format!("{}{mode}", file.digest)))
        });
        let template: Data = [("ref", self.template.as_str()), ("version", &self.version)]
            .map(|(key, text)| (key, text.into()))
            .into_iter()
            .collect();
        let mut spec: Data = [("template", template), ("answers", self.answers.clone())].into_iter().collect();
        spec.set("owned", Data::List(self.owned.iter().map(|pattern| pattern.as_str().into()).collect()));
        spec.set("files", files.collect());
        let data: Data =
            [("apiVersion", "karat.dev/v1".into()), ("kind", "Lineage".into()), ("spec", spec)].into_iter().collect();
        format!(
            "# The golden path of this repository. Written by `karat new` and `karat update`; commit it, and {BASE_FILE} beside it.\n{}",
            data.to_yaml()
        )
    }

    /// Whether a file stays the path's: it may not differ from what the path makes.
    ///
    /// # Errors
    /// A pattern that is none.
    pub fn owns(&self) -> Result<impl Fn(&str) -> bool + use<>, Error> {
        let globs = Globs::new(self.owned.iter().map(String::as_str)).map_err(|message| Error::File {
            place: Place { file: LINEAGE_FILE.into(), ..Place::default() },
            message,
        })?;
        Ok(move |path: &str| globs.matches(path))
    }
}

impl Generated {
    fn of(path: &str, file: &File) -> Self {
        Self { path: path.to_owned(), digest: digest(&file.bytes), executable: file.executable }
    }
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let mut text = String::from("sha256:");
    for byte in digest {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// Answers without those that are secret.
fn public(pages: &[Page], answers: &Data) -> Data {
    let secrets: Vec<String> = pages
        .iter()
        .flat_map(|page| page.questions(answers))
        .filter(|question| question.secret)
        .map(|question| question.name)
        .collect();
    answers.entries().iter().filter(|(name, _)| !secrets.contains(name)).cloned().collect()
}

/// Packs a tree: a compressed archive, the same bytes for the same tree.
///
/// # Errors
/// None that input can cause: memory does not refuse to be written.
pub fn pack(tree: &Tree) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    for (path, file) in tree.files() {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(file.bytes.len() as u64);
        header.set_mode(if file.executable { 0o755 } else { 0o644 });
        archive.append_data(&mut header, path, &*file.bytes)?;
    }
    let mut encoder = archive.into_inner()?;
    encoder.flush()?;
    encoder.finish()
}

/// Unpacks what [`pack`] has packed.
///
/// # Errors
/// An archive that is damaged, too large, or holds what a tree cannot.
pub fn unpack(bytes: &[u8]) -> Result<Tree, Error> {
    let wrong = |message: String| Error::File { place: Place { file: BASE_FILE.into(), ..Place::default() }, message };
    let damaged = |error: std::io::Error| wrong(format!("the archive is damaged: {error}"));
    let mut archive = tar::Archive::new(GzDecoder::new(bytes).take(2 * MAX_BYTES as u64));
    let mut tree = Tree::default();
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let path = entry.path().map_err(damaged)?.to_string_lossy().into_owned();
        if entry.header().entry_type() != tar::EntryType::Regular {
            return Err(wrong(format!("`{path}` is no file")));
        }
        let executable = entry.header().mode().map_err(damaged)? & 0o100 != 0;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(damaged)?;
        tree.insert(&path, File { bytes: bytes.into(), executable }).map_err(wrong)?;
    }
    Ok(tree)
}
