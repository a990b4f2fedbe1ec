//! A set of standards: those that come with Karat, and an organisation's own.

use ecow::EcoString;

use crate::standard;
use crate::{Doc, Error, Standard};

/// Standards by id.
#[derive(Debug, Default)]
pub struct Standards {
    all: Vec<Standard>,
}

impl Standards {
    /// Reads standards from their documents. All errors are given, not the first only.
    pub fn read(files: &[Doc]) -> Result<Self, Vec<Error>> {
        let mut standards = Self::default();
        let mut errors = Vec::new();
        for file in files {
            if let Err(error) = standards.add(file) {
                errors.push(error);
            }
        }
        if errors.is_empty() { Ok(standards) } else { Err(errors) }
    }

    /// Reads one more; a standard that is there already is replaced, so that an organisation can make its own of it.
    pub fn add(&mut self, file: &Doc) -> Result<(), Error> {
        let standard = standard::read(&file.value(), &file.file()).map_err(|problem| Error::at(file, problem))?;
        match self.all.binary_search_by(|known| known.id.cmp(&standard.id)) {
            Ok(at) => self.all[at] = standard,
            Err(at) => self.all.insert(at, standard),
        }
        Ok(())
    }

    /// All, by id.
    pub fn all(&self) -> &[Standard] {
        &self.all
    }

    /// The standard of that id.
    pub fn get(&self, id: &str) -> Option<&Standard> {
        let at = self.all.binary_search_by(|known| known.id.as_str().cmp(id)).ok()?;
        Some(&self.all[at])
    }

    /// Their ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = &EcoString> {
        self.all.iter().map(|standard| &standard.id)
    }
}
