//! A small language of shapes, with the faults that Ajv finds in JSON that has another.

use serde_json::Value;

/// What JSON must look like. An object may hold more than its fields, unless it is closed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Text {
        least: usize,
        most: usize,
    },
    TextOrFlag,
    Object {
        required: &'static [&'static str],
        closed: bool,
        fields: &'static [(&'static str, Self)],
    },
    /// An object whose values all are texts.
    Texts,
    /// An object whose other values all are texts.
    Open {
        fields: &'static [(&'static str, Self)],
    },
    List {
        least: usize,
        items: &'static Self,
    },
    OneText(&'static [&'static str]),
    Constant(&'static str),
    /// A text that is a word: `^\w+$`.
    Word,
    /// Exactly one of both.
    OneOf(&'static [Self; 2]),
    /// Both, one after the other.
    Both(&'static [Self; 2]),
}

/// One way in which JSON does not have its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// A JSON pointer; empty for the whole.
    pub(crate) path: String,
    /// Ajv's sentence.
    pub(crate) message: String,
    /// Ajv's parameters: a key and its text.
    pub(crate) parameters: Vec<(&'static str, String)>,
    /// Whether it is a value that is none of a list.
    pub(crate) choice: bool,
}

impl Fault {
    fn new(path: &str, message: impl Into<String>, parameters: Vec<(&'static str, String)>) -> Self {
        Self { path: path.to_owned(), message: message.into(), parameters, choice: false }
    }

    /// Where and what.
    pub(crate) fn sentence(&self) -> String {
        format!("{} {}", if self.path.is_empty() { "<root>" } else { &self.path }, self.message)
    }

    /// The sentence and its parameters, as Backstage joins them.
    pub(crate) fn with_parameters(&self) -> String {
        let parameters: Vec<String> = self.parameters.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        format!("{} - {}", self.sentence(), parameters.join(", "))
    }
}

impl Shape {
    /// A text that is not empty.
    pub(super) const TEXT: Self = Self::Text { least: 1, most: usize::MAX };
    /// A text that may be empty.
    pub(super) const EMPTY: Self = Self::Text { least: 0, most: usize::MAX };
    /// A list of such texts.
    pub(super) const LIST: Self = Self::List { least: 0, items: &Self::TEXT };
    /// Any object.
    pub(super) const MAP: Self = Self::object(&[], &[]);

    /// An object that may hold more.
    pub(super) const fn object(required: &'static [&'static str], fields: &'static [(&'static str, Self)]) -> Self {
        Self::Object { required, closed: false, fields }
    }

    /// Finds every fault, in Ajv's order.
    pub(super) fn check(&self, value: &Value, path: &str, faults: &mut Vec<Fault>) {
        let wrong_type =
            |wanted: &str| Fault::new(path, format!("must be {wanted}"), vec![("type", wanted.to_owned())]);
        match self {
            Self::TextOrFlag => {
                if !value.is_boolean() && !value.is_string() {
                    faults.push(wrong_type("string,boolean"));
                }
            }
            Self::Text { least, most } => match value.as_str() {
                None => faults.push(wrong_type("string")),
                Some(text) => bounded(text.chars().count(), "characters", *least, *most, path, faults),
            },
            Self::Word => match value.as_str() {
                None => faults.push(wrong_type("string")),
                Some("") => bounded(0, "characters", 1, usize::MAX, path, faults),
                Some(text) => {
                    if !text.chars().all(|character| character.is_ascii_alphanumeric() || character == '_') {
                        let parameters = vec![("pattern", r"^\w+$".to_owned())];
                        faults.push(Fault::new(path, "must match pattern \"^\\w+$\"", parameters));
                    }
                }
            },
            Self::OneText(choices) => {
                if !value.as_str().is_some_and(|text| choices.contains(&text)) {
                    let parameters = vec![("allowedValues", choices.join(","))];
                    let fault = Fault::new(path, "must be equal to one of the allowed values", parameters);
                    faults.push(Fault { choice: true, ..fault });
                }
            }
            Self::Constant(wanted) => {
                if value.as_str() != Some(wanted) {
                    let parameters = vec![("allowedValue", (*wanted).to_owned())];
                    faults.push(Fault::new(path, "must be equal to constant", parameters));
                }
            }
            Self::List { least, items } => match value.as_array() {
                None => faults.push(wrong_type("array")),
                Some(list) => {
                    bounded(list.len(), "items", *least, usize::MAX, path, faults);
                    for (index, item) in list.iter().enumerate() {
                        items.check(item, &format!("{path}/{index}"), faults);
                    }
                }
            },
            Self::Texts => match value.as_object() {
                None => faults.push(wrong_type("object")),
                Some(map) => {
                    // The pattern of the keys is `^.+$`: the empty one is not looked at.
                    for (key, value) in map.iter().filter(|(key, _)| !key.is_empty()) {
                        Self::EMPTY.check(value, &below(path, key), faults);
                    }
                }
            },
            Self::Object { required, closed, fields } => {
                let Some(map) = value.as_object() else { return faults.push(wrong_type("object")) };
                for key in required.iter().filter(|key| !map.contains_key(**key)) {
                    let message = format!("must have required property '{key}'");
                    faults.push(Fault::new(path, message, vec![("missingProperty", (*key).to_owned())]));
                }
                if *closed {
                    for key in map.keys().filter(|key| fields.iter().all(|(known, _)| known != key)) {
                        let parameters = vec![("additionalProperty", key.clone())];
                        faults.push(Fault::new(path, "must NOT have additional properties", parameters));
                    }
                }
                for (key, shape) in *fields {
                    if let Some(value) = map.get(*key) {
                        shape.check(value, &below(path, key), faults);
                    }
                }
            }
            Self::Open { fields } => {
                let Some(map) = value.as_object() else { return faults.push(wrong_type("object")) };
                for (key, value) in map.iter().filter(|(key, _)| fields.iter().all(|(known, _)| known != key)) {
                    Self::EMPTY.check(value, &below(path, key), faults);
                }
                Self::object(&[], fields).check(value, path, faults);
            }
            Self::Both(shapes) => shapes.iter().for_each(|shape| shape.check(value, path, faults)),
            Self::OneOf(shapes) => {
                let mut found = Vec::new();
                let fit: Vec<usize> = (0..shapes.len())
                    .filter(|index| {
                        let before = found.len();
                        shapes[*index].check(value, path, &mut found);
                        found.len() == before
                    })
                    .collect();
                if fit.len() != 1 {
                    faults.append(&mut found);
                    let passing = match fit[..] {
                        [] => "null".to_owned(),
                        _ => fit.iter().map(usize::to_string).collect::<Vec<_>>().join(","),
                    };
                    let message = "must match exactly one schema in oneOf";
                    faults.push(Fault::new(path, message, vec![("passingSchemas", passing)]));
                }
            }
        }
    }
}

fn bounded(found: usize, what: &str, least: usize, most: usize, path: &str, faults: &mut Vec<Fault>) {
    let (word, limit) = match found {
        _ if found < least => ("fewer", least),
        _ if found > most => ("more", most),
        _ => return,
    };
    faults.push(Fault::new(
        path,
        format!("must NOT have {word} than {limit} {what}"),
        vec![("limit", limit.to_string())],
    ));
}

fn below(path: &str, key: &str) -> String {
    format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"))
}
