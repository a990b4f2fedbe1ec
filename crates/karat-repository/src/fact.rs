//! Facts as a tree with places: what expressions of standards read as `repository`.

use ecow::EcoString;
use karat_yaml::{Map, Step, Value};

use crate::{At, Place};

/// A fact, with the place where it is written if it is written at one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    what: What,
    place: Option<Place>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum What {
    /// Not said: expressions ask with `has()`.
    #[default]
    Nothing,
    Truth(bool),
    Number(i64),
    Text(EcoString),
    List(Vec<Fact>),
    /// In the order in which they are said.
    Map(Vec<(EcoString, Fact)>),
}

impl Fact {
    /// A list.
    pub fn list<T: Into<Self>>(items: impl IntoIterator<Item = T>) -> Self {
        What::List(items.into_iter().map(Into::into).collect()).into()
    }

    /// A mapping.
    pub fn map<K: Into<EcoString>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        What::Map(entries.into_iter().map(|(key, fact)| (key.into(), fact)).collect()).into()
    }

    /// Names that are there, for `'name' in names`.
    pub fn names<'n>(names: impl IntoIterator<Item = (&'n EcoString, &'n Place)>) -> Self {
        Self::map(names.into_iter().map(|(name, place)| (name.clone(), Self::from(true).at(place))))
    }

    /// This fact, at that place.
    #[must_use]
    pub fn at(mut self, place: &Place) -> Self {
        self.place = Some(place.clone());
        self
    }

    /// What expressions see.
    pub fn value(&self) -> Value {
        match &self.what {
            What::Nothing => Value::Null,
            What::Truth(truth) => Value::Bool(*truth),
            What::Number(number) => Value::Int(*number),
            What::Text(text) => text.as_str().into(),
            What::List(items) => Value::Seq(items.iter().map(Self::value).collect()),
            What::Map(entries) => {
                let mut map = Map::new();
                for (key, fact) in entries {
                    map.insert(key.as_str().into(), fact.value());
                }
                Value::Map(map)
            }
        }
    }

    /// The place of what is at `path`, or of the nearest thing around it that has one.
    pub fn place_of<'k>(&self, path: impl IntoIterator<Item = Step<'k>>) -> Option<&Place> {
        let (mut here, mut place) = (self, self.place.as_ref());
        for step in path {
            let next = match (&here.what, step) {
                (What::List(items), Step::Index(index)) => items.get(index),
                (What::Map(entries), Step::Key(key)) => {
                    entries.iter().find(|(name, _)| name == key).map(|(_, fact)| fact)
                }
                _ => None,
            };
            let Some(next) = next else { break };
            here = next;
            place = here.place.as_ref().or(place);
        }
        place
    }
}

impl From<What> for Fact {
    fn from(what: What) -> Self {
        Self { what, place: None }
    }
}

impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        What::Text(text.into()).into()
    }
}

impl From<&EcoString> for Fact {
    fn from(text: &EcoString) -> Self {
        What::Text(text.clone()).into()
    }
}

impl From<bool> for Fact {
    fn from(truth: bool) -> Self {
        What::Truth(truth).into()
    }
}

impl From<usize> for Fact {
    fn from(number: usize) -> Self {
        What::Number(i64::try_from(number).unwrap_or(i64::MAX)).into()
    }
}

impl From<&At<EcoString>> for Fact {
    fn from(text: &At<EcoString>) -> Self {
        Self::from(&text.value).at(&text.place)
    }
}

impl<T: Into<Self>> From<Option<T>> for Fact {
    fn from(fact: Option<T>) -> Self {
        fact.map_or_else(Self::default, Into::into)
    }
}
