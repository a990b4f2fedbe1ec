//! Reading our own files: what is missing, wrong or unknown is said with its place.

use karat_kube::Path;
use karat_yaml::Value;

/// Something wrong with a file, by its path within the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) path: Path,
    pub(crate) message: String,
}

/// A value and where it is.
#[derive(Clone)]
pub(crate) struct Reader<'v> {
    pub(crate) value: &'v Value,
    pub(crate) path: Path,
}

type Read<T> = Result<T, Problem>;

impl<'v> Reader<'v> {
    pub(crate) fn root(value: &'v Value) -> Self {
        Self { value, path: Path::root() }
    }

    pub(crate) fn problem<T>(&self, message: impl Into<String>) -> Read<T> {
        Err(Problem { path: self.path.clone(), message: message.into() })
    }

    /// The value at `key`; `null` counts as absent.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(Self { value, path: self.path.key(key) })
    }

    pub(crate) fn required(&self, key: &str) -> Read<Self> {
        match self.get(key) {
            Some(found) => Ok(found),
            None => self.problem(format!("`{}` is missing", self.path.key(key))),
        }
    }

    /// Refuses what is no mapping, and keys that are not among `known`.
    pub(crate) fn only(&self, known: &[&str]) -> Read<()> {
        let Some(map) = self.value.as_map() else {
            return self.problem(format!("a mapping is expected, not {}", self.value.kind()));
        };
        for key in map.keys() {
            let key = key.lossy();
            if !known.contains(&key.as_ref()) {
                let at = Self { value: self.value, path: self.path.key(key.as_ref()) };
                return at.problem(format!("unknown field `{key}`; known here: {}", known.join(", ")));
            }
        }
        Ok(())
    }

    pub(crate) fn text(&self) -> Read<&'v str> {
        match self.value.as_str() {
            Some(text) if !text.trim().is_empty() => Ok(text),
            Some(_) => self.problem("an empty text"),
            None => self.problem(format!("a text is expected, not {}", self.value.kind())),
        }
    }

    /// One of `words`.
    pub(crate) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Read<T> {
        let text = self.text()?;
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, meaning)) => Ok(*meaning),
            None => {
                let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                self.problem(format!("`{text}` is not one of {}", known.join(", ")))
            }
        }
    }

    pub(crate) fn whole(&self, least: i64, most: i64) -> Read<i64> {
        match self.value.as_i64() {
            Some(number) if (least..=most).contains(&number) => Ok(number),
            _ => self.problem(format!("a whole number from {least} to {most} is expected")),
        }
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> Read<Vec<Self>> {
        match self.value.as_seq() {
            Some(items) => {
                Ok(items.iter().enumerate().map(|(at, value)| Self { value, path: self.path.index(at) }).collect())
            }
            None => self.problem(format!("a list is expected, not {}", self.value.kind())),
        }
    }

    /// A list, or one value in place of a list of one.
    pub(crate) fn one_or_more(&self) -> Read<Vec<Self>> {
        if self.value.as_seq().is_some() { self.items() } else { Ok(vec![self.clone()]) }
    }

    pub(crate) fn texts(&self) -> Read<Vec<String>> {
        self.one_or_more()?.iter().map(|item| item.text().map(str::to_owned)).collect()
    }
}
