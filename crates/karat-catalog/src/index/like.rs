//! SQL's `LIKE '%term%'`, of many texts at once.

/// A term in which `%` stands for any text and `_` for one character, read once.
#[derive(Clone, Debug)]
pub(super) enum Like {
    /// Neither is in it.
    Text(String),
    Pattern(Vec<char>),
    /// It is longer than any value.
    Never,
}

/// No value has more characters.
const LONGEST: usize = 200;

impl Like {
    pub(super) fn new(term: &str) -> Self {
        if term.chars().filter(|one| *one != '%').take(LONGEST + 1).count() > LONGEST {
            return Self::Never;
        }
        if !term.contains(['%', '_']) {
            return Self::Text(term.to_owned());
        }
        let mut pattern: Vec<char> = format!("%{term}%").chars().collect();
        pattern.dedup_by(|a, b| *a == '%' && *b == '%');
        Self::Pattern(pattern)
    }

    pub(super) fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Text(term) => text.contains(term.as_str()),
            Self::Pattern(pattern) => fits(text, pattern),
            Self::Never => false,
        }
    }
}

fn fits(text: &str, pattern: &[char]) -> bool {
    let text: Vec<char> = text.chars().collect();
    // The last `%` is where a mismatch goes back to.
    let (mut at, mut next, mut back) = (0, 0, None);
    while at < text.len() {
        match pattern.get(next) {
            Some('%') => {
                back = Some((next + 1, at));
                next += 1;
            }
            Some(one) if *one == '_' || *one == text[at] => {
                (at, next) = (at + 1, next + 1);
            }
            _ => {
                let Some((after, from)) = back else { return false };
                back = Some((after, from + 1));
                (at, next) = (from + 1, after);
            }
        }
    }
    pattern[next..].iter().all(|one| *one == '%')
}

/// All values of a column in one text, so that a search runs through memory once, and not from value to value.
#[derive(Clone, Debug, Default)]
pub(super) struct Arena {
    text: String,
    /// Where each value ends, in order, and its number.
    ends: Vec<(usize, u32)>,
}

/// Between two values: no text that people search holds it.
const BETWEEN: char = '\u{0}';

impl Arena {
    pub(super) fn of<'v>(values: impl Iterator<Item = (&'v str, u32)>) -> Self {
        let mut arena = Self::default();
        for (text, number) in values {
            arena.text.push_str(text);
            arena.text.push(BETWEEN);
            arena.ends.push((arena.text.len(), number));
        }
        arena
    }

    /// The values that hold a term.
    pub(super) fn holding<'a>(&'a self, like: &'a Like) -> Box<dyn Iterator<Item = u32> + 'a> {
        match like {
            Like::Text(term) if !term.contains(BETWEEN) && !term.is_empty() => {
                let mut from = 0;
                Box::new(std::iter::from_fn(move || {
                    let at = from + self.text.get(from..)?.find(term.as_str())?;
                    let (end, number) = self.ends[self.ends.partition_point(|(end, _)| *end <= at)];
                    from = end;
                    Some(number)
                }))
            }
            _ => {
                let starts = std::iter::once(0).chain(self.ends.iter().map(|(end, _)| *end));
                let values = starts.zip(&self.ends).map(|(start, (end, number))| (&self.text[start..end - 1], *number));
                Box::new(values.filter(|(text, _)| like.is_in(text)).map(|(_, number)| number))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Arena, Like};

    #[test]
    fn a_term_is_sqls_pattern() {
        let long = "x".repeat(201);
        for (text, term, like) in [
            ("records-api", "rds-", true),
            ("records", "r_c", true),
            ("records", "r_o", false),
            ("records", "re%ds", true),
            ("records", "s%r", false),
            ("", "%", true),
            ("", "_", false),
            ("aab", "a_b", true),
            ("records", "%%%%re%%%%", true),
            ("a\u{0}b", "a\u{0}b", true),
            (&long, &long, false),
        ] {
            let one = Like::new(term);
            assert_eq!(one.is_in(text), like, "{text} like {term}");
            let arena = Arena::of([("before", 1), (text, 2), ("", 3), ("after", 4)].into_iter());
            assert_eq!(arena.holding(&one).any(|number| number == 2), like, "{text} like {term} among others");
        }
        let arena = Arena::of([("banana", 7), ("ban", 8), ("nab", 9)].into_iter());
        assert_eq!(arena.holding(&Like::new("an")).collect::<Vec<_>>(), [7, 8]);
        assert_eq!(arena.holding(&Like::new("nn")).count(), 0);
    }
}
