//! The glob language of `.Files.Glob`: that of `github.com/gobwas/glob` 0.2.3 with `/` as separator.
//!
//! `*` and `?` stop at `/`, `**` does not; `[abc]`, `[!abc]`, `[a-z]`, `{one,two}` and `\` work as documented there. A
//! pattern becomes a tree of matchers by the original's rewritings, because they show: `dir/**/a` matches `dir/a` only
//! since it is rewritten to *starts with `dir/` and ends with `/a`*.

mod compile;
mod matcher;
mod parse;

use std::cell::Cell;

use matcher::Matcher;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Glob(Matcher);

/// Why a pattern is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GlobError {
    /// It does not parse.
    Syntax,
    /// It has too many parts, or comparing it with a name takes too long.
    TooExpensive,
}

/// Steps of one comparison. Real patterns take a handful.
const STEPS: u32 = 1 << 16;

impl Glob {
    pub(crate) fn new(pattern: &str) -> Result<Self, GlobError> {
        Ok(Self(compile::compile(&parse::parse(pattern)?)))
    }

    /// What `**` compiles to; Helm falls back on it when a pattern does not parse.
    pub(crate) fn everything() -> Self {
        Self(Matcher::Super)
    }

    pub(crate) fn matches(&self, name: &str) -> Result<bool, GlobError> {
        let budget = Cell::new(STEPS);
        let found = self.0.matches(name, &budget);
        if budget.get() == 0 { Err(GlobError::TooExpensive) } else { Ok(found) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Glob, GlobError};

    #[test]
    fn as_documented() {
        let table: &[(&str, &str, bool)] = &[
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "a/b.yaml", false),
            ("**.yaml", "a/b.yaml", true),
            ("files/**", "files/a/b", true),
            ("files/*", "files/a/b", false),
            ("files/?", "files/a", true),
            ("files?a", "files/a", false),
            ("{one,two}/*.txt", "two/x.txt", true),
            ("{one,t*}.txt", "three.txt", true),
            ("a{b,c{d,e}}f", "acef", true),
            ("a{b,c{d,e}}f", "acf", false),
            ("{a,b", "b", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[abc-e]x", "-x", true),
            ("\\*.txt", "*.txt", true),
            ("\\*.txt", "a.txt", false),
            ("", "", true),
            ("", "a", false),
            ("a}", "a}", true),
            ("a,b", "a,b", true),
            ("deep/**/a.txt", "deep/a.txt", true),
            ("deep/**/a.txt", "deep/er/a.txt", true),
            ("deep/**/*.txt", "deep/a.txt", false),
        ];
        for (pattern, name, expected) in table {
            let glob = Glob::new(pattern).expect("a pattern");
            assert_eq!(glob.matches(name), Ok(*expected), "{pattern} on {name}");
        }
        for bad in ["[", "[]", "[z-a]", "[a-cx]", "[abc"] {
            assert_eq!(Glob::new(bad).err(), Some(GlobError::Syntax), "{bad}");
        }
    }

    #[test]
    fn expensive_patterns_end() {
        assert_eq!(Glob::new(&"?a".repeat(100)).err(), Some(GlobError::TooExpensive));
        let glob = Glob::new(&"*a".repeat(30)).expect("a pattern");
        assert!(glob.matches(&("a".repeat(100) + "b")).is_ok_and(|found| !found) || glob.matches("b").is_ok());
    }
}
