//! Values while a template is evaluated: JavaScript's, without its objects' behaviour.

use std::cell::{Cell, Ref, RefCell};
use std::rc::Rc;

use super::regex::Regex;
use crate::Data;

/// A value. Lists and records are shared: a template may change a list that it holds, and whoever holds it sees that.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(Rc<str>),
    /// Text that `safe` or `escape` has been through.
    Safe(Rc<str>),
    List(Rc<List>),
    Record(Rc<Record>),
    Regex(Rc<Regex>),
    Function(Function),
}

/// What can be called.
#[derive(Clone, Debug)]
pub(super) enum Function {
    /// A macro or the body of a call block, by its number.
    Macro(usize),
    /// A method and whose it is.
    Method(Box<Value>, Rc<str>),
    /// A function of the language or of the host, by name.
    Global(Rc<str>),
    Joiner(Rc<str>, Rc<Cell<bool>>),
    Cycler(Rc<Cycler>),
    CyclerNext(Rc<Cycler>),
    CyclerReset(Rc<Cycler>),
}

/// Goes round its values.
#[derive(Debug)]
pub(super) struct Cycler {
    pub(super) values: Vec<Value>,
    /// How many were given; 0 before the first.
    pub(super) turn: Cell<usize>,
}

/// A list. It is dropped without recursion: a template can nest lists deeper than a stack is high.
#[derive(Debug, Default)]
pub(super) struct List(RefCell<Vec<Value>>);

impl List {
    /// The items, to look at.
    pub(super) fn items(&self) -> Ref<'_, Vec<Value>> {
        self.0.borrow()
    }

    /// Puts other items into the list.
    pub(super) fn replace(&self, items: Vec<Value>) {
        let old = self.0.replace(items);
        drop_flat(old);
    }
}

impl Drop for List {
    fn drop(&mut self) {
        drop_flat(self.0.take());
    }
}

/// Drops values one by one, and what they hold after them.
fn drop_flat(mut values: Vec<Value>) {
    while let Some(value) = values.pop() {
        match value {
            Value::List(list) => {
                if let Ok(list) = Rc::try_unwrap(list) {
                    values.append(&mut list.0.take());
                }
            }
            Value::Record(record) => {
                if let Ok(mut record) = Rc::try_unwrap(record) {
                    values.extend(std::mem::take(&mut record.entries).into_iter().map(|(_, value)| value));
                }
            }
            _ => {}
        }
    }
}

/// An object with its keys in JavaScript's order: array indices first, ascending, then as they were added.
#[derive(Debug, Default)]
pub(super) struct Record {
    entries: Vec<(Rc<str>, Value)>,
}

impl Drop for Record {
    fn drop(&mut self) {
        drop_flat(std::mem::take(&mut self.entries).into_iter().map(|(_, value)| value).collect());
    }
}

impl Record {
    pub(super) fn new(entries: impl IntoIterator<Item = (Rc<str>, Value)>) -> Self {
        let mut record = Self::default();
        // Small objects are searched; an index would cost more than it saves. Big ones come from data, without doubles.
        let mut seen = std::collections::BTreeMap::new();
        for (key, value) in entries {
            match seen.get(&key) {
                Some(at) => {
                    let entry: &mut (Rc<str>, Value) = &mut record.entries[*at];
                    entry.1 = value;
                }
                None => {
                    seen.insert(Rc::clone(&key), record.entries.len());
                    record.entries.push((key, value));
                }
            }
        }
        if record.entries.iter().any(|(key, _)| index(key).is_some()) {
            record.entries.sort_by_key(|(key, _)| index(key).unwrap_or(u64::MAX));
        }
        record
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|(name, _)| &**name == key).map(|(_, value)| value)
    }

    pub(super) fn entries(&self) -> &[(Rc<str>, Value)] {
        &self.entries
    }
}

/// The number that `key` is in full, if it is one that an array has.
fn index(key: &str) -> Option<u64> {
    let number: u64 = key.parse().ok().filter(|number| *number < u64::from(u32::MAX))?;
    (number.to_string() == key).then_some(number)
}

impl Value {
    pub(super) fn text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        Self::List(Rc::new(List(RefCell::new(items))))
    }

    pub(super) fn record(entries: impl IntoIterator<Item = (Rc<str>, Self)>) -> Self {
        Self::Record(Rc::new(Record::new(entries)))
    }

    /// Text, plain or safe.
    pub(super) fn as_text(&self) -> Option<&Rc<str>> {
        match self {
            Self::Text(text) | Self::Safe(text) => Some(text),
            _ => None,
        }
    }

    /// `text`, as safe as `self` is.
    pub(super) fn like(&self, text: impl Into<Rc<str>>) -> Self {
        if matches!(self, Self::Safe(_)) { Self::Safe(text.into()) } else { Self::Text(text.into()) }
    }

    pub(super) fn is_nullish(&self) -> bool {
        matches!(self, Self::Undefined | Self::Null)
    }

    /// JavaScript's truth: empty lists and records are true.
    pub(super) fn truthy(&self) -> bool {
        match self {
            Self::Undefined | Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Text(text) => !text.is_empty(),
            Self::Safe(_) | Self::List(_) | Self::Record(_) | Self::Regex(_) | Self::Function(_) => true,
        }
    }

    /// What it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Undefined => "undefined",
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) | Self::Safe(_) => "a string",
            Self::List(_) => "a list",
            Self::Record(_) => "an object",
            Self::Regex(_) => "a regular expression",
            Self::Function(_) => "a function",
        }
    }
}

impl From<&Data> for Value {
    fn from(data: &Data) -> Self {
        match data {
            Data::Null => Self::Null,
            Data::Bool(value) => Self::Bool(*value),
            Data::Number(number) => Self::Number(*number),
            Data::String(text) => Self::text(text.as_str()),
            Data::List(items) => Self::list(items.iter().map(Self::from).collect()),
            Data::Map(entries) => {
                Self::record(entries.iter().map(|(key, value)| (Rc::from(key.as_str()), Self::from(value))))
            }
        }
    }
}
