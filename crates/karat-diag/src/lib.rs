//! Diagnostics as values, and their renderings.
//!
//! Every phase reports [`Diagnostic`]s: what, where, why it matters, how to mend it. A run collects many of them into a
//! [`Report`], and [`Format`] says how it is written: for a person at a terminal, for a program (JSON, version 1), for
//! code scanning (SARIF 2.1.0), for a pull request (GitHub annotations, Markdown). Nothing here prints or reads files:
//! texts come through [`Sources`].
#![forbid(unsafe_code)]

mod github;
mod human;
mod json;
mod markdown;
mod sarif;
mod text;
mod words;

use std::fmt;
use std::sync::Arc;

pub use human::Style;
pub use text::fold;
pub use words::{count, listed};

/// One thing to say about one or more places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The id of the rule: a standard's id (`area/slug`), or a kind of error (`template`, `values`).
    pub code: Option<String>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where. The first place is the one that is counted and linked; the others explain it.
    pub places: Vec<Place>,
    /// Why it matters to the reader.
    pub why: Option<String>,
    /// What to do next.
    pub fix: Option<Fix>,
    /// Anything else, one sentence each.
    pub notes: Vec<String>,
    /// The waiver that accepts it.
    pub waiver: Option<Waiver>,
}

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something to know.
    Note,
    /// A `should` that is not met, or something doubtful.
    Warning,
    /// A `must` that is not met, or input that cannot be read.
    Error,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The path, relative to where the run was started from, separated by `/`.
    pub file: String,
    /// Which part of it; `None` for the whole file.
    pub span: Option<Span>,
    /// What is to be seen there.
    pub label: Option<String>,
}

/// From one position to another, in lines and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first character.
    pub start: Position,
    /// Just after the last character.
    pub end: Position,
}

/// A position in a text. Lines and columns start at 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// How to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What to do, as an instruction.
    pub text: String,
    /// The page of the docs that shows how: `how-to/harden-a-container`.
    pub page: Option<String>,
}

/// An accepted finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// Who answers for it.
    pub owner: String,
    /// Why it is accepted.
    pub reason: String,
    /// The last day it holds, as `2026-12-31`.
    pub until: String,
}

/// What a run has to say.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The diagnostics, in the order they are shown.
    pub diagnostics: Vec<Diagnostic>,
    /// What the codes mean, for formats that carry it. Sorted by id.
    pub rules: Vec<Rule>,
    /// The verdict: one line, always last.
    pub summary: String,
    /// More lines after the summary, such as scores.
    pub footer: Vec<String>,
}

/// A rule that diagnostics refer to by their code.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The id: `area/slug`.
    pub id: String,
    /// What it asks for.
    pub title: String,
    /// Why.
    pub why: String,
    /// How bad a violation is.
    pub severity: Severity,
    /// The page of the docs that shows how to meet it.
    pub page: Option<String>,
}

/// Texts of files, to show lines from.
pub trait Sources {
    /// The text of `file`, as it was read in this run; `None` if it is not text or not there any more.
    fn text(&self, file: &str) -> Option<Arc<str>>;
}

/// No texts: places are shown without their lines.
pub struct NoSources;

impl Sources for NoSources {
    fn text(&self, _file: &str) -> Option<Arc<str>> {
        None
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a person at a terminal.
    Human,
    /// JSON, version 1: see `docs/reference/report-formats.md`.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// GitHub's workflow commands: annotations on the files of a pull request.
    Github,
    /// Markdown, for a comment on a pull request.
    Markdown,
}

impl Report {
    /// The report as text. `style` matters for [`Format::Human`] only.
    pub fn render(&self, format: Format, style: Style, sources: &dyn Sources) -> String {
        match format {
            Format::Human => human::render(self, style, sources),
            Format::Json => json::render(self),
            Format::Sarif => sarif::render(self),
            Format::Github => github::render(self),
            Format::Markdown => markdown::render(self),
        }
    }

    /// How many diagnostics of `severity` no waiver accepts.
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|one| one.severity == severity && one.waiver.is_none()).count()
    }
}

impl Diagnostic {
    /// An error.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// A warning.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    /// A note.
    pub fn note(message: impl Into<String>) -> Self {
        Self::new(Severity::Note, message)
    }

    fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            code: None,
            message: message.into(),
            places: Vec::new(),
            why: None,
            fix: None,
            notes: Vec::new(),
            waiver: None,
        }
    }

    /// With the id of its rule.
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// With one more place.
    pub fn place(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    /// With a reason.
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// With a fix.
    pub fn fix(mut self, text: impl Into<String>) -> Self {
        self.fix = Some(Fix { text: text.into(), page: None });
        self
    }

    /// With one more note.
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

impl Place {
    /// A whole file.
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), span: None, label: None }
    }

    /// A span of a file.
    pub fn span(file: impl Into<String>, span: Span) -> Self {
        Self { file: file.into(), span: Some(span), label: None }
    }

    /// One position of a file; the human format underlines the word there.
    pub fn at(file: impl Into<String>, line: usize, column: usize) -> Self {
        let position = Position { line, column };
        Self::span(file, Span { start: position, end: position })
    }

    /// With a label.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}

impl Severity {
    /// The word that is shown: `error`, `warning`, `note`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// `file:line:column`, as editors and terminals link it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        match self.span {
            Some(Span { start, .. }) => write!(f, ":{}:{}", start.line, start.column),
            None => Ok(()),
        }
    }
}

impl Fix {
    /// The fix in one line, with its page.
    fn line(&self) -> String {
        match &self.page {
            Some(page) => format!("{} (docs: {page})", self.text),
            None => self.text.clone(),
        }
    }
}
