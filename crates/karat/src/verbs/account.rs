//! `karat account`: who may sign in to a portal that others reach.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use karat_portal::identity::{Accounts, AccountsError, Role};

use crate::error::{CommandError, chain};
use crate::output::Output;

/// Say who may sign in to a portal that others reach
#[derive(Args)]
pub(crate) struct AccountArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make an account, or give one a new role and password; prints the password, which is kept nowhere
    #[command(help_template = crate::cli::HELP, after_help = "\
Examples:
  karat account add ada --role platform
  karat account add ben --role developer --organisation ../acme")]
    Add {
        /// The name: lower-case letters, digits, dots and dashes
        name: String,

        /// What they may do: viewer reads, developer makes services, platform administers
        #[arg(long, value_name = "ROLE", default_value = "viewer", value_parser = ["viewer", "developer", "platform"])]
        role: String,

        /// The organisation's folder
        #[arg(short, long, value_name = "DIR", default_value = ".", hide_default_value = true)]
        organisation: PathBuf,

        /// Where the portal keeps its state, instead of the organisation's .karat/data
        #[arg(long, value_name = "DATA")]
        data: Option<PathBuf>,
    },
}

pub(crate) fn run(arguments: &AccountArgs, output: &Output) -> Result<ExitCode, CommandError> {
    let What::Add { name, role, organisation, data } = &arguments.what;
    crate::organisation::folder(&organisation.to_string_lossy())?;
    let data = data.clone().unwrap_or_else(|| organisation.join(".karat/data"));
    let role = Role::of(role).unwrap_or(Role::Viewer);
    let password =
        Accounts::open(&data).and_then(|accounts| accounts.add(name, role)).map_err(|error| match error {
            AccountsError::Name(_) => CommandError::input(error.to_string()),
            error => CommandError::environment(chain(&error)),
        })?;
    output.bytes(format!("{password}\n").as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
