//! Repositories as subjects: what they hold, with places that a reader finds from the organisation's root.

use std::sync::Arc;

use ecow::EcoString;
use karat_kube::{Path, Step};
use karat_repository::Fact;
use karat_source::{World, join};
use karat_yaml::Value;

use crate::{Catalog, Doc, Error, Place, Repository, Source};

impl Repository {
    /// Reads the repository in `folder` of `world`. What cannot be read is told beside it.
    pub fn read(world: &dyn World, name: &str, role: &str, folder: &str, errors: &mut Vec<Error>) -> Option<Self> {
        let facts = match karat_repository::Repository::read(world, folder) {
            Ok(facts) => facts,
            Err(error) => {
                let place = Place { file: folder.into(), ..Place::default() };
                errors.push(Error { place, message: error.to_string() });
                return None;
            }
        };
        let problems = facts.problems.iter();
        errors.extend(
            problems
                .map(|problem| Error { place: from_root(folder, &problem.place), message: problem.message.clone() }),
        );
        let doc = Doc::new(Facts { fact: facts.fact(name, role), folder: folder.into() });
        let catalog = Arc::new(Catalog::read(world, folder, &facts));
        Some(Self { name: name.into(), role: role.into(), folder: folder.into(), facts: Arc::new(facts), catalog, doc })
    }

    /// A place of the repository's, from the organisation's root.
    pub(crate) fn place(&self, place: &karat_repository::Place) -> Place {
        from_root(&self.folder, place)
    }
}

fn from_root(folder: &str, place: &karat_repository::Place) -> Place {
    Place {
        file: join(folder, &place.file).into(),
        line: place.line,
        column: place.column,
        end_line: place.line,
        end_column: place.end_column,
    }
}

struct Facts {
    fact: Fact,
    folder: EcoString,
}

impl Source for Facts {
    fn file(&self) -> EcoString {
        self.folder.clone()
    }

    fn value(&self) -> Value {
        self.fact.value()
    }

    fn place(&self, path: &Path) -> Place {
        let steps = path.steps().iter().map(|step| match step {
            Step::Key(key) => karat_yaml::Step::Key(key),
            Step::Index(index) => karat_yaml::Step::Index(*index),
        });
        match self.fact.place_of(steps) {
            Some(place) => from_root(&self.folder, place),
            None => Place { file: self.folder.clone(), ..Place::default() },
        }
    }
}
