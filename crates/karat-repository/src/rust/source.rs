//! A Rust file: what it uses, mentions and names.

use std::collections::BTreeMap;

use ecow::EcoString;

use super::tokens::{self, Kind, Token};
use crate::text::Text;
use crate::{At, Place, Problem, names};

/// A Rust file, without its tests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The file.
    pub file: EcoString,
    /// Paths that it uses, by `use` or where they stand (`std::net::TcpStream`), where first.
    pub uses: BTreeMap<EcoString, Place>,
    /// The last two names of paths (`SignalKind::terminate`), and names of values (`.with_graceful_shutdown`), where first.
    pub mentions: BTreeMap<EcoString, Place>,
    /// Texts that are dotted names, such as those of metrics, where first.
    pub texts: BTreeMap<EcoString, Place>,
    /// Environment variables that it reads, where first.
    pub environment: BTreeMap<EcoString, Place>,
    /// Modules that it has only with a feature.
    pub gated: Vec<EcoString>,
    /// Names of attributes of spans, metrics and logs.
    pub attributes: Vec<At<EcoString>>,
    /// Whether it says `#![forbid(unsafe_code)]`.
    pub forbids_unsafe: bool,
}

/// The longest path that is kept, in names.
const LONGEST: usize = 8;

impl Source {
    /// Reads a Rust file.
    pub(crate) fn parse(text: &Text<'_>) -> Result<Self, Problem> {
        let tokens = without_tests(tokens::read(text)?);
        let mut source = Self { file: text.file.clone(), ..Self::default() };
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let rest = &tokens[at..];
            at += match &token.kind {
                Kind::Sign('#', _) => {
                    source.forbids_unsafe |= is_forbid(rest);
                    source.gated.extend(gated(rest));
                    1
                }
                Kind::Name(name) if name == "use" && !rest.get(1).is_some_and(|next| next.is('<')) => {
                    source.import(rest, text)
                }
                Kind::Name(_) => source.path(rest, text),
                Kind::Sign('.', _) => source.value(&tokens, at, text),
                Kind::Text(said) => {
                    if names::is_dotted(said) {
                        add(&mut source.texts, said, || token.place(text));
                    } else if names::is_variable(said) && reads_environment(&tokens[..at]) {
                        add(&mut source.environment, said, || token.place(text));
                    }
                    1
                }
                _ => 1,
            };
        }
        source.attributes = super::attributes::find(&tokens, text);
        Ok(source)
    }

    /// `use a::{b, c::d as e};`, of which the paths are `a::b` and `a::c::d`. Gives how many tokens it is.
    fn import(&mut self, tokens: &[Token], text: &Text<'_>) -> usize {
        let mut path: Vec<&str> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut last: Option<&Token> = None;
        let mut skip = false;
        for (at, token) in tokens.iter().enumerate().skip(1) {
            match &token.kind {
                Kind::Name(_) if std::mem::take(&mut skip) => {}
                Kind::Name(name) if name == "as" => skip = true,
                Kind::Name(name) => {
                    // `a::{self}` is `a`.
                    if name != "self" || path.is_empty() {
                        path.push(name);
                    }
                    last = Some(token);
                }
                Kind::Sign('*', _) => last = Some(token),
                Kind::Open(_) => {
                    open.push(path.len());
                    last = None;
                }
                Kind::Sign(',' | ';', _) | Kind::Close(_) => {
                    if let Some(last) = last.take() {
                        self.use_of(&path, || last.place(text));
                    }
                    if matches!(token.kind, Kind::Close(_)) {
                        open.pop();
                    }
                    path.truncate(open.last().copied().unwrap_or(0));
                    if token.is(';') {
                        return at + 1;
                    }
                }
                _ => {}
            }
        }
        tokens.len()
    }

    fn use_of(&mut self, path: &[&str], place: impl Fn() -> Place) {
        let path = &path[..path.len().min(LONGEST)];
        add(&mut self.uses, &path.join("::"), &place);
        if let [.., owner, name] = path {
            add(&mut self.mentions, &format!("{owner}::{name}"), &place);
        }
    }

    /// A path in code. Gives how many tokens it is.
    fn path(&mut self, tokens: &[Token], text: &Text<'_>) -> usize {
        let mut path = Vec::new();
        let mut at = 0;
        while let Some(name) = tokens.get(at).and_then(Token::name) {
            path.push(name);
            let colons = tokens.get(at + 1).is_some_and(|next| next.is(':'))
                && tokens.get(at + 2).is_some_and(|next| next.is(':'));
            if !colons || tokens.get(at + 3).and_then(Token::name).is_none() {
                break;
            }
            at += 3;
        }
        if path.len() > 1 {
            self.use_of(&path, || tokens[0].place_to(&tokens[at], text));
        }
        at + 1
    }

    /// `.name` after something.
    fn value(&mut self, tokens: &[Token], at: usize, text: &Text<'_>) -> usize {
        let range = at > 0 && tokens[at - 1].is('.');
        if let Some((next, name)) = tokens.get(at + 1).and_then(|next| Some((next, next.name()?)))
            && !range
        {
            add(&mut self.mentions, &format!(".{name}"), || next.place(text));
            return 2;
        }
        1
    }
}

fn add(names: &mut BTreeMap<EcoString, Place>, name: &str, place: impl Fn() -> Place) {
    if !names.contains_key(name) {
        names.insert(name.into(), place());
    }
}

/// `#[cfg(feature = "store")] pub mod store;` gives `store`.
fn gated(tokens: &[Token]) -> Option<EcoString> {
    let is = |at: usize, name: &str| tokens.get(at).and_then(Token::name) == Some(name);
    if !(tokens.get(1)?.opens('[') && is(2, "cfg") && is(4, "feature")) {
        return None;
    }
    let end = tokens.iter().position(|token| token.kind == Kind::Close(']'))?;
    let public = usize::from(is(end + 1, "pub"));
    if !is(end + 1 + public, "mod") {
        return None;
    }
    Some(tokens.get(end + 2 + public)?.name()?.into())
}

/// Whether what comes before a text reads it from the environment: `env.text(`, `std::env::var(`.
fn reads_environment(before: &[Token]) -> bool {
    let is_env = |token: &Token| matches!(token.name(), Some("env" | "environment"));
    match before {
        [.., owner, first, second, method, open] if first.is(':') && second.is(':') => {
            open.opens('(') && method.name().is_some() && is_env(owner)
        }
        [.., owner, dot, method, open] => open.opens('(') && method.name().is_some() && dot.is('.') && is_env(owner),
        _ => false,
    }
}

/// `#![forbid(unsafe_code)]`
fn is_forbid(tokens: &[Token]) -> bool {
    let is = |at: usize, name: &str| tokens.get(at).and_then(Token::name) == Some(name);
    let opens = |at: usize, bracket: char| tokens.get(at).is_some_and(|token| token.opens(bracket));
    tokens.get(1).is_some_and(|token| token.is('!'))
        && opens(2, '[')
        && is(3, "forbid")
        && opens(4, '(')
        && tokens[5..]
            .iter()
            .take_while(|token| !matches!(token.kind, Kind::Open(_) | Kind::Close(_)))
            .any(|t| t.name() == Some("unsafe_code"))
}

/// The tokens without what is behind `#[cfg(test)]`.
fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    let cfg_test = |at: usize| {
        let is = |offset: usize, name: &str| tokens.get(at + offset).and_then(Token::name) == Some(name);
        tokens[at].is('#')
            && tokens.get(at + 1).is_some_and(|token| token.opens('['))
            && is(2, "cfg")
            && is(4, "test")
            && tokens.get(at + 5).is_some_and(|token| token.kind == Kind::Close(')'))
    };
    let mut left_out = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if cfg_test(at) {
            let end = end_of_item(&tokens, at + 7);
            left_out.push(at..end);
            at = end;
        } else {
            at += 1;
        }
    }
    if left_out.is_empty() {
        return tokens;
    }
    let mut left_out = left_out.into_iter().peekable();
    let keep = |(at, token): (usize, Token)| {
        while left_out.peek().is_some_and(|range| range.end <= at) {
            left_out.next();
        }
        let dropped = left_out.peek().is_some_and(|range| range.contains(&at));
        (!dropped).then_some(token)
    };
    tokens.into_iter().enumerate().filter_map(keep).collect()
}

/// Where the item that starts at `at` ends: after its `;` or its braces.
fn end_of_item(tokens: &[Token], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token.kind {
            Kind::Open(_) => depth += 1,
            // The end of what holds the item.
            Kind::Close(_) if depth == 0 => return at - 1,
            Kind::Close(bracket) => {
                depth -= 1;
                if depth == 0 && bracket == '}' {
                    return at;
                }
            }
            Kind::Sign(';', _) if depth == 0 => return at,
            _ => {}
        }
    }
    at
}
