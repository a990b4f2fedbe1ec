//! What can be wrong with a question to the catalog.

/// Why a query was not understood. The API answers 400 with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The question is wrong; the sentence says how. Where Backstage has a sentence, it is Backstage's.
    #[error("{0}")]
    Input(String),
}

impl QueryError {
    /// The name that Backstage's API gives it.
    pub fn name(&self) -> &'static str {
        "InputError"
    }
}
