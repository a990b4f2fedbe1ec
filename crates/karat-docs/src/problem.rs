//! What is wrong with documentation, as values with places.

use std::fmt;

use karat_diag::{Diagnostic, Place};

pub use karat_diag::Severity;

/// One thing that is wrong, where, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, as the world calls it.
    pub file: String,
    /// The line, from 1; 0 for the whole file.
    pub line: u32,
    /// The column in characters, from 1; 0 for the whole line.
    pub column: u32,
    /// What sort of problem it is.
    pub kind: Kind,
    /// How bad it is: an error refuses something, a warning shows it otherwise than it was meant.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do next.
    pub fix: String,
}

/// The sorts of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `mkdocs.yml` cannot be read, or says what it may not say.
    Config,
    /// The navigation names what is not there, or a page is in no navigation.
    Navigation,
    /// A link or image leads nowhere.
    Link,
    /// Something in a page was refused: a script, a foreign frame, a file from elsewhere.
    Refused,
    /// A page is larger, or nested deeper, than is rendered in full.
    Size,
    /// An OpenAPI document is not one.
    Api,
}

impl Kind {
    /// The word that stands for it in reports: `config`, `navigation`, `link`, `refused`, `size`, `api`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Navigation => "navigation",
            Self::Link => "link",
            Self::Refused => "refused",
            Self::Size => "size",
            Self::Api => "api",
        }
    }
}

impl Problem {
    pub(crate) fn new(kind: Kind, severity: Severity, file: &str, at: (u32, u32), message: impl Into<String>) -> Self {
        let (line, column) = at;
        Self { file: file.to_owned(), line, column, kind, severity, message: message.into(), fix: String::new() }
    }

    pub(crate) fn error(kind: Kind, file: &str, at: (u32, u32), message: impl Into<String>) -> Self {
        Self::new(kind, Severity::Error, file, at, message)
    }

    pub(crate) fn warning(kind: Kind, file: &str, at: (u32, u32), message: impl Into<String>) -> Self {
        Self::new(kind, Severity::Warning, file, at, message)
    }

    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }
}

/// `file:line:column: message`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column.max(1))?;
        }
        write!(f, ": {}", self.message)
    }
}

impl From<&Problem> for Diagnostic {
    fn from(problem: &Problem) -> Self {
        let place = match problem.line {
            0 => Place::file(&problem.file),
            line => Place::at(&problem.file, line as usize, problem.column.max(1) as usize),
        };
        let mut diagnostic = match problem.severity {
            Severity::Error => Self::error(&problem.message),
            Severity::Warning => Self::warning(&problem.message),
            Severity::Note => Self::note(&problem.message),
        };
        diagnostic = diagnostic.code(format!("docs/{}", problem.kind.word())).place(place);
        if problem.fix.is_empty() { diagnostic } else { diagnostic.fix(&problem.fix) }
    }
}
