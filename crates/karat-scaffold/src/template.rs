//! A software template: `kind: Template` of `scaffolder.backstage.io/v1beta3`.

use karat_source::{World, join, parent};
use karat_yaml::{Dialect, Document, Step as YamlStep, parse_stream};

use crate::Data;
use crate::error::{Error, Place, Problem};
use crate::glob::Globs;
use crate::parameters::Page;

/// The annotation that says which version of a path a template is.
pub const VERSION: &str = "karat.dev/version";
/// The annotation that says which files stay the path's: patterns, one a line.
pub const OWNED: &str = "karat.dev/owned";

/// A template, read and checked.
#[derive(Debug)]
pub struct Template {
    /// The path of its file in the world that it was read from.
    pub file: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`, `default` if it says none.
    pub namespace: String,
    /// `metadata.title`, or the name.
    pub title: String,
    /// `metadata.description`.
    pub description: String,
    /// The annotation [`VERSION`], `0.0.0` if it says none.
    pub version: String,
    /// The annotation [`OWNED`].
    pub owned: Vec<String>,
    /// What it asks.
    pub pages: Vec<Page>,
    /// What it needs beside answers that is kept nowhere: `spec.secrets.schema`.
    pub secrets: Option<Page>,
    /// What it does.
    pub(crate) steps: Vec<Step>,
    /// What it says in the end.
    pub(crate) output: Data,
    pub(crate) document: Document,
}

/// One step.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) action: String,
    pub(crate) input: Data,
    pub(crate) condition: Option<Data>,
    pub(crate) each: Option<Data>,
    pub(crate) place: Place,
}

impl Template {
    /// The template of a file.
    ///
    /// # Errors
    /// What is wrong with it, at its line.
    pub fn read(world: &dyn World, file: &str) -> Result<Self, Error> {
        let bytes = world.read(file)?;
        let failed = |error: &karat_yaml::Error| {
            let (line, column) = error.position().map_or((0, 0), |position| (position.line, position.column));
            Error::File { place: Place { file: file.into(), line, column }, message: error.message().to_owned() }
        };
        for document in parse_stream(&bytes, Dialect::Core12).map_err(|error| failed(&error))? {
            let entity = Data::from_yaml(document.root()).map_err(|error| failed(&error))?;
            if entity.get("kind").and_then(Data::as_str) == Some("Template") {
                return Reader { file, document: &document }.template(&entity, document.clone());
            }
        }
        Err(Error::File {
            place: Place { file: file.into(), ..Place::default() },
            message: "there is no entity with `kind: Template`".into(),
        })
    }

    /// `template:default/rust-service`.
    pub fn reference(&self) -> String {
        format!("template:{}/{}", self.namespace, self.name).to_lowercase()
    }

    /// The whole entity, as it is written.
    pub fn entity(&self) -> Data {
        // It was read when the template was, so it can be.
        Data::from_yaml(self.document.root()).unwrap_or_default()
    }

    /// The folder that relative URLs start from.
    pub fn folder(&self) -> &str {
        parent(&self.file)
    }

    /// What is wrong with secrets, by `spec.secrets.schema`. No message holds one.
    pub fn secrets_problems(&self, secrets: &Data) -> Vec<Problem> {
        let given = Data::Map(secrets.entries().to_vec());
        self.secrets.as_ref().map(|page| page.problems(&given)).unwrap_or_default()
    }

    /// Which files the path owns.
    pub(crate) fn owned_globs(&self) -> Result<Globs, Error> {
        Globs::new(self.owned.iter().map(String::as_str)).map_err(|message| {
            let place = place(&self.document, &self.file, &["metadata", "annotations", OWNED].map(YamlStep::Key));
            Error::File { place, message: format!("annotation `{OWNED}`: {message}") }
        })
    }
}

struct Reader<'d> {
    file: &'d str,
    document: &'d Document,
}

impl Reader<'_> {
    fn template(&self, entity: &Data, document: Document) -> Result<Template, Error> {
        let version = self.text(entity, &["apiVersion"])?;
        if version != "scaffolder.backstage.io/v1beta3" {
            return Err(self.wrong(
                &["apiVersion"].map(YamlStep::Key),
                format!("`{version}` templates are not understood, only scaffolder.backstage.io/v1beta3"),
            ));
        }
        let name = self.text(entity, &["metadata", "name"])?;
        let optional = |path: &[&str]| entity.at(path.iter().copied()).and_then(Data::as_str);
        let template = Template {
            file: self.file.to_owned(),
            title: optional(&["metadata", "title"]).unwrap_or(&name).to_owned(),
            namespace: optional(&["metadata", "namespace"]).unwrap_or("default").to_owned(),
            description: optional(&["metadata", "description"]).unwrap_or_default().trim().to_owned(),
            version: optional(&["metadata", "annotations", VERSION]).unwrap_or("0.0.0").to_owned(),
            owned: optional(&["metadata", "annotations", OWNED])
                .unwrap_or_default()
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .map(str::to_owned)
                .collect(),
            pages: self.pages(entity)?,
            secrets: self.secrets(entity)?,
            steps: self.steps(entity)?,
            output: entity.at(["spec", "output"]).cloned().unwrap_or_default(),
            name,
            document,
        };
        template.owned_globs()?;
        Ok(template)
    }

    fn pages(&self, entity: &Data) -> Result<Vec<Page>, Error> {
        let path = |index: Option<usize>| {
            let mut path = vec![YamlStep::Key("spec"), YamlStep::Key("parameters")];
            path.extend(index.map(YamlStep::Index));
            path
        };
        let pages: Vec<(Option<usize>, &Data)> = match entity.at(["spec", "parameters"]) {
            None | Some(Data::Null) => Vec::new(),
            Some(Data::List(pages)) => pages.iter().enumerate().map(|(index, page)| (Some(index), page)).collect(),
            Some(page) => vec![(None, page)],
        };
        let read = |(index, page): (Option<usize>, &Data)| {
            Page::read(page, index.unwrap_or(0)).map_err(|message| self.wrong(&path(index), message))
        };
        pages.into_iter().map(read).collect()
    }

    fn secrets(&self, entity: &Data) -> Result<Option<Page>, Error> {
        let Some(schema) = entity.at(["spec", "secrets", "schema"]).filter(|schema| **schema != Data::Null) else {
            return Ok(None);
        };
        let path = ["spec", "secrets", "schema"].map(YamlStep::Key);
        Page::secrets(schema).map(Some).map_err(|message| self.wrong(&path, message))
    }

    fn steps(&self, entity: &Data) -> Result<Vec<Step>, Error> {
        let Some(Data::List(steps)) = entity.at(["spec", "steps"]) else {
            return Err(self.wrong(&[YamlStep::Key("spec")], "`spec.steps` is a list of steps".into()));
        };
        let mut read: Vec<Step> = Vec::with_capacity(steps.len());
        for (index, step) in steps.iter().enumerate() {
            let path = [YamlStep::Key("spec"), YamlStep::Key("steps"), YamlStep::Index(index)];
            let place = place(self.document, self.file, &path);
            let text = |key: &str| step.get(key).and_then(Data::as_str);
            let Some(action) = text("action") else {
                return Err(Error::File { place, message: "a step names its `action`".into() });
            };
            let id = text("id").map_or_else(|| format!("step-{}", index + 1), str::to_owned);
            if read.iter().any(|other| other.id == id) {
                return Err(Error::File { place, message: format!("there is a step `{id}` already") });
            }
            read.push(Step {
                name: text("name").unwrap_or(&id).to_owned(),
                id,
                action: action.to_owned(),
                input: step.get("input").cloned().unwrap_or_default(),
                condition: step.get("if").cloned(),
                each: step.get("each").cloned(),
                place,
            });
        }
        Ok(read)
    }

    fn text(&self, entity: &Data, path: &[&str]) -> Result<String, Error> {
        let found = entity.at(path.iter().copied()).and_then(Data::as_str).filter(|text| !text.is_empty());
        found.map(str::to_owned).ok_or_else(|| {
            let steps: Vec<YamlStep<'_>> = path.iter().map(|key| YamlStep::Key(key)).collect();
            self.wrong(&steps, format!("`{}` is a text", path.join(".")))
        })
    }

    fn wrong(&self, path: &[YamlStep<'_>], message: String) -> Error {
        Error::File { place: place(self.document, self.file, path), message }
    }
}

fn place(document: &Document, file: &str, path: &[YamlStep<'_>]) -> Place {
    let start = document.root().locate(path.iter().copied()).start;
    Place { file: file.to_owned(), line: start.line, column: start.column }
}

/// The files of templates in the folders of a world: `<folder>/<name>/template.yaml`.
///
/// # Errors
/// A folder that cannot be listed.
pub fn find(world: &dyn World, folder: &str) -> Result<Vec<String>, Error> {
    let mut files = Vec::new();
    if world.kind(folder)? != Some(karat_source::EntryKind::Folder) {
        return Ok(files);
    }
    for entry in world.list(folder)? {
        let file = join(&join(folder, &entry.name), "template.yaml");
        if entry.kind == karat_source::EntryKind::Folder && world.kind(&file)? == Some(karat_source::EntryKind::File) {
            files.push(file);
        }
    }
    Ok(files)
}
