//! doublestar v4: how a git files generator compares paths when the controller's new file globbing is on.

use super::automaton::{Step, matches};

/// The most patterns that braces may expand to: `{a,b}{a,b}...` doubles with each pair.
const ALTERNATIVES: usize = 1000;

/// A pattern of `doublestar.FilepathGlob`.
#[derive(Clone, Debug)]
pub(crate) struct DoubleStar(Vec<Vec<Step>>);

impl DoubleStar {
    /// Compiles a pattern; an error says what is wrong with it.
    pub(crate) fn parse(pattern: &str) -> Result<Self, &'static str> {
        let mut expanded = Vec::new();
        expand(pattern, &mut expanded)?;
        let mut compiled = Vec::new();
        for pattern in expanded {
            // As `filepath.Join(root, pattern)` leaves it; what climbs out of the root matches nothing in it.
            if let Some(pattern) = karat_source::clean(pattern.trim_start_matches('/')) {
                compile(&pattern, &mut compiled)?;
            }
        }
        Ok(Self(compiled))
    }

    /// Whether the path of a file or folder, relative to the root, matches; `""` is the root.
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.0.iter().any(|steps| matches(steps, path.chars(), false))
    }
}

/// Writes out the first `{a,b}` and goes on with each result.
pub(super) fn expand(pattern: &str, into: &mut Vec<String>) -> Result<(), &'static str> {
    let Some(open) = unescaped(pattern, '{') else {
        if into.len() == ALTERNATIVES {
            return Err("more than 1,000 alternatives");
        }
        into.push(pattern.to_owned());
        return Ok(());
    };
    let inner = &pattern[open + 1..];
    let (mut depth, mut start, mut escape) = (0_usize, 0, false);
    let mut parts = Vec::new();
    let mut close = None;
    for (at, c) in inner.char_indices() {
        if escape {
            escape = false;
            continue;
        }
        match c {
            '\\' => escape = true,
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&inner[start..at]);
                close = Some(at);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    let close = close.ok_or("a `{` without `}`")?;
    for part in parts {
        expand(&format!("{}{part}{}", &pattern[..open], &inner[close + 1..]), into)?;
    }
    Ok(())
}

fn unescaped(pattern: &str, wanted: char) -> Option<usize> {
    let mut escape = false;
    let mut class = false;
    for (at, c) in pattern.char_indices() {
        match c {
            _ if escape => escape = false,
            '\\' => escape = true,
            ']' => class = false,
            '[' => class = true,
            c if c == wanted && !class => return Some(at),
            _ => {}
        }
    }
    None
}

fn compile(pattern: &str, into: &mut Vec<Vec<Step>>) -> Result<(), &'static str> {
    let mut steps = Vec::new();
    let mut segments = pattern.split('/').peekable();
    let mut first = true;
    // Up to the first wildcard doublestar looks paths up as they are, and takes the escape of a wildcard only.
    let mut literal = true;
    while let Some(segment) = segments.next() {
        if segment == "**" && segments.peek().is_none() {
            // At the end it is the folder itself, too.
            if !first {
                into.push(steps.clone());
                steps.push(Step::Char('/'));
            }
            steps.push(Step::Many { slash: true });
            break;
        }
        if !first && steps.last() != Some(&Step::Folders) {
            steps.push(Step::Char('/'));
        }
        first = false;
        literal &= !has_wildcard(segment);
        if segment == "**" {
            steps.push(Step::Folders);
        } else if literal {
            compile_literal(segment, &mut steps);
        } else {
            compile_segment(segment, &mut steps)?;
        }
    }
    into.push(steps);
    Ok(())
}

fn has_wildcard(segment: &str) -> bool {
    let mut escape = false;
    segment.chars().any(|c| {
        let wild = !escape && matches!(c, '*' | '?' | '[' | '{');
        escape = !escape && c == '\\';
        wild
    })
}

fn compile_literal(segment: &str, steps: &mut Vec<Step>) {
    let mut chars = segment.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = chars.next_if(|next| c == '\\' && matches!(next, '*' | '?' | '[' | ']' | '{' | '}'));
        steps.push(Step::Char(escaped.unwrap_or(c)));
    }
}

fn compile_segment(segment: &str, steps: &mut Vec<Step>) -> Result<(), &'static str> {
    let mut chars = segment.chars().peekable();
    while let Some(c) = chars.next() {
        steps.push(match c {
            '*' => Step::Many { slash: false },
            '?' => Step::One { slash: false },
            '\\' => Step::Char(chars.next().ok_or("a `\\` at the end")?),
            '[' => {
                let negated = chars.next_if(|c| matches!(c, '!' | '^')).is_some();
                let mut ranges = Vec::new();
                let open = "a `[` without `]`";
                loop {
                    let from = match chars.next().ok_or(open)? {
                        ']' if ranges.is_empty() => return Err("an empty `[]`"),
                        ']' => break,
                        '\\' => chars.next().ok_or(open)?,
                        c => c,
                    };
                    let ranged = {
                        let mut ahead = chars.clone();
                        ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']')
                    };
                    let to = if ranged {
                        chars.next();
                        match chars.next().ok_or(open)? {
                            '\\' => chars.next().ok_or(open)?,
                            c => c,
                        }
                    } else {
                        from
                    };
                    ranges.push((from, to));
                }
                Step::Class { ranges, negated, slash: false }
            }
            c => Step::Char(c),
        });
    }
    Ok(())
}
