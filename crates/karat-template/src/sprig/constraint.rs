//! Constraints on versions: Masterminds/semver 3.5. `^ ~ x *`, comparisons, hyphen ranges, commas or spaces for "and",
//! `||` for "or".

use crate::CallError;
use crate::quote::quote;

use super::semver::{Loose, Version, compare_pre, run};

const MAX_CONSTRAINT: usize = 512;
const MAX_GROUPS: usize = 32;

/// Alternatives, each a list of conditions that must all hold.
pub(super) struct Constraints(Vec<Vec<Constraint>>);

struct Constraint {
    operator: Operator,
    version: Version,
    /// The version names no minor number, or a wildcard.
    any_minor: bool,
    /// The version names no patch number, or a wildcard.
    any_patch: bool,
    /// Any of its numbers is left open.
    open: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

impl Constraints {
    /// `NewConstraint`.
    pub(super) fn parse(text: &[u8]) -> Result<Self, CallError> {
        if text.len() > MAX_CONSTRAINT {
            return Err(format!("constraint string is too long (max {MAX_CONSTRAINT} bytes)").into());
        }
        let improper = |text: &[u8]| CallError::from(format!("improper constraint: {}", quote(text)));
        let text = std::str::from_utf8(text).map_err(|_| improper(text))?;
        let text = rewrite_ranges(text);
        let groups: Vec<&str> = text.split("||").collect();
        if groups.len() > MAX_GROUPS {
            return Err(format!("too many constraint groups (max {MAX_GROUPS})").into());
        }
        let groups = groups.into_iter().map(|group| {
            let mut conditions = Vec::new();
            let mut rest = group;
            loop {
                rest = skip_space(rest);
                let (condition, after) = Constraint::scan(rest).ok_or_else(|| improper(group.as_bytes()))?;
                conditions.push(condition);
                let after_space = skip_space(after);
                if after_space.is_empty() {
                    // Only a group whose form is right is read.
                    return conditions.into_iter().collect();
                }
                rest = match after_space.strip_prefix(',') {
                    Some(rest) => rest,
                    // Between conditions there must be a space or a comma.
                    None if after_space.len() < after.len() => after_space,
                    None => return Err(improper(group.as_bytes())),
                };
            }
        });
        Ok(Self(groups.collect::<Result<_, CallError>>()?))
    }

    /// Whether one of the alternatives holds.
    pub(super) fn check(&self, version: &Version) -> bool {
        self.0.iter().any(|conditions| {
            // A pre-release fits only where a condition names one.
            let wants_pre = conditions.iter().any(|condition| !condition.version.pre.is_empty());
            (version.pre.is_empty() || wants_pre) && conditions.iter().all(|condition| condition.holds(version))
        })
    }
}

/// Go's `\s`.
fn is_space(byte: &u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0C | b'\r' | b' ')
}

fn skip_space(text: &str) -> &str {
    run(text, is_space).1
}

/// The digits of a constraint's version: also wildcards, and `|` by a slip in the original's pattern.
fn is_constraint_digit(byte: &u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'|' | b'x' | b'X' | b'*')
}

/// `1.2 - 3.4` becomes `>= 1.2, <= 3.4`.
fn rewrite_ranges(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut at = 0;
    while at < rest.len() {
        if let Some((low, high, length)) = range(&rest[at..]) {
            out.push_str(&rest[..at]);
            out.push_str(&format!(">= {low}, <= {high} "));
            rest = &rest[at + length..];
            at = 0;
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    out + rest
}

/// A hyphen range at the start of a text: its ends, and its length with the space around it.
fn range(text: &str) -> Option<(&str, &str, usize)> {
    let (low, rest) = scan_version(skip_space(text))?;
    let after = skip_space(rest);
    let after = after.strip_prefix('-').filter(|_| after.len() < rest.len())?;
    let spaced = after.bytes().next().is_some_and(|byte| is_space(&byte));
    let (high, rest) = scan_version(skip_space(after)).filter(|_| spaced)?;
    Some((low, high, text.len() - skip_space(rest).len()))
}

fn scan_version(text: &str) -> Option<(&str, &str)> {
    let loose = Loose::scan(text, is_constraint_digit)?;
    Some(text.split_at(text.len() - loose.rest.len()))
}

impl Constraint {
    /// One condition at the start of a text, and what follows it.
    fn scan(text: &str) -> Option<(Result<Self, CallError>, &str)> {
        const OPERATORS: [(&str, Operator); 12] = [
            ("!=", Operator::NotEqual),
            (">=", Operator::GreaterEqual),
            ("=>", Operator::GreaterEqual),
            ("<=", Operator::LessEqual),
            ("=<", Operator::LessEqual),
            ("~>", Operator::Tilde),
            ("=", Operator::Equal),
            (">", Operator::Greater),
            ("<", Operator::Less),
            ("~", Operator::Tilde),
            ("^", Operator::Caret),
            ("", Operator::Equal),
        ];
        let (mark, operator) = OPERATORS.into_iter().find(|(mark, _)| text.starts_with(mark))?;
        let text = skip_space(&text[mark.len()..]);
        let loose = Loose::scan(text, is_constraint_digit)?;
        let rest = loose.rest;
        Some((Self::new(operator, &loose), rest))
    }

    fn new(operator: Operator, loose: &Loose<'_>) -> Result<Self, CallError> {
        let open = |part: Option<&str>| part.is_none_or(|part| matches!(part, "x" | "X" | "*"));
        let [major, minor, patch] = loose.parts;
        let pre = if loose.pre.is_empty() { String::new() } else { format!("-{}", loose.pre) };
        let (text, any_minor, any_patch, open) = if open(major) {
            (format!("0.0.0{pre}"), false, false, true)
        } else if open(minor) {
            (format!("{}.0.0{pre}", major.unwrap_or("0")), true, false, true)
        } else if open(patch) {
            (format!("{}.{}.0{pre}", major.unwrap_or("0"), minor.unwrap_or("0")), false, true, true)
        } else {
            let numbers: Vec<&str> = loose.parts.into_iter().flatten().collect();
            (format!("{}{pre}", numbers.join(".")), false, false, false)
        };
        let version = Version::parse(text.as_bytes()).map_err(|_| CallError::from("constraint parser error"))?;
        Ok(Self { operator, version, any_minor, any_patch, open })
    }

    /// Whether a version meets the condition; pre-releases have been dealt with.
    fn holds(&self, version: &Version) -> bool {
        let wanted = &self.version;
        let ([major, minor, patch], [want_major, want_minor, want_patch]) = (version.numbers, wanted.numbers);
        let order = version.compare(wanted);
        match self.operator {
            Operator::Equal if self.open => self.is_near(version),
            Operator::Equal => order.is_eq(),
            Operator::NotEqual if self.open => {
                if major != want_major || minor != want_minor && !self.any_minor {
                    true
                } else if self.any_minor {
                    false
                } else if self.any_patch {
                    (!version.pre.is_empty() || !wanted.pre.is_empty())
                        && compare_pre(&version.pre, &wanted.pre).is_ne()
                } else {
                    patch != want_patch || order.is_ne()
                }
            }
            Operator::NotEqual => order.is_ne(),
            // More than a whole series is more than each of it.
            Operator::Greater if self.open && major != want_major => major > want_major,
            Operator::Greater if self.any_minor => false,
            Operator::Greater if self.any_patch => minor > want_minor,
            Operator::Greater => order.is_gt(),
            Operator::Less => order.is_lt(),
            Operator::GreaterEqual => order.is_ge(),
            Operator::LessEqual if self.open => {
                major < want_major || major == want_major && (minor <= want_minor || self.any_minor)
            }
            Operator::LessEqual => order.is_le(),
            Operator::Tilde => self.is_near(version),
            Operator::Caret if order.is_lt() => false,
            Operator::Caret if want_major > 0 || self.any_minor => major == want_major,
            Operator::Caret if major > 0 => false,
            Operator::Caret if want_minor > 0 || self.any_patch => minor == want_minor,
            Operator::Caret => minor == 0 && patch == want_patch,
        }
    }

    /// `~`: the same minor series, or the same major one where no minor number is named.
    fn is_near(&self, version: &Version) -> bool {
        if version.compare(&self.version).is_lt() {
            return false;
        }
        let any = self.version.numbers == [0; 3] && !self.any_minor && !self.any_patch;
        any || version.numbers[0] == self.version.numbers[0]
            && (version.numbers[1] == self.version.numbers[1] || self.any_minor)
    }
}
