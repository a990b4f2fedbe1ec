//! Text to a tree of pattern parts.

use super::GlobError;

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    /// `*`
    Any,
    /// `**`
    Super,
    /// `?`
    Single,
    /// `[abc]`
    List {
        negated: bool,
        chars: Vec<char>,
    },
    /// `[a-z]`
    Range {
        negated: bool,
        low: char,
        high: char,
    },
    /// `{...}`: alternatives, each of parts.
    AnyOf(Vec<Self>),
    /// A sequence.
    Pattern(Vec<Self>),
    /// The empty alternative.
    Nothing,
}

/// Deeper nesting of `{` than any chart has is refused, and so are more parts: the rewritings look at all runs of them.
const DEPTH_LIMIT: usize = 16;
const PART_LIMIT: usize = 64;

pub(super) fn parse(pattern: &str) -> Result<Part, GlobError> {
    let mut parser = Parser { chars: pattern.chars().collect(), at: 0, parts: 0 };
    Ok(Part::Pattern(parser.pattern(0)?))
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    /// How many parts there are so far.
    parts: usize,
}

impl Parser {
    fn read(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// Up to the end, or within braces up to `,` or `}`. A brace that is never closed counts as closed at the end.
    fn pattern(&mut self, depth: usize) -> Result<Vec<Part>, GlobError> {
        if depth > DEPTH_LIMIT {
            return Err(GlobError::TooExpensive);
        }
        let mut parts = Vec::new();
        while let Some(c) = self.peek() {
            self.parts += 1;
            if self.parts > PART_LIMIT {
                return Err(GlobError::TooExpensive);
            }
            match c {
                ',' | '}' if depth > 0 => break,
                '*' => {
                    self.at += 1;
                    let twice = self.peek() == Some('*');
                    self.at += usize::from(twice);
                    parts.push(if twice { Part::Super } else { Part::Any });
                }
                '?' => {
                    self.at += 1;
                    parts.push(Part::Single);
                }
                '[' => {
                    self.at += 1;
                    parts.push(self.class()?);
                }
                '{' => {
                    self.at += 1;
                    let mut patterns = vec![Part::Pattern(self.pattern(depth + 1)?)];
                    while self.read() == Some(',') {
                        patterns.push(Part::Pattern(self.pattern(depth + 1)?));
                    }
                    parts.push(Part::AnyOf(patterns));
                }
                _ => {
                    let text = self.text(depth);
                    if !text.is_empty() {
                        parts.push(Part::Text(text));
                    }
                }
            }
        }
        Ok(parts)
    }

    /// A run of ordinary and escaped characters.
    fn text(&mut self, depth: usize) -> String {
        let mut text = String::new();
        while let Some(c) = self.peek() {
            let ends = matches!(c, '?' | '*' | '[' | '{') || (depth > 0 && matches!(c, ',' | '}'));
            if ends {
                break;
            }
            self.at += 1;
            if c == '\\' { text.extend(self.read()) } else { text.push(c) }
        }
        text
    }

    /// After `[`: one range, or a list of characters; never both.
    fn class(&mut self) -> Result<Part, GlobError> {
        let negated = self.peek() == Some('!');
        self.at += usize::from(negated);
        let low = self.peek().ok_or(GlobError::Syntax)?;
        if self.chars.get(self.at + 1) == Some(&'-') {
            self.at += 2;
            let high = self.read().ok_or(GlobError::Syntax)?;
            let closed = self.read() == Some(']');
            return (closed && high >= low).then_some(Part::Range { negated, low, high }).ok_or(GlobError::Syntax);
        }
        let mut chars = Vec::new();
        loop {
            match self.read().ok_or(GlobError::Syntax)? {
                ']' => break,
                '\\' => chars.push(self.read().ok_or(GlobError::Syntax)?),
                c => chars.push(c),
            }
        }
        (!chars.is_empty()).then_some(Part::List { negated, chars }).ok_or(GlobError::Syntax)
    }
}
