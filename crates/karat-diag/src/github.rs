//! GitHub's workflow commands: one annotation a diagnostic.
//! Format and escapes: "Workflow commands for GitHub Actions", and `toCommandValue` of the actions toolkit.

use std::fmt::Write;

use crate::{Diagnostic, Report, Severity};

pub(crate) fn render(report: &Report) -> String {
    let mut out = String::new();
    for diagnostic in report.diagnostics.iter().filter(|one| one.waiver.is_none()) {
        one(&mut out, diagnostic);
    }
    if !report.summary.is_empty() {
        let _ = writeln!(out, "{}", data(&report.summary));
    }
    out
}

fn one(out: &mut String, diagnostic: &Diagnostic) {
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(place) = diagnostic.places.first() {
        properties.push(format!("file={}", property(&place.file)));
        if let Some(span) = place.span {
            properties.push(format!("line={}", span.start.line));
            properties.push(format!("endLine={}", span.end.line));
            properties.push(format!("col={}", span.start.column));
            // GitHub rejects a column range over several lines.
            if span.end.line == span.start.line && span.end.column > span.start.column {
                properties.push(format!("endColumn={}", span.end.column));
            }
        }
    }
    if let Some(code) = &diagnostic.code {
        properties.push(format!("title={}", property(code)));
    }
    let mut message = diagnostic.message.clone();
    if let Some(fix) = &diagnostic.fix {
        let _ = write!(message, "\nfix: {}", fix.line());
    }
    let space = if properties.is_empty() { "" } else { " " };
    let _ = writeln!(out, "::{command}{space}{}::{}", properties.join(","), data(&message));
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
