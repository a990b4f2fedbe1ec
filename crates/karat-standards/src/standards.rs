//! A set of standards: those that come with Karat, and an organisation's own.

use ecow::EcoString;
use karat_source::{ReadError, World};
use karat_yaml::Dialect;
use rayon::prelude::*;

use crate::standard;
use crate::{Doc, Error, Place, Standard, documents};

fn read(file: &Doc) -> Result<Standard, Error> {
    standard::read(&file.value(), &file.file()).map_err(|problem| Error::at(file, problem))
}

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
        // Compiling their expressions is most of the work.
        let read: Vec<_> = files.par_iter().map(read).collect();
        for standard in read {
            match standard {
                Ok(standard) => standards.insert(standard),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(standards) } else { Err(errors) }
    }

    /// Reads one more; a standard that is there already is replaced, so that an organisation can make its own of it.
    pub fn add(&mut self, file: &Doc) -> Result<(), Error> {
        self.insert(read(file)?);
        Ok(())
    }

    fn insert(&mut self, standard: Standard) {
        match self.all.binary_search_by(|known| known.id.cmp(&standard.id)) {
            Ok(at) => self.all[at] = standard,
            Err(at) => self.all.insert(at, standard),
        }
    }

    /// Reads an organisation's own standards: every `standard.yaml` below `folder`, mostly `governance/standards`. That there
    /// is no such folder is fine. Gives what is wrong with them.
    pub fn add_from(&mut self, world: &dyn World, folder: &str) -> Vec<Error> {
        let failed = |path: &str, error: &ReadError| Error {
            place: Place { file: path.into(), ..Place::default() },
            message: error.to_string(),
        };
        let paths = match karat_source::walk(world, folder) {
            Ok(paths) => paths,
            Err(ReadError::NotFound { .. }) => return Vec::new(),
            Err(error) => return vec![failed(folder, &error)],
        };
        let mut errors = Vec::new();
        for path in paths.iter().filter(|path| karat_source::split(path).1 == "standard.yaml") {
            let read = world.read(path).map_err(|error| failed(path, &error));
            let read = read.and_then(|bytes| documents(path, &String::from_utf8_lossy(&bytes), Dialect::Core12));
            match read {
                Ok(documents) => errors.extend(documents.iter().filter_map(|document| self.add(document).err())),
                Err(error) => errors.push(error),
            }
        }
        errors
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
