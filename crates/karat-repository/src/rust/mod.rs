//! Rust: workspaces, their crates, and what these use.

mod attributes;
pub(crate) mod manifest;
mod source;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use ecow::EcoString;
use karat_source::{join, parent, split};

pub use manifest::{Dependency, DependencyKind, Manifest};
pub use source::Source;

use crate::go::{nearest, within};
use crate::{At, Fact, Place};

/// A workspace, or a crate by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its `Cargo.toml`.
    pub manifest: Manifest,
    /// The folder of its `Cargo.toml`; empty for the repository's root.
    pub folder: EcoString,
    /// Whether there is a `Cargo.lock`.
    pub locked: bool,
    /// Its crates, by folder.
    pub crates: Vec<Crate>,
}

/// A crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crate {
    /// Its `Cargo.toml`.
    pub manifest: Manifest,
    /// Its name.
    pub name: At<EcoString>,
    /// The folder, from the repository's root.
    pub folder: EcoString,
    /// Whether it is, or holds, a program.
    pub program: bool,
    /// What it depends on, with what it inherits.
    pub dependencies: Vec<Dependency>,
    /// Whether unsafe code is forbidden in all of it.
    pub forbids_unsafe: bool,
    /// The files below `src/`, without tests.
    pub files: Vec<Source>,
}

/// Workspaces from all manifests and files; `locked` are the folders that hold a `Cargo.lock`.
pub(crate) fn workspaces(mut manifests: Vec<Manifest>, sources: Vec<Source>, locked: &[&str]) -> Vec<Workspace> {
    manifests.sort_by(|a, b| a.file.cmp(&b.file));
    let mut files: Vec<Vec<Source>> = vec![Vec::new(); manifests.len()];
    let by_folder = |wanted: fn(&Manifest) -> bool| -> BTreeMap<&str, usize> {
        let found = manifests.iter().enumerate().filter(|(_, manifest)| wanted(manifest));
        found.map(|(at, manifest)| (parent(&manifest.file), at)).collect()
    };
    let packages = by_folder(|manifest| manifest.name.is_some());
    for source in sources {
        let of = |folder: &str| {
            let (package, name) = split(folder);
            packages.get(package).copied().filter(|_| name == "src")
        };
        if let Some(at) = nearest(parent(&source.file), of) {
            files[at].push(source);
        }
    }
    let roots = by_folder(|manifest| manifest.workspace.is_some());
    let locked: BTreeSet<&str> = locked.iter().copied().collect();
    let mut workspaces: BTreeMap<usize, Workspace> = BTreeMap::new();
    let mut shared: BTreeMap<usize, Shared<'_>> = BTreeMap::new();
    for (at, files) in files.into_iter().enumerate() {
        // The root of a crate is the nearest workspace above it, or itself.
        let folder = parent(&manifests[at].file);
        let root = nearest(folder, |above| roots.get(above).copied()).unwrap_or(at);
        let folder = parent(&manifests[root].file);
        let workspace = workspaces.entry(root).or_insert_with(|| Workspace {
            folder: folder.into(),
            locked: locked.contains(folder),
            manifest: manifests[root].clone(),
            crates: Vec::new(),
        });
        let shared = shared.entry(root).or_insert_with(|| {
            manifests[root].shared.iter().map(|dependency| (dependency.key.as_str(), dependency)).collect()
        });
        workspace.crates.extend(Crate::new(&manifests[at], &manifests[root], shared, files));
    }
    workspaces.into_values().collect()
}

/// What the members of a workspace may inherit, by key.
type Shared<'m> = BTreeMap<&'m str, &'m Dependency>;

impl Crate {
    fn new(manifest: &Manifest, root: &Manifest, shared: &Shared<'_>, files: Vec<Source>) -> Option<Self> {
        let name = manifest.name.clone()?;
        let folder = EcoString::from(parent(&manifest.file));
        let src = join(&folder, "src");
        let is_root = |file: &EcoString| {
            let inner = within(file, &src).unwrap_or_default();
            let program =
                inner.strip_prefix("bin/").is_some_and(|rest| !rest.contains('/') || rest.ends_with("/main.rs"));
            (inner == "lib.rs", inner == "main.rs" || program || manifest.programs.contains(file))
        };
        let lints = manifest.forbids_unsafe || (manifest.inherits_lints && root.shared_forbids_unsafe);
        let mut roots = files.iter().filter(|file| matches!(is_root(&file.file), (true, _) | (_, true))).peekable();
        let said = roots.peek().is_some() && roots.all(|file| file.forbids_unsafe);
        let inherit = |dependency: &Dependency| {
            let mut dependency = dependency.clone();
            if let Some(shared) = shared.get(dependency.key.as_str()).filter(|_| dependency.inherited) {
                dependency.name.value = shared.name.value.clone();
                dependency.path.clone_from(&shared.path);
            }
            dependency
        };
        Some(Self {
            name,
            folder,
            program: files.iter().any(|file| is_root(&file.file).1),
            dependencies: manifest.dependencies.iter().map(inherit).collect(),
            forbids_unsafe: lints || said,
            files,
            manifest: manifest.clone(),
        })
    }

    /// Whether it is the domain: called so, or in a folder that is.
    pub fn is_domain(&self) -> bool {
        let name = self.name.value.as_str();
        let folder = self.folder.rsplit('/').next().unwrap_or_default();
        [name, folder].iter().any(|name| *name == "domain" || name.ends_with("-domain") || name.ends_with("_domain"))
    }
}

impl Workspace {
    /// The crate that a dependency is, if it is one of this workspace.
    pub fn own(&self, dependency: &Dependency) -> Option<usize> {
        let file = join(dependency.path.as_ref()?, "Cargo.toml");
        // Crates are in the order of their manifests.
        self.crates.binary_search_by(|found| found.manifest.file.as_str().cmp(&file)).ok()
    }
}

impl From<&Workspace> for Fact {
    fn from(workspace: &Workspace) -> Self {
        let manifest = &workspace.manifest;
        let place = manifest.workspace.clone().or_else(|| manifest.name.as_ref().map(|name| name.place.clone()));
        let fact = Self::map([
            ("path", Self::from(&manifest.file)),
            ("folder", Self::from(&workspace.folder)),
            ("workspace", manifest.workspace.is_some().into()),
            ("locked", workspace.locked.into()),
            ("crates", Self::list(workspace.crates.iter().map(|one| crate_fact(workspace, one)))),
        ]);
        fact.at(&place.unwrap_or_else(|| Place::whole(manifest.file.clone())))
    }
}

fn crate_fact(workspace: &Workspace, one: &Crate) -> Fact {
    let first = |of: fn(&Source) -> &BTreeMap<EcoString, Place>| {
        let mut all: BTreeMap<&EcoString, &Place> = BTreeMap::new();
        for (name, place) in one.files.iter().flat_map(of) {
            all.entry(name).or_insert(place);
        }
        all
    };
    let dependency = |dependency: &Dependency| {
        let own = workspace.own(dependency).map(|at| &workspace.crates[at]);
        Fact::map([
            ("name", Fact::from(&dependency.name)),
            ("kind", dependency.kind.word().into()),
            ("of", Fact::from(&one.name.value)),
            ("ofDomain", one.is_domain().into()),
            ("own", own.is_some().into()),
            ("domain", own.is_some_and(Crate::is_domain).into()),
        ])
        .at(&dependency.name.place)
    };
    // What a crate outside the domain uses nobody asks, and it is a lot.
    let uses = if one.is_domain() { first(|file| &file.uses) } else { BTreeMap::new() };
    let uses = uses
        .into_iter()
        .map(|(path, place)| Fact::map([("path", Fact::from(path)), ("of", Fact::from(&one.name.value))]).at(place));
    let attributes = one.files.iter().flat_map(|file| &file.attributes);
    let attributes = attributes.map(|key| Fact::map([("key", Fact::from(key))]).at(&key.place));
    Fact::map([
        ("name", Fact::from(&one.name)),
        ("path", Fact::from(&one.manifest.file)),
        ("folder", Fact::from(&one.folder)),
        ("domain", one.is_domain().into()),
        ("program", one.program.into()),
        ("forbidsUnsafe", one.forbids_unsafe.into()),
        ("dependencies", Fact::list(one.dependencies.iter().map(dependency))),
        ("uses", Fact::list(uses)),
        ("mentions", Fact::names(first(|file| &file.mentions))),
        ("texts", Fact::names(first(|file| &file.texts))),
        ("attributes", Fact::list(attributes)),
    ])
    .at(&one.name.place)
}
