//! Patterns of paths: `*` stays within a folder, `**` does not, `!` takes out again.

use globset::{GlobBuilder, GlobMatcher};

/// Patterns in order; the last one that matches decides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Globs {
    patterns: Vec<(bool, GlobMatcher)>,
}

impl Globs {
    /// Compiles patterns. One that names a folder takes everything below it.
    ///
    /// # Errors
    /// A pattern that is none.
    pub(crate) fn new<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Result<Self, String> {
        let mut compiled = Vec::new();
        for pattern in patterns {
            let (taken, path) = pattern.strip_prefix('!').map_or((true, pattern), |path| (false, path));
            let path = path.trim_start_matches("./").trim_end_matches('/');
            for path in [path.to_owned(), format!("{path}/**")] {
                let glob = GlobBuilder::new(&path).literal_separator(true).build();
                let glob = glob.map_err(|error| format!("`{pattern}` is not a pattern of paths: {}", error.kind()))?;
                compiled.push((taken, glob.compile_matcher()));
            }
        }
        Ok(Self { patterns: compiled })
    }

    /// Whether `path` is meant.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let last = self.patterns.iter().rev().find(|(_, pattern)| pattern.is_match(path));
        last.is_some_and(|(taken, _)| *taken)
    }
}
