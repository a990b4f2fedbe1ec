//! Objects as CEL sees them.
//!
//! The `cel` crate's own maps and lists copy themselves whenever an expression touches them, which costs more than the
//! judging. These share their parts instead: a document is converted once, and every step into it is a counter's
//! increment. What is `null` is left out, as the API server leaves it out, so `has()` means what it means there.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use cel::ExecutionError;
use cel::common::traits::{Adder, Container, Indexer, Iterable, Iterator as ValIterator};
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, Kind, Type};
use cel::common::value::Val;
use karat_yaml::Value;

/// A value that expressions can read, cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Null(CelNull),
    Bool(CelBool),
    Int(CelInt),
    Double(CelDouble),
    Str(CelString),
    List(List),
    Map(Map),
}

/// Not the crate's own types: it takes whatever has those for its own structures, and panics.
const OUR_LIST: Type<'static> = Type::simple_type(Kind::List, "list");
const OUR_MAP: Type<'static> = Type::simple_type(Kind::Map, "map");

/// A list that shares its items.
#[derive(Clone, Debug)]
pub(crate) struct List(Arc<[Tree]>);

/// A mapping that shares its entries.
#[derive(Clone, Debug)]
pub(crate) struct Map(Arc<Entries>);

#[derive(Debug)]
struct Entries {
    /// Sorted by key.
    entries: Vec<(CelString, Tree)>,
    /// What a key that is not there stands for; without it, asking is an error.
    missing: Option<Tree>,
}

impl Tree {
    /// Converts `value`. Whole floats become integers: Helm reads every number as a float, the API server does not.
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null(CelNull),
            Value::Bool(truth) => Self::Bool((*truth).into()),
            Value::Int(number) => Self::Int((*number).into()),
            Value::Float(number) => match value.as_i64() {
                Some(whole) => Self::Int(whole.into()),
                None => Self::Double((*number).into()),
            },
            Value::Str(text) => Self::Str(text.lossy().as_ref().into()),
            Value::Seq(items) => Self::list(items.iter().map(Self::of)),
            Value::Map(map) => Self::map(
                map.iter()
                    .filter(|(_, value)| !value.is_null())
                    .map(|(key, value)| (key.lossy().into_owned(), Self::of(value))),
            ),
        }
    }

    /// A list.
    pub(crate) fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(List(items.into_iter().collect()))
    }

    /// A mapping.
    pub(crate) fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        let mut entries: Vec<(CelString, Self)> =
            entries.into_iter().map(|(key, value)| (CelString::from(key.into()), value)).collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Self::Map(Map(Arc::new(Entries { entries, missing: None })))
    }

    /// A mapping in which every key that is not there stands for the empty list: objects by kind.
    pub(crate) fn lists<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        let Self::Map(Map(entries)) = Self::map(entries) else { return Self::map::<String>([]) };
        let entries = Arc::try_unwrap(entries).map_or_else(|_| Vec::new(), |entries| entries.entries);
        Self::Map(Map(Arc::new(Entries { entries, missing: Some(Self::list([])) })))
    }

    /// A text.
    pub(crate) fn text(text: &str) -> Self {
        Self::Str(text.into())
    }

    /// The value at `key`, if this is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.find(key),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub(crate) fn items(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(&list.0),
            _ => None,
        }
    }

    /// As the `cel` crate takes it.
    pub(crate) fn as_val(&self) -> &dyn Val {
        match self {
            Self::Null(null) => null,
            Self::Bool(truth) => truth,
            Self::Int(number) => number,
            Self::Double(number) => number,
            Self::Str(text) => text,
            Self::List(list) => list,
            Self::Map(map) => map,
        }
    }
}

impl Map {
    fn find(&self, key: &str) -> Option<&Tree> {
        let place = self.0.entries.binary_search_by(|(name, _)| name.inner().cmp(key));
        place.ok().map(|place| &self.0.entries[place].1).or(self.0.missing.as_ref())
    }

    fn lookup(&self, key: &dyn Val) -> Result<&Tree, ExecutionError> {
        let key = key.downcast_ref::<CelString>().ok_or(ExecutionError::NoSuchOverload)?;
        self.find(key.inner()).ok_or_else(|| ExecutionError::no_such_key(key.inner()))
    }
}

impl List {
    fn lookup(&self, index: &dyn Val) -> Result<&Tree, ExecutionError> {
        let index = *index.downcast_ref::<CelInt>().ok_or(ExecutionError::NoSuchOverload)?.inner();
        let item = usize::try_from(index).ok().and_then(|index| self.0.get(index));
        item.ok_or_else(|| ExecutionError::IndexOutOfBounds(index.into()))
    }
}

impl Val for Map {
    fn get_type(&self) -> Type<'_> {
        OUR_MAP
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer(&self) -> Option<&dyn Indexer> {
        Some(self)
    }

    fn into_indexer(self: Box<Self>) -> Option<Box<dyn Indexer>> {
        Some(self)
    }

    fn as_iterable(&self) -> Option<&dyn Iterable> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        equal(self, other)
    }

    fn clone_as_boxed(&self) -> Box<dyn Val> {
        Box::new(self.clone())
    }
}

impl Container for Map {
    fn contains(&self, key: &dyn Val) -> Result<bool, ExecutionError> {
        let key = key.downcast_ref::<CelString>().ok_or(ExecutionError::NoSuchOverload)?;
        Ok(self.0.entries.binary_search_by(|(name, _)| name.inner().cmp(key.inner())).is_ok())
    }
}

impl Indexer for Map {
    fn get<'a>(&'a self, key: &dyn Val) -> Result<Cow<'a, dyn Val>, ExecutionError> {
        self.lookup(key).map(|value| Cow::Borrowed(value.as_val()))
    }

    fn steal(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val>, ExecutionError> {
        self.lookup(key).map(|value| value.as_val().clone_as_boxed())
    }
}

impl Iterable for Map {
    fn iter<'a>(&'a self) -> Box<dyn ValIterator<'a> + 'a> {
        Box::new(Each(self.0.entries.iter().map(|(key, _)| key as &dyn Val)))
    }
}

impl Val for List {
    fn get_type(&self) -> Type<'_> {
        OUR_LIST
    }

    fn as_adder(&self) -> Option<&dyn Adder> {
        Some(self)
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer(&self) -> Option<&dyn Indexer> {
        Some(self)
    }

    fn into_indexer(self: Box<Self>) -> Option<Box<dyn Indexer>> {
        Some(self)
    }

    fn as_iterable(&self) -> Option<&dyn Iterable> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        equal(self, other)
    }

    fn clone_as_boxed(&self) -> Box<dyn Val> {
        Box::new(self.clone())
    }
}

impl Adder for List {
    fn add<'a>(&'a self, other: &dyn Val) -> Result<Cow<'a, dyn Val>, ExecutionError> {
        let mut items: Vec<Box<dyn Val>> = self.0.iter().map(|item| item.as_val().clone_as_boxed()).collect();
        let mut others = other.as_iterable().ok_or(ExecutionError::NoSuchOverload)?.iter();
        while let Some(item) = others.next() {
            items.push(item.clone_as_boxed());
        }
        Ok(Cow::<dyn Val>::Owned(Box::new(CelList::from(items))))
    }
}

impl Container for List {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(self.0.iter().any(|item| equal(item.as_val(), value)))
    }
}

impl Indexer for List {
    fn get<'a>(&'a self, index: &dyn Val) -> Result<Cow<'a, dyn Val>, ExecutionError> {
        self.lookup(index).map(|value| Cow::Borrowed(value.as_val()))
    }

    fn steal(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val>, ExecutionError> {
        self.lookup(index).map(|value| value.as_val().clone_as_boxed())
    }
}

impl Iterable for List {
    fn iter<'a>(&'a self) -> Box<dyn ValIterator<'a> + 'a> {
        Box::new(Each(self.0.iter().map(Tree::as_val)))
    }
}

struct Each<I>(I);

impl<'a, I: Iterator<Item = &'a dyn Val>> ValIterator<'a> for Each<I> {
    fn next(&mut self) -> Option<&'a dyn Val> {
        self.0.next()
    }
}

/// Equality across these values and the `cel` crate's own, and across integers and floats, as CEL has it.
pub(crate) fn equal(a: &dyn Val, b: &dyn Val) -> bool {
    if let (Some(a), Some(b)) = (items(a), items(b)) {
        return a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(*a, b));
    }
    if let (Some(a), Some(b)) = (entries(a), entries(b)) {
        let same = |((key, a), (other, b)): (&(&str, &dyn Val), &(&str, &dyn Val))| key == other && equal(*a, *b);
        return a.len() == b.len() && a.iter().zip(&b).all(same);
    }
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.partial_cmp(&b) == Some(Ordering::Equal),
        _ => a.equals(b),
    }
}

fn number(value: &dyn Val) -> Option<f64> {
    // Two large integers that round to one float are told apart by `equals`, which is asked for same types.
    let whole = value.downcast_ref::<CelInt>().map(|number| *number.inner() as f64);
    whole
        .filter(|number| number.abs() < 9_007_199_254_740_992.0)
        .or_else(|| value.downcast_ref::<CelDouble>().map(|number| *number.inner()))
}

/// The items of a list of either make.
pub(crate) fn items(value: &dyn Val) -> Option<Vec<&dyn Val>> {
    if let Some(list) = value.downcast_ref::<List>() {
        return Some(list.0.iter().map(Tree::as_val).collect());
    }
    value.downcast_ref::<CelList>().map(|list| list.inner().iter().map(AsRef::as_ref).collect())
}

/// The entries of a mapping of either make, sorted by key; nothing if a key is no string.
pub(crate) fn entries(value: &dyn Val) -> Option<Vec<(&str, &dyn Val)>> {
    if let Some(map) = value.downcast_ref::<Map>() {
        return Some(map.0.entries.iter().map(|(key, value)| (key.inner(), value.as_val())).collect());
    }
    let map = value.downcast_ref::<CelMap>()?;
    let mut entries = map
        .inner()
        .iter()
        .map(|(key, value)| match key {
            CelMapKey::String(key) => Some((key.inner(), value.as_ref())),
            _ => None,
        })
        .collect::<Option<Vec<_>>>()?;
    entries.sort_by(|a, b| a.0.cmp(b.0));
    Some(entries)
}
