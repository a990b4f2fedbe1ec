//! Pattern parts to matchers: what is alike in all alternatives is taken out, neighbours are glued, and the rest becomes
//! a tree around the longest part of known length.

use super::matcher::{Matcher, Tree};
use super::parse::Part;

pub(super) fn compile(part: &Part) -> Matcher {
    optimize(match part {
        Part::AnyOf(patterns) => {
            return match common(patterns) {
                Some(reduced) => compile(&reduced),
                None => Matcher::AnyOf(children(patterns)),
            };
        }
        Part::Pattern(parts) if parts.is_empty() => Matcher::Nothing,
        Part::Pattern(parts) => tree(minimize(children(parts))),
        Part::Text(text) => Matcher::Text(text.clone()),
        Part::Any => Matcher::Any,
        Part::Super => Matcher::Super,
        Part::Single => Matcher::Single,
        Part::Nothing => Matcher::Nothing,
        Part::List { negated, chars } => Matcher::List { negated: *negated, chars: chars.clone() },
        Part::Range { negated, low, high } => Matcher::Range { negated: *negated, low: *low, high: *high },
    })
}

fn children(parts: &[Part]) -> Vec<Matcher> {
    parts.iter().map(|part| optimize(compile(part))).collect()
}

/// `{ab,ac}` is `a{b,c}`: the parts that all alternatives begin and end with are taken out.
fn common(patterns: &[Part]) -> Option<Part> {
    let alternatives: Vec<&[Part]> = patterns
        .iter()
        .map(|pattern| if let Part::Pattern(parts) = pattern { parts.as_slice() } else { &[] })
        .collect();
    let (left, right) = common_ends(&alternatives);
    if left + right == 0 {
        return None;
    }
    let first = alternatives.first()?;
    let mut result = Vec::new();
    if left > 0 {
        result.push(Part::Pattern(first[..left].to_vec()));
    }
    let mut rests: Vec<Part> = Vec::new();
    for parts in &alternatives {
        let rest = &parts[left..parts.len() - right];
        let rest = if rest.is_empty() { Part::Nothing } else { Part::Pattern(rest.to_vec()) };
        if !rests.contains(&rest) {
            rests.push(rest);
        }
    }
    if rests.len() > 1 {
        result.push(Part::AnyOf(rests));
    } else if let Some(rest) = rests.pop().filter(|rest| *rest != Part::Nothing) {
        result.push(rest);
    }
    if right > 0 {
        result.push(Part::Pattern(first[first.len() - right..].to_vec()));
    }
    Some(Part::Pattern(result))
}

/// How many parts all alternatives share at their start and at their end, without counting one twice.
fn common_ends(alternatives: &[&[Part]]) -> (usize, usize) {
    if alternatives.len() <= 1 {
        return (0, 0);
    }
    let Some(shortest) = alternatives.iter().min_by_key(|parts| parts.len()) else { return (0, 0) };
    let length = shortest.len();
    let (mut left, mut right) = (0, 0);
    let (mut left_ended, mut right_ended) = (false, false);
    let mut step = 0;
    while left + right < length && step < length && !(left_ended && right_ended) {
        let from_end = length - 1 - step;
        for parts in alternatives.iter().filter(|parts| !std::ptr::eq(**parts, *shortest)) {
            left_ended |= shortest[step] != parts[step];
            right_ended |= !left_ended && from_end <= step;
            right_ended |= shortest[from_end] != parts[parts.len() - 1 - step];
        }
        left += usize::from(!left_ended);
        right += usize::from(!right_ended);
        step += 1;
    }
    (left, right)
}

/// Glues runs of neighbours, the one that saves most first, until nothing can be glued.
fn minimize(mut matchers: Vec<Matcher>) -> Vec<Matcher> {
    loop {
        let mut done: Option<(Matcher, usize, usize)> = None;
        for start in 0..matchers.len() {
            for end in (start + 1..=matchers.len()).rev() {
                let Some(glued) = glue(&matchers[start..end]) else { continue };
                let better = done.as_ref().is_none_or(|(best, from, to)| {
                    let longer = matches!((best.length(), glued.length()), (Some(old), Some(new)) if new > old);
                    longer || to - from < end - start
                });
                if better {
                    done = Some((glued, start, end));
                }
            }
        }
        let Some((glued, start, end)) = done else { return matchers };
        matchers.splice(start..end, [glued]);
    }
}

fn glue(matchers: &[Matcher]) -> Option<Matcher> {
    if matchers.len() <= 1 {
        return None;
    }
    glue_every(matchers).or_else(|| {
        let length = matchers.iter().map(Matcher::length).sum::<Option<usize>>()?;
        Some(Matcher::Row { matchers: matchers.to_vec(), length })
    })
}

/// A run of wildcards that stop at the same characters: how many there must be, and what must not be among them.
fn glue_every(matchers: &[Matcher]) -> Option<Matcher> {
    let (mut any, mut all, mut single, mut min) = (false, false, false, 0);
    let mut separators: Option<Vec<char>> = None;
    for matcher in matchers {
        let own = match matcher {
            Matcher::Super => {
                all = true;
                Vec::new()
            }
            Matcher::Any => {
                any = true;
                vec!['/']
            }
            Matcher::Single => {
                single = true;
                min += 1;
                vec!['/']
            }
            Matcher::List { negated: true, chars } => {
                single = true;
                min += 1;
                chars.clone()
            }
            _ => return None,
        };
        if separators.get_or_insert_with(|| own.clone()) != &own {
            return None;
        }
    }
    let separators = separators.unwrap_or_default();
    if all && !any && !single {
        return Some(Matcher::Super);
    }
    if any && !all && !single {
        return Some(Matcher::Any);
    }
    if (any || all) && min > 0 && separators.is_empty() {
        return Some(Matcher::Min(min));
    }
    let mut every = Vec::new();
    if min > 0 {
        every.push(Matcher::Min(min));
        if !any && !all {
            every.push(Matcher::Max(min));
        }
    }
    if !separators.is_empty() {
        every.push(Matcher::Contains { needle: separators.into_iter().collect(), negated: true });
    }
    Some(Matcher::EveryOf(every))
}

/// A tree around the longest matcher of known length, the last one of several.
fn tree(mut matchers: Vec<Matcher>) -> Matcher {
    if matchers.len() == 1 {
        return matchers.swap_remove(0);
    }
    if let Some(glued) = glue(&matchers) {
        return glued;
    }
    let longest = matchers.iter().enumerate().filter_map(|(index, matcher)| Some((matcher.length()?, index))).max();
    let place = longest.map_or(0, |(_, index)| index);
    let right = matchers.split_off(place + 1);
    let Some(value) = matchers.pop() else { return Matcher::Nothing };
    let side = |side: Vec<Matcher>| if side.is_empty() { None } else { Some(tree(side)) };
    Matcher::Tree(Box::new(Tree { value, left: side(matchers), right: side(right) }))
}

/// Small trees around a text are what they mean: a prefix, a suffix, both.
fn optimize(matcher: Matcher) -> Matcher {
    match matcher {
        Matcher::AnyOf(mut matchers) if matchers.len() == 1 => matchers.swap_remove(0),
        Matcher::List { negated: false, chars } if chars.len() == 1 => Matcher::Text(chars.into_iter().collect()),
        Matcher::Tree(tree) => {
            let Tree { value, left, right } = *tree;
            let (left, right) = (left.map(optimize), right.map(optimize));
            let Matcher::Text(text) = value else {
                return Matcher::Tree(Box::new(Tree { value, left, right }));
            };
            match (left, right) {
                (None, None) => Matcher::Text(text),
                (Some(Matcher::Super), Some(Matcher::Super)) => Matcher::Contains { needle: text, negated: false },
                (Some(Matcher::Super), None) => Matcher::Suffix(text),
                (None, Some(Matcher::Super)) => Matcher::Prefix(text),
                (None, Some(Matcher::Suffix(suffix))) => Matcher::PrefixSuffix(text, suffix),
                (Some(Matcher::Prefix(prefix)), None) => Matcher::PrefixSuffix(prefix, text),
                (Some(Matcher::Any), None) => Matcher::SuffixAny(text),
                (None, Some(Matcher::Any)) => Matcher::PrefixAny(text),
                (left, right) => Matcher::Tree(Box::new(Tree { value: Matcher::Text(text), left, right })),
            }
        }
        other => other,
    }
}
