//! What is the same thing under another name.

use std::collections::BTreeMap;

use ecow::EcoString;
use karat_kube::Identity;
use karat_yaml::Value;
use rustc_hash::FxHashMap;

use super::object::{Change, changes};
use crate::document::Document;
use crate::fleet::{Application, Fleet};

/// Pairs the Applications of two fleets: by name, then by what they render where. All of both are in the result.
pub(super) fn applications<'f>(
    base: &'f Fleet,
    head: &'f Fleet,
) -> Vec<(Option<&'f Application>, Option<&'f Application>)> {
    let name = |application: &&Application| (application.spec.namespace.clone(), application.spec.name.clone());
    let mut old: BTreeMap<_, &Application> = base.applications.iter().map(|app| (name(&app), app)).collect();
    let mut pairs = Vec::with_capacity(head.applications.len());
    let mut added = Vec::new();
    for application in &head.applications {
        match old.remove(&name(&application)) {
            Some(before) => pairs.push((Some(before), Some(application))),
            None => added.push(application),
        }
    }
    // Of several with the same sources none can be told to be the other.
    let mut candidates: FxHashMap<_, (Vec<&Application>, usize)> = FxHashMap::default();
    for application in old.values() {
        candidates.entry(rendered(application)).or_default().0.push(application);
    }
    for application in &added {
        candidates.entry(rendered(application)).or_default().1 += 1;
    }
    for application in added {
        let before = match candidates.get(&rendered(application)) {
            Some((before, 1)) if before.len() == 1 => old.remove(&name(&before[0])),
            _ => None,
        };
        pairs.push((before, Some(application)));
    }
    pairs.extend(old.into_values().map(|application| (Some(application), None)));
    pairs
}

/// Where an Application goes and what it is made of, whatever its name and revisions.
fn rendered(application: &Application) -> (EcoString, EcoString, Vec<[EcoString; 3]>) {
    let spec = &application.spec;
    let target = if spec.destination.name.is_empty() { &spec.destination.server } else { &spec.destination.name };
    let sources = spec
        .sources
        .iter()
        .map(|source| [source.repo_url.clone(), source.path.clone(), source.chart.clone()])
        .collect();
    (target.clone(), spec.destination.namespace.clone(), sources)
}

/// Pairs objects that one Application gave and gives no more with those that it gives anew: the only one of its kind and
/// namespace on either side, or one that says the same but for its name.
pub(super) fn objects(
    old: &BTreeMap<Identity, Document>,
    new: &BTreeMap<Identity, Document>,
) -> Vec<(Identity, Identity, Vec<Change>)> {
    let mut kinds: BTreeMap<_, (Vec<&Identity>, Vec<&Identity>)> = BTreeMap::new();
    let kind = |identity: &Identity| (identity.group.clone(), identity.kind.clone(), identity.namespace.clone());
    for identity in old.keys() {
        kinds.entry(kind(identity)).or_default().0.push(identity);
    }
    for identity in new.keys() {
        kinds.entry(kind(identity)).or_default().1.push(identity);
    }
    let mut pairs = Vec::new();
    for (gone, mut come) in kinds.into_values() {
        let only = gone.len() == 1 && come.len() == 1;
        for before in gone {
            let Some(place) = come.iter().position(|after| only || nameless(&old[before]) == nameless(&new[*after]))
            else {
                continue;
            };
            let after = come.remove(place);
            let changes = changes(&after.group, &after.kind, &nameless(&old[before]), &nameless(&new[after]));
            pairs.push((before.clone(), after.clone(), changes));
        }
    }
    pairs
}

fn nameless(document: &Document) -> Value {
    let mut object = document.object();
    if let Some(Value::Map(metadata)) = object.as_map_mut().and_then(|map| map.get_mut(&b"metadata"[..])) {
        metadata.remove(&b"name"[..]);
    }
    object
}
