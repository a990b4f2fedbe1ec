//! gobwas/glob without separators: how a plain folder's `include` and `exclude` compare paths. `*` crosses folders.

use super::automaton::{Step, matches};
use super::doublestar::expand;

/// A pattern of gobwas/glob.
#[derive(Clone, Debug)]
pub(crate) struct Gobwas(Vec<Vec<Step>>);

impl Gobwas {
    /// Compiles a pattern. What does not compile matches nothing, as in Argo CD, which logs it.
    pub(crate) fn parse(pattern: &str) -> Self {
        let mut expanded = Vec::new();
        if expand(pattern, &mut expanded).is_err() {
            return Self(Vec::new());
        }
        let compiled: Option<Vec<_>> = expanded.iter().map(|pattern| compile(pattern)).collect();
        Self(compiled.unwrap_or_default())
    }

    /// Whether the whole path matches.
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.0.iter().any(|steps| matches(steps, path.chars(), false))
    }
}

fn compile(pattern: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        steps.push(match c {
            '*' => {
                while chars.next_if_eq(&'*').is_some() {}
                Step::Many { slash: true }
            }
            '?' => Step::One { slash: true },
            '\\' => Step::Char(chars.next()?),
            '[' => {
                let negated = chars.next_if_eq(&'!').is_some();
                let mut listed = Vec::new();
                loop {
                    match chars.next()? {
                        ']' => break,
                        '\\' => listed.push(chars.next()?),
                        c => listed.push(c),
                    }
                }
                let ranges = match listed[..] {
                    [] => return None,
                    [from, '-', to] => vec![(from, to)],
                    _ => listed.into_iter().map(|c| (c, c)).collect(),
                };
                Step::Class { ranges, negated, slash: true }
            }
            c => Step::Char(c),
        });
    }
    Some(steps)
}
