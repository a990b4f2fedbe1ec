//! From an organisation's files to its verdict: the standards are read, the fleet is rendered, all of it is judged, and each finding
//! is led back to the line that it comes from. `karat check` prints it, the portal shows it.
#![forbid(unsafe_code)]

mod diagnostic;
mod files;
mod trace;

use std::sync::Arc;

use jiff::civil::Date;
use karat_diag::{Diagnostic, Severity};
use karat_fleet::{Cache, Fleet};
use karat_standards::{Organisation, Report, Standards, Subject};

pub use diagnostic::{finding, fix_text, place, problem, problems, waiver};
pub use files::Files;

/// Where an organisation keeps standards of its own.
pub const OWN: &str = "governance/standards";

/// What an organisation's files come to.
#[derive(Debug)]
pub struct Verdict {
    /// The standards that it was judged by: Karat's and the organisation's own.
    pub standards: Standards,
    /// All that it runs.
    pub fleet: Arc<Fleet>,
    /// What was judged.
    pub subject: Subject,
    /// What the organisation decided.
    pub decided: Organisation,
    /// What was found.
    pub report: Report,
    /// What could not be read, expanded or rendered.
    pub problems: Vec<Diagnostic>,
    /// What is wrong with waivers.
    pub waivers: Vec<Diagnostic>,
    /// The findings of the report, one by one, each with the place that it comes from.
    pub findings: Vec<Diagnostic>,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The Applications are expanded and rendered.
    Rendering,
    /// Standards are applied.
    Judging,
    /// Findings are led back to lines.
    Tracing,
}

/// Reads, renders and judges an organisation. `today` decides which waivers hold; `tell` hears what is being done; `cache` keeps what
/// was rendered for another time.
///
/// # Errors
/// A standard of its own, or the organisation's file, cannot be read.
pub fn verdict(files: &Files, cache: &Cache, today: Date, tell: &dyn Fn(Phase)) -> Result<Verdict, Vec<Diagnostic>> {
    let standards = standards(files)?;
    tell(Phase::Rendering);
    let fleet = Fleet::build(files.world.as_ref(), cache).map_err(|problem| vec![files.locate(*problem)])?;
    let fleet = Arc::new(fleet);
    tell(Phase::Judging);
    let (subject, decided, unread) = karat_standards::subject(&fleet, &files.world);
    let report = karat_standards::judge(&standards, &decided, &subject, today);
    tell(Phase::Tracing);
    let traced = trace::trace(&report.findings, &subject, &fleet, files, cache);
    let locate = |diagnostic| files.locate(diagnostic);
    Ok(Verdict {
        problems: problems(&fleet).into_iter().chain(unread.iter().map(problem)).map(locate).collect(),
        waivers: report.waivers.iter().map(waiver).map(locate).collect(),
        findings: report
            .findings
            .iter()
            .zip(&traced)
            .map(|(found, traced)| files.locate(finding(found, traced.as_ref())))
            .collect(),
        standards,
        fleet,
        subject,
        decided,
        report,
    })
}

/// The standards that come with Karat, and the organisation's own.
///
/// # Errors
/// What is wrong with one of them.
pub fn standards(files: &Files) -> Result<Standards, Vec<Diagnostic>> {
    let mut standards = builtin()?;
    let errors = standards.add_from(files.world.as_ref(), OWN);
    if errors.is_empty() {
        return Ok(standards);
    }
    Err(errors.iter().map(|error| files.locate(problem(error))).collect())
}

/// The standards that come with Karat.
///
/// # Errors
/// One of them is none, which its tests say first.
pub fn builtin() -> Result<Standards, Vec<Diagnostic>> {
    Standards::builtin().map_err(|errors| errors.iter().map(problem).collect())
}

impl Verdict {
    /// Whether something could not be read, expanded or rendered, so that the verdict is not about all there is.
    pub fn is_broken(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}
