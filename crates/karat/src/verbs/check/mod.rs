//! `karat check`: an organisation, or one repository, held to the golden standards.

mod repository;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use karat_diag::{Format, Report, Rule, Severity, Waiver, count};
use karat_fleet::{Cache, Fleet, NotRendered, ORGANISATION_FILE};
use karat_source::{EntryKind, Folder, World};
use karat_standards::{Entity, Finding, Level, Score, Standards};
use karat_verdict::{Files, Phase, Verdict};

use crate::error::{CommandError, EXIT_FINDINGS, EXIT_USAGE};
use crate::output::{Clock, Output};

/// Judge an organisation's repositories and its whole fleet, or one repository
///
/// Reads ApplicationSets, charts and values as Argo CD and Helm would, and code, workflows and Dockerfiles, without a cluster or network,
/// and says to the line which golden standards are not met and how to meet them. A folder that is no organisation is judged as one
/// repository, by the settings of the organisation around it, if there is one. Exit code 1 if a `must` is not met.
#[derive(Args)]
#[command(help_template = crate::cli::HELP, after_help = "\
Examples:
  karat check myhealth
  karat check myhealth/apps/records           one repository
  karat check --format github --strict        in a workflow, on a pull request")]
pub(crate) struct Check {
    /// The folder of an organisation (the one that holds governance/) or of a repository
    #[arg(default_value = ".", hide_default_value = true)]
    path: String,

    /// How the report is written
    #[arg(long, value_enum, default_value_t = FormatName::Human)]
    format: FormatName,

    /// Fail on a `should` too
    #[arg(long)]
    strict: bool,

    /// Judge waivers as of this day instead of today (2026-12-31)
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatName {
    /// For a person at a terminal
    Human,
    /// For programs: version 1 is stable
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations on a pull request
    Github,
    /// A comment on a pull request
    Markdown,
}

pub(crate) fn run(arguments: &Check, output: &Output) -> Result<ExitCode, CommandError> {
    let clock = Clock::start();
    let progress = output.progress("reading the organisation");
    let folder = Folder::open(&arguments.path)?;
    if folder.kind(ORGANISATION_FILE)? != Some(EntryKind::File) {
        return repository::run(arguments, folder, &clock, output);
    }
    let organisation = Files::new(Arc::new(folder), &arguments.path);
    let today = arguments.today.unwrap_or_else(crate::output::today);
    let tell = |phase| {
        progress.phase(match phase {
            Phase::Rendering => "rendering the fleet",
            Phase::Judging => "judging",
            Phase::Tracing => "looking for the lines",
        });
    };
    let verdict =
        karat_verdict::verdict(&organisation, &Cache::default(), today, &tell).map_err(CommandError::diagnostics)?;
    let broken = verdict.is_broken();
    let Verdict { standards, fleet, subject, report: judged, .. } = &verdict;
    let diagnostics = [&verdict.problems, &verdict.waivers, &verdict.findings].into_iter().flatten().cloned().collect();
    let mut report = Report { rules: rules(standards, &judged.findings), diagnostics, ..Report::default() };
    let what = [
        count(subject.objects.len(), "object"),
        count(subject.applications.len(), "application"),
        count(subject.clusters.len(), "cluster"),
    ];
    report.summary = summary(&report, &what.join(", "), clock.elapsed());
    report.footer = footer(fleet, &judged.scores, output.width());
    drop(progress);
    finish(arguments, report, broken, judged.fails(arguments.strict), &organisation, output)
}

/// Prints the report, and gives the exit code.
fn finish(
    arguments: &Check,
    mut report: Report,
    broken: bool,
    fails: bool,
    sources: &Files,
    output: &Output,
) -> Result<ExitCode, CommandError> {
    let format = match arguments.format {
        FormatName::Human => Format::Human,
        FormatName::Json => Format::Json,
        FormatName::Sarif => Format::Sarif,
        FormatName::Github => Format::Github,
        FormatName::Markdown => Format::Markdown,
    };
    if output.quiet && format == Format::Human {
        report.diagnostics.clear();
        report.footer.clear();
    }
    output.report(&report, format, sources)?;
    Ok(ExitCode::from(match (broken, fails) {
        (true, _) => EXIT_USAGE,
        (false, true) => EXIT_FINDINGS,
        (false, false) => 0,
    }))
}

/// The standards that have findings.
fn rules(standards: &Standards, findings: &[Finding]) -> Vec<Rule> {
    let found: BTreeSet<_> = findings.iter().map(|finding| &finding.standard).collect();
    let rules = found.into_iter().filter_map(|id| standards.get(id)).map(|standard| Rule {
        id: standard.id.to_string(),
        title: standard.title.clone(),
        why: standard.why.to_string(),
        severity: if standard.level == Level::Must { Severity::Error } else { Severity::Warning },
        page: Some(standard.fix.to_string()),
    });
    rules.collect()
}

fn summary(report: &Report, what: &str, elapsed: Duration) -> String {
    let waivers: Vec<&Waiver> = report.diagnostics.iter().filter_map(|one| one.waiver.as_ref()).collect();
    let waived = match waivers.iter().map(|waiver| waiver.until.as_str()).min() {
        Some(until) => format!(", {} waived until {until}", waivers.len()),
        None => String::new(),
    };
    format!(
        "{what} in {} ms: {}, {}{waived}",
        elapsed.as_millis(),
        count(report.count(Severity::Error), "error"),
        count(report.count(Severity::Warning), "warning"),
    )
}

/// What is judged by values only, then the karats: services first, and what is under 24 before what is not.
fn footer(fleet: &Fleet, scores: &BTreeMap<Entity, Score>, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let sources: BTreeSet<_> =
        fleet.not_rendered().map(|(_, source)| (is_chart(&source.why), source.why.to_string())).collect();
    let charts = sources.iter().filter(|(chart, _)| *chart).count();
    if charts > 0 {
        let verb = if charts == 1 { "is" } else { "are" };
        lines.push(format!("{} {verb} not in the cache: judged by values", count(charts, "remote chart")));
    }
    for (_, source) in sources.iter().filter(|(chart, _)| !*chart) {
        lines.push(format!("not rendered: {source}"));
    }
    lines.extend(karats(scores, width));
    lines
}

/// Scores: what is under 24 karats by name, the rest by number.
fn karats(scores: &BTreeMap<Entity, Score>, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut scores: Vec<_> = scores.iter().collect();
    scores.sort_by_key(|(entity, score)| (score.karats == 24, entity.kind, entity.name.clone()));
    let (below, full): (Vec<_>, Vec<_>) = scores.into_iter().partition(|(_, score)| score.karats < 24);
    let words: Vec<String> = below
        .iter()
        .map(|(entity, score)| format!("{}\u{a0}{}\u{a0}{}K", entity.kind.word(), entity.name, score.karats))
        .collect();
    // No line breaks within a score.
    let scores = karat_diag::fold(&words.join(", "), width);
    lines.extend(scores.into_iter().filter(|line| !line.is_empty()).map(|line| line.replace('\u{a0}', " ")));
    if !full.is_empty() {
        let mut kinds: BTreeMap<_, usize> = BTreeMap::new();
        for (entity, _) in &full {
            *kinds.entry(entity.kind).or_default() += 1;
        }
        let kinds: Vec<String> = kinds.into_iter().map(|(kind, number)| count(number, kind.word())).collect();
        lines.push(format!("24K: {}", kinds.join(", ")));
    }
    lines
}

fn is_chart(why: &NotRendered) -> bool {
    matches!(why, NotRendered::RemoteChart { .. })
}
