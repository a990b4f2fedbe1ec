//! A place within an object, such as `spec.template.spec.containers[0].image`.

use std::fmt;

use ecow::{EcoString, EcoVec};
use karat_yaml::Value;

/// One step down into an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into the mapping's value at this key.
    Key(EcoString),
    /// Into the sequence's item at this index.
    Index(usize),
}

/// A place within an object: steps from its root. The empty path is the object itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(EcoVec<Step>);

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a path: {reason}, at character {at}")]
pub struct PathError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
    /// Where: characters from the start, from 1.
    pub at: usize,
}

impl Path {
    /// The object itself.
    pub const fn root() -> Self {
        Self(EcoVec::new())
    }

    /// A path of keys.
    pub fn keys<'k>(keys: impl IntoIterator<Item = &'k str>) -> Self {
        Self(keys.into_iter().map(|key| Step::Key(key.into())).collect())
    }

    /// Reads `a.b[0]["c.d/e"]`, the form that [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let mut steps = EcoVec::new();
        let mut rest = text;
        let fail = |rest: &str, reason| PathError {
            text: text.to_owned(),
            reason,
            at: text[..text.len() - rest.len()].chars().count() + 1,
        };
        while !rest.is_empty() {
            if let Some(quoted) = rest.strip_prefix("[\"") {
                let Some((key, after)) = quoted.split_once("\"]") else { return Err(fail(rest, "no closing `\"]`")) };
                steps.push(Step::Key(key.into()));
                rest = after;
            } else if let Some(bracket) = rest.strip_prefix('[') {
                let Some((index, after)) = bracket.split_once(']') else { return Err(fail(rest, "no closing `]`")) };
                let index = index.parse().map_err(|_| fail(bracket, "an index is a whole number"))?;
                steps.push(Step::Index(index));
                rest = after;
            } else {
                let key = if steps.is_empty() {
                    rest
                } else if let Some(key) = rest.strip_prefix('.') {
                    key
                } else {
                    return Err(fail(rest, "a `.` or `[` is missing"));
                };
                let end = key.find(['.', '[']).unwrap_or(key.len());
                if end == 0 {
                    return Err(fail(key, "a name is missing"));
                }
                steps.push(Step::Key(key[..end].into()));
                rest = &key[end..];
            }
        }
        Ok(Self(steps))
    }

    /// The steps, from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether this is the object itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// This path, one key further.
    pub fn key(&self, key: impl Into<EcoString>) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.into()));
        Self(steps)
    }

    /// This path, one item further.
    pub fn index(&self, index: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Index(index));
        Self(steps)
    }

    /// This path and then `further`.
    pub fn join(&self, further: &Self) -> Self {
        let mut steps = self.0.clone();
        steps.extend(further.0.iter().cloned());
        Self(steps)
    }

    /// The path without its last step; the root's parent is the root.
    pub fn parent(&self) -> Self {
        let mut steps = self.0.clone();
        steps.pop();
        Self(steps)
    }

    /// The last key of the path, if it has one: the name of the field that it leads to.
    pub fn last_key(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
    }

    /// What is there, if anything is.
    pub fn find<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(value, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.as_seq()?.get(*index),
        })
    }

    /// The longest part of this path that exists in `value`: where to point when what is wrong is that something is
    /// missing.
    pub fn nearest(&self, value: &Value) -> Self {
        let mut here = value;
        let mut steps = EcoVec::new();
        for step in &self.0 {
            let next = match step {
                Step::Key(key) => here.get(key),
                Step::Index(index) => here.as_seq().and_then(|items| items.get(*index)),
            };
            let Some(next) = next else { break };
            steps.push(step.clone());
            here = next;
        }
        Self(steps)
    }
}

impl FromIterator<Step> for Path {
    fn from_iter<T: IntoIterator<Item = Step>>(steps: T) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if key.is_empty() || key.contains(['.', '[', ']', '/', '"']) => {
                    write!(f, "[\"{key}\"]")?;
                }
                Step::Key(key) if place == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}
