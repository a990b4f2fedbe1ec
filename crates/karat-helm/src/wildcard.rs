//! Go's `filepath.Match`: what `.helmignore` and `--show-only` use.

/// A compiled pattern. `*` and `?` do not match `/`; a class may.
#[derive(Clone, Debug)]
pub(crate) struct Wildcard(Vec<Token>);

#[derive(Clone, Debug)]
enum Token {
    Char(char),
    /// `?`
    One,
    /// `*`
    Run,
    /// `[a-z]`, `[^a-z]`
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// A pattern that Go calls a syntax error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadPattern;

impl Wildcard {
    pub(crate) fn new(pattern: &str) -> Result<Self, BadPattern> {
        let mut tokens = Vec::new();
        let mut rest = pattern.chars().peekable();
        while let Some(c) = rest.next() {
            tokens.push(match c {
                '*' => Token::Run,
                '?' => Token::One,
                '\\' => Token::Char(rest.next().ok_or(BadPattern)?),
                '[' => class(&mut rest)?,
                c => Token::Char(c),
            });
        }
        Ok(Self(tokens))
    }

    /// Whether the whole of `name` matches. Linear: only the last `*` is ever tried again, which is enough because the
    /// first place where the text between two `*` fits leaves the most room for the rest.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let tokens = &self.0;
        let (mut at, mut rest) = (0, name);
        let mut retry: Option<(usize, &str)> = None;
        loop {
            let next = rest.chars().next();
            let step = match (tokens.get(at), next) {
                (Some(Token::Run), _) => {
                    retry = Some((at + 1, rest));
                    at += 1;
                    continue;
                }
                (None, None) => return true,
                (Some(token), Some(c)) => token.fits(c).then_some(c),
                _ => None,
            };
            if let Some(c) = step {
                at += 1;
                rest = &rest[c.len_utf8()..];
                continue;
            }
            let Some((token, from)) = retry else { return false };
            let Some(c) = from.chars().next().filter(|c| *c != '/') else { return false };
            let from = &from[c.len_utf8()..];
            retry = Some((token, from));
            (at, rest) = (token, from);
        }
    }
}

impl Token {
    fn fits(&self, c: char) -> bool {
        match self {
            Self::Char(own) => *own == c,
            Self::One => c != '/',
            Self::Run => false,
            Self::Class { negated, ranges } => ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated,
        }
    }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn class(rest: &mut Chars<'_>) -> Result<Token, BadPattern> {
    let negated = rest.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        if !ranges.is_empty() && rest.next_if_eq(&']').is_some() {
            return Ok(Token::Class { negated, ranges });
        }
        let low = class_char(rest)?;
        let high = if rest.next_if_eq(&'-').is_some() { class_char(rest)? } else { low };
        ranges.push((low, high));
    }
}

/// One character of a class; something must follow it.
fn class_char(rest: &mut Chars<'_>) -> Result<char, BadPattern> {
    let c = match rest.next() {
        None | Some('-' | ']') => return Err(BadPattern),
        Some('\\') => rest.next().ok_or(BadPattern)?,
        Some(c) => c,
    };
    rest.peek().map(|_| c).ok_or(BadPattern)
}

#[cfg(test)]
mod tests {
    use super::Wildcard;

    fn matches(pattern: &str, name: &str) -> Option<bool> {
        Wildcard::new(pattern).ok().map(|wildcard| wildcard.matches(name))
    }

    /// From the table of Go's `path/filepath/match_test.go`; `None` is a syntax error.
    #[test]
    fn as_go_matches() {
        let table: &[(&str, &str, Option<bool>)] = &[
            ("abc", "abc", Some(true)),
            ("*", "abc", Some(true)),
            ("*c", "abc", Some(true)),
            ("a*", "ab/c", Some(false)),
            ("a*/b", "abc/b", Some(true)),
            ("a*/b", "a/c/b", Some(false)),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", Some(true)),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/f", Some(true)),
            ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", Some(false)),
            ("a*b?c*x", "abxbbxdbxebxczzx", Some(true)),
            ("a*b?c*x", "abxbbxdbxebxczzy", Some(false)),
            ("ab[c]", "abc", Some(true)),
            ("ab[e-g]", "abc", Some(false)),
            ("ab[^c]", "abc", Some(false)),
            ("a\\*b", "a*b", Some(true)),
            ("a?b", "a☺b", Some(true)),
            ("a[^a][^a][^a]b", "a☺b", Some(false)),
            ("a?b", "a/b", Some(false)),
            ("a*b", "a/b", Some(false)),
            ("[\\]a]", "]", Some(true)),
            ("[x\\-]", "-", Some(true)),
            ("[]a]", "]", None),
            ("[-]", "-", None),
            ("[x-]", "x", None),
            ("[a-b-c]", "a", None),
            ("[", "a", None),
            ("[^bc", "a", None),
            ("a[", "ab", None),
            ("*x", "xxx", Some(true)),
            ("", "", Some(true)),
            ("templates/*.yaml", "templates/a.yaml", Some(true)),
        ];
        for (pattern, name, expected) in table {
            assert_eq!(matches(pattern, name), *expected, "{pattern} on {name}");
        }
    }
}
