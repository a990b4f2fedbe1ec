//! Plain data with its keys in the order they were written: templates print objects, and JavaScript keeps that order.

use std::fmt::Write as _;

use karat_yaml::{Dialect, Kind, Node, Numbers, Value};

use crate::nunjucks::{json::quoted, number};

/// What JSON knows; numbers are JavaScript's.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Data {
    /// `null`.
    #[default]
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    String(String),
    /// A list.
    List(Vec<Self>),
    /// An object; no key twice.
    Map(Vec<(String, Self)>),
}

impl Data {
    /// The data of a YAML node, aliases followed.
    ///
    /// # Errors
    /// As [`Node::to_value`].
    pub fn from_yaml(node: Node<'_>) -> Result<Self, karat_yaml::Error> {
        // The decoder checks limits and doubled keys; the tree knows the order.
        Ok(ordered(node.to_value(Dialect::Core12, Numbers::Kept)?, Some(node)))
    }

    /// The data of the first document of a YAML or JSON text.
    ///
    /// # Errors
    /// With its place; see [`karat_yaml::Error`].
    pub fn parse(text: &[u8]) -> Result<Self, karat_yaml::Error> {
        match karat_yaml::parse_document(text, Dialect::Core12)? {
            Some(document) => Self::from_yaml(document.root()),
            None => Ok(Self::Null),
        }
    }

    /// The data of a JSON text.
    pub(crate) fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The value at `key`, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The value at a path of keys.
    pub fn at<'k>(&self, path: impl IntoIterator<Item = &'k str>) -> Option<&Self> {
        path.into_iter().try_fold(self, |data, key| data.get(key))
    }

    /// The entries of an object; none of anything else.
    pub fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether JavaScript takes it for true.
    pub fn truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::String(text) => !text.is_empty(),
            Self::List(_) | Self::Map(_) => true,
        }
    }

    /// Sets a key of an object, which this becomes if it is none.
    pub fn set(&mut self, key: &str, value: Self) {
        if !matches!(self, Self::Map(_)) {
            *self = Self::Map(Vec::new());
        }
        if let Self::Map(entries) = self {
            match entries.iter_mut().find(|(name, _)| name == key) {
                Some(entry) => entry.1 = value,
                None => entries.push((key.to_owned(), value)),
            }
        }
    }

    /// As JSON on one line.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out, None, 0);
        out
    }

    /// As JSON over lines, two spaces a level.
    pub fn to_json_indented(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out, Some("  "), 0);
        out
    }

    fn write_json(&self, out: &mut String, indent: Option<&str>, depth: usize) {
        let line = |out: &mut String, depth: usize| {
            if let Some(indent) = indent {
                out.push('\n');
                out.push_str(&indent.repeat(depth));
            }
        };
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) if number.is_finite() => out.push_str(&number::text(*number)),
            Self::Number(_) => out.push_str("null"),
            Self::String(text) => out.push_str(&quoted(text)),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    line(out, depth + 1);
                    item.write_json(out, indent, depth + 1);
                }
                if !items.is_empty() {
                    line(out, depth);
                }
                out.push(']');
            }
            Self::Map(entries) => {
                out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    line(out, depth + 1);
                    let colon = if indent.is_some() { ": " } else { ":" };
                    let _ = write!(out, "{}{colon}", quoted(key));
                    value.write_json(out, indent, depth + 1);
                }
                if !entries.is_empty() {
                    line(out, depth);
                }
                out.push('}');
            }
        }
    }

    /// As YAML, block style, in the order of the keys.
    pub fn to_yaml(&self) -> String {
        let mut out = String::new();
        match self {
            Self::Map(entries) if !entries.is_empty() => self.write_yaml(&mut out, 0),
            Self::List(items) if !items.is_empty() => self.write_yaml(&mut out, 0),
            other => {
                let _ = writeln!(out, "{}", other.scalar(0));
            }
        }
        out
    }

    fn write_yaml(&self, out: &mut String, depth: usize) {
        let pad = "  ".repeat(depth);
        match self {
            Self::Map(entries) => {
                for (key, value) in entries {
                    let _ = write!(out, "{pad}{}:", Self::String(key.clone()).scalar(0));
                    value.write_yaml_after(out, depth, " ");
                }
            }
            Self::List(items) => {
                for item in items {
                    let _ = write!(out, "{pad}-");
                    match item {
                        Self::Map(entries) if !entries.is_empty() => {
                            // The first key stands beside the dash.
                            let mut below = String::new();
                            item.write_yaml(&mut below, depth + 1);
                            let _ = write!(out, " {}", below.trim_start_matches(' '));
                        }
                        other => other.write_yaml_after(out, depth, " "),
                    }
                }
            }
            _ => {}
        }
    }

    fn write_yaml_after(&self, out: &mut String, depth: usize, space: &str) {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                out.push('\n');
                self.write_yaml(out, depth + 1);
            }
            Self::List(items) if !items.is_empty() => {
                out.push('\n');
                self.write_yaml(out, depth + 1);
            }
            other => {
                let _ = writeln!(out, "{space}{}", other.scalar(depth + 1));
            }
        }
    }

    /// A scalar or an empty collection on one line, or as a literal block below `depth`.
    fn scalar(&self, depth: usize) -> String {
        match self {
            Self::String(text) if depth > 0 && is_block(text) => {
                let pad = "  ".repeat(depth);
                let keep = if text.ends_with('\n') { "" } else { "-" };
                let lines: Vec<String> = text
                    .trim_end_matches('\n')
                    .split('\n')
                    .map(|line| if line.is_empty() { String::new() } else { format!("{pad}{line}") })
                    .collect();
                format!("|{keep}\n{}", lines.join("\n"))
            }
            Self::String(text) if is_plain(text) => text.clone(),
            Self::String(text) => quoted(text),
            Self::Map(_) => "{}".into(),
            Self::List(_) => "[]".into(),
            other => other.to_json(),
        }
    }

    /// As `serde_json` has it, for JSON Schema.
    pub fn to_serde(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => Json::from(*number as i64),
            Self::Number(number) => serde_json::Number::from_f64(*number).map_or(Json::Null, Json::Number),
            Self::String(text) => Json::String(text.clone()),
            Self::List(items) => Json::Array(items.iter().map(Self::to_serde).collect()),
            Self::Map(entries) => {
                Json::Object(entries.iter().map(|(key, value)| (key.clone(), value.to_serde())).collect())
            }
        }
    }
}

/// Whether YAML can hold the text without quotes, by every reader's rules.
fn is_plain(text: &str) -> bool {
    let inner = |character: char| character.is_ascii_alphanumeric() || " _-./@+,()".contains(character);
    let safe = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/' || first == '_')
        && text.chars().enumerate().all(|(at, character)| {
            // A colon that no space follows is text.
            inner(character)
                || character == ':'
                    && text[at + 1..].starts_with(|next: char| next.is_ascii_alphanumeric() || next == '/')
        })
        && text.is_ascii()
        && !text.ends_with(' ');
    let word = text.to_ascii_lowercase();
    safe && !matches!(word.as_str(), "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null")
}

/// Whether a text of several lines can be a literal block.
fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    body.contains('\n')
        && !body.ends_with('\n')
        && !text.starts_with([' ', '\n', '\t'])
        && text.chars().all(|character| character == '\n' || !character.is_control())
}

fn ordered(value: Value, node: Option<Node<'_>>) -> Data {
    let node = node.map(Node::resolved);
    match value {
        Value::Null => Data::Null,
        Value::Bool(value) => Data::Bool(value),
        Value::Int(number) => Data::Number(number as f64),
        Value::Float(number) => Data::Number(number),
        Value::Str(text) => Data::String(text.lossy().into_owned()),
        Value::Seq(items) => {
            let mut nodes = node.filter(|node| node.kind() == Kind::Seq).map(Node::items);
            Data::List(items.into_iter().map(|item| ordered(item, nodes.as_mut().and_then(Iterator::next))).collect())
        }
        Value::Map(mut map) => {
            let mut entries = Vec::with_capacity(map.len());
            for (key, below) in node.into_iter().flat_map(Node::entries) {
                // A key that is no plain text, and what a merge brings, come after the others.
                if let Some(value) = map.remove(key.text()) {
                    let name = String::from_utf8_lossy(key.text()).into_owned();
                    let last = node.and_then(|node| node.get(&name)).unwrap_or(below);
                    entries.push((name, ordered(value, Some(last))));
                }
            }
            entries.extend(map.into_iter().map(|(key, value)| (key.lossy().into_owned(), ordered(value, None))));
            Data::Map(entries)
        }
    }
}

impl<'de> serde::Deserialize<'de> for Data {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Data;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Data, E> {
                Ok(Data::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Data, E> {
                Ok(Data::Bool(value))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Data, E> {
                Ok(Data::Number(number as f64))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Data, E> {
                Ok(Data::Number(number as f64))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Data, E> {
                Ok(Data::Number(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Data, E> {
                Ok(Data::String(text.to_owned()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut sequence: A) -> Result<Data, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = sequence.next_element()? {
                    items.push(item);
                }
                Ok(Data::List(items))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
                let mut entries: Vec<(String, Data)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Data>()? {
                    entries.push((key, value));
                }
                Ok(Data::Map(entries))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl<K: Into<String>> FromIterator<(K, Self)> for Data {
    fn from_iter<T: IntoIterator<Item = (K, Self)>>(entries: T) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}
