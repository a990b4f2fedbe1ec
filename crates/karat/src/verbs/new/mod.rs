//! `karat new`: a repository from a golden path.

mod answers;
mod apply;
mod push;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use karat_diag::count;
use karat_scaffold::{
    BASE_FILE, Data, File, Kind, LINEAGE_FILE, Lineage, Offline, Outcome, Publication, Remotes, Tree,
};

pub(crate) use answers::given;

use crate::error::CommandError;
use crate::output::Output;
use crate::paths::{self, Found, Home};
use crate::write;

/// Make a repository from a golden path
#[derive(Args)]
#[command(help_template = crate::cli::HELP, after_help = "\
Examples:
  karat new                                         ask everything
  karat new --template rust-service --defaults billing
  karat new --template ./my-path --answers answers.yaml --dry-run

In an organisation's folder the path's change to its repositories (config, governance) is made in their folders.")]
pub(crate) struct New {
    /// The folder to make; by default one named like the repository, where the organisation keeps it
    dir: Option<PathBuf>,

    /// The path: its name, or the folder of a Backstage template
    #[arg(short, long, value_name = "NAME")]
    template: Option<String>,

    #[command(flatten)]
    answers: answers::Source,

    /// Show what would be made, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Push too: the new repository, and each change that is not made here as a branch, to the remotes that the path names
    #[arg(long, conflicts_with = "dry_run")]
    push: bool,

    /// The organisation's folder; by default the one around the current folder
    #[arg(long, value_name = "DIR")]
    organisation: Option<String>,
}

pub(crate) fn run(arguments: &New, output: &Output) -> Result<ExitCode, CommandError> {
    let home = match &arguments.organisation {
        Some(path) => Some(Home::at(path)?),
        None => Home::around(Path::new("."))?,
    };
    let found = match &arguments.template {
        Some(name) => paths::named(name, home.as_ref())?,
        None => answers::choose(paths::all(home.as_ref())?, &arguments.answers, output)?,
    };
    let given = arguments.answers.answers(&found.template, output)?;
    let given = karat_scaffold::complete(&found.template.pages, &given).map_err(|error| found.told(&error))?;
    let remotes: &dyn Remotes = match &home {
        Some(home) => home,
        None => &Offline,
    };
    let outcome = karat_scaffold::run(found.world.as_ref(), &found.template, &given, remotes)
        .map_err(|error| found.told(&error))?;
    let plan = Plan::new(&found, &given, &outcome, home.as_ref(), arguments.dir.as_deref())?;
    for (folder, _) in &plan.folders {
        write::vacant(folder)?;
    }
    if !arguments.dry_run {
        plan.write(home.as_ref())?;
    }
    let text = if output.quiet { String::new() } else { plan.shown(&found, &outcome, arguments) };
    output.bytes(text.as_bytes())?;
    if arguments.push {
        plan.push(&found, &outcome)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What a run comes down to on this disk.
struct Plan {
    /// New folders.
    folders: Vec<(PathBuf, Tree)>,
    /// Changes to the organisation's repositories.
    changes: Vec<apply::Change>,
    /// Changes to repositories that are not here.
    elsewhere: Vec<Publication>,
}

impl Plan {
    fn new(
        found: &Found,
        given: &Data,
        outcome: &Outcome,
        home: Option<&Home>,
        dir: Option<&Path>,
    ) -> Result<Self, CommandError> {
        let (repositories, changes): (Vec<&Publication>, Vec<&Publication>) =
            outcome.publications.iter().partition(|publication| is_repository(publication));
        let (changes, elsewhere) = apply::changes(&changes, home)?;
        let mut folders = Vec::new();
        match repositories.as_slice() {
            // A path that publishes nothing leaves its workspace; one that only changes what is there makes no folder.
            [] if outcome.publications.is_empty() => {
                let dir = dir.ok_or_else(|| {
                    CommandError::input("this template publishes nothing, so it does not say what its folder is called")
                        .hint("name the folder: `karat new --template T DIR`")
                })?;
                folders.push((dir.to_owned(), with_lineage(found, given, &outcome.workspace)?));
            }
            [] => {}
            [one] => {
                let dir = dir.map_or_else(|| apply::default_folder(&one.repository, home, &changes), Path::to_owned);
                folders.push((dir, with_lineage(found, given, &one.tree)?));
            }
            several => {
                for publication in several {
                    let dir = dir.unwrap_or(Path::new(".")).join(&publication.repository.repo);
                    folders.push((dir, with_lineage(found, given, &publication.tree)?));
                }
            }
        }
        let distinct: BTreeSet<&PathBuf> = folders.iter().map(|(folder, _)| folder).collect();
        if distinct.len() < folders.len() {
            return Err(CommandError::input("the template publishes two repositories of one name"));
        }
        Ok(Self { folders, changes, elsewhere })
    }

    fn write(&self, home: Option<&Home>) -> Result<(), CommandError> {
        let mut made: Vec<&Path> = Vec::new();
        let written = self.folders.iter().try_for_each(|(folder, tree)| {
            write::folder(folder, tree)?;
            made.push(folder);
            Ok(())
        });
        let written = written.and_then(|()| match home {
            Some(home) => write::edit(&home.root, &apply::edits(&self.changes)),
            None => Ok(()),
        });
        if written.is_err() {
            // What this very run has made goes with it; the error is the one to tell.
            for folder in made {
                let _ = fs_err::remove_dir_all(folder);
            }
        }
        written
    }

    /// Pushes what was made; what is on this disk stays, whatever a remote says.
    fn push(&self, found: &Found, outcome: &Outcome) -> Result<(), CommandError> {
        let hint = |error: CommandError| error.hint("the folder is made; `git push` when the remote is there");
        let message = format!("Walk {} {}", found.template.name, found.template.version);
        let repositories = outcome.publications.iter().filter(|publication| is_repository(publication));
        for ((folder, _), publication) in self.folders.iter().zip(repositories) {
            push::repository(folder, publication, &message).map_err(hint)?;
        }
        self.elsewhere.iter().try_for_each(push::change)
    }

    fn shown(&self, found: &Found, outcome: &Outcome, arguments: &New) -> String {
        let dry_run = arguments.dry_run;
        let mut text = String::new();
        for line in &outcome.log {
            let _ = writeln!(text, "{line}");
        }
        for (folder, tree) in &self.folders {
            let verb = if dry_run { "would make" } else { "made" };
            let path = &found.template;
            let _ = writeln!(
                text,
                "{verb} {} from {} {}: {}",
                folder.display(),
                path.name,
                path.version,
                count(tree.len(), "file")
            );
            for (path, file) in tree.files().filter(|_| dry_run) {
                let _ = writeln!(text, "  {} {path}", if file.executable { "x" } else { "+" });
            }
        }
        for change in &self.changes {
            let _ = writeln!(
                text,
                "{} {}: {}",
                if dry_run { "would change" } else { "changed" },
                change.folder,
                change.title
            );
            for (path, sign) in change.signs() {
                let _ = writeln!(text, "  {sign} {path}");
            }
        }
        for publication in self.elsewhere.iter().filter(|_| !arguments.push) {
            let _ = writeln!(
                text,
                "left out: a change to {} ({}), which is not here: run this in the organisation's folder, or with --push",
                publication.repository.web(),
                count(publication.tree.len(), "file")
            );
        }
        for (title, body) in &outcome.output.texts {
            let _ = writeln!(text, "\n{title}\n{}", body.trim_end());
        }
        for (title, target) in &outcome.output.links {
            let _ = writeln!(text, "{title}: {target}");
        }
        text
    }
}

fn is_repository(publication: &Publication) -> bool {
    matches!(publication.kind, Kind::Repository { .. })
}

/// The tree with the record of where it came from.
fn with_lineage(found: &Found, given: &Data, tree: &Tree) -> Result<Tree, CommandError> {
    let mut tree = tree.clone();
    for file in [LINEAGE_FILE, BASE_FILE] {
        if tree.exists(file) {
            return Err(CommandError::input(format!(
                "the template makes a file `{file}`, which `karat new` itself writes"
            )));
        }
    }
    let lineage = Lineage::new(&found.template, given, &tree).to_yaml();
    let base = karat_scaffold::pack(&tree)?;
    for (path, bytes) in [(LINEAGE_FILE, lineage.into_bytes()), (BASE_FILE, base)] {
        tree.insert(path, File::new(bytes)).map_err(CommandError::input)?;
    }
    Ok(tree)
}
