//! Configuration from the environment: read once at start, and every mistake told at once.
//!
//! ```
//! # use chassis::config::Reader;
//! # let environment = [("RECORDS_URL".to_owned(), "http://records:8080".to_owned())].into();
//! let mut env = Reader::new(environment);
//! let records = env.required("RECORDS_URL", "an http:// address", |text| text.parse::<http::Uri>().ok());
//! let batch = env.number("BATCH", 1..=100, 10);
//! let settings = env.finish(|| Some((records?, batch))).expect("both are fine");
//! # assert_eq!(settings.1, 10);
//! ```

use std::{collections::BTreeMap, fmt, ops::RangeInclusive, time::Duration};

/// One variable that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Name of the environment variable.
    pub variable: String,
    /// What is wrong with its value.
    pub problem: String,
    /// What would be right.
    pub expected: String,
}

/// All mistakes of the environment, one a line.
#[derive(Debug, thiserror::Error)]
pub struct ConfigError(
    /// At least one.
    pub Vec<Mistake>,
);

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(out, "{count} {} of the environment cannot be used", if count == 1 { "variable" } else { "variables" })?;
        for Mistake { variable, problem, expected } in &self.0 {
            write!(out, "\n  {variable}: {problem}; expected {expected}")?;
        }
        Ok(())
    }
}

/// Reads settings and collects what is wrong with them.
#[derive(Debug, Default)]
pub struct Reader {
    environment: BTreeMap<String, String>,
    mistakes: Vec<Mistake>,
}

impl Reader {
    /// A reader of these variables; a test gives its own, a process [`Reader::of_process`].
    #[must_use]
    pub fn new(environment: BTreeMap<String, String>) -> Self {
        Self { environment, mistakes: Vec::new() }
    }

    /// A reader of the process's environment. Variables that are not UTF-8 do not exist for it.
    #[must_use]
    pub fn of_process() -> Self {
        Self::new(
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect(),
        )
    }

    /// The variable's text; one that is empty counts as not set, as OpenTelemetry and the AWS SDK have it.
    #[must_use]
    pub fn text(&self, variable: &str) -> Option<String> {
        self.environment.get(variable).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// A value that may be left out. `parse` answers `None` for what is not `expected`.
    pub fn optional<T>(&mut self, variable: &str, expected: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.text(variable)?;
        let value = parse(&text);
        if value.is_none() {
            self.mistake(variable, format!("`{}` is not usable", shortened(&text)), expected);
        }
        value
    }

    /// A value that has to be there: `None` after its mistake is noted, so that reading goes on.
    pub fn required<T>(&mut self, variable: &str, expected: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        if self.text(variable).is_none() {
            self.mistake(variable, "is not set".to_owned(), expected);
            return None;
        }
        self.optional(variable, expected, parse)
    }

    /// A whole number within `range`.
    pub fn number(&mut self, variable: &str, range: RangeInclusive<u64>, default: u64) -> u64 {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        self.optional(variable, &expected, |text| text.parse().ok().filter(|n| range.contains(n))).unwrap_or(default)
    }

    /// Whole seconds within `range`.
    pub fn seconds(&mut self, variable: &str, range: RangeInclusive<u64>, default: u64) -> Duration {
        Duration::from_secs(self.number(variable, range, default))
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, variable: &str, choices: &[(&str, T)], default: T) -> T {
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        let expected = format!("one of {}", words.join(", "));
        let parse = |text: &str| choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        self.optional(variable, &expected, parse).unwrap_or(default)
    }

    /// The address of an HTTP server, without query; `https` only where `tls`.
    pub fn url(&mut self, variable: &str, tls: bool) -> Option<::http::Uri> {
        let expected = if tls { "an http:// or https:// address" } else { "an http:// address (the mesh encrypts)" };
        self.optional(variable, expected, |text| {
            let uri: ::http::Uri = text.parse().ok()?;
            let scheme = match uri.scheme_str() {
                Some("http") => true,
                Some("https") => tls,
                _ => false,
            };
            (scheme && uri.host().is_some_and(|host| !host.is_empty()) && uri.query().is_none()).then_some(uri)
        })
    }

    /// Notes a mistake that only the service can see, such as two settings that exclude each other.
    pub fn mistake(&mut self, variable: &str, problem: String, expected: &str) {
        self.mistakes.push(Mistake { variable: variable.to_owned(), problem, expected: expected.to_owned() });
    }

    /// The settings, if there was no mistake.
    ///
    /// # Errors
    /// All mistakes, in the order of reading.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, ConfigError> {
        if !self.mistakes.is_empty() {
            return Err(ConfigError(self.mistakes));
        }
        build().ok_or_else(|| ConfigError(Vec::new()))
    }
}

/// The start of a value, enough to recognise it: a whole one may be a pasted secret.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(32) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
