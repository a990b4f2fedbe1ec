//! What a repository holds, as facts with places: Go modules, Rust workspaces, workflows, Dockerfiles, migrations, credentials.
//!
//! [`Repository::read`] reads a folder of a [`World`]; its parts are plain data for who computes over them, and
//! [`Repository::fact`] is all of it as a tree whose parts know where they are written, for expressions.
//!
//! What is read is what would be committed: `.gitignore` is obeyed, what was built or fetched is left out, no file over
//! [`karat_source::FILE_LIMIT`] is read. Input is hostile: no reader recurses into what it reads without a bound.
#![forbid(unsafe_code)]

mod catalog;
mod dockerfile;
mod docs;
mod environment;
mod fact;
mod files;
mod go;
mod migrations;
mod names;
mod owners;
mod read;
mod rust;
mod secrets;
mod text;
mod workflow;

pub use catalog::{Entity, Lineage, Template};
pub use dockerfile::{Dockerfile, Instruction, Stage, is_pinned};
pub use docs::{Docs, DocsPage};
pub use environment::Variable;
pub use fact::Fact;
pub use files::FILES_LIMIT;
pub use migrations::{Migration, Statement};
pub use owners::{Owned, Owners};
pub use secrets::Secret;
pub use text::{At, Place, Problem};
pub use workflow::Workflow;

/// Go: modules, packages, imports.
pub mod golang {
    pub use crate::go::{Layer, Manifest, Module, Package, Require, Source, is_standard};
}

/// Rust: workspaces, crates, dependencies.
pub mod cargo {
    pub use crate::rust::{Crate, Dependency, DependencyKind, Manifest, Source, Workspace};
}

use ecow::EcoString;

/// What a repository holds.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    /// The paths of its files, sorted, from its folder.
    pub files: Vec<EcoString>,
    /// Its Go modules, by folder.
    pub go: Vec<golang::Module>,
    /// Its Rust workspaces, by folder.
    pub rust: Vec<cargo::Workspace>,
    /// Its workflows, by file.
    pub workflows: Vec<Workflow>,
    /// Its Dockerfiles, by file.
    pub dockerfiles: Vec<Dockerfile>,
    /// Its migrations, by file.
    pub migrations: Vec<Migration>,
    /// Its shell scripts: path and text.
    pub scripts: Vec<(EcoString, String)>,
    /// Who owns which files.
    pub owners: Owners,
    /// Its entities of the catalog.
    pub entities: Vec<Entity>,
    /// Which golden path it is from, if it says so.
    pub lineage: Option<Lineage>,
    /// The software templates it holds. What is below one of them is a skeleton, and judged as nothing else.
    pub templates: Vec<Template>,
    /// Its documentation, if it has any.
    pub docs: Option<Docs>,
    /// The operations of its OpenAPI document: `GET /v1/patients/{}`.
    pub operations: Vec<At<EcoString>>,
    /// What looks like a credential, by place.
    pub secrets: Vec<Secret>,
    /// What could not be read, so that facts are missing.
    pub problems: Vec<Problem>,
}

impl Repository {
    /// All facts, as expressions see them; `name` and `role` are what the organisation calls it.
    pub fn fact(&self, name: &str, role: &str) -> Fact {
        let files = self.files.iter().map(|file| (file.clone(), Fact::from(true).at(&Place::whole(file.clone()))));
        Fact::map([
            ("name", Fact::from(name)),
            ("role", role.into()),
            ("files", Fact::map(files)),
            ("go", Fact::list(&self.go)),
            ("rust", Fact::list(&self.rust)),
            ("workflows", Fact::list(&self.workflows)),
            ("dockerfiles", Fact::list(&self.dockerfiles)),
            ("migrations", Fact::list(&self.migrations)),
            ("owners", Fact::list(&self.owners.rules)),
            ("entities", Fact::list(&self.entities)),
            ("lineage", self.lineage.as_ref().into()),
            ("templates", Fact::list(&self.templates)),
            ("docs", self.docs.as_ref().into()),
            ("operations", named(self.operations.iter().map(|operation| (&operation.value, &operation.place)))),
            ("environment", Fact::list(self.environment())),
            ("secrets", Fact::list(&self.secrets)),
        ])
    }

    /// The environment variables that its code reads, tests left out, sorted by name.
    pub fn environment(&self) -> Vec<Variable<'_>> {
        environment::read(self)
    }

    /// Whether there is a file at `path`.
    pub fn has(&self, path: &str) -> bool {
        self.files.binary_search_by(|file| file.as_str().cmp(path)).is_ok()
    }
}

/// Things that have a name, each at its place.
fn named<'n>(items: impl IntoIterator<Item = (&'n EcoString, &'n Place)>) -> Fact {
    Fact::list(items.into_iter().map(|(name, place)| Fact::map([("name", Fact::from(name))]).at(place)))
}
