//! What can be wrong with a template, its answers, or a repository that was made of it.

use karat_source::ReadError;

/// A place in a file; lines and columns from 1, 0 for the whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The path from the root of the world that the file was read from.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// An answer that is not what a parameter asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The title of the page that asks.
    pub page: String,
    /// The parameter, with the way into it: `database`, `ports/0`.
    pub parameter: String,
    /// What is wrong, and what is expected.
    pub message: String,
    /// The keyword of JSON Schema that it breaks; empty if it is none's.
    pub keyword: String,
    /// What the parameter says of itself.
    pub description: Option<String>,
}

/// Why there is no result.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A file that is not as it should be: a template, a file of its skeleton, a lineage.
    #[error("{message}")]
    File {
        /// Where.
        place: Place,
        /// What is wrong.
        message: String,
    },
    /// Answers that do not fit the parameters.
    #[error("{}", list(.0))]
    Answers(Vec<Problem>),
    /// A step that cannot be done.
    #[error("step `{step}` ({action}): {message}")]
    Step {
        /// The step's id.
        step: String,
        /// Its action.
        action: String,
        /// What is wrong.
        message: String,
        /// Where the step is, or the file that it could not render.
        place: Place,
    },
    /// Who watches the run has ended it.
    #[error("stopped at step `{step}`")]
    Stopped {
        /// The step.
        step: String,
    },
    /// A file that cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

fn list(problems: &[Problem]) -> String {
    let lines = problems
        .iter()
        .map(|problem| format!("page `{}`, parameter `{}`: {}", problem.page, problem.parameter, problem.message));
    lines.collect::<Vec<_>>().join("\n")
}

impl Error {
    /// Where it is, if it is in a file.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::File { place, .. } | Self::Step { place, .. } => Some(place),
            Self::Answers(_) | Self::Stopped { .. } | Self::Read(_) => None,
        }
    }
}
