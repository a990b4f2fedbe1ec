//! Semantic versions: Masterminds/semver 3.5.

use std::any::Any as AnyType;
use std::cmp::Ordering;
use std::rc::Rc;

use crate::Type::{Named, String as Text};
use crate::quote::quote;
use crate::{Builtin, CallError, IntKind, Object, Signature, Str, Value};

use super::args::{boolean, fixed, nil_dereference, text};
use super::constraint::Constraints;

/// The family.
pub(super) const FUNCTIONS: &[Builtin] = &[
    fixed("semver", &[Text], |_, a| Ok(Value::Object(Rc::new(Version::parse(text(a, 0))?)))),
    fixed("semverCompare", &[Text, Text], |_, a| {
        let constraints = Constraints::parse(text(a, 0))?;
        boolean(constraints.check(&Version::parse(text(a, 1))?))
    }),
];

/// A version: `*semver.Version`, or `semver.Version` when it comes from `IncMajor` and its like.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) numbers: [u64; 3],
    pub(super) pre: String,
    metadata: String,
    original: String,
    pointer: bool,
}

/// Whether `NewVersion` takes a text: what Helm asks of a chart's version.
pub fn is_version(text: &str) -> bool {
    Version::parse(text.as_bytes()).is_ok()
}

/// Whether a version meets a constraint; not if one of them is none.
pub fn satisfies(version: &str, constraint: &str) -> bool {
    match (Version::parse(version.as_bytes()), Constraints::parse(constraint.as_bytes())) {
        (Ok(version), Ok(constraints)) => constraints.check(&version),
        _ => false,
    }
}

const MAX_VERSION: usize = 256;

impl Version {
    /// `NewVersion`: takes a leading `v`, one or two numbers, and leading zeros.
    pub(super) fn parse(text: &[u8]) -> Result<Self, CallError> {
        if text.len() > MAX_VERSION {
            return Err(format!("version string is too long (max {MAX_VERSION} bytes)").into());
        }
        let invalid = || CallError::from("invalid semantic version");
        let original = std::str::from_utf8(text).map_err(|_| invalid())?;
        let loose = Loose::scan(original, u8::is_ascii_digit).filter(|loose| loose.rest.is_empty());
        let loose = loose.ok_or_else(invalid)?;
        let mut numbers = [0; 3];
        for (number, digits) in numbers.iter_mut().zip(loose.parts.iter().flatten()) {
            *number = digits.parse().map_err(|_| {
                let digits = quote(digits.as_bytes());
                format!("error parsing version segment: strconv.ParseUint: parsing {digits}: value out of range")
            })?;
        }
        validate_pre(loose.pre)?;
        Ok(Self {
            numbers,
            pre: loose.pre.to_owned(),
            metadata: loose.metadata.to_owned(),
            original: original.to_owned(),
            pointer: true,
        })
    }

    fn text(&self) -> String {
        let [major, minor, patch] = self.numbers;
        let pre = if self.pre.is_empty() { String::new() } else { format!("-{}", self.pre) };
        let metadata = if self.metadata.is_empty() { String::new() } else { format!("+{}", self.metadata) };
        format!("{major}.{minor}.{patch}{pre}{metadata}")
    }

    /// The order of versions; metadata does not count.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => compare_pre(&self.pre, &other.pre),
        })
    }

    /// A version made from this one, with its prefix kept in `Original`.
    fn derived(&self, change: impl FnOnce(&mut Self)) -> Value {
        let mut new = Self { pointer: false, ..self.clone() };
        change(&mut new);
        let prefix = if self.original.starts_with('v') { "v" } else { "" };
        new.original = format!("{prefix}{}", new.text());
        Value::Object(Rc::new(new))
    }

    fn incremented(&self, place: usize) -> Result<Value, CallError> {
        // A pre-release of a patch is before that patch.
        let already = place == 2 && !self.pre.is_empty();
        let number = self.numbers[place];
        let next = if already { Some(number) } else { number.checked_add(1) };
        let next = next.ok_or_else(|| {
            let name = ["major", "minor", "patch"][place];
            CallError::from(format!("{name} version increment would overflow uint64"))
        })?;
        Ok(self.derived(|new| {
            new.numbers[place] = next;
            new.numbers[place + 1..].fill(0);
            new.pre.clear();
            new.metadata.clear();
        }))
    }
}

impl Object for Version {
    fn go_type(&self) -> &'static str {
        if self.pointer { "*semver.Version" } else { "semver.Version" }
    }

    fn kind(&self) -> &'static str {
        if self.pointer { "ptr" } else { "struct" }
    }

    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str) -> Option<Signature> {
        Some(match name {
            "Major" | "Minor" | "Patch" | "Prerelease" | "Metadata" | "String" | "IncMajor" | "IncMinor"
            | "IncPatch" => Signature::fixed(&[]),
            "SetPrerelease" | "SetMetadata" => Signature::fixed(&[Text]),
            // Methods of the pointer only.
            "Original" if self.pointer => Signature::fixed(&[]),
            "Compare" | "Equal" | "LessThan" | "LessThanEqual" | "GreaterThan" | "GreaterThanEqual" if self.pointer => {
                Signature::fixed(&[Named("*semver.Version")])
            }
            _ => return None,
        })
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, CallError>> {
        self.method(name)?;
        let number = |place: usize| Ok(Value::Int(IntKind::Uint64, self.numbers[place] as i64));
        let other = match arguments {
            [Value::Object(object)] => (&**object as &dyn AnyType).downcast_ref::<Self>(),
            _ => None,
        };
        // Go's nil pointer: `Equal` says no, the others look into it.
        let order = || other.map(|other| self.compare(other)).ok_or_else(nil_dereference);
        let compared = |decide: fn(Ordering) -> bool| Ok(Value::Bool(decide(order()?)));
        Some(match name {
            "Major" => number(0),
            "Minor" => number(1),
            "Patch" => number(2),
            "Prerelease" => Ok(Value::string(&self.pre)),
            "Metadata" => Ok(Value::string(&self.metadata)),
            "Original" => Ok(Value::string(&self.original)),
            "String" => Ok(Value::string(self.text())),
            "Compare" => order().map(|order| Value::Int(IntKind::Int, order as i64)),
            "Equal" => Ok(Value::Bool(other.is_some_and(|other| self.compare(other).is_eq()))),
            "LessThan" => compared(Ordering::is_lt),
            "LessThanEqual" => compared(Ordering::is_le),
            "GreaterThan" => compared(Ordering::is_gt),
            "GreaterThanEqual" => compared(Ordering::is_ge),
            "IncMajor" => self.incremented(0),
            "IncMinor" => self.incremented(1),
            "IncPatch" => self.incremented(2),
            "SetPrerelease" => part(arguments, validate_pre).map(|pre| self.derived(|new| new.pre = pre)),
            "SetMetadata" => part(arguments, validate_metadata).map(|data| self.derived(|new| new.metadata = data)),
            _ => return None,
        })
    }

    fn data(&self) -> Value {
        Value::string(self.text())
    }

    fn print(&self) -> Str {
        self.text().into()
    }
}

/// The text of a pre-release or of metadata.
fn part(arguments: &[Value], validate: fn(&str) -> Result<(), CallError>) -> Result<String, CallError> {
    let text = text(arguments, 0).lossy().into_owned();
    validate(&text)?;
    Ok(text)
}

/// The parts of a loose version: `v?N[.N[.N]][-pre][+metadata]`, and what follows.
pub(super) struct Loose<'a> {
    pub(super) parts: [Option<&'a str>; 3],
    pub(super) pre: &'a str,
    metadata: &'a str,
    pub(super) rest: &'a str,
}

impl<'a> Loose<'a> {
    /// Reads as much as fits; a number is a run of what `is_digit` takes.
    pub(super) fn scan(text: &'a str, is_digit: fn(&u8) -> bool) -> Option<Self> {
        let mut rest = text.strip_prefix('v').unwrap_or(text);
        let mut parts = [None; 3];
        for (position, part) in parts.iter_mut().enumerate() {
            let Some(after) = (if position == 0 { Some(rest) } else { rest.strip_prefix('.') }) else {
                break;
            };
            let (digits, after) = run(after, is_digit);
            if digits.is_empty() {
                break;
            }
            (*part, rest) = (Some(digits), after);
        }
        parts[0]?;
        let (pre, rest) = identifiers(rest, '-');
        let (metadata, rest) = identifiers(rest, '+');
        Some(Self { parts, pre, metadata, rest })
    }
}

/// Cuts a text after what belongs to a run.
pub(super) fn run(text: &str, belongs: fn(&u8) -> bool) -> (&str, &str) {
    text.split_at(text.bytes().take_while(belongs).count())
}

/// Dot-separated identifiers after `mark`.
fn identifiers(text: &str, mark: char) -> (&str, &str) {
    let Some(inside) = text.strip_prefix(mark) else {
        return ("", text);
    };
    let mut length = 0;
    loop {
        let start = if length == 0 { 0 } else { length + 1 };
        let (identifier, _) = run(&inside[start..], |byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        if identifier.is_empty() {
            break;
        }
        length = start + identifier.len();
        if !inside[length..].starts_with('.') {
            break;
        }
    }
    if length == 0 { ("", text) } else { inside.split_at(length) }
}

fn validate_pre(pre: &str) -> Result<(), CallError> {
    if pre.is_empty() {
        return Ok(());
    }
    for identifier in pre.split('.') {
        if identifier.is_empty() || !allowed(identifier) {
            return Err("invalid prerelease string".into());
        }
        if identifier.len() > 1 && identifier.starts_with('0') && identifier.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("version segment starts with 0".into());
        }
    }
    Ok(())
}

fn validate_metadata(metadata: &str) -> Result<(), CallError> {
    if metadata.is_empty() || metadata.split('.').all(|identifier| !identifier.is_empty() && allowed(identifier)) {
        Ok(())
    } else {
        Err("invalid metadata string".into())
    }
}

fn allowed(identifier: &str) -> bool {
    identifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The order of two pre-releases, part by part.
pub(super) fn compare_pre(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (Some(_), None) => return Ordering::Greater,
            (None, Some(_)) => return Ordering::Less,
            (Some(left), Some(right)) => {
                let number = |text: &str| text.parse::<u64>().ok().filter(|_| !text.starts_with('+'));
                let order = match (number(left), number(right)) {
                    _ if left == right => Ordering::Equal,
                    // Unequal texts of equal value, such as 01 and 1, count as less.
                    (Some(left), Some(right)) => left.cmp(&right).then(Ordering::Less),
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (None, None) => left.cmp(right),
                };
                if order.is_ne() {
                    return order;
                }
            }
        }
    }
}
