//! The words of an expression.

use std::rc::Rc;

use super::Error;
use super::ast::At;
use super::scan::Places;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(Rc<str>),
    Number(f64),
    Text(Rc<str>),
    Regex { source: Rc<str>, flags: Rc<str> },
    Operator(&'static str),
    End,
}

/// Longest first.
const OPERATORS: [&str; 28] = [
    "===", "!==", "**", "//", "==", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ".", ",", ":", "|", "~", "+", "-",
    "*", "/", "%", "<", ">", "=", "!",
];

/// White space within a tag.
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{a0}')
}

/// The name that a block's text begins with, and what follows it.
pub(super) fn tag(text: &str) -> (&str, &str) {
    let end = name_end(text, 0).unwrap_or(0);
    (&text[..end], text[end..].trim_matches(is_space))
}

/// The end of the name that starts at `from`.
fn name_end(text: &str, from: usize) -> Option<usize> {
    let rest = &text.as_bytes()[from..];
    let letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    rest.first().filter(|byte| letter(byte))?;
    Some(from + rest.iter().take_while(|byte| letter(byte) || byte.is_ascii_digit()).count())
}

/// Where `close` first stands at or after `from`, outside strings and regular expressions.
pub(super) fn find(text: &str, from: usize, close: &str) -> Option<usize> {
    let mut at = from;
    while at < text.len() {
        let byte = text.as_bytes()[at];
        if byte == b'"' || byte == b'\'' {
            at = string_end(text, at);
        } else if let Some(end) = name_end(text, at) {
            let regex = &text[at..end] == "r" && text[end..].starts_with('/');
            at = if regex { regex_end(text, at)? } else { end };
        } else if text[at..].starts_with(close) {
            return Some(at);
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    None
}

/// Where the string that starts at `from` ends; the end of the text if it does not.
fn string_end(text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = from + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == bytes[from] => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// Where the regular expression `r/` that starts at `from` ends, its flags left out.
fn regex_end(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from + 2;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'/' => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// The tokens of `text`, which starts at `start`, closed by [`Token::End`].
pub(super) fn tokens(text: &str, start: At) -> Result<Vec<(Token, At)>, Error> {
    let mut tokens: Vec<(Token, At)> = Vec::new();
    let mut places = Places::new(text, start);
    let mut at = 0;
    while at < text.len() {
        let place = places.at(at);
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else { break };
        if is_space(first) {
            at += first.len_utf8();
            continue;
        }
        let after_dot = matches!(tokens.last(), Some((Token::Operator("."), _)));
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        // After a dot a name may begin with digits.
        let name = name_end(text, at).or_else(|| if after_dot { name_end(text, at + digits) } else { None });
        if let Some(end) = name {
            let name = &text[at..end];
            if name == "r" && text[end..].starts_with('/') {
                let stop = regex_end(text, at)
                    .ok_or_else(|| Error::new("a regular expression is not closed by `/`", place))?;
                let flags: String = text[stop..].chars().take_while(char::is_ascii_alphabetic).collect();
                let wrong = flags
                    .chars()
                    .enumerate()
                    .any(|(index, flag)| !"gimy".contains(flag) || flags[..index].contains(flag));
                if wrong {
                    return Err(Error::new(
                        format!("`{flags}` are not flags of a regular expression: g, i, m, y"),
                        place,
                    ));
                }
                tokens.push((
                    Token::Regex { source: text[end + 1..stop - 1].into(), flags: flags.as_str().into() },
                    place,
                ));
                at = stop + flags.len();
            } else {
                tokens.push((Token::Name(name.into()), place));
                at = end;
            }
        } else if digits > 0 {
            let mut length = digits;
            if rest[length..].starts_with('.') {
                length += 1 + rest[length + 1..].bytes().take_while(u8::is_ascii_digit).count();
            }
            if rest[length..].starts_with(|next: char| next.is_ascii_alphabetic() || next == '_') {
                return Err(Error::new("a number is followed by letters", place));
            }
            tokens.push((Token::Number(rest[..length].trim_end_matches('.').parse().unwrap_or(f64::NAN)), place));
            at += length;
        } else if first == '"' || first == '\'' {
            let end = string_end(text, at);
            if end - at < 2 || !text[..end].ends_with(first) {
                return Err(Error::new(format!("a string is not closed by {first}"), place));
            }
            tokens.push((Token::Text(unescaped(&text[at + 1..end - 1]).into()), place));
            at = end;
        } else if let Some(operator) =
            OPERATORS.iter().find(|operator| rest.starts_with(**operator)).filter(|operator| **operator != "!")
        {
            tokens.push((Token::Operator(operator), place));
            at += operator.len();
        } else {
            return Err(Error::new(format!("unexpected `{first}`"), place));
        }
    }
    tokens.push((Token::End, places.at(text.len())));
    Ok(tokens)
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => {}
            },
            _ => out.push(character),
        }
    }
    out
}
