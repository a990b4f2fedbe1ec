//! From the command line to a verb, and from its result to an exit code.

use std::ffi::OsString;
use std::panic;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, ColorChoice, Parser, Subcommand};

use crate::error::{CommandError, EXIT_INTERNAL, EXIT_USAGE};
use crate::output::Output;
use crate::verbs;

/// How a verb helps: what it does, two examples, then the options.
pub(crate) const HELP: &str = "{about}{after-help}\n\n{usage-heading} {usage}\n\n{all-args}";

/// Reads an organisation's files, renders its fleet, and holds it to the golden standards.
#[derive(Parser)]
#[command(
    name = "karat",
    version,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 fine; 1 a standard is not met; 2 usage or bad input; 3 environment; 70 a bug in Karat."
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,

    #[command(flatten)]
    global: Global,
}

/// Options that every verb takes.
#[derive(Args, Clone)]
pub(crate) struct Global {
    /// Colour the output: auto, always or never (auto honours NO_COLOR)
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub(crate) color: ColorChoice,

    /// Print the verdict only
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Subcommand)]
enum Verb {
    Account(verbs::account::AccountArgs),
    Check(verbs::check::Check),
    Diff(verbs::diff::DiffArgs),
    Docs(verbs::docs::DocsArgs),
    New(verbs::new::New),
    Render(Box<verbs::render::Render>),
    Standards(verbs::standards::StandardsArgs),
    Up(verbs::up::Up),
    Update(verbs::update::Update),
}

/// Runs one command line.
pub(crate) fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    panic::set_hook(Box::new(crate::output::panicked));
    panic::catch_unwind(panic::AssertUnwindSafe(|| guarded(arguments))).unwrap_or(ExitCode::from(EXIT_INTERNAL))
}

fn guarded(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let helped = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            // A closed pipe while printing help is nobody's error.
            let _ = error.print();
            return ExitCode::from(if helped { 0 } else { EXIT_USAGE });
        }
    };
    let output = Output::new(&cli.global);
    match dispatch(&cli.verb, &output) {
        Ok(code) => code,
        Err(error) => error.report(&output),
    }
}

fn dispatch(verb: &Verb, output: &Output) -> Result<ExitCode, CommandError> {
    match verb {
        Verb::Account(account) => verbs::account::run(account, output),
        Verb::Check(check) => verbs::check::run(check, output),
        Verb::Diff(diff) => verbs::diff::run(diff, output),
        Verb::Docs(docs) => verbs::docs::run(docs, output),
        Verb::New(new) => verbs::new::run(new, output),
        Verb::Render(render) => verbs::render::run(render, output),
        Verb::Standards(arguments) => verbs::standards::run(arguments, output),
        Verb::Up(up) => verbs::up::run(up, output),
        Verb::Update(update) => verbs::update::run(update, output),
    }
}
