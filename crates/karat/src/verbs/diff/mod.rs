//! `karat diff`: what a change does to the whole fleet.

mod json;
mod text;

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use karat_diag::{Diagnostic, Report, Severity};
use karat_fleet::{Cache, Fleet, ORGANISATION_FILE};
use karat_verdict::{Files, problems};

use crate::error::{CommandError, EXIT_USAGE};
use crate::organisation;
use crate::output::Output;

/// Show what a change does to the fleet: first what is deleted and what is orphaned, then object by object
///
/// Both sides are expanded and rendered; a revision is read from git's object database, without a checkout.
#[derive(Args)]
#[command(help_template = crate::cli::HELP, after_help = "\
Examples:
  karat diff -o myhealth                 the last commit against the files as they are
  karat diff -o myhealth main v2         two revisions
  karat diff old/myhealth myhealth       two folders")]
pub(crate) struct DiffArgs {
    /// Before: a git revision, or an organisation's folder
    #[arg(default_value = "HEAD", hide_default_value = true)]
    base: String,

    /// After: a git revision, or an organisation's folder; without it the files as they are
    head: Option<String>,

    /// The organisation's folder, whose repository has the revisions
    #[arg(short, long, value_name = "PATH", default_value = ".", hide_default_value = true)]
    organisation: String,

    /// How the difference is written
    #[arg(long, value_enum, default_value_t = FormatName::Human)]
    format: FormatName,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatName {
    /// For a person at a terminal
    Human,
    /// For programs: version 1 is stable
    Json,
    /// A comment on a pull request
    Markdown,
}

pub(crate) fn run(arguments: &DiffArgs, output: &Output) -> Result<ExitCode, CommandError> {
    let progress = output.progress("rendering both fleets");
    let base = open(&arguments.base, &arguments.organisation)?;
    let head = match &arguments.head {
        Some(head) => open(head, &arguments.organisation)?,
        None => organisation::folder(&arguments.organisation)?,
    };
    // One cache: what both sides share is rendered once.
    let cache = Cache::default();
    let build = |organisation: &Files| {
        Fleet::build(organisation.world.as_ref(), &cache)
            .map_err(|problem| CommandError::diagnostics(vec![organisation.locate(*problem)]))
    };
    let (before, after) = (build(&base)?, build(&head)?);
    let difference = karat_fleet::diff(&before, &after);
    drop(progress);

    let text = match arguments.format {
        FormatName::Human => text::human(&difference, output.quiet),
        FormatName::Json => json::render(&difference),
        FormatName::Markdown => text::markdown(&difference),
    };
    output.bytes(text.as_bytes())?;
    // A side that does not render makes the difference a guess: it is said, and the run fails.
    let unsound = errors(&before, &base, "before").chain(errors(&after, &head, "after")).collect::<Vec<_>>();
    if unsound.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    output.complain(&Report { diagnostics: unsound, ..Report::default() });
    Ok(ExitCode::from(EXIT_USAGE))
}

fn errors<'a>(fleet: &'a Fleet, organisation: &'a Files, side: &'a str) -> impl Iterator<Item = Diagnostic> + use<'a> {
    let errors = problems(fleet).into_iter().filter(|problem| problem.severity == Severity::Error);
    errors.map(move |problem| organisation.locate(problem).with_note(format!("in the fleet {side} the change")))
}

/// A side of the difference: a folder that holds an organisation, else a revision.
fn open(side: &str, organisation: &str) -> Result<Files, CommandError> {
    if Path::new(side).join(ORGANISATION_FILE).is_file() {
        organisation::folder(side)
    } else {
        organisation::revision(organisation, side)
    }
}
