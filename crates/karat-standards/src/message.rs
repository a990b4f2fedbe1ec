//! What a finding says: text with expressions in braces, as in ``container `{self.name}` runs as root``.

use crate::cel::{Program, Scope};

#[derive(Debug)]
pub(crate) struct Message {
    parts: Vec<Part>,
}

#[derive(Debug)]
pub(crate) enum Part {
    Text(String),
    Expression(Program),
}

impl Message {
    /// Reads a message whose expressions know `variables`. Braces that mean themselves are written twice.
    pub(crate) fn parse(text: &str, variables: &[&str]) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            let Some(end) = rest.find('}').filter(|_| brace == "{") else {
                return Err(format!("a `{brace}` without its counterpart; a brace that means itself is written twice"));
            };
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Expression(Program::compile(&rest[..end], variables)?));
            rest = &rest[end + 1..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { parts })
    }

    /// The message. What cannot be evaluated is shown as `?`: a message must not hide its finding.
    pub(crate) fn say(&self, scope: &Scope<'_>) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Expression(program) => {
                    let text = scope.text(program).unwrap_or_else(|_| "?".to_owned());
                    text.split_whitespace().collect::<Vec<_>>().join(" ")
                }
            })
            .collect()
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub(crate) fn uses(&self, name: &str) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Expression(program) if program.uses(name)))
    }
}
