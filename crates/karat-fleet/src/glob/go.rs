//! Go's `path.Match`: how a git directories generator compares paths.

use super::automaton::{Step, matches};

/// A pattern of `path.Match`.
#[derive(Clone, Debug)]
pub(crate) struct GoPattern(Vec<Step>);

impl GoPattern {
    /// Compiles a pattern; `None` if Go calls it a bad one.
    pub(crate) fn parse(pattern: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut chars = pattern.chars().peekable();
        while let Some(c) = chars.next() {
            steps.push(match c {
                '*' => Step::Many { slash: false },
                '?' => Step::One { slash: false },
                '\\' => Step::Char(chars.next()?),
                '[' => {
                    let negated = chars.next_if_eq(&'^').is_some();
                    let mut ranges = Vec::new();
                    // The first character may not be `]`: a class is never empty.
                    while ranges.is_empty() || chars.next_if_eq(&']').is_none() {
                        let from = escaped(&mut chars)?;
                        let to = if chars.next_if_eq(&'-').is_some() { escaped(&mut chars)? } else { from };
                        ranges.push((from, to));
                    }
                    Step::Class { ranges, negated, slash: true }
                }
                c => Step::Char(c),
            });
        }
        Some(Self(steps))
    }

    /// Whether the whole path matches.
    pub(crate) fn matches(&self, path: &str) -> bool {
        matches(&self.0, path.chars(), false)
    }
}

/// A character of a class. Something must follow it: at least the `]`.
fn escaped(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    let c = match chars.next()? {
        '-' | ']' => return None,
        '\\' => chars.next()?,
        c => c,
    };
    chars.peek().is_some().then_some(c)
}
