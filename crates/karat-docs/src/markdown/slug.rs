//! The ids of headings, as Python-Markdown's `toc` makes them.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization as _;

/// A heading's text as an id: `What it does` is `what-it-does`; what is not ASCII after decomposition is left out.
pub fn slugify(text: &str) -> String {
    let kept: String = text
        .nfkd()
        .filter(char::is_ascii)
        .filter(|character| character.is_alphanumeric() || matches!(character, '_' | '-') || is_space(*character))
        .collect();
    let mut slug = String::with_capacity(kept.len());
    let mut gap = false;
    for character in kept.trim_matches(is_space).chars() {
        if character == '-' || is_space(character) {
            gap = true;
            continue;
        }
        if gap {
            slug.push('-');
            gap = false;
        }
        slug.push(character.to_ascii_lowercase());
    }
    if gap {
        slug.push('-');
    }
    slug
}

/// What Python's `\s` is within ASCII.
fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1f')
}

/// The ids of a page.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    taken: BTreeSet<String>,
    /// What a repeated id became last, so that ten thousand of them are not counted from the first one each.
    last: BTreeMap<String, String>,
}

impl Ids {
    /// `id`, or the first of `id_1`, `id_2`, … that is not taken; it is afterwards.
    pub(crate) fn unique(&mut self, id: String) -> String {
        if !id.is_empty() && self.taken.insert(id.clone()) {
            return id;
        }
        let mut next = counted(self.last.get(&id).unwrap_or(&id));
        while !self.taken.insert(next.clone()) {
            next = counted(&next);
        }
        self.last.insert(id, next.clone());
        next
    }

    /// All of them, sorted.
    pub(crate) fn into_sorted(self) -> Vec<String> {
        self.taken.into_iter().collect()
    }
}

/// `a` is `a_1`, `a_1` is `a_2`.
fn counted(id: &str) -> String {
    let number = id.rsplit_once('_').and_then(|(stem, count)| {
        let is_number = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| count.parse::<u64>().ok()).flatten().map(|count| (stem, count))
    });
    match number {
        Some((stem, count)) => format!("{stem}_{}", count.saturating_add(1)),
        None => format!("{id}_1"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Ids, slugify};

    #[test]
    fn slugs_are_those_of_python_markdown() {
        for (text, slug) in [
            ("Deploy your first microservice", "deploy-your-first-microservice"),
            ("What's new?", "whats-new"),
            ("karat new / update", "karat-new-update"),
            ("Žlutý kůň", "zluty-kun"),
            ("snake_case -- and dashes", "snake_case-and-dashes"),
            ("日本語", ""),
            ("A - ", "a-"),
        ] {
            assert_eq!(slugify(text), slug, "{text}");
        }
    }

    #[test]
    fn repeated_ids_are_counted() {
        let mut ids = Ids::default();
        let all: Vec<String> =
            ["a", "a", "a", "", "", "a_1", "a"].iter().map(|id| ids.unique((*id).to_owned())).collect();
        assert_eq!(all, ["a", "a_1", "a_2", "_1", "_2", "a_3", "a_4"]);
    }
}
