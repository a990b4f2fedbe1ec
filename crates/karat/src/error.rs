//! What a verb fails with: a kind, which decides the exit code, what happened, and what to do next.

use std::error::Error;
use std::process::ExitCode;

use karat_diag::{Diagnostic, Report};
use karat_source::ReadError;

use crate::output::Output;

/// An unwaived `must` finding or an expired waiver.
pub(crate) const EXIT_FINDINGS: u8 = 1;
/// Wrong usage, or input that cannot be read.
pub(crate) const EXIT_USAGE: u8 = 2;
/// Something the machine lacks or refuses.
pub(crate) const EXIT_ENVIRONMENT: u8 = 3;
/// A bug in Karat (`EX_SOFTWARE` of sysexits.h).
pub(crate) const EXIT_INTERNAL: u8 = 70;

/// Why a verb stopped before its end.
#[derive(Debug)]
pub(crate) struct CommandError {
    kind: Kind,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Input,
    Environment,
    /// Whoever read our output stopped reading: not an error.
    BrokenPipe,
}

impl CommandError {
    /// Input that is wrong: exit code 2.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::diagnostics(vec![Diagnostic::error(message)])
    }

    /// Input that is wrong, said in full: exit code 2.
    pub(crate) fn diagnostics(diagnostics: Vec<Diagnostic>) -> Self {
        Self { kind: Kind::Input, diagnostics }
    }

    /// Something the machine lacks or refuses: exit code 3.
    pub(crate) fn environment(message: impl Into<String>) -> Self {
        Self { kind: Kind::Environment, diagnostics: vec![Diagnostic::error(message)] }
    }

    /// With the next step.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(last) = self.diagnostics.pop() {
            self.diagnostics.push(last.fix(hint));
        }
        self
    }

    /// What happened, without the rest.
    pub(crate) fn message(&self) -> String {
        self.diagnostics.first().map(|diagnostic| diagnostic.message.clone()).unwrap_or_default()
    }

    /// Says it on standard error, and gives the exit code.
    pub(crate) fn report(&self, output: &Output) -> ExitCode {
        let code = match self.kind {
            Kind::Input => EXIT_USAGE,
            Kind::Environment => EXIT_ENVIRONMENT,
            Kind::BrokenPipe => return ExitCode::SUCCESS,
        };
        output.complain(&Report { diagnostics: self.diagnostics.clone(), ..Report::default() });
        ExitCode::from(code)
    }
}

/// An error with its chain of sources, on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        // Some errors repeat their source in their own text.
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        source = error.source();
    }
    text
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self { kind: Kind::BrokenPipe, diagnostics: Vec::new() },
            _ => Self::environment(chain(&error)),
        }
    }
}

impl From<ReadError> for CommandError {
    fn from(error: ReadError) -> Self {
        Self::input(error.to_string())
    }
}

impl From<karat_workshop::Error> for CommandError {
    fn from(error: karat_workshop::Error) -> Self {
        match error {
            karat_workshop::Error::Input(diagnostics) => Self::diagnostics(diagnostics),
            karat_workshop::Error::Io(error) => error.into(),
        }
    }
}

impl From<karat_helm::Error> for CommandError {
    fn from(error: karat_helm::Error) -> Self {
        Self::input(chain(&error))
    }
}
