//! Golden paths: where they are found, and the organisation that they are walked in.

use std::path::{Path as DiskPath, PathBuf};
use std::sync::Arc;

use fs_err as fs;
use karat_diag::{Diagnostic, Place};
use karat_fleet::ORGANISATION_FILE;
use karat_scaffold::{Data, Remotes, RepoUrl, Template};
use karat_source::{EntryKind, Folder, World, clean, join, parent};

use crate::Error;

/// The organisation that a verb stands in.
pub struct Home {
    /// Its folder, absolute.
    pub root: PathBuf,
    /// Its files.
    pub world: Arc<dyn World>,
    /// Its repositories.
    pub repositories: Vec<Repository>,
}

/// A repository of the organisation.
pub struct Repository {
    /// Its page: the URL without `.git`.
    web: String,
    /// Its folder, from the organisation's root.
    pub folder: String,
}

impl Home {
    /// The organisation at `path`.
    pub fn at(path: &str) -> Result<Self, Error> {
        let world = Folder::open(path)?;
        if world.kind(ORGANISATION_FILE)? != Some(EntryKind::File) {
            return Err(Error::input(format!("{path}: not an organisation: there is no {ORGANISATION_FILE}"))
                .hint("name the folder that holds `governance/`; `karat check myhealth` shows one"));
        }
        let root = fs::canonicalize(path)?;
        let repositories = repositories(&world).map_err(|mut problem| {
            for place in &mut problem.places {
                place.file = join(path.trim_end_matches('/'), &place.file);
            }
            Error::Input(vec![*problem])
        })?;
        Ok(Self { root, world: Arc::new(world), repositories })
    }

    /// The organisation around `folder`, if there is one.
    pub fn around(folder: &DiskPath) -> Result<Option<Self>, Error> {
        let Ok(folder) = fs::canonicalize(folder) else { return Ok(None) };
        match folder.ancestors().find(|folder| folder.join(ORGANISATION_FILE).is_file()) {
            Some(root) => Self::at(&root.to_string_lossy()).map(Some),
            None => Ok(None),
        }
    }

    /// The folder of the repository that a template names.
    pub fn folder_of(&self, url: &RepoUrl) -> Option<&str> {
        let web = url.web();
        self.repositories.iter().find(|repository| repository.web == web).map(|repository| repository.folder.as_str())
    }
}

/// The repositories of an organisation's world.
pub(crate) fn repositories(world: &dyn World) -> Result<Vec<Repository>, Box<Diagnostic>> {
    let organisation = karat_fleet::Organisation::load(world, &mut Vec::new())?;
    let repository = |repository: &karat_fleet::Repository| Repository {
        web: repository.url.trim_end_matches('/').trim_end_matches(".git").to_owned(),
        folder: clean(&repository.folder).unwrap_or_default(),
    };
    Ok(organisation.repositories.iter().map(repository).collect())
}

impl Remotes for Home {
    /// `<repository>/blob/<branch>/<path>` and its like on other hosts: of the folder that the organisation maps.
    fn find(&self, url: &str) -> Option<(Arc<dyn World>, String)> {
        let url = url.split(['?', '#']).next().unwrap_or_default();
        let repository = self.repositories.iter().find(|repository| {
            url.strip_prefix(repository.web.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
        })?;
        let rest =
            url[repository.web.len()..].trim_start_matches(".git").trim_start_matches('/').trim_start_matches("-/");
        let path = match rest.split_once('/') {
            Some(("blob" | "tree" | "raw", rest)) => rest.split_once('/').map_or("", |(_branch, path)| path),
            Some(("src", rest)) => {
                let rest = rest.strip_prefix("branch/").unwrap_or(rest);
                rest.split_once('/').map_or("", |(_branch, path)| path)
            }
            _ => "",
        };
        let inner = clean(path)?;
        Some((Arc::clone(&self.world), join(&repository.folder, &inner)))
    }
}

/// A template and where it is from.
pub struct Found {
    /// The template.
    pub template: Template,
    /// The world that it is read from.
    pub world: Arc<dyn World>,
    /// `built in`, or the file.
    pub source: String,
    /// What comes before the paths of its world, for a reader.
    prefix: String,
}

impl Found {
    fn read(world: Arc<dyn World>, file: &str, prefix: &str, source: String) -> Result<Self, Error> {
        let template = Template::read(world.as_ref(), file).map_err(|error| told(&error, prefix))?;
        Ok(Self { template, world, source, prefix: prefix.to_owned() })
    }

    /// An error of this template, its places as a reader finds them.
    pub fn told(&self, error: &karat_scaffold::Error) -> Error {
        told(error, &self.prefix)
    }
}

fn told(error: &karat_scaffold::Error, prefix: &str) -> Error {
    if let karat_scaffold::Error::Answers(problems) = error {
        let diagnostic = |problem: &karat_scaffold::Problem| {
            let page = if problem.page == "-" { String::new() } else { format!("page `{}`, ", problem.page) };
            let diagnostic = Diagnostic::error(format!("{page}parameter `{}`: {}", problem.parameter, problem.message));
            match &problem.description {
                Some(description) => diagnostic.with_note(description.trim()),
                None => diagnostic,
            }
        };
        return Error::Input(problems.iter().map(diagnostic).collect());
    }
    let diagnostic = Diagnostic::error(error.to_string());
    Error::Input(vec![match error.place() {
        Some(place) if place.line == 0 => diagnostic.place(Place::file(join(prefix, &place.file))),
        Some(place) => {
            diagnostic.place(Place::at(join(prefix, &place.file), place.line as usize, place.column as usize))
        }
        None => diagnostic,
    }])
}

/// All templates: the organisation's own first, then those that come with Karat under names that it does not have.
pub fn all(home: Option<&Home>) -> Result<Vec<Found>, Error> {
    let mut found: Vec<Found> = Vec::new();
    if let Some(home) = home {
        for file in own(home)? {
            let shown = home.root.join(&file).to_string_lossy().into_owned();
            found.push(Found::read(Arc::clone(&home.world), &file, &home.root.to_string_lossy(), shown)?);
        }
    }
    let world: Arc<dyn World> = Arc::new(karat_scaffold::builtin());
    for file in karat_scaffold::find(world.as_ref(), "paths").map_err(|error| told(&error, ""))? {
        let path = Found::read(Arc::clone(&world), &file, "", "built in".to_owned())?;
        if !found.iter().any(|known| known.template.reference() == path.template.reference()) {
            found.push(path);
        }
    }
    Ok(found)
}

/// Templates of the organisation: in `governance/paths/` and `paths/`, and those that a Location of the governance
/// repository names.
fn own(home: &Home) -> Result<Vec<String>, Error> {
    let world = home.world.as_ref();
    let mut files = Vec::new();
    for folder in ["governance/paths", "paths"] {
        files.extend(karat_scaffold::find(world, folder).map_err(|error| told(&error, ""))?);
    }
    let index = "governance/catalog-info.yaml";
    if let Ok(text) = world.read(index) {
        for document in karat_yaml::parse_stream(&text, karat_yaml::Dialect::Core12).unwrap_or_default() {
            let Ok(entity) = Data::from_yaml(document.root()) else { continue };
            if entity.get("kind").and_then(Data::as_str) != Some("Location") {
                continue;
            }
            let targets = entity.at(["spec", "targets"]).map(Data::items).unwrap_or_default().iter();
            for target in targets.chain(entity.at(["spec", "target"])).filter_map(Data::as_str) {
                let file = clean(&join(parent(index), target)).unwrap_or_default();
                if file.ends_with("template.yaml") && !files.contains(&file) && world.read(&file).is_ok() {
                    files.push(file);
                }
            }
        }
    }
    Ok(files)
}

/// The template that is asked for: by name, by reference, or the folder or file that it is in.
pub fn named(name: &str, home: Option<&Home>) -> Result<Found, Error> {
    let disk = DiskPath::new(name);
    let file = if disk.is_dir() { disk.join("template.yaml") } else { disk.to_owned() };
    if name.contains(['/', '.']) && file.is_file() {
        return at(&file);
    }
    let mut known = Vec::new();
    for path in all(home)? {
        let reference = path.template.reference();
        let short = reference.strip_prefix("template:").unwrap_or(&reference);
        if [reference.as_str(), short, path.template.name.as_str()].contains(&name) {
            return Ok(path);
        }
        known.push(path.template.name.clone());
    }
    let error = Error::input(format!("there is no template `{name}`"));
    Err(match known.is_empty() {
        true => error.hint("name the folder of a template: `karat new --template ./my-template`"),
        false => error.hint(format!("there are {}; or name the folder of one", known.join(", "))),
    })
}

/// The template in a file. Relative URLs may go up as far as the repository around it, as on a host.
fn at(file: &DiskPath) -> Result<Found, Error> {
    let file = fs::canonicalize(file)?;
    let folder = file.parent().unwrap_or(DiskPath::new("/"));
    let root = folder.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(folder);
    let world = Folder::open(root)?;
    let inner = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    let shown = file.to_string_lossy().into_owned();
    Found::read(Arc::new(world), &inner, &root.to_string_lossy(), shown)
}
