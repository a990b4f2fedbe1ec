//! A glob as a sequence of steps, run over characters without backtracking.

/// One step of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// This character.
    Char(char),
    /// Any character but `/`, or any at all.
    One { slash: bool },
    /// A character of these ranges (or of none of them); `/` only if allowed.
    Class { ranges: Vec<(char, char)>, negated: bool, slash: bool },
    /// Any number of characters but `/`, or of any at all.
    Many { slash: bool },
    /// Nothing, or anything that ends in `/`: `**/`.
    Folders,
}

/// Whether `steps` match the whole of `text`.
pub(super) fn matches(steps: &[Step], text: impl Iterator<Item = char>, fold: bool) -> bool {
    // A set of states: `2 * i` stands before step i, `2 * i + 1` inside a `Folders` that has begun.
    let mut now = vec![false; 2 * steps.len() + 2];
    let mut next = now.clone();
    now[0] = true;
    skip(steps, &mut now);
    for c in text {
        let c = if fold { lower(c) } else { c };
        next.fill(false);
        for (index, step) in steps.iter().enumerate() {
            let inside = now[2 * index + 1];
            if !now[2 * index] && !inside {
                continue;
            }
            match step {
                Step::Folders => {
                    next[2 * index + 1] = true;
                    if c == '/' {
                        next[2 * index + 2] = true;
                    }
                }
                Step::Many { slash } => {
                    if *slash || c != '/' {
                        next[2 * index] = true;
                    }
                }
                Step::Char(expected) => next[2 * index + 2] |= c == if fold { lower(*expected) } else { *expected },
                Step::One { slash } => next[2 * index + 2] |= *slash || c != '/',
                Step::Class { ranges, negated, slash } => {
                    let within = ranges.iter().any(|(from, to)| {
                        (*from..=*to).contains(&c) || (fold && (*from..=*to).contains(&c.to_ascii_uppercase()))
                    });
                    next[2 * index + 2] |= within != *negated && (*slash || c != '/');
                }
            }
        }
        std::mem::swap(&mut now, &mut next);
        skip(steps, &mut now);
        if !now.iter().any(|state| *state) {
            return false;
        }
    }
    now[2 * steps.len()]
}

/// Steps that may match nothing let the state after them in.
fn skip(steps: &[Step], states: &mut [bool]) {
    for (index, step) in steps.iter().enumerate() {
        if states[2 * index] && matches!(step, Step::Many { .. } | Step::Folders) {
            states[2 * index + 2] = true;
        }
    }
}

fn lower(c: char) -> char {
    c.to_ascii_lowercase()
}
