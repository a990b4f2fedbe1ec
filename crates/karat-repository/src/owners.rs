//! CODEOWNERS, as <https://docs.github.com/articles/about-code-owners> says it: the last line that matches a file names its owners.

use std::path::Path;

use ecow::EcoString;
use gix_ignore::glob::pattern::Case;
use gix_ignore::search::Ignore;

use crate::text::Text;
use crate::{Fact, Place};

/// Where the file may be, the first that is there counts.
pub(crate) const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// Who owns which files.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    /// The file; empty if there is none.
    pub file: EcoString,
    /// Its lines.
    pub rules: Vec<Owned>,
}

/// A line of CODEOWNERS.
#[derive(Clone, Debug)]
pub struct Owned {
    /// Which files.
    pub pattern: EcoString,
    /// Whose; nobody's, if it says so.
    pub owners: Vec<EcoString>,
    /// Where it is.
    pub place: Place,
    matcher: gix_ignore::Search,
}

impl Owners {
    /// Reads a CODEOWNERS file.
    pub(crate) fn parse(text: &Text<'_>) -> Self {
        let mut rules = Vec::new();
        for line in text.text.lines() {
            let code = line.split(" #").next().unwrap_or_default().trim();
            let mut words = code.split_whitespace();
            let Some(pattern) = words.next().filter(|pattern| !pattern.starts_with(['#', '!', '['])) else { continue };
            let mut matcher = gix_ignore::Search::default();
            // Its patterns are those of .gitignore, from the root.
            let read = matcher.add_patterns_buffer(pattern.as_bytes(), "/x", Some(Path::new("/")), Ignore::default());
            if read.is_ok() {
                let owners = words.map(EcoString::from).collect();
                rules.push(Owned { pattern: pattern.into(), owners, place: text.of(code), matcher });
            }
        }
        Self { file: text.file.clone(), rules }
    }

    /// The line that decides about a file.
    pub fn of(&self, path: &str) -> Option<&Owned> {
        self.rules.iter().rev().find(|rule| rule.matches(path))
    }
}

impl Owned {
    fn matches(&self, path: &str) -> bool {
        let is = |path: &str, folder: bool| {
            self.matcher.pattern_matching_relative_path(path.into(), Some(folder), Case::Sensitive).is_some()
        };
        // `docs/*` is the files of a folder, and not what is below its folders; any other pattern that matches a folder is for all in it.
        let below = !self.pattern.ends_with("/*");
        is(path, false) || below && path.match_indices('/').any(|(end, _)| is(&path[..end], true))
    }
}

impl From<&Owned> for Fact {
    fn from(rule: &Owned) -> Self {
        Self::map([("pattern", Self::from(&rule.pattern)), ("owners", Self::list(&rule.owners))]).at(&rule.place)
    }
}

#[cfg(test)]
mod tests {
    use super::Owners;
    use crate::text::Text;

    #[test]
    fn the_last_line_that_matches_decides() {
        let text = "* @us/all # everything\n/envs/*/records/ @us/clinical\n/apps/ @us/apps\ndocs/* @us/docs\n*.tf\n";
        let owners = Owners::parse(&Text::new("CODEOWNERS", text));
        for (path, owner) in [
            ("README.md", Some("@us/all")),
            ("envs/production/records/values.yaml", Some("@us/clinical")),
            ("envs/records/values.yaml", Some("@us/all")),
            ("apps/x/y", Some("@us/apps")),
            ("more/apps/x", Some("@us/all")),
            ("docs/a.md", Some("@us/docs")),
            ("docs/a/b.md", Some("@us/all")),
            ("live/main.tf", None),
        ] {
            let found = owners.of(path).unwrap();
            assert_eq!(found.owners.first().map(ecow::EcoString::as_str), owner, "{path}");
        }
    }
}
