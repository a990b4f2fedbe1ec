//! JSON, version 1: stable for programs; fields are added, never changed.

use serde::Serialize;

use crate::{Diagnostic, Place, Report, Severity};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    summary: Summary<'a>,
    diagnostics: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Summary<'a> {
    text: &'a str,
    errors: usize,
    warnings: usize,
    waived: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    message: &'a str,
    places: Vec<Location<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    waiver: Option<Waiver<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    file: &'a str,
    #[serde(flatten)]
    region: Option<Region>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct Waiver<'a> {
    owner: &'a str,
    reason: &'a str,
    until: &'a str,
}

pub(crate) fn render(report: &Report) -> String {
    let document = Document {
        version: 1,
        summary: Summary {
            text: &report.summary,
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            waived: report.diagnostics.iter().filter(|one| one.waiver.is_some()).count(),
        },
        diagnostics: report.diagnostics.iter().map(entry).collect(),
    };
    to_text(&document)
}

/// Pretty JSON with a final line break. Serialising these types cannot fail: their keys are strings.
pub(crate) fn to_text(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

fn entry(diagnostic: &Diagnostic) -> Entry<'_> {
    Entry {
        severity: diagnostic.severity.word(),
        code: diagnostic.code.as_deref(),
        message: &diagnostic.message,
        places: diagnostic.places.iter().map(location).collect(),
        why: diagnostic.why.as_deref(),
        fix: diagnostic.fix.as_ref().map(|fix| fix.text.as_str()),
        page: diagnostic.fix.as_ref().and_then(|fix| fix.page.as_deref()),
        notes: &diagnostic.notes,
        waiver: diagnostic.waiver.as_ref().map(|waiver| Waiver {
            owner: &waiver.owner,
            reason: &waiver.reason,
            until: &waiver.until,
        }),
    }
}

fn location(place: &Place) -> Location<'_> {
    let region = place.span.map(|span| Region {
        line: span.start.line,
        column: span.start.column,
        end_line: span.end.line,
        end_column: span.end.column,
    });
    Location { file: &place.file, region, label: place.label.as_deref() }
}
