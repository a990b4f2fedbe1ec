//! What a repository tells the portal and remembers of its making: catalog entities, its lineage, software templates.

use std::collections::BTreeSet;

use ecow::EcoString;
use karat_source::{clean, join, parent, split};
use karat_yaml::{Dialect, Document, Kind, Node};

use crate::go::within;
use crate::text::Text;
use crate::workflow::{Reader, scalar};
use crate::{At, Fact, Place, Problem};

/// An entity of the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// Its kind: `Component`, `API`, `Group`.
    pub kind: EcoString,
    /// Its name.
    pub name: At<EcoString>,
    /// Who owns it, as it is written: `group:default/clinical`, `clinical`.
    pub owner: Option<At<EcoString>>,
    /// Where its documentation is, as its annotation says: `dir:.`.
    pub techdocs: Option<At<EcoString>>,
}

/// Which golden path a repository is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The template's name.
    pub template: EcoString,
    /// Its version.
    pub version: At<EcoString>,
}

/// A software template of Backstage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its file.
    pub file: EcoString,
    /// Its name.
    pub name: At<EcoString>,
    /// What it makes: `service`.
    pub kind: EcoString,
    /// The actions of its steps.
    pub actions: Vec<EcoString>,
    /// The files of its skeletons, as they will be called in what it makes.
    pub makes: Vec<EcoString>,
}

/// The file that `karat new` writes.
pub(crate) const LINEAGE: &str = ".karat-lineage.yaml";

fn documents(text: &Text<'_>) -> Result<Vec<Document>, Problem> {
    karat_yaml::parse_stream(text.text.as_bytes(), Dialect::Core12).map_err(|error| {
        let (line, column) = error.position().map_or((0, 0), |position| (position.line, position.column));
        let place = Place { file: text.file.clone(), line, column, end_column: column };
        Problem { place, message: error.message().to_owned() }
    })
}

fn said(text: &Text<'_>, root: Node<'_>, path: &[&str]) -> Option<At<EcoString>> {
    let node = root.find(path.iter().copied())?.resolved();
    let words = scalar(node);
    (!words.is_empty()).then(|| At::new(words, Reader { text }.place(node)))
}

/// Whether a file holds catalog entities, by its name or a folder `catalog` of the repository.
pub(crate) fn is_catalog(path: &str) -> bool {
    let (folder, name) = split(path);
    matches!(name, "catalog-info.yaml" | "catalog-info.yml")
        || (within(folder, "catalog").is_some() && name.ends_with(".yaml"))
}

/// The entities of a file.
pub(crate) fn entities(text: &Text<'_>) -> Result<Vec<Entity>, Problem> {
    let documents = documents(text)?;
    let entity = |document: &Document| {
        let root = document.root();
        said(text, root, &["apiVersion"]).filter(|version| version.value.starts_with("backstage.io/"))?;
        Some(Entity {
            kind: said(text, root, &["kind"])?.value,
            name: said(text, root, &["metadata", "name"])?,
            owner: said(text, root, &["spec", "owner"]),
            techdocs: said(text, root, &["metadata", "annotations", "backstage.io/techdocs-ref"]),
        })
    };
    Ok(documents.iter().filter_map(entity).collect())
}

impl Entity {
    /// The name of the group that owns it, without kind and namespace.
    pub fn owner_name(&self) -> &str {
        self.owner.as_ref().map_or("", |owner| owner.value.rsplit(['/', ':']).next().unwrap_or_default())
    }
}

impl Lineage {
    pub(crate) fn parse(text: &Text<'_>) -> Result<Option<Self>, Problem> {
        let documents = documents(text)?;
        let Some(root) = documents.first().map(Document::root) else { return Ok(None) };
        let reference = said(text, root, &["spec", "template", "ref"]);
        let version = said(text, root, &["spec", "template", "version"]);
        let lineage = reference.zip(version).map(|(reference, version)| Self {
            template: reference.value.rsplit(['/', ':']).next().unwrap_or_default().into(),
            version,
        });
        Ok(lineage)
    }
}

/// Whether a file is a software template, by its name and what it says.
pub(crate) fn is_template(path: &str, text: &str) -> bool {
    matches!(split(path).1, "template.yaml" | "template.yml") && text.contains("scaffolder.backstage.io/")
}

impl Template {
    /// Reads a template; `files` are all of the repository's, sorted.
    pub(crate) fn parse(text: &Text<'_>, files: &[String]) -> Result<Option<Self>, Problem> {
        let documents = documents(text)?;
        let Some(root) = documents.first().map(Document::root) else { return Ok(None) };
        let Some(name) = said(text, root, &["metadata", "name"]) else { return Ok(None) };
        let folder = parent(&text.file);
        let mut template = Self {
            file: text.file.clone(),
            name,
            kind: said(text, root, &["spec", "type"]).map(|kind| kind.value).unwrap_or_default(),
            actions: Vec::new(),
            makes: Vec::new(),
        };
        let steps = root.find(["spec", "steps"]).map(Node::resolved).filter(|steps| steps.kind() == Kind::Seq);
        let mut skeletons = BTreeSet::new();
        for step in steps.into_iter().flat_map(Node::items) {
            let action = said(text, step, &["action"]).map(|action| action.value).unwrap_or_default();
            let url = said(text, step, &["input", "url"]).map(|url| url.value).unwrap_or_default();
            if action.starts_with("fetch:")
                && !url.contains(':')
                && let Some(skeleton) = clean(&join(folder, &url))
                && skeletons.insert(skeleton.clone())
            {
                let first = files.partition_point(|file| *file < skeleton);
                let made = files[first..].iter().take_while(|file| file.starts_with(&skeleton));
                let made = made.filter_map(|file| within(file, &skeleton));
                template.makes.extend(made.map(|file| EcoString::from(file.strip_suffix(".njk").unwrap_or(file))));
            }
            template.actions.push(action);
        }
        template.makes.sort();
        template.makes.dedup();
        Ok(Some(template))
    }
}

impl From<&Entity> for Fact {
    fn from(entity: &Entity) -> Self {
        Self::map([
            ("kind", Self::from(&entity.kind)),
            ("name", (&entity.name).into()),
            ("owner", entity.owner_name().into()),
            ("techdocs", entity.techdocs.as_ref().into()),
        ])
        .at(&entity.name.place)
    }
}

impl From<&Lineage> for Fact {
    fn from(lineage: &Lineage) -> Self {
        Self::map([("template", Self::from(&lineage.template)), ("version", (&lineage.version).into())])
            .at(&lineage.version.place)
    }
}

impl From<&Template> for Fact {
    fn from(template: &Template) -> Self {
        Self::map([
            ("path", Self::from(&template.file)),
            ("name", (&template.name).into()),
            ("type", Self::from(&template.kind)),
            ("actions", Self::list(&template.actions)),
            ("makes", Self::list(&template.makes)),
        ])
        .at(&template.name.place)
    }
}
