//! `karat docs`: a repository's documentation, built into a folder or shown on this machine.

mod page;
mod serve;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use fs_err as fs;
use karat_diag::{Diagnostic, Format, Report, Severity};
use karat_docs::{Change, Problem, Site};
use karat_source::{Folder, World};
use serde_json::json;

use crate::error::{CommandError, EXIT_FINDINGS};
use crate::output::{Clock, Output};

/// Build a repository's documentation, or show it
#[derive(Args)]
pub(crate) struct DocsArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Build the documentation into a folder, as TechDocs lays it out
    ///
    /// Links that lead nowhere, pages that no navigation names and what may not be shown are told with their lines.
    #[command(help_template = crate::cli::HELP, after_help = "\
Examples:
  karat docs build
  karat docs build apps/records --check")]
    Build {
        /// The folder of the repository: the one that holds mkdocs.yml
        #[arg(default_value = ".", hide_default_value = true)]
        dir: PathBuf,

        /// The folder to write
        #[arg(long, value_name = "DIR", default_value = "site", conflicts_with = "check")]
        out: PathBuf,

        /// Write nothing, only tell what is wrong
        #[arg(long)]
        check: bool,
    },

    /// Show the documentation on this machine, each page as its file is now
    #[command(help_template = crate::cli::HELP, after_help = "\
Examples:
  karat docs serve
  karat docs serve apps/records --port 0")]
    Serve {
        /// The folder of the repository: the one that holds mkdocs.yml
        #[arg(default_value = ".", hide_default_value = true)]
        dir: PathBuf,

        /// The port on 127.0.0.1; 0 takes any that is free
        #[arg(long, default_value_t = 8000)]
        port: u16,
    },
}

pub(crate) fn run(arguments: &DocsArgs, output: &Output) -> Result<ExitCode, CommandError> {
    match &arguments.what {
        What::Build { dir, out, check } => build(dir, (!check).then_some(out.as_path()), output),
        What::Serve { dir, port } => serve::run(dir, *port, output),
    }
}

/// A site, what is wrong with it, and who changed what last.
pub(crate) struct Docs {
    pub(crate) site: Site,
    pub(crate) problems: Vec<Problem>,
    pub(crate) changes: BTreeMap<String, Change>,
    world: Folder,
}

impl Docs {
    pub(crate) fn read(dir: &Path) -> Result<Self, CommandError> {
        let world = Folder::open(dir)?;
        let (site, problems) = Site::read(&world, "");
        Ok(Self { site, problems, changes: BTreeMap::new(), world })
    }

    /// Asks the history, which takes a while where it is long.
    pub(crate) fn with_changes(self, dir: &Path) -> Self {
        Self { changes: changes(dir), ..self }
    }

    /// A file of the site that is no page.
    pub(crate) fn asset(&self, path: &str) -> Option<(Vec<u8>, &'static str)> {
        let asset = self.site.asset(path)?;
        Some((self.world.read(&asset.source).ok()?, asset.media_type))
    }
}

/// Who changed which file last; a folder without a history has none.
fn changes(dir: &Path) -> BTreeMap<String, Change> {
    let read = || {
        let (repository, inner) = karat_git::around(dir).ok()?;
        repository.last_changes("HEAD", &inner).ok()
    };
    let told = |change: karat_git::Change| {
        let karat_git::Change { author, seconds, commit } = change;
        Change { author, seconds, commit }
    };
    read().unwrap_or_default().into_iter().map(|(path, change)| (path, told(change))).collect()
}

fn build(dir: &Path, out: Option<&Path>, output: &Output) -> Result<ExitCode, CommandError> {
    let clock = Clock::start();
    let mut docs = Docs::read(dir)?;
    if let Some(out) = out {
        docs = docs.with_changes(dir);
        write(&docs, out)?;
    }
    let files = karat_verdict::Files::new(Arc::new(Folder::open(dir)?), &dir.to_string_lossy());
    let diagnostics: Vec<Diagnostic> =
        docs.problems.iter().map(|problem| files.locate(Diagnostic::from(problem))).collect();
    let count = |severity| docs.problems.iter().filter(|problem| problem.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if !output.quiet && !diagnostics.is_empty() {
        output.report(&Report { diagnostics, ..Report::default() }, Format::Human, &files)?;
    }
    let place = out.map_or(String::new(), |out| format!(" in {}", out.display()));
    let (pages, time) = (count_of(docs.site.pages().len(), "page"), clock.elapsed().as_millis());
    let (errors_told, warnings_told) = (count_of(errors, "error"), count_of(warnings, "warning"));
    let verdict = format!("{pages}{place} in {time} ms: {errors_told}, {warnings_told}\n");
    output.bytes(verdict.as_bytes())?;
    Ok(if errors > 0 { ExitCode::from(EXIT_FINDINGS) } else { ExitCode::SUCCESS })
}

/// Writes the pages, what they show, the search entries and TechDocs' metadata.
fn write(docs: &Docs, out: &Path) -> Result<(), CommandError> {
    let site = &docs.site;
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for page in site.pages() {
        files.insert(page::file(page), page::draw(docs, page).into_bytes());
    }
    for (path, _) in site.assets() {
        if let Some((bytes, _)) = docs.asset(path) {
            files.insert(path.to_owned(), bytes);
        }
    }
    files.insert(page::STYLE.to_owned(), page::CSS.into());
    let entries = site.search_entries();
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| json!({ "location": entry.location, "title": entry.title, "text": entry.text }))
        .collect();
    files.insert("search/search_index.json".to_owned(), json!({ "docs": entries }).to_string().into_bytes());
    let names: Vec<&String> = files.keys().collect();
    let description = &site.config().site_description;
    let metadata = json!({ "site_name": site.name(), "site_description": description, "files": names });
    files.insert("techdocs_metadata.json".to_owned(), metadata.to_string().into_bytes());
    for (path, bytes) in files {
        let path = out.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}

/// `1 page`, `2 pages`.
fn count_of(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
