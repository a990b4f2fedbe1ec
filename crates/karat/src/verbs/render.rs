//! `karat render`: what Helm would print, without Helm.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use fs_err as fs;
use karat_diag::{Diagnostic, Report};
use karat_helm::{Capabilities, Chart, Flags, Profile, Release, RenderInput, Settings, ValueSources};
use karat_source::{FILE_LIMIT, Folder};

use crate::error::CommandError;
use crate::output::Output;

/// Print the manifests that Helm would make
#[derive(Args)]
pub(crate) struct Render {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Chart(ChartArgs),
}

/// Render a chart, byte for byte as `helm template` prints it
#[derive(Args)]
#[command(help_template = crate::cli::HELP, after_help = "\
Examples:
  karat render chart myhealth/apps/appointments/chart -f myhealth/apps/appointments/chart/ci/values.yaml
  karat render chart ./redis-20.1.0.tgz --release cache --namespace shop --set replica.replicaCount=3")]
struct ChartArgs {
    /// The chart: a folder or an archive (.tgz)
    path: String,

    /// The release's name
    #[arg(short, long, default_value = "release-name")]
    release: String,

    /// The release's namespace
    #[arg(short, long, default_value = "default")]
    namespace: String,

    /// A file of values, or - for standard input; may be repeated, the last wins
    #[arg(short = 'f', long, value_name = "FILE")]
    values: Vec<String>,

    /// Values, as path=value with Helm's types (a=1,b[0]=x); may be repeated
    #[arg(long, value_name = "K=V")]
    set: Vec<String>,

    /// Values that are strings whatever they look like
    #[arg(long, value_name = "K=V")]
    set_string: Vec<String>,

    /// Values as JSON
    #[arg(long, value_name = "K=JSON")]
    set_json: Vec<String>,

    /// Values that are the contents of files
    #[arg(long, value_name = "K=FILE")]
    set_file: Vec<String>,

    /// A value taken as it is, commas and all
    #[arg(long, value_name = "K=V")]
    set_literal: Vec<String>,

    /// The version of Helm to be equal to
    #[arg(long, value_enum, default_value_t = ProfileName::Helm4)]
    profile: ProfileName,

    /// The cluster's Kubernetes version
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,

    /// API versions that the cluster has besides the common ones
    #[arg(short, long, value_name = "VERSION", value_delimiter = ',')]
    api_versions: Vec<String>,

    /// Include the chart's CRDs
    #[arg(long)]
    include_crds: bool,

    /// Leave hooks out
    #[arg(long)]
    no_hooks: bool,

    /// Leave test hooks out
    #[arg(long)]
    skip_tests: bool,

    /// Do not hold values to the chart's schema
    #[arg(long)]
    skip_schema_validation: bool,

    /// Render as for an upgrade: .Release.IsUpgrade
    #[arg(long)]
    is_upgrade: bool,

    /// Only the documents of this template; may be repeated
    #[arg(short, long, value_name = "TEMPLATE")]
    show_only: Vec<String>,
}

/// A version of Helm, by the name that `governance/organisation.yaml` gives it too.
#[derive(Clone, Copy, ValueEnum)]
enum ProfileName {
    /// Helm 4.2.4
    Helm4,
}

pub(crate) fn run(render: &Render, output: &Output) -> Result<ExitCode, CommandError> {
    match &render.what {
        What::Chart(arguments) => chart(arguments, output),
    }
}

fn chart(arguments: &ChartArgs, output: &Output) -> Result<ExitCode, CommandError> {
    let ProfileName::Helm4 = arguments.profile;
    let settings = Settings { profile: Profile::Helm4, ..Settings::default() };
    let chart = load(&arguments.path, &settings)?;
    let sources = ValueSources {
        files: arguments
            .values
            .iter()
            .map(|path| Ok((path.clone(), bytes(path)?)))
            .collect::<Result<_, CommandError>>()?,
        json: arguments.set_json.clone(),
        set: arguments.set.clone(),
        set_string: arguments.set_string.clone(),
        set_file: arguments.set_file.clone(),
        set_literal: arguments.set_literal.clone(),
    };
    let values = sources.merge(settings.profile, &|path| bytes(path).map_err(|error| error.message()))?;
    let mut capabilities = Capabilities::new(settings.profile).with_api_versions(&arguments.api_versions);
    if let Some(version) = &arguments.kube_version {
        capabilities = capabilities.with_kube_version(version, settings.profile)?;
    }
    let input = RenderInput {
        release: Release {
            is_upgrade: arguments.is_upgrade,
            ..Release::new(&arguments.release).in_namespace(&arguments.namespace)
        },
        values: &values,
        capabilities: &capabilities,
        flags: Flags {
            include_crds: arguments.include_crds,
            no_hooks: arguments.no_hooks,
            skip_tests: arguments.skip_tests,
            skip_schema_validation: arguments.skip_schema_validation,
        },
        // Two renders of one input are equal: `now` is not an input.
        now: 0,
    };
    let rendered = karat_helm::render(&chart, &input)
        .map_err(|error| CommandError::diagnostics(vec![karat_fleet::chart_problem(&error, &arguments.path)]))?;
    let printed =
        if arguments.show_only.is_empty() { rendered.print() } else { rendered.print_only(&arguments.show_only)? };
    output.bytes(&printed)?;
    if !output.quiet && !rendered.warnings.is_empty() {
        let diagnostics = rendered.warnings.iter().map(Diagnostic::warning).collect();
        output.complain(&Report { diagnostics, ..Report::default() });
    }
    Ok(ExitCode::SUCCESS)
}

/// Loads a chart from a folder or an archive anywhere on disk. A folder is a world of its own: no link leaves it.
fn load(path: &str, settings: &Settings) -> Result<std::sync::Arc<Chart>, CommandError> {
    let place = Path::new(path);
    if place.is_dir() {
        return Chart::load(&Folder::open(place)?, "", settings)
            .map_err(|error| CommandError::diagnostics(vec![karat_fleet::chart_problem(&error, path)]));
    }
    if !place.exists() {
        return Err(CommandError::input(format!("{path}: no such chart"))
            .hint("give the folder that holds Chart.yaml, or an archive made by `helm package`"));
    }
    let name = place.file_name().map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned());
    Ok(Chart::from_archive(&bytes(path)?, &name, settings)?)
}

/// A file's bytes, or those of standard input for `-`, within the limit.
fn bytes(path: &str) -> Result<Vec<u8>, CommandError> {
    let mut bytes = Vec::new();
    let read = match path {
        "-" => std::io::stdin().lock().take(FILE_LIMIT + 1).read_to_end(&mut bytes)?,
        _ => fs::File::open(path).and_then(|file| file.take(FILE_LIMIT + 1).read_to_end(&mut bytes)).map_err(
            |error| {
                CommandError::input(format!("{path}: cannot be read: {error}"))
                    .hint("check the path; it is taken from here")
            },
        )?,
    };
    if read as u64 > FILE_LIMIT {
        return Err(CommandError::input(format!("{path}: more than {} MiB", FILE_LIMIT >> 20)));
    }
    Ok(bytes)
}
