//! What is wrong with a Rollout or an AnalysisTemplate.

use crate::expr::Problem;

/// Why a file does not become a machine, or a run cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not the shape of such an object.
    #[error("no {kind}: {why}")]
    Shape {
        /// The kind that was wanted.
        kind: &'static str,
        /// What the reader says.
        why: String,
    },
    /// Argo Rollouts would do it; this machine does not.
    #[error("`{path}` is not supported")]
    Unsupported {
        /// The field, from the object's root.
        path: String,
    },
    /// Argo Rollouts would refuse it too.
    #[error("`{path}`: {why}")]
    Invalid {
        /// The field, from the object's root or from the metric.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A condition that cannot be read.
    #[error("`{path}`: {problem}")]
    Condition {
        /// The field.
        path: String,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A template that a Rollout names and nobody has.
    #[error("there is no {kind} `{name}`")]
    NoTemplate {
        /// `AnalysisTemplate` or `ClusterAnalysisTemplate`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// An argument without a value, or a `{{tag}}` that no argument has.
    #[error("{0}")]
    Argument(String),
}

impl Error {
    pub(crate) fn invalid(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Invalid { path: path.into(), why: why.into() }
    }

    pub(crate) fn unsupported(path: impl Into<String>) -> Self {
        Self::Unsupported { path: path.into() }
    }
}
