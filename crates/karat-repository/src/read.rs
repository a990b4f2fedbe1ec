//! From files to facts: each file is read once, on all cores.

use std::collections::BTreeSet;

use ecow::EcoString;
use karat_source::{ReadError, World, join, parent, split};
use rayon::prelude::*;

use crate::text::Text;
use crate::{
    At, Dockerfile, Docs, Entity, Lineage, Migration, Owners, Place, Problem, Repository, Secret, Template, Workflow,
    catalog, dockerfile, docs, files, go, migrations, owners, rust, secrets, workflow,
};

/// What one file is.
#[derive(Default)]
enum Found {
    #[default]
    Other,
    GoManifest(go::Manifest),
    Go(go::Source),
    RustManifest(rust::Manifest),
    Rust(rust::Source),
    Workflow(Workflow),
    Dockerfile(Dockerfile),
    Migration(Migration),
    Script(String),
    Owners(Owners),
    Entities(Vec<Entity>),
    Lineage(Option<Lineage>),
    Template(Option<Template>),
    Api(Vec<At<EcoString>>),
}

/// What was found in one file.
#[derive(Default)]
struct File {
    found: Found,
    secrets: Vec<Secret>,
    problem: Option<Problem>,
}

impl Repository {
    /// Reads the repository in `folder`. Places are from that folder.
    ///
    /// # Errors
    /// The folder cannot be listed. What is wrong with single files is in [`Repository::problems`].
    pub fn read(world: &dyn World, folder: &str) -> Result<Self, ReadError> {
        let (paths, escapes) = files::list(world, folder)?;
        let skeletons = skeletons(world, folder, &paths);
        let in_skeleton = |path: &str| go::nearest(path, |folder| skeletons.get(folder).copied()).is_some();
        let all = Files { world, folder, paths: &paths };
        let read: Vec<File> = paths.par_iter().map(|path| all.read(path, in_skeleton(path))).collect();
        let mut repository = Self { files: paths.iter().map(EcoString::from).collect(), ..Self::default() };
        repository.problems.extend(escapes.iter().map(|error| unreadable(folder, error)));
        let (mut modules, mut go) = (Vec::new(), Vec::new());
        let (mut manifests, mut rust) = (Vec::new(), Vec::new());
        for (path, file) in paths.iter().zip(read) {
            match file.found {
                Found::Other => {}
                Found::GoManifest(manifest) => modules.push(manifest),
                Found::Go(source) => go.push(source),
                Found::RustManifest(manifest) => manifests.push(manifest),
                Found::Rust(source) => rust.push(source),
                Found::Workflow(workflow) => repository.workflows.push(workflow),
                Found::Dockerfile(dockerfile) => repository.dockerfiles.push(dockerfile),
                Found::Migration(migration) => repository.migrations.push(migration),
                Found::Script(text) => repository.scripts.push((path.into(), text)),
                Found::Entities(entities) => repository.entities.extend(entities),
                Found::Lineage(lineage) => repository.lineage = lineage,
                Found::Template(template) => repository.templates.extend(template),
                Found::Api(operations) => repository.operations.extend(operations),
                Found::Owners(owners) => {
                    let rank = |file: &str| owners::PLACES.iter().position(|place| *place == file);
                    if repository.owners.file.is_empty() || rank(&owners.file) < rank(&repository.owners.file) {
                        repository.owners = owners;
                    }
                }
            }
            repository.secrets.extend(file.secrets);
            repository.problems.extend(file.problem);
        }
        let locked: Vec<&str> =
            paths.iter().filter(|path| split(path).1 == "Cargo.lock").map(|path| parent(path)).collect();
        repository.go = go::modules(modules, go);
        repository.rust = rust::workspaces(manifests, rust, &locked);
        repository.docs = Docs::read(world, folder, &repository.files);
        Ok(repository)
    }
}

/// A file that is no text where one is needed: what stands before the first wrong byte says where that is.
fn not_text(path: &str, bytes: &[u8], valid: usize) -> File {
    let before = Text::new(path, std::str::from_utf8(&bytes[..valid]).unwrap_or_default());
    let problem = before.problem(valid..valid, "not UTF-8, so nothing in it is judged: save it as UTF-8");
    File { problem: Some(problem), ..File::default() }
}

fn unreadable(folder: &str, error: &ReadError) -> Problem {
    let (ReadError::NotFound { path }
    | ReadError::Escape { path }
    | ReadError::TooLarge { path, .. }
    | ReadError::TooMany { path, .. }
    | ReadError::Io { path, .. }) = error;
    let place = Place::whole(go::within(path, folder).unwrap_or(path));
    let message = error.to_string();
    let message = message.strip_prefix(path.as_str()).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&message);
    Problem { place, message: message.to_owned() }
}

/// The folders of software templates: what is below them is text with gaps, and no source.
fn skeletons<'p>(world: &dyn World, folder: &str, paths: &'p [String]) -> BTreeSet<&'p str> {
    let named = paths.iter().filter(|path| matches!(split(path).1, "template.yaml" | "template.yml"));
    let is_template = |path: &&String| {
        let bytes = world.read(&join(folder, path)).unwrap_or_default();
        catalog::is_template(path, &String::from_utf8_lossy(&bytes))
    };
    named.filter(is_template).map(|path| parent(path)).collect()
}

struct Files<'f> {
    world: &'f dyn World,
    folder: &'f str,
    paths: &'f [String],
}

impl Files<'_> {
    fn read(&self, path: &str, in_skeleton: bool) -> File {
        let bytes = match self.world.read(&join(self.folder, path)) {
            Ok(bytes) => bytes,
            // Something large is no source; there is nothing to say about it here.
            Err(ReadError::TooLarge { .. }) if !holds_facts(path) => return File::default(),
            Err(error) => return File { problem: Some(unreadable(self.folder, &error)), ..File::default() },
        };
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text,
            Err(error) if holds_facts(path) && !in_skeleton => return not_text(path, &bytes, error.valid_up_to()),
            Err(_) => return File::default(),
        };
        let text = Text::new(path, text);
        let secrets = secrets::find(&text);
        let found = if in_skeleton { self.template(&text, path) } else { found(&text, path) };
        match found {
            Ok(found) => File { found, secrets, problem: None },
            Err(problem) => File { found: Found::Other, secrets, problem: Some(problem) },
        }
    }

    fn template(&self, text: &Text<'_>, path: &str) -> Result<Found, Problem> {
        if !catalog::is_template(path, text.text) {
            return Ok(Found::Other);
        }
        Template::parse(text, self.paths).map(Found::Template)
    }
}

/// The longest script that is kept.
const SCRIPT_LIMIT: usize = 64 << 10;

fn found(text: &Text<'_>, path: &str) -> Result<Found, Problem> {
    let name = split(path).1;
    Ok(match name {
        catalog::LINEAGE if path == name => Found::Lineage(Lineage::parse(text)?),
        "CODEOWNERS" if owners::PLACES.contains(&path) => Found::Owners(Owners::parse(text)),
        "go.mod" => Found::GoManifest(go::Manifest::parse(text)?),
        "Cargo.toml" => Found::RustManifest(rust::Manifest::parse(text)?),
        // `Dockerfile.go` is one for Go.
        _ if dockerfile::is_dockerfile(path) => Found::Dockerfile(Dockerfile::parse(text)?),
        _ if go::is_source(path) && text.text.len() > go::LIMIT => Found::Other,
        _ if go::is_source(path) => Found::Go(go::Source::parse(text)?),
        _ if is_rust(path) => Found::Rust(rust::Source::parse(text)?),
        _ if workflow::is_workflow(path) => Found::Workflow(Workflow::parse(text)?),
        _ if name.ends_with(".sh") && text.text.len() <= SCRIPT_LIMIT => Found::Script(text.text.to_owned()),
        _ if docs::is_api(path) => Found::Api(docs::api(text)?),
        _ if catalog::is_catalog(path) => Found::Entities(catalog::entities(text)?),
        _ if migrations::is_migration(path) => Found::Migration(Migration::parse(text)),
        _ => Found::Other,
    })
}

/// Whether a file is one that standards are judged by: it must be readable.
fn holds_facts(path: &str) -> bool {
    matches!(split(path).1, "go.mod" | "Cargo.toml")
        || owners::PLACES.contains(&path)
        || dockerfile::is_dockerfile(path)
        || go::is_source(path)
        || is_rust(path)
        || workflow::is_workflow(path)
        || catalog::is_catalog(path)
        || migrations::is_migration(path)
}

/// What Cargo builds into a crate: files below a `src`. Tests, examples and what tests feed a compiler with are none.
fn is_rust(path: &str) -> bool {
    let (folder, name) = split(path);
    let mut folders = folder.split('/');
    name.ends_with(".rs") && folders.clone().any(|part| part == "src") && !folders.any(|part| part == "tests")
}
