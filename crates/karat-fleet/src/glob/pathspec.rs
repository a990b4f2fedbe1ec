//! `git ls-files -- PATHSPEC`: how a git files generator compares paths by default.
//!
//! Without magic a `*` crosses folders, and a pathspec that names a folder means all in it. Sources: git's `pathspec.c`,
//! `dir.c` (`match_pathspec_item`), `wildmatch.c`. Attributes (`:(attr:...)`) are not looked at.

use super::automaton::{Step, matches};

/// Why git refuses a pathspec.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathspecError {
    #[error("`{0}` is outside the repository")]
    Outside(String),
    #[error("`{0}` has magic that git does not know, or that does not go together")]
    Magic(String),
    #[error("`{0}` looks at git attributes, which are not read here")]
    Attributes(String),
}

/// A compiled pathspec.
#[derive(Clone, Debug)]
pub(crate) struct Pathspec {
    /// The text, as bytes: a file of this name, or a folder of it, matches whatever else the text says.
    literal: Vec<u8>,
    /// The pattern, if the text has wildcards.
    pattern: Option<Vec<Step>>,
    exclude: bool,
    fold: bool,
}

impl Pathspec {
    /// Compiles a pathspec, relative to the repository's root.
    pub(crate) fn parse(text: &str) -> Result<Self, PathspecError> {
        let (mut rest, mut literal, mut glob, mut fold, mut exclude) = (text, false, false, false, false);
        let bad = || PathspecError::Magic(text.to_owned());
        if let Some(long) = text.strip_prefix(":(") {
            let (words, after) = long.split_once(')').ok_or_else(bad)?;
            for word in words.split(',') {
                match word {
                    "" | "top" => {}
                    "literal" => literal = true,
                    "glob" => glob = true,
                    "icase" => fold = true,
                    "exclude" => exclude = true,
                    word if word.starts_with("attr:") => return Err(PathspecError::Attributes(text.to_owned())),
                    _ => return Err(bad()),
                }
            }
            rest = after;
        } else if let Some(short) = text.strip_prefix(':') {
            rest = short;
            loop {
                match rest.as_bytes().first() {
                    Some(b'/') => {}
                    Some(b'!' | b'^') => exclude = true,
                    Some(b':') => {
                        rest = &rest[1..];
                        break;
                    }
                    // Other punctuation is kept for magic to come; git refuses it.
                    Some(c) if c.is_ascii_punctuation() && !matches!(c, b'*' | b'?' | b'[' | b'\\' | b'.' | b'_') => {
                        return Err(bad());
                    }
                    _ => break,
                }
                rest = &rest[1..];
            }
        }
        if literal && glob {
            return Err(bad());
        }
        let folder = rest.ends_with('/') && !rest.trim_matches('/').is_empty();
        let mut path = karat_source::clean(rest).ok_or_else(|| PathspecError::Outside(text.to_owned()))?;
        if folder {
            path.push('/');
        }
        let wild = !literal && path.contains(['*', '?', '[', '\\']);
        let pattern = wild.then(|| compile(path.as_bytes(), glob));
        Ok(Self { literal: path.into_bytes(), pattern, exclude, fold })
    }

    /// Whether `path` is selected. A pathspec that only excludes selects all the rest.
    pub(crate) fn selects(&self, path: &str) -> bool {
        self.matches(path) != self.exclude
    }

    fn matches(&self, path: &str) -> bool {
        let path = path.as_bytes();
        let same = |a: &[u8], b: &[u8]| if self.fold { a.eq_ignore_ascii_case(b) } else { a == b };
        let length = self.literal.len();
        if length == 0 {
            return true;
        }
        if path.len() >= length && same(&path[..length], &self.literal) {
            let whole = path.len() == length || self.literal.ends_with(b"/") || path[length] == b'/';
            if whole {
                return true;
            }
        }
        // Git compares bytes, so a byte is a character here.
        self.pattern.as_ref().is_some_and(|steps| matches(steps, path.iter().map(|byte| char::from(*byte)), self.fold))
    }
}

/// `wildmatch`, with `WM_PATHNAME` for `:(glob)`. What does not parse matches nothing.
fn compile(pattern: &[u8], glob: bool) -> Vec<Step> {
    let slash = !glob;
    let first = pattern.iter().position(|byte| b"*?[\\".contains(byte)).unwrap_or_default();
    let mut steps = Vec::new();
    let mut at = 0;
    while let Some(&byte) = pattern.get(at) {
        at += 1;
        match byte {
            b'*' => {
                let start = at - 1;
                while pattern.get(at) == Some(&b'*') {
                    at += 1;
                }
                // Git cuts off the text before the first wildcard first, so what follows it begins the pattern.
                let alone = start == first || pattern[start - 1] == b'/';
                match pattern.get(at) {
                    Some(b'/') if glob && alone && at - start > 1 => {
                        at += 1;
                        steps.push(Step::Folders);
                    }
                    None if glob && alone && at - start > 1 => steps.push(Step::Many { slash: true }),
                    _ => steps.push(Step::Many { slash }),
                }
            }
            b'?' => steps.push(Step::One { slash }),
            b'[' => match class(pattern, &mut at, slash) {
                Some(step) => steps.push(step),
                None => return never(),
            },
            b'\\' => match pattern.get(at) {
                Some(&byte) => {
                    at += 1;
                    steps.push(Step::Char(char::from(byte)));
                }
                None => return never(),
            },
            byte => steps.push(Step::Char(char::from(byte))),
        }
    }
    steps
}

/// Steps that match nothing.
fn never() -> Vec<Step> {
    vec![Step::Class { ranges: Vec::new(), negated: false, slash: false }]
}

fn class(pattern: &[u8], at: &mut usize, slash: bool) -> Option<Step> {
    let negated = matches!(pattern.get(*at), Some(b'!' | b'^'));
    if negated {
        *at += 1;
    }
    let mut ranges: Vec<(char, char)> = Vec::new();
    let mut previous: Option<u8> = None;
    let mut first = true;
    loop {
        let byte = *pattern.get(*at)?;
        *at += 1;
        match byte {
            b']' if !first => return Some(Step::Class { ranges, negated, slash }),
            b'\\' => {
                let byte = *pattern.get(*at)?;
                *at += 1;
                ranges.push((byte.into(), byte.into()));
                previous = Some(byte);
            }
            b'-' if previous.is_some() && pattern.get(*at).is_some_and(|next| *next != b']') => {
                let mut to = *pattern.get(*at)?;
                *at += 1;
                if to == b'\\' {
                    to = *pattern.get(*at)?;
                    *at += 1;
                }
                ranges.push((previous?.into(), to.into()));
                previous = None;
            }
            b'[' if pattern.get(*at) == Some(&b':') => {
                let rest = &pattern[*at + 1..];
                match rest.windows(2).position(|pair| pair == b":]") {
                    Some(end) => {
                        ranges.extend(named(&rest[..end])?);
                        *at += end + 3;
                        previous = None;
                    }
                    None => {
                        ranges.push(('[', '['));
                        previous = Some(b'[');
                    }
                }
            }
            byte => {
                ranges.push((byte.into(), byte.into()));
                previous = Some(byte);
            }
        }
        first = false;
    }
}

fn named(name: &[u8]) -> Option<Vec<(char, char)>> {
    Some(match name {
        b"alnum" => vec![('0', '9'), ('A', 'Z'), ('a', 'z')],
        b"alpha" => vec![('A', 'Z'), ('a', 'z')],
        b"blank" => vec![(' ', ' '), ('\t', '\t')],
        b"cntrl" => vec![('\0', '\x1f'), ('\x7f', '\x7f')],
        b"digit" => vec![('0', '9')],
        b"graph" => vec![('!', '~')],
        b"lower" => vec![('a', 'z')],
        b"print" => vec![(' ', '~')],
        b"punct" => vec![('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        b"space" => vec![(' ', ' '), ('\t', '\r')],
        b"upper" => vec![('A', 'Z')],
        b"xdigit" => vec![('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    })
}
