//! The glob language of `.Files.Glob`: that of `github.com/gobwas/glob` with `/` as separator.
//!
//! `*` and `?` stop at `/`, `**` does not; `[abc]`, `[!abc]`, `[a-z]`, `{one,two}` and `\` work as documented there.
//! The pattern becomes a small state machine, so that a hostile pattern costs its length times the name's length and
//! no more.

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Glob {
    states: Vec<State>,
    start: usize,
}

/// A pattern that does not parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadGlob;

#[derive(Clone, Debug)]
enum State {
    /// The pattern is used up.
    End,
    /// Consumes one character.
    One(Set, usize),
    /// Consumes any number of characters.
    Run(Set, usize),
    /// Goes on in each of these without consuming.
    Fork(Vec<usize>),
}

#[derive(Clone, Debug)]
enum Set {
    Char(char),
    NotSlash,
    All,
    Chars { negated: bool, chars: String },
    Range { negated: bool, low: char, high: char },
}

#[derive(Clone, Debug)]
enum Node {
    One(Set),
    Run(Set),
    Either(Vec<Vec<Self>>),
}

/// Deeper nesting of `{` than any chart has is refused.
const DEPTH_LIMIT: usize = 64;

impl Glob {
    pub(crate) fn new(pattern: &str) -> Result<Self, BadGlob> {
        let mut parser = Parser { rest: pattern.chars().collect(), at: 0 };
        let nodes = parser.pattern(0)?;
        let mut states = vec![State::End];
        let start = build(&nodes, 0, &mut states);
        Ok(Self { states, start })
    }

    /// What `**` compiles to; Helm falls back on it when a pattern does not parse.
    pub(crate) fn everything() -> Self {
        Self { states: vec![State::End, State::Run(Set::All, 0)], start: 1 }
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        let mut current = vec![false; self.states.len()];
        self.enter(self.start, &mut current);
        for c in name.chars() {
            let mut next = vec![false; self.states.len()];
            for (index, state) in self.states.iter().enumerate().filter(|(index, _)| current[*index]) {
                match state {
                    State::One(set, then) if set.has(c) => self.enter(*then, &mut next),
                    State::Run(set, _) if set.has(c) => self.enter(index, &mut next),
                    _ => {}
                }
            }
            current = next;
        }
        current[0]
    }

    /// Marks `state` and what is reached from it without a character.
    fn enter(&self, state: usize, marked: &mut [bool]) {
        let mut open = vec![state];
        while let Some(state) = open.pop() {
            if std::mem::replace(&mut marked[state], true) {
                continue;
            }
            match &self.states[state] {
                State::Run(_, then) => open.push(*then),
                State::Fork(targets) => open.extend(targets),
                State::End | State::One(..) => {}
            }
        }
    }
}

impl Set {
    fn has(&self, c: char) -> bool {
        match self {
            Self::Char(own) => *own == c,
            Self::NotSlash => c != '/',
            Self::All => true,
            Self::Chars { negated, chars } => chars.contains(c) != *negated,
            Self::Range { negated, low, high } => (*low..=*high).contains(&c) != *negated,
        }
    }
}

/// Adds the states of `nodes`, which go on in `then`, and returns the first.
fn build(nodes: &[Node], then: usize, states: &mut Vec<State>) -> usize {
    let mut next = then;
    for node in nodes.iter().rev() {
        let state = match node {
            Node::One(set) => State::One(set.clone(), next),
            Node::Run(set) => State::Run(set.clone(), next),
            Node::Either(patterns) => {
                State::Fork(patterns.iter().map(|pattern| build(pattern, next, states)).collect())
            }
        };
        states.push(state);
        next = states.len() - 1;
    }
    next
}

struct Parser {
    rest: Vec<char>,
    at: usize,
}

impl Parser {
    fn read(&mut self) -> Option<char> {
        let c = self.rest.get(self.at).copied()?;
        self.at += 1;
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    /// Up to the end, or within braces up to `,` or `}`. A brace that is never closed counts as closed at the end.
    fn pattern(&mut self, depth: usize) -> Result<Vec<Node>, BadGlob> {
        if depth > DEPTH_LIMIT {
            return Err(BadGlob);
        }
        let mut nodes = Vec::new();
        while let Some(c) = self.peek() {
            if depth > 0 && matches!(c, ',' | '}') {
                break;
            }
            self.at += 1;
            match c {
                '*' if self.peek() == Some('*') => {
                    self.at += 1;
                    nodes.push(Node::Run(Set::All));
                }
                '*' => nodes.push(Node::Run(Set::NotSlash)),
                '?' => nodes.push(Node::One(Set::NotSlash)),
                '[' => nodes.push(Node::One(self.class()?)),
                '{' => {
                    let mut patterns = vec![self.pattern(depth + 1)?];
                    while self.read() == Some(',') {
                        patterns.push(self.pattern(depth + 1)?);
                    }
                    nodes.push(Node::Either(patterns));
                }
                '\\' => nodes.extend(self.read().map(|c| Node::One(Set::Char(c)))),
                c => nodes.push(Node::One(Set::Char(c))),
            }
        }
        Ok(nodes)
    }

    /// After `[`: one range, or a list of characters; never both.
    fn class(&mut self) -> Result<Set, BadGlob> {
        let negated = self.peek() == Some('!');
        if negated {
            self.at += 1;
        }
        let first = self.peek().ok_or(BadGlob)?;
        if self.rest.get(self.at + 1) == Some(&'-') {
            self.at += 2;
            let high = self.read().ok_or(BadGlob)?;
            let closed = self.read() == Some(']');
            return (closed && high >= first).then_some(Set::Range { negated, low: first, high }).ok_or(BadGlob);
        }
        let mut chars = String::new();
        loop {
            match self.read().ok_or(BadGlob)? {
                ']' => break,
                '\\' => chars.push(self.read().ok_or(BadGlob)?),
                c => chars.push(c),
            }
        }
        (!chars.is_empty()).then_some(Set::Chars { negated, chars }).ok_or(BadGlob)
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn as_documented() {
        let table: &[(&str, &str, bool)] = &[
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "a/b.yaml", false),
            ("**.yaml", "a/b.yaml", true),
            ("files/**", "files/a/b", true),
            ("files/*", "files/a/b", false),
            ("files/?", "files/a", true),
            ("files?a", "files/a", false),
            ("{one,two}/*.txt", "two/x.txt", true),
            ("{one,t*}.txt", "three.txt", true),
            ("a{b,c{d,e}}f", "acef", true),
            ("a{b,c{d,e}}f", "acf", false),
            ("{a,b", "b", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[abc-e]x", "-x", true),
            ("\\*.txt", "*.txt", true),
            ("\\*.txt", "a.txt", false),
            ("", "", true),
            ("", "a", false),
            ("a}", "a}", true),
            ("a,b", "a,b", true),
        ];
        for (pattern, name, expected) in table {
            let glob = Glob::new(pattern).expect("a pattern");
            assert_eq!(glob.matches(name), *expected, "{pattern} on {name}");
        }
        for bad in ["[", "[]", "[z-a]", "[a-cx]", "[abc"] {
            assert!(Glob::new(bad).is_err(), "{bad}");
        }
    }
}
