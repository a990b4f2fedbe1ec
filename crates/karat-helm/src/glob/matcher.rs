//! Matchers: whether a whole text matches, and for the middle of a tree where a match begins and may end.

use std::cell::Cell;

/// What is left to spend; at 0 every answer is no.
type Budget = Cell<u32>;

#[derive(Clone, Debug)]
pub(super) enum Matcher {
    Text(String),
    /// Anything without `/`.
    Any,
    /// Anything.
    Super,
    /// One character other than `/`.
    Single,
    List {
        negated: bool,
        chars: Vec<char>,
    },
    Range {
        negated: bool,
        low: char,
        high: char,
    },
    AnyOf(Vec<Self>),
    /// Matchers of known length, one after the other.
    Row {
        matchers: Vec<Self>,
        length: usize,
    },
    EveryOf(Vec<Self>),
    /// At least so many characters.
    Min(usize),
    /// At most so many characters.
    Max(usize),
    Contains {
        needle: String,
        negated: bool,
    },
    Prefix(String),
    Suffix(String),
    /// Both; they may overlap.
    PrefixSuffix(String, String),
    /// A text, then anything without `/`.
    PrefixAny(String),
    /// Anything without `/`, then a text.
    SuffixAny(String),
    Tree(Box<Tree>),
    Nothing,
}

/// `value` somewhere, `left` matching what is before it and `right` what is after.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) value: Matcher,
    pub(super) left: Option<Matcher>,
    pub(super) right: Option<Matcher>,
}

/// The start of a match, and the lengths in bytes that it may have, ascending.
type Found = Option<(usize, Vec<usize>)>;

impl Matcher {
    pub(super) fn matches(&self, text: &str, budget: &Budget) -> bool {
        if !spend(budget, 1) {
            return false;
        }
        match self {
            Self::Text(own) => own == text,
            Self::Any => !text.contains('/'),
            Self::Super => true,
            Self::Single => one(text).is_none_or(|c| c.is_some_and(|c| c != '/')),
            // What the original makes of the empty text here is chance, but fixed: it reads as a character of no list.
            Self::List { negated, chars } => {
                one(text).map_or(*negated, |c| c.is_some_and(|c| chars.contains(&c) != *negated))
            }
            Self::Range { negated, low, high } => {
                one(text).map_or(*negated, |c| c.is_some_and(|c| (*low..=*high).contains(&c) != *negated))
            }
            Self::AnyOf(matchers) => matchers.iter().any(|matcher| matcher.matches(text, budget)),
            Self::Row { matchers, length } => text.chars().count() == *length && row(matchers, text, budget),
            Self::EveryOf(matchers) => matchers.iter().all(|matcher| matcher.matches(text, budget)),
            Self::Min(limit) => text.chars().take(*limit).count() == *limit,
            Self::Max(limit) => text.chars().take(*limit + 1).count() <= *limit,
            Self::Contains { needle, negated } => text.contains(needle.as_str()) != *negated,
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Self::PrefixSuffix(prefix, suffix) => text.starts_with(prefix.as_str()) && text.ends_with(suffix.as_str()),
            Self::PrefixAny(prefix) => text.strip_prefix(prefix.as_str()).is_some_and(|rest| !rest.contains('/')),
            Self::SuffixAny(suffix) => text.strip_suffix(suffix.as_str()).is_some_and(|rest| !rest.contains('/')),
            Self::Tree(tree) => tree.matches(text, budget),
            Self::Nothing => text.is_empty(),
        }
    }

    /// The number of characters, if every match has the same.
    pub(super) fn length(&self) -> Option<usize> {
        match self {
            Self::Text(text) => Some(text.chars().count()),
            Self::Single | Self::List { .. } | Self::Range { .. } => Some(1),
            Self::AnyOf(matchers) => {
                // As the original counts: a first alternative of unknown length is forgotten.
                let mut length = None;
                for own in matchers.iter().map(Self::length) {
                    match (length, own) {
                        (None, own) => length = own,
                        (Some(length), Some(own)) if length == own => {}
                        _ => return None,
                    }
                }
                length
            }
            Self::Row { length, .. } => Some(*length),
            Self::EveryOf(matchers) => matchers.is_empty().then_some(0),
            Self::Tree(tree) => {
                let side = |side: &Option<Self>| side.as_ref().map_or(Some(0), Self::length);
                Some(tree.value.length()? + side(&tree.left)? + side(&tree.right)?)
            }
            Self::Nothing => Some(0),
            _ => None,
        }
    }

    /// The first place of a match.
    fn index(&self, text: &str, budget: &Budget) -> Found {
        if !spend(budget, 1 + text.len() as u32 / 8) {
            return None;
        }
        let one = |fits: &dyn Fn(char) -> bool| {
            text.char_indices().find(|(_, c)| fits(*c)).map(|(at, c)| (at, vec![c.len_utf8()]))
        };
        match self {
            Self::Text(own) => Some((text.find(own.as_str())?, vec![own.len()])),
            Self::Any => Some((0, ends(&text[..text.find('/').unwrap_or(text.len())], 0))),
            Self::Super => Some((0, ends(text, 0))),
            Self::Single => one(&|c| c != '/'),
            Self::List { negated, chars } => one(&|c| chars.contains(&c) != *negated),
            Self::Range { negated, low, high } => one(&|c| (*low..=*high).contains(&c) != *negated),
            Self::AnyOf(matchers) => {
                let mut best: Found = None;
                for (at, lengths) in matchers.iter().filter_map(|matcher| matcher.index(text, budget)) {
                    best = Some(match best {
                        Some((first, _)) if at < first => (at, lengths),
                        None => (at, lengths),
                        Some((first, mut known)) if at == first => {
                            known.extend(lengths);
                            known.sort_unstable();
                            known.dedup();
                            (first, known)
                        }
                        Some(known) => known,
                    });
                }
                best
            }
            Self::Row { matchers, length } => {
                let starts = text.char_indices().map(|(at, _)| at).take_while(|at| text.len() - at >= *length);
                let found = |at: &usize| row(matchers, &text[*at..], budget);
                starts.into_iter().find(found).map(|at| {
                    let bytes = text[at..].char_indices().nth(*length).map_or(text.len() - at, |(end, _)| end);
                    (at, vec![bytes])
                })
            }
            Self::EveryOf(matchers) => every(matchers, text, budget),
            Self::Min(limit) => {
                let lengths: Vec<usize> = ends(text, 0).into_iter().skip(*limit).collect();
                (*limit > 0 && !lengths.is_empty()).then_some((0, lengths))
            }
            Self::Max(limit) => Some((0, ends(text, 0).into_iter().take(*limit + 1).collect())),
            Self::Contains { needle, negated: false } => {
                let end = text.find(needle.as_str())? + needle.len();
                Some((0, ends(&text[end..], end)))
            }
            Self::Contains { needle, negated: true } => {
                Some((0, ends(&text[..text.find(needle.as_str()).unwrap_or(text.len())], 0)))
            }
            Self::Prefix(prefix) => {
                let at = text.find(prefix.as_str())?;
                Some((at, ends(&text[at + prefix.len()..], prefix.len())))
            }
            Self::Suffix(suffix) => Some((0, vec![text.find(suffix.as_str())? + suffix.len()])),
            Self::PrefixSuffix(prefix, suffix) => {
                let at = text.find(prefix.as_str())?;
                let mut lengths = Vec::new();
                let mut rest = &text[at..];
                while let Some(found) = rest.rfind(suffix.as_str()) {
                    lengths.push(found + suffix.len());
                    rest = &rest[..found];
                }
                lengths.reverse();
                (!lengths.is_empty()).then_some((at, lengths))
            }
            Self::PrefixAny(prefix) => {
                let at = text.find(prefix.as_str())?;
                let rest = &text[at + prefix.len()..];
                Some((at, ends(&rest[..rest.find('/').unwrap_or(rest.len())], prefix.len())))
            }
            Self::SuffixAny(suffix) => {
                let end = text.find(suffix.as_str())?;
                let at = text[..end].rfind('/').map_or(0, |slash| slash + 1);
                Some((at, vec![end + suffix.len() - at]))
            }
            // The original never looks for a tree in the middle of another.
            Self::Tree(_) => None,
            Self::Nothing => Some((0, vec![0])),
        }
    }
}

impl Tree {
    fn matches(&self, text: &str, budget: &Budget) -> bool {
        let side = |side: &Option<Matcher>| side.as_ref().map_or(Some(0), Matcher::length);
        let (left, right) = (side(&self.left), side(&self.right));
        if let (Some(value), Some(left), Some(right)) = (self.value.length(), left, right)
            && value + left + right > text.len()
        {
            return false;
        }
        let Some(limit) = text.len().checked_sub(right.unwrap_or(0)) else { return false };
        let limit = floor(text, limit);
        let mut offset = floor(text, left.unwrap_or(0).min(text.len()));
        while offset < limit {
            let Some((at, lengths)) = self.value.index(&text[offset..limit], budget) else { return false };
            let start = offset + at;
            let before = &text[..start];
            if self.left.as_ref().map_or(before.is_empty(), |left| left.matches(before, budget)) {
                for length in lengths.iter().rev() {
                    let after = text.get(start + length..).unwrap_or_default();
                    if self.right.as_ref().map_or(after.is_empty(), |right| right.matches(after, budget)) {
                        return true;
                    }
                }
            }
            if !spend(budget, 1) {
                return false;
            }
            offset = start + text[start..].chars().next().map_or(1, char::len_utf8);
        }
        false
    }
}

fn spend(budget: &Budget, steps: u32) -> bool {
    let left = budget.get().saturating_sub(steps);
    budget.set(left);
    left > 0
}

/// The only character of a text: none of the empty one, nothing at all of a longer one.
fn one(text: &str) -> Option<Option<char>> {
    let mut chars = text.chars();
    let first = chars.next()?;
    Some(chars.next().is_none().then_some(first))
}

/// Matchers of known length, one after the other, at the start of a text.
fn row(matchers: &[Matcher], text: &str, budget: &Budget) -> bool {
    let mut rest = text;
    for matcher in matchers {
        let length = matcher.length().unwrap_or(0);
        let end = match rest.char_indices().nth(length) {
            Some((end, _)) => end,
            None if rest.chars().count() == length => rest.len(),
            None => return false,
        };
        if !matcher.matches(&rest[..end], budget) {
            return false;
        }
        rest = &rest[end..];
    }
    true
}

/// Where every matcher finds a match of one length at one place.
fn every(matchers: &[Matcher], text: &str, budget: &Budget) -> Found {
    let (mut index, mut offset) = (0, 0);
    let mut current: Vec<usize> = Vec::new();
    let mut rest = text;
    for (number, matcher) in matchers.iter().enumerate() {
        let (at, lengths) = matcher.index(rest, budget)?;
        if number == 0 {
            current = lengths;
        } else {
            let moved = index as isize - (at + offset) as isize;
            current.retain(|length| lengths.iter().any(|own| *length as isize + moved == *own as isize));
            if current.is_empty() {
                return None;
            }
        }
        index = at + offset;
        rest = text.get(index..).unwrap_or_default();
        offset += at;
    }
    Some((index, current))
}

/// The lengths of all starts of a text, itself included, each with `base` added.
fn ends(text: &str, base: usize) -> Vec<usize> {
    text.char_indices().map(|(at, _)| base + at).chain([base + text.len()]).collect()
}

/// The character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
