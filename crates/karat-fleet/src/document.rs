//! An object as a source gives it: its text, its identity, its place.

use std::collections::hash_map::Entry;
use std::hash::{Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};

use ecow::EcoString;
use karat_diag::{Diagnostic, Severity};
use karat_kube::{Identity, IdentityError};
use karat_yaml::{Dialect, Map, Numbers, Str, Value};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use crate::file::problem;

/// One object of an Application.
///
/// The text is kept and not its tree: 10,000 Applications are 200 MB of text, and ten times that as trees. Equal texts
/// share their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Who it is, in the namespace that it is applied to.
    pub identity: Identity,
    /// What the source says, without a document separator. For an item of a `List`, the item.
    pub text: Str,
    /// The template or manifest, from the organisation's root.
    pub file: EcoString,
    /// For a manifest: the line of the file that the text starts at, from 1. For a template: 0, because its lines are
    /// others than the text's.
    pub first_line: u32,
}

/// Why a text is no object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DocumentError {
    #[error(transparent)]
    Yaml(#[from] karat_yaml::Error),
    #[error("no object: {0}")]
    Identity(#[from] IdentityError),
}

impl Document {
    /// The text with the places of its parts.
    ///
    /// # Errors
    /// None for a document of a fleet, whose text has been read before.
    pub fn tree(&self) -> Result<Option<karat_yaml::Document>, karat_yaml::Error> {
        karat_yaml::parse_document(&self.text, Dialect::GoYaml)
    }

    /// The object as it is applied: what the text says, in its namespace.
    pub fn object(&self) -> Value {
        let mut object = karat_yaml::from_yaml(&self.text, Dialect::GoYaml, Numbers::Kept).unwrap_or_default();
        if let Some(Value::Map(metadata)) = object.as_map_mut().and_then(|map| map.get_mut(&b"metadata"[..])) {
            settle(metadata, &self.identity);
        }
        object
    }
}

/// As Argo CD does: a namespaced object without a namespace gets the Application's, a cluster-scoped one loses its.
fn settle(metadata: &mut Map, identity: &Identity) {
    if identity.namespace.is_empty() {
        metadata.remove(&b"namespace"[..]);
    } else {
        metadata.insert("namespace".into(), Value::from(identity.namespace.as_str()));
    }
}

/// Where a text stands.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) file: &'a EcoString,
    /// See [`Document::first_line`].
    pub(crate) first_line: u32,
    /// The namespace of objects that name none.
    pub(crate) namespace: &'a str,
}

/// Reads the objects of one YAML text.
pub(crate) fn objects(text: Str, at: At<'_>, into: &mut Vec<Document>) -> Result<(), DocumentError> {
    let value = karat_yaml::from_yaml(&text, Dialect::GoYaml, Numbers::Kept)?;
    objects_of(text, &value, at, into)
}

/// The objects of a text that says `value`: none for an empty one, the items of a list, else the one there is.
pub(crate) fn objects_of(text: Str, value: &Value, at: At<'_>, into: &mut Vec<Document>) -> Result<(), DocumentError> {
    if value.is_null() {
        return Ok(());
    }
    let mut push = |object: &Value, text: Str| -> Result<(), DocumentError> {
        let identity = Identity::of(object)?.within(at.namespace);
        into.push(Document { identity, text, file: at.file.clone(), first_line: at.first_line });
        Ok(())
    };
    match value.get("items") {
        Some(Value::Seq(items)) => {
            for item in items {
                push(item, Str::from(karat_yaml::to_yaml(item)?))?;
            }
            Ok(())
        }
        // `items: null` in a list without spec or status is an empty list.
        Some(Value::Null) if value.get("spec").is_none() && value.get("status").is_none() => Ok(()),
        _ => push(value, text),
    }
}

/// Of objects with one identity the last counts, as in Argo CD; the others are told of.
pub(crate) fn settle_repeated(documents: &mut Vec<Document>, problems: &mut Vec<Diagnostic>) {
    let mut places: FxHashMap<Identity, (usize, usize)> = FxHashMap::default();
    let mut kept: Vec<Document> = Vec::with_capacity(documents.len());
    let mut repeated = Vec::new();
    for document in documents.drain(..) {
        // A generated name is another one each time.
        if document.identity.name.ends_with('*') {
            kept.push(document);
            continue;
        }
        let key = Identity { version: EcoString::new(), ..document.identity.clone() };
        match places.entry(key) {
            Entry::Occupied(mut entry) => {
                entry.get_mut().1 += 1;
                if entry.get().1 == 2 {
                    repeated.push(entry.key().clone());
                }
                kept[entry.get().0] = document;
            }
            Entry::Vacant(entry) => {
                entry.insert((kept.len(), 1));
                kept.push(document);
            }
        }
    }
    for key in repeated {
        let Some((place, times)) = places.get(&key) else { continue };
        let document = &kept[*place];
        let message = format!("{} appears {times} times; Argo CD takes the last", document.identity);
        problems.push(Diagnostic { severity: Severity::Warning, ..problem(&document.file, None, message) });
    }
    *documents = kept;
}

/// Texts, each kept once.
#[derive(Debug)]
pub(crate) struct Interner {
    shards: Vec<Mutex<FxHashSet<Str>>>,
}

impl Default for Interner {
    fn default() -> Self {
        Self { shards: (0..64).map(|_| Mutex::default()).collect() }
    }
}

impl Interner {
    /// The text, sharing its bytes with an equal one.
    pub(crate) fn share(&self, text: Str) -> Str {
        let mut hasher = FxHasher::default();
        text.hash(&mut hasher);
        let shard = &self.shards[(hasher.finish() >> 58) as usize];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shard.get(&text) {
            return known.clone();
        }
        shard.insert(text.clone());
        text
    }
}
