//! From files to facts: each file is read once, on all cores.

use ecow::EcoString;
use karat_source::{ReadError, World, join, parent, split};
use rayon::prelude::*;

use crate::text::Text;
use crate::{Dockerfile, Migration, Place, Problem, Repository, Secret, Workflow, go, rust, secrets};
use crate::{dockerfile, files, migrations, workflow};

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
        let read: Vec<File> = paths.par_iter().map(|path| file(world, folder, path)).collect();
        let mut repository = Self { files: paths.iter().map(EcoString::from).collect(), ..Self::default() };
        repository.problems.extend(escapes.iter().map(|error| unreadable(folder, error)));
        let (mut modules, mut go) = (Vec::new(), Vec::new());
        let (mut manifests, mut rust) = (Vec::new(), Vec::new());
        for file in read {
            match file.found {
                Found::Other => {}
                Found::GoManifest(manifest) => modules.push(manifest),
                Found::Go(source) => go.push(source),
                Found::RustManifest(manifest) => manifests.push(manifest),
                Found::Rust(source) => rust.push(source),
                Found::Workflow(workflow) => repository.workflows.push(workflow),
                Found::Dockerfile(dockerfile) => repository.dockerfiles.push(dockerfile),
                Found::Migration(migration) => repository.migrations.push(migration),
            }
            repository.secrets.extend(file.secrets);
            repository.problems.extend(file.problem);
        }
        let locked: Vec<&str> =
            paths.iter().filter(|path| split(path).1 == "Cargo.lock").map(|path| parent(path)).collect();
        repository.go = go::modules(modules, go);
        repository.rust = rust::workspaces(manifests, rust, &locked);
        Ok(repository)
    }
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

fn file(world: &dyn World, folder: &str, path: &str) -> File {
    let bytes = match world.read(&join(folder, path)) {
        Ok(bytes) => bytes,
        // Something large is no source; there is nothing to say about it here.
        Err(ReadError::TooLarge { .. }) => return File::default(),
        Err(error) => return File { problem: Some(unreadable(folder, &error)), ..File::default() },
    };
    // What is no text holds no facts.
    let Ok(text) = std::str::from_utf8(&bytes) else { return File::default() };
    let text = Text::new(path, text);
    let secrets = secrets::find(&text);
    match found(&text, path) {
        Ok(found) => File { found, secrets, problem: None },
        Err(problem) => File { found: Found::Other, secrets, problem: Some(problem) },
    }
}

fn found(text: &Text<'_>, path: &str) -> Result<Found, Problem> {
    let name = split(path).1;
    Ok(match name {
        "go.mod" => Found::GoManifest(go::Manifest::parse(text)),
        "Cargo.toml" => Found::RustManifest(rust::Manifest::parse(text)?),
        // `Dockerfile.go` is one for Go.
        _ if dockerfile::is_dockerfile(path) => Found::Dockerfile(Dockerfile::parse(text)),
        _ if go::is_source(path) => Found::Go(go::Source::parse(text)?),
        _ if is_rust(path) => Found::Rust(rust::Source::parse(text)?),
        _ if workflow::is_workflow(path) => Found::Workflow(Workflow::parse(text)?),
        _ if migrations::is_migration(path) => Found::Migration(Migration::parse(text)),
        _ => Found::Other,
    })
}

/// What Cargo builds into a crate: files below a `src`. Tests, examples and what tests feed a compiler with are none.
fn is_rust(path: &str) -> bool {
    let (folder, name) = split(path);
    let mut folders = folder.split('/');
    name.ends_with(".rs") && folders.clone().any(|part| part == "src") && !folders.any(|part| part == "tests")
}
