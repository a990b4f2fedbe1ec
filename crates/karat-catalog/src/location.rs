//! Where things come from: `type:target`, such as `url:https://git.example/catalog-info.yaml` or `file:apps/a/catalog-info.yaml`.

use std::fmt;

use sha1::{Digest as _, Sha1};

/// A place that catalog files are read from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocationRef {
    /// What reads it: `url`, `file`, ...
    pub kind: String,
    /// What is read, in words of the kind.
    pub target: String,
}

/// How the names of Locations begin that stand for registered places.
pub(crate) const GENERATED: &str = "generated-";

/// Why a text is no location. The sentences are Backstage's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// No type, no colon, or no target.
    #[error("Unable to parse location ref '{0}', expected '<type>:<target>', e.g. 'url:https://host/path'")]
    Form(String),
    /// A bare URL.
    #[error("Invalid location ref '{0}', please prefix it with 'url:', e.g. 'url:{0}'")]
    Bare(String),
    /// A URL that is a script.
    #[error("Invalid location ref '{0}', target is a javascript: URL")]
    Script(String),
}

impl LocationRef {
    /// From its parts.
    pub fn new(kind: impl Into<String>, target: impl Into<String>) -> Self {
        Self { kind: kind.into(), target: target.into() }
    }

    /// Reads `type:target`; the first colon divides.
    ///
    /// # Errors
    /// See [`LocationError`].
    pub fn parse(text: &str) -> Result<Self, LocationError> {
        let form = || LocationError::Form(text.to_owned());
        let (kind, target) = text.split_once(':').ok_or_else(form)?;
        let (kind, target) = (kind.trim(), target.trim());
        if kind.is_empty() || target.is_empty() {
            return Err(form());
        }
        if kind == "http" || kind == "https" {
            return Err(LocationError::Bare(text.to_owned()));
        }
        if is_script(target) {
            return Err(LocationError::Script(text.to_owned()));
        }
        Ok(Self::new(kind, target))
    }

    /// What a placeholder of a file here refers to: an absolute URL, or a file relative to this one.
    ///
    /// # Errors
    /// A sentence: the base is no URL, or no file of that name can be.
    pub fn resolve(&self, target: &str) -> Result<Self, String> {
        if url::Url::parse(target).is_ok() {
            return Ok(Self::new("url", target));
        }
        match self.kind.as_str() {
            "url" => {
                let base = url::Url::parse(&self.target).map_err(|error| format!("TypeError: {error}"))?;
                let mut found = base.join(target).map_err(|error| format!("TypeError: {error}"))?;
                // Some hosts name the revision in the query.
                found.set_query(base.query());
                Ok(Self::new("url", found))
            }
            _ => Ok(Self::new(self.kind.as_str(), join(&self.target, target))),
        }
    }

    /// What a Location of a file here leads to. What is no path relative to it is taken as it is.
    pub fn step(&self, target: &str) -> Self {
        match self.kind.as_str() {
            "file" if target.starts_with('.') => Self::new("file", join(&self.target, target)),
            "url" => self.resolve(target).unwrap_or_else(|_| Self::new("url", target)),
            kind => Self::new(kind, target),
        }
    }

    /// The name of the Location entity that stands for this location: `generated-<sha1>`.
    pub fn entity_name(&self) -> String {
        format!("{GENERATED}{}", hex(&Sha1::digest(self.to_string())))
    }
}

impl fmt::Display for LocationRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.target)
    }
}

/// Whether a browser takes it for a `javascript:` URL: control characters and spaces may lead, line breaks and tabs may be within.
pub fn is_script(target: &str) -> bool {
    let rest = target.trim_start_matches(|character: char| character <= ' ');
    let mut characters = rest.chars().filter(|character| !matches!(character, '\r' | '\n' | '\t'));
    "javascript:".chars().all(|wanted| characters.next().is_some_and(|found| found.eq_ignore_ascii_case(&wanted)))
}

/// A path relative to the folder of a file, without `.` and `..` where they can be resolved.
fn join(file: &str, target: &str) -> String {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let root = if file.starts_with('/') { "/" } else { "" };
    let whole = if target.starts_with('/') { target.to_owned() } else { format!("{folder}/{target}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match part {
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if !root.is_empty() => {}
            _ => parts.push(part),
        }
    }
    let root = if target.starts_with('/') { "/" } else { root };
    format!("{root}{}", parts.join("/"))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
