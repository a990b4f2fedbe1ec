//! Text to tokens, as `expr`'s lexer has them.

use std::iter::Peekable;
use std::str::CharIndices;

use super::Problem;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(String),
    Str(String),
    Name(String),
    /// An operator, a word that is one (`in`, `and`, ...), or a sign (`,`, `;`).
    Op(String),
    /// One of `([{}])`.
    Bracket(char),
    End,
}

impl Token {
    pub(super) fn is(&self, operator: &str) -> bool {
        matches!(self, Self::Op(text) if text == operator)
    }

    /// How it is named in a complaint.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Number(text) | Self::Name(text) | Self::Op(text) => format!("`{text}`"),
            Self::Str(text) => format!("{text:?}"),
            Self::Bracket(sign) => format!("`{sign}`"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// Words that are operators.
const WORDS: [&str; 11] =
    ["not", "in", "or", "and", "matches", "contains", "startsWith", "endsWith", "let", "if", "else"];

pub(super) fn lex(text: &str) -> Result<Vec<Token>, Problem> {
    let mut lexer = Lexer { text, chars: text.char_indices().peekable() };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    tokens.push(Token::End);
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
}

fn is_word(sign: char) -> bool {
    sign == '_' || sign == '$' || sign.is_alphabetic() || sign.is_numeric()
}

impl Lexer<'_> {
    fn next(&mut self) -> Result<Option<Token>, Problem> {
        loop {
            let Some(&(start, first)) = self.chars.peek() else { return Ok(None) };
            let rest = &self.text[start..];
            if first.is_whitespace() {
                self.skip(1);
            } else if rest.starts_with("//") {
                self.skip(rest.split('\n').next().unwrap_or_default().chars().count());
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let Some((comment, _)) = comment.split_once("*/") else {
                    return Err(Problem::wrong("unclosed comment"));
                };
                self.skip(comment.chars().count() + 4);
            } else {
                return self.token(first, rest).map(Some);
            }
        }
    }

    fn token(&mut self, first: char, rest: &str) -> Result<Token, Problem> {
        if first == '"' || first == '\'' {
            return self.quoted(first);
        }
        if first == '`' {
            return self.raw();
        }
        let second = rest.chars().nth(1);
        if first.is_ascii_digit() || first == '.' && second.is_some_and(|sign| sign.is_ascii_digit()) {
            return self.number();
        }
        if is_word(first) {
            let word: String = rest.chars().take_while(|&sign| is_word(sign)).collect();
            self.skip(word.chars().count());
            return Ok(if WORDS.contains(&word.as_str()) { Token::Op(word) } else { Token::Name(word) });
        }
        if "()[]{}".contains(first) {
            self.skip(1);
            return Ok(Token::Bracket(first));
        }
        let pairs = match first {
            '&' | '!' | '=' | '*' | '<' | '>' => "&=*",
            '?' => ".?",
            '|' => "|",
            ':' => ":",
            '.' => ".",
            ',' | ';' | '%' | '+' | '-' | '^' | '/' | '#' => "",
            _ => return Err(Problem::wrong(format!("unrecognized character: {first:?}"))),
        };
        let mut operator = String::from(first);
        operator.extend(second.filter(|&sign| pairs.contains(sign)));
        self.skip(operator.chars().count());
        Ok(Token::Op(operator))
    }

    fn number(&mut self) -> Result<Token, Problem> {
        let mut number = String::new();
        let mut digits: fn(char) -> bool = |sign| sign.is_ascii_digit() || sign == '_';
        if self.take(&mut number, |sign| sign == '0') {
            if self.take(&mut number, |sign| matches!(sign, 'x' | 'X')) {
                digits = |sign| sign.is_ascii_hexdigit() || sign == '_';
            } else if self.take(&mut number, |sign| matches!(sign, 'o' | 'O')) {
                digits = |sign| matches!(sign, '0'..='7' | '_');
            } else if self.take(&mut number, |sign| matches!(sign, 'b' | 'B')) {
                digits = |sign| matches!(sign, '0' | '1' | '_');
            }
        }
        while self.take(&mut number, digits) {}
        // `1..2` is a range, not a fraction.
        let range = self.chars.peek().is_some_and(|&(at, _)| self.text[at..].starts_with(".."));
        if !range {
            if self.take(&mut number, |sign| sign == '.') {
                while self.take(&mut number, digits) {}
            }
            if self.take(&mut number, |sign| matches!(sign, 'e' | 'E')) {
                self.take(&mut number, |sign| matches!(sign, '+' | '-'));
                while self.take(&mut number, digits) {}
            }
        }
        if self.chars.peek().is_some_and(|&(_, sign)| is_word(sign)) {
            return Err(Problem::wrong(format!("bad number syntax: {number:?}")));
        }
        Ok(Token::Number(number))
    }

    /// A string in back quotes; two of them stand for one.
    fn raw(&mut self) -> Result<Token, Problem> {
        self.skip(1);
        let mut text = String::new();
        while let Some((_, sign)) = self.chars.next() {
            if sign == '`' && self.chars.next_if(|&(_, next)| next == '`').is_none() {
                return Ok(Token::Str(text));
            }
            text.push(sign);
        }
        Err(Problem::wrong("literal not terminated"))
    }

    fn quoted(&mut self, quote: char) -> Result<Token, Problem> {
        self.skip(1);
        let mut text = String::new();
        while let Some((_, sign)) = self.chars.next() {
            match sign {
                _ if sign == quote => return Ok(Token::Str(text)),
                '\n' => return Err(Problem::wrong("literal not terminated")),
                '\\' => {
                    let escaped = self.chars.next().map(|(_, sign)| sign);
                    text.push(match escaped {
                        Some('n') => '\n',
                        Some('r') => '\r',
                        Some('t') => '\t',
                        Some(sign @ ('\\' | '\'' | '"' | '`' | '?')) => sign,
                        Some(other) => return Err(Problem::unsupported(format!("the escape \\{other}"))),
                        None => return Err(Problem::wrong("literal not terminated")),
                    });
                }
                _ => text.push(sign),
            }
        }
        Err(Problem::wrong("literal not terminated"))
    }

    fn take(&mut self, text: &mut String, wanted: impl Fn(char) -> bool) -> bool {
        let taken = self.chars.next_if(|&(_, sign)| wanted(sign));
        text.extend(taken.map(|(_, sign)| sign));
        taken.is_some()
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.chars.next();
        }
    }
}
