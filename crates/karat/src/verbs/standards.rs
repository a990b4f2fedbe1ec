//! `karat standards`: what is asked, why, and how to meet it.

use std::fmt::Write;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use karat_fleet::{Cache, Fleet};
use karat_standards::{Admission, In, Level, Standard, Standards};

use crate::error::CommandError;
use crate::organisation;
use crate::output::Output;

/// List the golden standards, or explain one
#[derive(Args)]
pub(crate) struct StandardsArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List the standards by area
    #[command(help_template = crate::cli::HELP, after_help = "\
Examples:
  karat standards list
  karat standards list secrets")]
    List {
        /// Only this area
        area: Option<String>,
    },

    /// Explain a standard: why, how it is checked and enforced, how to meet it
    #[command(help_template = crate::cli::HELP, after_help = "\
Examples:
  karat standards show runtime/hardened
  karat standards show delivery/analysed")]
    Show {
        /// The standard's id: area/slug
        id: String,
    },

    /// Print the standards that an API server can enforce, as ValidatingAdmissionPolicies
    #[command(help_template = crate::cli::HELP, after_help = "\
Examples:
  karat standards export myhealth --cluster production-eu > policies.yaml
  kubectl apply --server-side -f policies.yaml")]
    Export {
        /// The organisation, whose settings and exceptions the policies have
        #[arg(default_value = ".", hide_default_value = true)]
        path: String,

        /// The cluster that the policies are for; some standards depend on its facts
        #[arg(long)]
        cluster: String,
    },
}

pub(crate) fn run(arguments: &StandardsArgs, output: &Output) -> Result<ExitCode, CommandError> {
    let text = match &arguments.what {
        What::List { area } => list(&builtin()?, area.as_deref())?,
        What::Show { id } => show(find(&builtin()?, id)?, output.width()),
        What::Export { path, cluster } => export(path, cluster)?,
    };
    output.bytes(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn list(standards: &Standards, area: Option<&str>) -> Result<String, CommandError> {
    let chosen: Vec<&Standard> =
        standards.all().iter().filter(|standard| area.is_none_or(|area| area_of(standard) == area)).collect();
    if chosen.is_empty() {
        let mut areas: Vec<&str> = standards.all().iter().map(area_of).collect();
        areas.dedup();
        let area = area.unwrap_or_default();
        return Err(CommandError::input(format!("there is no area `{area}`"))
            .hint(format!("the areas are {}", areas.join(", "))));
    }
    let width = chosen.iter().map(|standard| standard.id.len()).max().unwrap_or_default();
    let mut text = String::new();
    for standard in &chosen {
        let (level, karats) = (level(standard.level), standard.karats);
        let _ = writeln!(text, "{:width$}  {level:<6}  {karats:>2}K  {}", standard.id, standard.title);
    }
    let musts = chosen.iter().filter(|standard| standard.level == Level::Must).count();
    let _ = writeln!(text, "{} standards: {musts} must, {} should", chosen.len(), chosen.len() - musts);
    Ok(text)
}

fn show(standard: &Standard, width: usize) -> String {
    let mut text = format!("{}\n{}\n\n", standard.id, standard.title);
    let enforced = match &standard.enforce {
        None => "in Git only".to_owned(),
        Some(enforce) => {
            let action = match enforce.admission {
                Admission::Deny => "refuses",
                Admission::Warn => "warns of",
                Admission::Audit => "records",
            };
            format!("the API server {action} it")
        }
    };
    let whose = match standard.applies.whose {
        In::Tenants => "in tenants' namespaces",
        In::Platform => "in the platform's namespaces",
        In::All => "everywhere",
    };
    let rows = [
        ("level", format!("{}, worth {}K", level(standard.level), standard.karats)),
        ("judges", format!("each {} {whose}", standard.applies.to.word())),
        ("enforced", enforced),
        ("source", standard.source.clone()),
        ("why", standard.why.to_string()),
        ("fix", format!("docs/{}.md", standard.fix)),
    ];
    for (name, value) in rows {
        for (index, line) in karat_diag::fold(&value, width.saturating_sub(10)).iter().enumerate() {
            let _ = writeln!(text, "{:<8}  {line}", if index == 0 { name } else { "" });
        }
    }
    text
}

fn export(path: &str, cluster: &str) -> Result<String, CommandError> {
    let organisation = organisation::folder(path)?;
    let standards = karat_verdict::standards(&organisation).map_err(CommandError::diagnostics)?;
    let fleet = Fleet::build(organisation.world.as_ref(), &Cache::default())
        .map_err(|problem| CommandError::diagnostics(vec![organisation.locate(*problem)]))?;
    let (subject, decided, unread) = karat_standards::subject(&Arc::new(fleet), &organisation.world);
    if !unread.is_empty() {
        let located = unread.iter().map(|error| organisation.locate(karat_verdict::problem(error)));
        return Err(CommandError::diagnostics(located.collect()));
    }
    let Some(found) = subject.clusters.iter().find(|known| known.name == cluster) else {
        let known: Vec<&str> = subject.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
        return Err(CommandError::input(format!("the organisation has no cluster `{cluster}`"))
            .hint(format!("its clusters are {}", known.join(", "))));
    };
    let mut policies = Vec::new();
    for standard in standards.all().iter().filter(|standard| standard.enforce.is_some()) {
        let policy = karat_standards::export(standard, &decided, Some(found))
            .map_err(|error| CommandError::input(error.to_string()))?;
        policies.push(policy.to_yaml().map_err(|error| CommandError::input(error.to_string()))?);
    }
    Ok(policies.join("---\n"))
}

/// The standards that come with Karat.
pub(crate) fn builtin() -> Result<Standards, CommandError> {
    karat_verdict::builtin().map_err(CommandError::diagnostics)
}

fn find<'a>(standards: &'a Standards, id: &str) -> Result<&'a Standard, CommandError> {
    standards.get(id).ok_or_else(|| {
        let slug = id.rsplit('/').next().unwrap_or(id);
        let near: Vec<&str> = standards.ids().map(AsRef::<str>::as_ref).filter(|known| known.contains(slug)).collect();
        let hint = match near.as_slice() {
            [] => "`karat standards list` has them all".to_owned(),
            near => format!("did you mean {}?", near.join(" or ")),
        };
        CommandError::input(format!("there is no standard `{id}`")).hint(hint)
    })
}

fn area_of(standard: &Standard) -> &str {
    standard.id.split('/').next().unwrap_or_default()
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Must => "must",
        Level::Should => "should",
    }
}
