//! `karat new`: a repository from a golden path.

mod answers;
mod push;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use karat_diag::count;
use karat_scaffold::{Offline, Outcome, Remotes};
use karat_workshop::{Found, Home, Plan, is_repository};

pub(crate) use answers::given;

use crate::error::CommandError;
use crate::output::Output;

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
        Some(name) => karat_workshop::named(name, home.as_ref())?,
        None => answers::choose(karat_workshop::all(home.as_ref())?, &arguments.answers, output)?,
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
    plan.vacant()?;
    if !arguments.dry_run {
        plan.write(home.as_ref(), None).map(drop)?;
    }
    let text = if output.quiet { String::new() } else { arguments.shown(&plan, &found, &outcome) };
    output.bytes(text.as_bytes())?;
    if arguments.push {
        New::push(&plan, &found, &outcome)?;
    }
    Ok(ExitCode::SUCCESS)
}

impl New {
    /// Pushes what was made; what is on this disk stays, whatever a remote says.
    fn push(plan: &Plan, found: &Found, outcome: &Outcome) -> Result<(), CommandError> {
        let hint = |error: CommandError| error.hint("the folder is made; `git push` when the remote is there");
        let message = format!("Walk {} {}", found.template.name, found.template.version);
        let repositories = outcome.publications.iter().filter(|publication| is_repository(publication));
        for ((folder, _), publication) in plan.folders.iter().zip(repositories) {
            push::repository(folder, publication, &message).map_err(hint)?;
        }
        plan.elsewhere.iter().try_for_each(push::change)
    }

    fn shown(&self, plan: &Plan, found: &Found, outcome: &Outcome) -> String {
        let dry_run = self.dry_run;
        let mut text = String::new();
        for line in &outcome.log {
            let _ = writeln!(text, "{line}");
        }
        for (folder, tree) in &plan.folders {
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
        for change in &plan.changes {
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
        for publication in plan.elsewhere.iter().filter(|_| !self.push) {
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
