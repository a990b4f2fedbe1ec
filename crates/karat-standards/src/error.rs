//! What is wrong with the files that standards are made of.

use crate::read::Problem;
use crate::{Doc, Place};

/// A standard, the settings or the waivers cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{}:{}: {message}", place.file, place.line, place.column)]
pub struct Error {
    /// Where.
    pub place: Place,
    /// What is wrong, and what is expected.
    pub message: String,
}

impl Error {
    pub(crate) fn at(doc: &Doc, problem: Problem) -> Self {
        Self { place: doc.place(&problem.path), message: problem.message }
    }
}
