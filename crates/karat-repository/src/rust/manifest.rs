//! `Cargo.toml` and `Cargo.lock`, as <https://doc.rust-lang.org/cargo/reference/manifest.html> says them.

use std::ops::Range;

use ecow::EcoString;
use karat_source::{clean, join, parent};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::text::Text;
use crate::{At, Place, Problem};

/// A `Cargo.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The file.
    pub file: EcoString,
    /// The package's name, if it is one.
    pub name: Option<At<EcoString>>,
    /// Whether it is the root of a workspace, and where it says so.
    pub workspace: Option<Place>,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
    /// What members may inherit.
    pub shared: Vec<Dependency>,
    /// Paths of its programs, as far as they are written.
    pub programs: Vec<EcoString>,
    /// Whether its lints forbid unsafe code.
    pub forbids_unsafe: bool,
    /// Whether the lints that its members inherit forbid it.
    pub shared_forbids_unsafe: bool,
    /// Whether it inherits the workspace's lints.
    pub inherits_lints: bool,
}

/// A dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The package's name, and where the dependency is written.
    pub name: At<EcoString>,
    /// The name under which it is written.
    pub key: EcoString,
    /// When it is needed.
    pub kind: DependencyKind,
    /// The folder, if it is in the same repository.
    pub path: Option<EcoString>,
    /// Whether the workspace says what it is.
    pub inherited: bool,
}

/// When a dependency is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DependencyKind {
    /// To run.
    Normal,
    /// To build.
    Build,
    /// To test.
    Development,
}

impl DependencyKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Build => "build",
            Self::Development => "dev",
        }
    }
}

const TABLES: [(&str, DependencyKind); 3] = [
    ("dependencies", DependencyKind::Normal),
    ("build-dependencies", DependencyKind::Build),
    ("dev-dependencies", DependencyKind::Development),
];

type Node<'t> = Spanned<DeValue<'t>>;

pub(crate) fn read<'t>(text: &Text<'t>) -> Result<DeTable<'t>, Problem> {
    DeTable::parse(text.text).map(Spanned::into_inner).map_err(|error| {
        text.problem(error.span().unwrap_or_default(), format!("not TOML: {}", error.message().trim()))
    })
}

pub(crate) fn table<'n, 't>(node: &'n Node<'t>) -> Option<&'n DeTable<'t>> {
    match node.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

pub(crate) fn string<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    match node.get_ref() {
        DeValue::String(text) => Some(text),
        _ => None,
    }
}

pub(crate) fn items<'n, 't>(node: Option<&'n Node<'t>>) -> &'n [Node<'t>] {
    match node.map(Spanned::get_ref) {
        Some(DeValue::Array(items)) => items,
        _ => &[],
    }
}

fn is_true(node: &Node<'_>) -> bool {
    matches!(node.get_ref(), DeValue::Boolean(true))
}

impl Manifest {
    /// Reads a `Cargo.toml`.
    pub(crate) fn parse(text: &Text<'_>) -> Result<Self, Problem> {
        let root = read(text)?;
        let folder = parent(&text.file).to_owned();
        let mut manifest = Self { file: text.file.clone(), ..Self::default() };
        if let Some(name) = root.get("package").and_then(table).and_then(|package| package.get("name")) {
            manifest.name = string(name).map(|said| At::new(said, text.place(name.span())));
        }
        for (name, kind) in TABLES {
            read_dependencies(root.get(name), kind, &folder, text, &mut manifest.dependencies);
            for (_, target) in root.get("target").and_then(table).into_iter().flatten() {
                let found = table(target).and_then(|target| target.get(name));
                read_dependencies(found, kind, &folder, text, &mut manifest.dependencies);
            }
        }
        if let Some((key, workspace)) = root.get_key_value("workspace") {
            manifest.workspace = Some(text.place(key.span()));
            if let Some(workspace) = table(workspace) {
                let shared = workspace.get("dependencies");
                read_dependencies(shared, DependencyKind::Normal, &folder, text, &mut manifest.shared);
                manifest.shared_forbids_unsafe = forbids(workspace.get("lints"));
            }
        }
        let lints = root.get("lints");
        manifest.forbids_unsafe = forbids(lints);
        manifest.inherits_lints = lints.and_then(table).and_then(|lints| lints.get("workspace")).is_some_and(is_true);
        for program in items(root.get("bin")) {
            let path = table(program).and_then(|program| string(program.get("path")?));
            manifest.programs.extend(path.and_then(|path| clean(&join(&folder, path))).map(EcoString::from));
        }
        Ok(manifest)
    }
}

/// `[lints.rust] unsafe_code = "forbid"`
fn forbids(lints: Option<&Node<'_>>) -> bool {
    let rust = lints.and_then(table).and_then(|lints| table(lints.get("rust")?));
    let Some(level) = rust.and_then(|rust| rust.get("unsafe_code")) else { return false };
    let level = table(level).and_then(|level| level.get("level")).unwrap_or(level);
    string(level) == Some("forbid")
}

fn read_dependencies(
    node: Option<&Node<'_>>,
    kind: DependencyKind,
    folder: &str,
    text: &Text<'_>,
    found: &mut Vec<Dependency>,
) {
    for (key, value) in node.and_then(table).into_iter().flatten() {
        let fields = table(value);
        let field = |name: &str| fields.and_then(|fields| fields.get(name));
        let name = field("package").and_then(string).unwrap_or(key.get_ref());
        found.push(Dependency {
            name: At::new(name, text.place(Range::clone(&key.span()))),
            key: key.get_ref().as_ref().into(),
            kind,
            path: field("path").and_then(string).and_then(|path| clean(&join(folder, path))).map(EcoString::from),
            inherited: field("workspace").is_some_and(is_true),
        });
    }
}
