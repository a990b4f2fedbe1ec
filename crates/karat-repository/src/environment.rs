//! Which environment variables the programs of a repository read.
//!
//! A library may read more than the programs here ask it to. In Go, what counts is in packages that a `main` imports, directly or
//! not; in Rust, a module of a library that is behind a feature counts if another crate names it.

use std::collections::{BTreeMap, BTreeSet};

use ecow::EcoString;
use karat_source::join;

use crate::go::within;
use crate::{Fact, Place, Repository, cargo, golang};

/// A variable that code reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable<'r> {
    /// Its name.
    pub name: &'r EcoString,
    /// Where it is read first: in what programs are made of, if they read it.
    pub place: &'r Place,
    /// Whether a program reads it, and not only a part of a library that none takes in.
    pub reached: bool,
}

/// The variables, sorted by name.
pub(crate) fn read(repository: &Repository) -> Vec<Variable<'_>> {
    let mut found: BTreeMap<&EcoString, Variable<'_>> = BTreeMap::new();
    let mut all: Vec<(&BTreeMap<EcoString, Place>, bool)> = Vec::new();
    let go = in_go(&repository.go).into_iter().flat_map(golang::Package::sources).map(|source| &source.environment);
    let rust = repository.rust.iter().flat_map(in_rust).map(|source| &source.environment);
    all.extend(go.chain(rust).map(|variables| (variables, true)));
    let packages = repository.go.iter().flat_map(|module| &module.packages);
    let crates = repository.rust.iter().flat_map(|workspace| &workspace.crates);
    all.extend(packages.flat_map(golang::Package::sources).map(|source| (&source.environment, false)));
    all.extend(crates.flat_map(|one| &one.files).map(|source| (&source.environment, false)));
    for (variables, reached) in all {
        for (name, place) in variables {
            found.entry(name).or_insert(Variable { name, place, reached });
        }
    }
    found.into_values().collect()
}

/// The packages that programs are made of.
fn in_go(modules: &[golang::Module]) -> Vec<&golang::Package> {
    let mut by_import: BTreeMap<String, &golang::Package> = BTreeMap::new();
    let mut open = Vec::new();
    for module in modules {
        for package in &module.packages {
            // The folder is the module's; the import is the module's path and the folder.
            by_import.insert(join(module.path(), &package.folder), package);
            if package.name().is_some_and(|name| name.value == "main") {
                open.push(package);
            }
        }
    }
    let mut seen: BTreeSet<&str> = open.iter().map(|package| package.path.as_str()).collect();
    let mut found = Vec::new();
    while let Some(package) = open.pop() {
        found.push(package);
        for import in package.sources().flat_map(|source| &source.imports) {
            if let Some(next) = by_import.get(import.value.as_str())
                && seen.insert(next.path.as_str())
            {
                open.push(next);
            }
        }
    }
    found
}

/// The files that programs are made of.
fn in_rust(workspace: &cargo::Workspace) -> Vec<&cargo::Source> {
    let mut found = Vec::new();
    for one in &workspace.crates {
        let library = one.name.value.replace("-", "_");
        let gated: Vec<String> = one
            .files
            .iter()
            .flat_map(|file| &file.gated)
            .filter(|module| !names_module(workspace, one, &format!("{library}::{module}")))
            .map(|module| join(&one.folder, &format!("src/{module}")))
            .collect();
        let counts = |file: &&cargo::Source| {
            let stem = file.file.strip_suffix(".rs").unwrap_or(&file.file);
            !gated.iter().any(|module| within(stem, module).is_some())
        };
        found.extend(one.files.iter().filter(counts));
    }
    found
}

/// Whether another crate of the workspace uses anything of a module.
fn names_module(workspace: &cargo::Workspace, owner: &cargo::Crate, module: &str) -> bool {
    let others = workspace.crates.iter().filter(|other| other.folder != owner.folder);
    let mut uses = others.flat_map(|other| &other.files).flat_map(|file| file.uses.keys());
    uses.any(|path| path.as_str() == module || path.strip_prefix(module).is_some_and(|rest| rest.starts_with("::")))
}

impl From<Variable<'_>> for Fact {
    fn from(variable: Variable<'_>) -> Self {
        Self::map([("name", Self::from(variable.name)), ("reached", variable.reached.into())]).at(variable.place)
    }
}
