//! Go: modules, their packages, and which imports which.

mod manifest;
mod parse;
mod source;

use std::collections::BTreeMap;

use ecow::EcoString;
use karat_source::{join, parent, split};

pub use manifest::{Manifest, Require};
pub(crate) use parse::LIMIT;
pub use source::Source;

use crate::{Fact, Place};

/// A module: a `go.mod` and the packages below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its `go.mod`.
    pub manifest: Manifest,
    /// The folder of its `go.mod`; empty for the repository's root.
    pub folder: EcoString,
    /// Its packages, by folder.
    pub packages: Vec<Package>,
}

/// A package: the files of one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The folder, from the module's; empty for the module's own.
    pub folder: EcoString,
    /// The folder, from the repository's.
    pub path: EcoString,
    /// What it is, by its folder.
    pub layer: Layer,
    /// Its files.
    pub files: Vec<Source>,
}

/// What a package is in the layout `cmd/ internal/ pkg/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// `internal/domain`, or another `domain` of `internal/`: what the service is about.
    Domain,
    /// The rest of `internal/`: transports, stores, queues.
    Adapter,
    /// `cmd/`: programs.
    Command,
    /// `pkg/`: what other repositories may import.
    Library,
    /// Anything else.
    Other,
}

impl Layer {
    fn of(folder: &str) -> Self {
        let mut parts = folder.split('/');
        match parts.next() {
            Some("internal") if parts.any(|part| part == "domain") => Self::Domain,
            Some("internal") => Self::Adapter,
            Some("cmd") => Self::Command,
            Some("pkg") => Self::Library,
            _ => Self::Other,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Adapter => "adapter",
            Self::Command => "command",
            Self::Library => "library",
            Self::Other => "other",
        }
    }
}

/// Modules from their manifests and all Go files. A file belongs to the nearest `go.mod` above it; one without any is left
/// out, as are those that Go itself passes over.
pub(crate) fn modules(mut manifests: Vec<Manifest>, sources: Vec<Source>) -> Vec<Module> {
    manifests.sort_by(|a, b| a.file.cmp(&b.file));
    let folders: Vec<EcoString> = manifests.iter().map(|manifest| parent(&manifest.file).into()).collect();
    let by_folder: BTreeMap<&str, usize> =
        folders.iter().enumerate().map(|(at, folder)| (folder.as_str(), at)).collect();
    let mut packages: Vec<BTreeMap<EcoString, Vec<Source>>> = vec![BTreeMap::new(); manifests.len()];
    for source in sources {
        let folder = parent(&source.file);
        let Some(at) = nearest(folder, |above| by_folder.get(above).copied()) else { continue };
        let inner = EcoString::from(within(folder, &folders[at]).unwrap_or_default());
        packages[at].entry(inner).or_default().push(source);
    }
    let package = |module: &str, (folder, files): (EcoString, Vec<Source>)| {
        let path = EcoString::from(join(module, &folder));
        // A module of its own may be one of the repository's libraries.
        let layer = match Layer::of(&folder) {
            Layer::Other => Layer::of(&path),
            layer => layer,
        };
        Package { layer, folder, path, files }
    };
    manifests
        .into_iter()
        .zip(folders)
        .zip(packages)
        .map(|((manifest, folder), packages)| Module {
            manifest,
            packages: packages.into_iter().map(|found| package(&folder, found)).collect(),
            folder,
        })
        .collect()
}

/// Whether Go builds a file at that path: not below `testdata` or a folder that starts with `_` or `.`.
pub(crate) fn is_source(path: &str) -> bool {
    let (folder, name) = split(path);
    let hidden = |part: &str| part.starts_with(['_', '.']) || part == "testdata";
    name.ends_with(".go") && !name.starts_with(['_', '.']) && !folder.split('/').any(hidden)
}

/// `path` from `folder`, if it is there.
pub(crate) fn within<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if folder.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(folder)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// What `of` says about `folder`, or else about the nearest folder above it.
pub(crate) fn nearest<T>(mut folder: &str, of: impl Fn(&str) -> Option<T>) -> Option<T> {
    loop {
        if let Some(found) = of(folder) {
            return Some(found);
        }
        if folder.is_empty() {
            return None;
        }
        folder = parent(folder);
    }
}

impl Module {
    /// The module's path; empty if its `go.mod` does not say.
    pub fn path(&self) -> &str {
        self.manifest.module.as_ref().map_or("", |module| module.value.as_str())
    }

    /// The folder of a package of this module that is imported by `import`, from the module's.
    pub fn own<'i>(&self, import: &'i str) -> Option<&'i str> {
        let path = self.path();
        if path.is_empty() { None } else { within(import, path) }
    }
}

impl Package {
    /// Its name, and where the first file says it; a test's own package counts only if there is no other.
    pub fn name(&self) -> Option<&crate::At<EcoString>> {
        let mut files = self.files.iter();
        files.find(|file| !file.test).or(self.files.first()).map(|file| &file.package)
    }

    /// The files that are no tests.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.files.iter().filter(|file| !file.test)
    }
}

/// Whether an import is of the standard library: its first part has no dot.
pub fn is_standard(import: &str) -> bool {
    !import.split('/').next().unwrap_or_default().contains('.')
}

impl From<&Module> for Fact {
    fn from(module: &Module) -> Self {
        let manifest = &module.manifest;
        let sources = || module.packages.iter().flat_map(Package::sources);
        let first = |of: fn(&Source) -> &BTreeMap<EcoString, Place>| {
            let mut all: BTreeMap<&EcoString, &Place> = BTreeMap::new();
            for (name, place) in sources().flat_map(of) {
                all.entry(name).or_insert(place);
            }
            Self::names(all)
        };
        Self::map([
            ("path", Self::from(&manifest.file)),
            ("folder", Self::from(&module.folder)),
            ("module", manifest.module.as_ref().into()),
            ("version", manifest.go.as_ref().into()),
            ("language", manifest.go.as_ref().map(|go| Self::from(&semantic(&go.value)).at(&go.place)).into()),
            ("requires", Self::list(&manifest.requires)),
            ("tools", Self::list(&manifest.tools)),
            ("packages", Self::list(module.packages.iter().map(|package| package_fact(module, package)))),
            ("mentions", first(|source| &source.mentions)),
            ("texts", first(|source| &source.texts)),
            ("attributes", Self::list(sources().flat_map(|source| &source.attributes).map(attribute))),
        ])
        .at(&manifest.place())
    }
}

/// A language version as semantic versioning has it: `1.24` is `1.24.0`, `1.25rc1` is `1.25.0-rc1`.
fn semantic(version: &str) -> EcoString {
    let digits = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let (numbers, rest) = version.split_at(digits);
    let missing = 2_usize.saturating_sub(numbers.matches('.').count());
    let dash = if rest.is_empty() { "" } else { "-" };
    ecow::eco_format!("{numbers}{}{dash}{rest}", ".0".repeat(missing))
}

fn attribute(key: &crate::At<EcoString>) -> Fact {
    Fact::map([("key", Fact::from(key))]).at(&key.place)
}

fn package_fact(module: &Module, package: &Package) -> Fact {
    let import = |file: &Source, import: &crate::At<EcoString>| {
        let own = module.own(&import.value);
        Fact::map([
            ("path", Fact::from(import)),
            ("test", file.test.into()),
            ("own", own.is_some().into()),
            ("standard", (own.is_none() && is_standard(&import.value)).into()),
            ("layer", package.layer.word().into()),
            ("folder", Fact::from(&package.folder)),
            ("to", own.map_or("", |folder| Layer::of(folder).word()).into()),
        ])
        .at(&import.place)
    };
    let imports = package.files.iter().flat_map(|file| file.imports.iter().map(|one| import(file, one)));
    let fact = Fact::map([
        ("folder", Fact::from(&package.folder)),
        ("path", Fact::from(&package.path)),
        ("name", package.name().into()),
        ("layer", package.layer.word().into()),
        ("test", package.files.iter().all(|file| file.test).into()),
        ("data", package.sources().all(|file| file.data).into()),
        ("imports", Fact::list(imports)),
    ]);
    match package.name() {
        Some(name) => fact.at(&name.place),
        None => fact,
    }
}
