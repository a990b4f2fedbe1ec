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
    about: "the config repository has one root Application per Argo CD, and every AppProject and ApplicationSet is in a \
            folder that it applies",
    run: one_root,
};

/// No other Application is written by hand.
pub(super) static APPLICATIONS_FROM_SETS: Analysis = Analysis {
    name: "applications-from-sets",
    scope: Scope::Config,
    about: "no repository holds an Application besides the root, no chart makes one",
    run: from_sets,
};

fn is(file: &File, kind: &str) -> bool {
    let argo = text(&file.doc.value, "apiVersion").is_some_and(|version| version.starts_with("argoproj.io/"));
    argo && text(&file.doc.value, "kind") == Some(kind)
}

/// The paths of root Applications within the config repository: as the organisation says, else the only one there is.
fn roots(view: &View<'_>) -> BTreeSet<String> {
    let said = view.organisation().setting("argocd").and_then(Value::as_seq).unwrap_or_default();
    let said: BTreeSet<String> = said.iter().filter_map(|one| text(one, "root.path")).map(str::to_owned).collect();
    if !said.is_empty() {
        return said;
    }
    let files = view.subject().files.iter().filter(|file| file.role == "config" && is(file, "Application"));
    files
        .map(|file| file.path.to_string())
        .min_by_key(|path| (path.matches('/').count(), path.clone()))
        .into_iter()
        .collect()
}

fn one_root(view: &View<'_>) -> Vec<Found> {
    let files = &view.subject().files;
    let roots = roots(view);
    let config = || files.iter().enumerate().filter(|(_, file)| file.role == "config");
    let on = |at: usize, path: Path, message: String| Found { on: Some(Anchor::File(at)), path, message };
    let mut found = Vec::new();
    let mut folders: Vec<&str> = Vec::new();
    let mut owns_something = false;
    for (at, file) in config().filter(|(_, file)| roots.contains(file.path.as_str()) && is(file, "Application")) {
        owns_something = true;
        let one = file.doc.value.at(["spec", "source"]).into_iter();
        folders.extend(one.chain(list(&file.doc.value, "spec.sources")).filter_map(|source| text(source, "path")));
        if folders.is_empty() {
            let message = format!("the root `{}` applies no folder of the repository", file.path);
            found.push(on(at, Path::keys(["spec"]), message));
        }
    }
    if !owns_something {
        if let Some((at, _)) = config().find(|(_, file)| is(file, "ApplicationSet") || is(file, "AppProject")) {
            let said = roots.into_iter().next().map_or_else(String::new, |root| format!(" (`{root}` is not one)"));
            found.push(on(at, Path::keys(["kind"]), format!("no root Application owns the ApplicationSets{said}")));
        }
        return found;
    }
    for (at, file) in config().filter(|(_, file)| is(file, "ApplicationSet") || is(file, "AppProject")) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let covers = |root: &&str| {
            let root = root.trim_matches('/');
            root == folder
                || root == "."
                || root.is_empty()
                || folder.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'))
        };
        if !folders.iter().any(covers) {
            let kind = text(&file.doc.value, "kind").unwrap_or_default();
            let name = text(&file.doc.value, "metadata.name").unwrap_or_default();
            let message = format!("{kind} `{name}` is below no root: nothing applies it");
            found.push(on(at, Path::keys(["metadata", "name"]), message));
        }
    }
    found
}

fn from_sets(view: &View<'_>) -> Vec<Found> {
    let roots = roots(view);
    let mut found = Vec::new();
    for (at, file) in view.subject().files.iter().enumerate() {
        let is_root = file.role == "config" && roots.contains(file.path.as_str());
        if is(file, "Application") && !is_root {
            let name = text(&file.doc.value, "metadata.name").unwrap_or_default();
            let message = format!("Application `{name}` is written by hand and not made by an ApplicationSet");
            found.push(Found { on: Some(Anchor::File(at)), path: Path::keys(["kind"]), message });
        }
    }
    found
}
