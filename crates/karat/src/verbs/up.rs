//! `karat up`: the portal of an organisation, until it is told to stop.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use karat_portal::{Error, Options, Running};

use crate::error::{CommandError, chain};
use crate::organisation;
use crate::output::{Clock, Output};

/// Where the organisation that ships with Karat is, seen from Karat's own repository.
const SHIPPED: &str = "myhealth";

/// Open the portal: catalog, docs, scorecards, templates
///
/// Serves the portal and Backstage's REST API on this machine only, and prints the address. What changes in the folder is seen at
/// once. State is in the organisation's .karat/data; killed at any point, it goes on from there. Ctrl-C ends it after the requests
/// that are under way.
#[derive(Args)]
#[command(help_template = crate::cli::HELP, after_help = "\
Examples:
  karat up                   the organisation here; in Karat's own repository, myhealth
  karat up ../acme --port 8080")]
pub(crate) struct Up {
    /// The folder of an organisation (the one that holds governance/)
    #[arg(value_name = "ORG")]
    organisation: Option<PathBuf>,

    /// The port on 127.0.0.1; 0 takes any that is free
    #[arg(long, default_value_t = karat_portal::PORT)]
    port: u16,

    /// Where state is kept, instead of the organisation's .karat/data
    #[arg(long, value_name = "DATA")]
    data: Option<PathBuf>,

    /// The https:// address of a proxy before the portal: people sign in then
    #[arg(long, value_name = "URL")]
    public: Option<String>,
}

pub(crate) fn run(arguments: &Up, output: &Output) -> Result<ExitCode, CommandError> {
    let clock = Clock::start();
    let folder = arguments.organisation.clone().unwrap_or_else(here);
    let shown = folder.to_string_lossy();
    organisation::folder(&shown)?;
    let options = Options {
        data: arguments.data.clone().unwrap_or_else(|| folder.join(".karat/data")),
        address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), arguments.port),
        public: arguments.public.clone(),
        clock: Arc::new(jiff::Timestamp::now),
        organisation: folder.clone(),
    };
    let ready = |running: &Running| {
        let text = format!("{shown} is at {} ({} ms)\n", running.url(), clock.elapsed().as_millis());
        // Whoever started the portal may have closed its output: it serves all the same.
        let _ = output.bytes(text.as_bytes());
    };
    karat_portal::run(options, ready).map_err(|error| match error {
        Error::Organisation(diagnostics) => CommandError::diagnostics(diagnostics),
        Error::Bind { .. } => CommandError::environment(chain(&error)).hint("`--port 0` takes one that is free"),
        Error::Held { .. } => CommandError::environment(chain(&error)).hint("open that one, or give this one `--data`"),
        error => CommandError::environment(chain(&error)),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// This folder, or the organisation that ships with Karat if this is Karat's own repository.
fn here() -> PathBuf {
    let is_organisation = |folder: &Path| folder.join(karat_fleet::ORGANISATION_FILE).is_file();
    let folder = if is_organisation(Path::new(".")) || !is_organisation(Path::new(SHIPPED)) { "." } else { SHIPPED };
    PathBuf::from(folder)
}
