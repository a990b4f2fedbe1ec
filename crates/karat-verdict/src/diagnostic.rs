//! What was found, as diagnostics.

use std::collections::{BTreeMap, BTreeSet};

use karat_diag::{Diagnostic, Fix, Place, Position, Severity, Span, Waiver, listed};
use karat_fleet::{Fleet, Traced};
use karat_standards::{Finding, FindingKind, Level, WaiverProblem, WaiverProblemKind};

/// What could not be read, expanded or rendered. One problem of a chart shows in every Application that uses it, and is
/// told once.
pub fn problems(fleet: &Fleet) -> Vec<Diagnostic> {
    let mut problems = fleet.problems.clone();
    let mut seen: Vec<(Diagnostic, BTreeSet<&str>)> = Vec::new();
    let mut known: BTreeMap<(String, Vec<Place>), usize> = BTreeMap::new();
    for application in &fleet.applications {
        for problem in &application.problems {
            let key = (problem.message.clone(), problem.places.clone());
            let index = *known.entry(key).or_insert_with(|| {
                seen.push((problem.clone(), BTreeSet::new()));
                seen.len() - 1
            });
            seen[index].1.insert(application.name());
        }
    }
    for (problem, applications) in seen {
        problems.push(problem.with_note(format!("affects {}", listed(applications))));
    }
    for set in &fleet.sets {
        problems.extend(set.not_expanded.iter().cloned());
    }
    problems
}

/// A finding; `traced` is where it comes from, if that is more than its own place.
pub fn finding(finding: &Finding, traced: Option<&Traced>) -> Diagnostic {
    let mut place = traced.map_or_else(|| place(&finding.place), |traced| traced.place.clone());
    if !finding.affected.clusters.is_empty() {
        place = place.label(format!("on {}", listed(finding.affected.clusters.iter().map(AsRef::as_ref))));
    }
    let values = traced.and_then(|traced| traced.values.clone()).map(|values| values.label("with the value set here"));
    let severity = match finding.level {
        Level::Must => Severity::Error,
        Level::Should => Severity::Warning,
    };
    let message = match finding.kind {
        FindingKind::Violation => finding.message.clone(),
        FindingKind::CannotJudge => format!("cannot judge: {}", finding.message),
    };
    Diagnostic {
        severity,
        fix: Some(Fix { text: fix_text(&finding.fix), page: Some(finding.fix.to_string()) }),
        waiver: finding.waiver.as_ref().map(|accepted| Waiver {
            owner: accepted.owner.clone(),
            reason: accepted.reason.clone(),
            until: accepted.until.to_string(),
        }),
        places: [place].into_iter().chain(values).collect(),
        ..Diagnostic::error(message).code(finding.standard.as_str()).why(finding.why.as_str())
    }
}

/// What is wrong with a waiver.
pub fn waiver(problem: &WaiverProblem) -> Diagnostic {
    let diagnostic = match problem.kind {
        WaiverProblemKind::Expired => Diagnostic::error(&problem.message),
        _ => Diagnostic::warning(&problem.message),
    };
    diagnostic.code("waiver").place(place(&problem.place))
}

/// An error in a standard, the settings or the waivers.
pub fn problem(error: &karat_standards::Error) -> Diagnostic {
    Diagnostic::error(&error.message).place(place(&error.place))
}

/// A place of a finding, as a place of a diagnostic.
pub fn place(place: &karat_standards::Place) -> Place {
    if place.line == 0 {
        return Place::file(place.file.as_str());
    }
    let position = |line: u32, column: u32| Position { line: line as usize, column: column as usize };
    let (start, end) = (position(place.line, place.column), position(place.end_line, place.end_column));
    Place::span(place.file.as_str(), Span { start, end })
}

/// What a fix page is about, by its name: `how-to/harden-a-container` says how to `harden a container`.
pub fn fix_text(page: &str) -> String {
    page.rsplit('/').next().unwrap_or(page).replace('-', " ")
}
