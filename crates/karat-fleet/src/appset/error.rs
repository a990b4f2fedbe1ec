//! Why an ApplicationSet, or a part of it, gives no Applications.

use karat_kube::Path;

/// Why a generator or a template failed, and where in the ApplicationSet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// It needs what only a running Argo CD has.
    #[error("the {generator} generator asks {asks}, so its Applications are not known here")]
    NotExpanded {
        /// The generator's name in the document.
        generator: &'static str,
        /// Whom it asks.
        asks: &'static str,
        /// Where it is, within the document.
        path: Path,
    },
    /// Argo CD reports an error and leaves the Applications as they are.
    #[error("{message}")]
    Invalid {
        /// What is wrong.
        message: String,
        /// Where it is, within the document.
        path: Path,
    },
}

impl ExpandError {
    pub(crate) fn at(path: &Path, message: impl Into<String>) -> Self {
        Self::Invalid { message: message.into(), path: path.clone() }
    }

    /// Where it is, within the document.
    pub fn path(&self) -> &Path {
        match self {
            Self::NotExpanded { path, .. } | Self::Invalid { path, .. } => path,
        }
    }
}
