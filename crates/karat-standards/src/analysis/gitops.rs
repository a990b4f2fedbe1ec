//! Applications, and where they come from.

use std::collections::BTreeSet;

use karat_kube::Path;
use karat_yaml::Value;

use super::{Analysis, Found, list, text};
use crate::judge::{Anchor, View};
use crate::{File, Scope};

/// One root owns all projects and ApplicationSets of the config repository.
pub(super) static ONE_ROOT: Analysis = Analysis {
    name: "one-root",
    scope: Scope::Config,
    kinds: &[],
    about: "the config repository has one root Application per Argo CD, and every AppProject and ApplicationSet is in a \
            folder that it applies",
    run: one_root,
};

/// No other Application is written by hand.
pub(super) static APPLICATIONS_FROM_SETS: Analysis = Analysis {
    name: "applications-from-sets",
    scope: Scope::Config,
    kinds: &[],
    about: "no repository holds an Application besides the root, no chart makes one",
    run: from_sets,
};

/// Files of Argo CD's kinds, read once.
struct Manifest<'v> {
    at: usize,
    file: &'v File,
    value: Value,
}

impl Manifest<'_> {
    fn is(&self, kind: &str) -> bool {
        text(&self.value, "kind") == Some(kind)
    }
}

fn manifests<'v>(view: &View<'v>) -> Vec<Manifest<'v>> {
    let files = view.subject().files.iter().enumerate().filter(|(_, file)| !file.kind.is_empty());
    let read = files.map(|(at, file)| Manifest { at, file, value: file.doc.value() });
    let is_argo = |value: &Value| text(value, "apiVersion").is_some_and(|version| version.starts_with("argoproj.io/"));
    read.filter(|manifest| is_argo(&manifest.value)).collect()
}

/// The paths of root Applications within the config repository: as the organisation says, else the one nearest to the
/// repository's root.
fn roots(view: &View<'_>, manifests: &[Manifest<'_>]) -> BTreeSet<String> {
    let said = view.organisation().setting("argocd").and_then(Value::as_seq).unwrap_or_default();
    let said: BTreeSet<String> = said.iter().filter_map(|one| text(one, "root.path")).map(str::to_owned).collect();
    if !said.is_empty() {
        return said;
    }
    let found = manifests.iter().filter(|manifest| manifest.file.role == "config" && manifest.is("Application"));
    let nearest =
        found.map(|manifest| &manifest.file.path).min_by_key(|path| (path.matches('/').count(), path.as_str()));
    nearest.into_iter().map(ToString::to_string).collect()
}

fn one_root(view: &View<'_>) -> Vec<Found> {
    let manifests = manifests(view);
    let roots = roots(view, &manifests);
    let config = || manifests.iter().filter(|manifest| manifest.file.role == "config");
    let owned = || config().filter(|manifest| manifest.is("ApplicationSet") || manifest.is("AppProject"));
    let on = |at: usize, path: Path, message: String| Found { on: Some(Anchor::File(at)), path, message, place: None };
    let mut found = Vec::new();
    let mut folders: Vec<&str> = Vec::new();
    let mut has_root = false;
    for root in config().filter(|one| roots.contains(one.file.path.as_str()) && one.is("Application")) {
        has_root = true;
        let one = root.value.at(["spec", "source"]).into_iter();
        let paths = one.chain(list(&root.value, "spec.sources")).filter_map(|source| text(source, "path"));
        let before = folders.len();
        folders.extend(paths);
        if folders.len() == before {
            let message = format!("the root `{}` applies no folder of the repository", root.file.path);
            found.push(on(root.at, Path::keys(["spec"]), message));
        }
    }
    if !has_root {
        if let Some(first) = owned().next() {
            let said = roots.into_iter().next().map_or_else(String::new, |root| format!(" (`{root}` is not one)"));
            found.push(on(
                first.at,
                Path::keys(["kind"]),
                format!("no root Application owns the ApplicationSets{said}"),
            ));
        }
        return found;
    }
    for manifest in owned() {
        let folder = manifest.file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let covers = |root: &&str| {
            let root = root.trim_matches('/');
            root == folder
                || root == "."
                || root.is_empty()
                || folder.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'))
        };
        if !folders.iter().any(covers) {
            let kind = text(&manifest.value, "kind").unwrap_or_default();
            let name = text(&manifest.value, "metadata.name").unwrap_or_default();
            let message = format!("{kind} `{name}` is below no root: nothing applies it");
            found.push(on(manifest.at, Path::keys(["metadata", "name"]), message));
        }
    }
    found
}

fn from_sets(view: &View<'_>) -> Vec<Found> {
    let manifests = manifests(view);
    let roots = roots(view, &manifests);
    let mut found = Vec::new();
    let message = |name: &str| format!("Application `{name}` is written by hand and not made by an ApplicationSet");
    for manifest in &manifests {
        let is_root = manifest.file.role == "config" && roots.contains(manifest.file.path.as_str());
        if manifest.is("Application") && !is_root {
            let name = text(&manifest.value, "metadata.name").unwrap_or_default();
            let on = Some(Anchor::File(manifest.at));
            found.push(Found { on, path: Path::keys(["kind"]), message: message(name), place: None });
        }
    }
    // What a chart makes shows only when it is rendered. Plain files are found above, at their place.
    let files: BTreeSet<_> = manifests.iter().map(|manifest| manifest.file.doc.file()).collect();
    for (at, object) in view.subject().objects.iter().enumerate().filter(|(_, object)| !object.own) {
        let identity = &object.identity;
        if identity.group == "argoproj.io" && identity.kind == "Application" && !files.contains(&object.doc.file()) {
            found.push(Found::at(at, "kind", message(&identity.name)));
        }
    }
    found
}
