//! A folder of plain manifests, as Argo CD's repo server reads it.

use ecow::{EcoString, eco_format};
use karat_diag::Diagnostic;
use karat_source::{EntryKind, World, join};
use karat_yaml::Str;

use super::{NotRendered, Outcome};
use crate::application::Directory;
use crate::cache::{Cache, Digest, Hasher, digest};
use crate::document::{At, DocumentError, objects};
use crate::file::{not_yaml, problem};
use crate::glob::Gobwas;

/// A file that says this is no manifest.
const SKIP: &[u8] = b"+argocd:skip-file-rendering";

/// The files of a folder that may be manifests, in the order of a walk, with their contents.
pub(crate) struct Listing {
    files: Vec<(EcoString, Vec<u8>)>,
    pub(crate) digests: Vec<(EcoString, Digest)>,
    /// Of names and contents.
    pub(crate) digest: Digest,
}

/// Reads the files of `folder` that `options` select.
pub(crate) fn list(world: &dyn World, folder: &str, options: &Directory) -> Result<Listing, Box<Diagnostic>> {
    let include = (!options.include.is_empty()).then(|| Gobwas::parse(&options.include));
    let exclude = (!options.exclude.is_empty()).then(|| Gobwas::parse(&options.exclude));
    let mut files = Vec::new();
    // Entries yet to be visited, the next one last: a folder's entries come where the folder stands among its siblings.
    let mut open = vec![(EntryKind::Folder, String::new())];
    while let Some((kind, path)) = open.pop() {
        let place = join(folder, &path);
        let fail = |error: karat_source::ReadError| Box::new(problem(&place, None, error.to_string()));
        match kind {
            EntryKind::Folder if path.is_empty() || options.recurse => {
                let entries = world.list(&place).map_err(fail)?;
                open.extend(entries.into_iter().rev().map(|entry| (entry.kind, join(&path, &entry.name))));
            }
            EntryKind::File if is_manifest(&path) => {
                let selected = exclude.as_ref().is_none_or(|glob| !glob.matches(&path))
                    && include.as_ref().is_none_or(|glob| glob.matches(&path));
                if selected {
                    let bytes = world.read(&place).map_err(fail)?;
                    if !bytes.windows(SKIP.len()).any(|window| window == SKIP) {
                        files.push((EcoString::from(place), bytes));
                    }
                }
            }
            EntryKind::Escape if is_manifest(&path) => {
                return Err(Box::new(problem(&place, None, "a link that leaves the repository, or leads nowhere")));
            }
            _ => {}
        }
    }
    let mut hasher = Hasher::default();
    let digests: Vec<_> = files.iter().map(|(path, bytes)| (path.clone(), digest(bytes))).collect();
    for (path, digest) in &digests {
        hasher.part(path).part(digest);
    }
    Ok(Listing { files, digests, digest: hasher.finish() })
}

fn is_manifest(path: &str) -> bool {
    [".yaml", ".yml", ".json", ".jsonnet"].iter().any(|end| path.ends_with(end))
}

/// The objects of the files.
pub(crate) fn render(listing: &Listing, namespace: &str, cache: &Cache) -> Outcome {
    let mut outcome = Outcome::default();
    for (file, bytes) in &listing.files {
        if file.ends_with(".jsonnet") {
            outcome.not_rendered = Some(NotRendered::Jsonnet { file: file.clone() }.into());
            continue;
        }
        let start = outcome.documents.len();
        if file.ends_with(".json")
            && let Err(error) = karat_yaml::from_json(bytes, karat_yaml::Numbers::Kept)
        {
            outcome.problems.push(problem(file, None, format!("not one JSON object: {}", error.message())));
            continue;
        }
        match split(bytes) {
            Ok(parts) => {
                for (line, text) in parts {
                    let text = cache.texts.share(Str::from(text));
                    let at = At { file, first_line: line, namespace };
                    if let Err(error) = objects(text, at, &mut outcome.documents) {
                        // A file that is not YAML may be something else, unless part of it or its words say that it is.
                        let meant = outcome.documents.len() > start
                            || ["apiVersion:", "kind:", "metadata:"].iter().all(|word| contains(bytes, word))
                            || file.ends_with(".json");
                        if meant {
                            outcome.problems.push(match error {
                                DocumentError::Yaml(error) => not_yaml(file, &error, line as usize - 1),
                                DocumentError::Identity(error) => {
                                    problem(file, line_span(line), format!("no object: {error}"))
                                }
                            });
                        } else {
                            outcome.notes.push(eco_format!("{file}: not a manifest, passed over"));
                        }
                        break;
                    }
                }
            }
            Err(line) => outcome.problems.push(problem(
                file,
                line_span(line),
                "after `---` only a comment may stand on the line",
            )),
        }
    }
    outcome
}

fn line_span(line: u32) -> Option<karat_diag::Span> {
    let start = karat_diag::Position { line: line.max(1) as usize, column: 1 };
    Some(karat_diag::Span { start, end: karat_diag::Position { line: start.line, column: 2 } })
}

fn contains(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

/// The documents of a file with the lines they start at, split as Kubernetes' reader does: at lines that begin with
/// `---`, wherever they stand. The error is the line of a separator that something follows.
pub(crate) fn split(bytes: &[u8]) -> Result<Vec<(u32, &[u8])>, u32> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut parts = Vec::new();
    let (mut start, mut first_line, mut at, mut line) = (0, 1, 0, 1);
    for text in bytes.split_inclusive(|byte| *byte == b'\n') {
        if let Some(rest) = text.strip_prefix(b"---") {
            let rest = rest.trim_ascii();
            if !rest.is_empty() && !rest.starts_with(b"#") {
                return Err(line);
            }
            parts.push((first_line, &bytes[start..at]));
            start = at + text.len();
            first_line = line + 1;
        }
        at += text.len();
        line += 1;
    }
    parts.push((first_line, &bytes[start..]));
    parts.retain(|(_, text)| !text.trim_ascii().is_empty());
    Ok(parts)
}
