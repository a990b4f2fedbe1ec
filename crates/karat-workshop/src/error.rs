//! Why a path could not be walked here.

use karat_diag::Diagnostic;

/// Why a path could not be walked here.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A template, answers or a folder that is not as it should be: what is wrong, and the next step.
    #[error("{}", .0.first().map_or("nothing was made", |first| first.message.as_str()))]
    Input(Vec<Diagnostic>),
    /// The system said no.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Error {
    /// Input that is wrong.
    pub fn input(message: impl Into<String>) -> Self {
        Self::Input(vec![Diagnostic::error(message)])
    }

    /// With the next step.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        match self {
            Self::Input(mut diagnostics) => {
                if let Some(last) = diagnostics.pop() {
                    diagnostics.push(last.fix(hint));
                }
                Self::Input(diagnostics)
            }
            other => other,
        }
    }
}

impl From<karat_source::ReadError> for Error {
    fn from(error: karat_source::ReadError) -> Self {
        Self::input(error.to_string())
    }
}
