//! The standards that come with Karat.

use karat_yaml::{Dialect, Value};

use crate::{Doc, Error, Standards, documents};

/// Path and text of every `standards/<area>/<slug>/standard.yaml`.
pub static FILES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/standards.rs"));

/// The text of `standards/settings.yaml`: what standards read where the organisation says nothing.
pub const SETTINGS: &str = include_str!("../../../standards/settings.yaml");

impl Standards {
    /// The standards that come with Karat. A test holds them to being right, so an error is ours.
    pub fn builtin() -> Result<Self, Vec<Error>> {
        let mut files = Vec::new();
        let mut errors = Vec::new();
        for (path, text) in FILES {
            match documents(path, text, Dialect::Core12) {
                Ok(documents) => files.extend(documents),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Self::read(&files) } else { Err(errors) }
    }
}

/// The settings that come with Karat.
pub fn default_settings() -> Result<Value, Error> {
    let documents = documents("standards/settings.yaml", SETTINGS, Dialect::Core12)?;
    Ok(documents.first().map_or(Value::Null, Doc::value))
}
