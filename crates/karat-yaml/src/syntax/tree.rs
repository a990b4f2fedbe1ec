//! The tree of a document: compact, in reading order, with places.

use std::iter::from_fn;

use super::token::{Mark, Text};
use crate::{Dialect, Error, Numbers, Position, Span, Str, Value, decode};

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: its type is resolved from its text.
    Plain,
    /// `'...'`
    SingleQuoted,
    /// `"..."`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A scalar; an absent value is a plain scalar without text.
    Scalar(Style),
    /// A sequence.
    Seq,
    /// A mapping.
    Map,
    /// `*name`; see [`Node::resolved`].
    Alias,
}

/// One node. The nodes below it follow, up to `next`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) kind: Kind,
    /// The column in characters.
    pub(super) start: Mark,
    pub(super) end: u32,
    pub(super) next: u32,
    /// A scalar's text, an alias's name.
    pub(super) text: Text,
    /// Tag and anchor, from 1; 0 if it has neither.
    pub(super) properties: u32,
    /// What an alias stands for.
    pub(super) target: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Properties {
    pub(super) tag: Text,
    pub(super) anchor: Text,
}

/// A document without its source.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    pub(super) records: Vec<Record>,
    pub(super) properties: Vec<Properties>,
    pub(super) cooked: Vec<u8>,
    pub(super) start: Mark,
}

impl Tree {
    /// The root; a document always has one.
    pub(crate) fn root<'d>(&'d self, source: &'d [u8]) -> Node<'d> {
        Node { source, tree: self, id: 0 }
    }
}

/// One document of a stream: its tree and the text it was read from (shared by the documents of a stream).
#[derive(Clone, Debug)]
pub struct Document {
    source: Str,
    tree: Tree,
}

impl Document {
    pub(crate) fn new(source: Str, tree: Tree) -> Self {
        Self { source, tree }
    }

    /// The node that holds everything. An empty document holds a plain scalar without text, which is null.
    pub fn root(&self) -> Node<'_> {
        self.tree.root(&self.source)
    }

    /// Where the document starts: its `---` or directive, or its first node.
    pub fn position(&self) -> Position {
        position(self.tree.start)
    }

    /// The whole text that was read, not only this document's part.
    pub fn source(&self) -> &Str {
        &self.source
    }
}

fn position(mark: Mark) -> Position {
    Position { offset: mark.at as usize, line: mark.line + 1, column: mark.column + 1 }
}

/// A step of a path: the key of a mapping or the index of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'k> {
    /// A key, as it is written or as the value has it (`on` and `true` are the same key to go-yaml).
    Key(&'k str),
    /// An index from 0.
    Index(usize),
}

impl<'k> From<&'k str> for Step<'k> {
    fn from(key: &'k str) -> Self {
        Self::Key(key)
    }
}

impl From<usize> for Step<'_> {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// A node of a document: a handle, free to copy.
#[derive(Clone, Copy, Debug)]
pub struct Node<'d> {
    source: &'d [u8],
    tree: &'d Tree,
    id: u32,
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.tree, other.tree) && self.id == other.id
    }
}

impl<'d> Node<'d> {
    fn record(self) -> &'d Record {
        &self.tree.records[self.id as usize]
    }

    fn at(self, id: u32) -> Self {
        Self { id, ..self }
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        self.record().kind
    }

    /// Where it is, its anchor and tag included.
    pub fn span(self) -> Span {
        let record = self.record();
        Span { start: position(record.start), end: record.end as usize }
    }

    /// A scalar's text with escapes and folds resolved, an alias's name; empty for collections.
    pub fn text(self) -> &'d [u8] {
        self.record().text.of(self.source, &self.tree.cooked)
    }

    /// A scalar's text. Text of YAML is UTF-8, so this is `None` only where escapes in a tag say otherwise.
    pub fn as_str(self) -> Option<&'d str> {
        match self.kind() {
            Kind::Scalar(_) => std::str::from_utf8(self.text()).ok(),
            _ => None,
        }
    }

    fn properties(self) -> Properties {
        match self.record().properties {
            0 => Properties::default(),
            number => self.tree.properties[number as usize - 1],
        }
    }

    /// Its tag in full (`tag:yaml.org,2002:str`), `!` for the non-specific one, or empty.
    pub fn tag(self) -> &'d [u8] {
        self.properties().tag.of(self.source, &self.tree.cooked)
    }

    /// Its anchor's name, or empty.
    pub fn anchor(self) -> &'d [u8] {
        self.properties().anchor.of(self.source, &self.tree.cooked)
    }

    /// What an alias stands for; any other node itself.
    pub fn resolved(self) -> Self {
        match self.kind() {
            Kind::Alias => self.at(self.record().target),
            _ => self,
        }
    }

    /// The nodes directly below: the items of a sequence, keys and values in turn of a mapping.
    fn children(self) -> impl Iterator<Item = Self> {
        let end = self.record().next;
        let mut id = self.id + 1;
        from_fn(move || {
            let child = (id < end).then(|| self.at(id))?;
            id = child.record().next;
            Some(child)
        })
    }

    /// The items of a sequence, none for anything else.
    pub fn items(self) -> Items<'d> {
        let end = if self.kind() == Kind::Seq { self.record().next } else { 0 };
        Items { next: self.at(self.id + 1), end }
    }

    /// The entries of a mapping in the order they are written, merges and repeated keys included; none for anything
    /// else.
    pub fn entries(self) -> Entries<'d> {
        let end = if self.kind() == Kind::Map { self.record().next } else { 0 };
        Entries(Items { next: self.at(self.id + 1), end })
    }

    /// The entry of a mapping (an alias is followed) whose key is `key`: the last one, as in the value; then what a
    /// merge (`<<`) brings.
    pub fn entry(self, key: &str) -> Option<(Self, Self)> {
        self.entry_within(key, 8)
    }

    fn entry_within(self, key: &str, merges: u8) -> Option<(Self, Self)> {
        let map = self.resolved();
        let scalars = || map.entries().filter(|(name, _)| matches!(name.kind(), Kind::Scalar(_)));
        scalars()
            .filter(|(name, _)| name.text() == key.as_bytes())
            .last()
            .or_else(|| scalars().filter(|(name, _)| decode::is_key(*name, key)).last())
            .or_else(|| {
                let merged = map.entries().filter(|(name, _)| decode::is_merge(*name)).last()?.1.resolved();
                let merges = merges.checked_sub(1)?;
                match merged.kind() {
                    Kind::Seq => merged.items().find_map(|item| item.entry_within(key, merges)),
                    _ => merged.entry_within(key, merges),
                }
            })
    }

    /// The value at `key`; see [`Node::entry`].
    pub fn get(self, key: &str) -> Option<Self> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The node at a path from here; aliases and merges are followed.
    pub fn find<'k>(self, path: impl IntoIterator<Item = impl Into<Step<'k>>>) -> Option<Self> {
        path.into_iter().try_fold(self, |node, step| match step.into() {
            Step::Key(key) => node.get(key),
            Step::Index(index) => node.resolved().items().nth(index),
        })
    }

    /// Where a path from here leads, for a finding: the key's place for a key, the item's for an index. What is not
    /// there is sought as far as it goes.
    pub fn locate<'k>(self, path: impl IntoIterator<Item = impl Into<Step<'k>>>) -> Span {
        let mut span = self.span();
        let mut node = self;
        for step in path {
            let found = match step.into() {
                Step::Key(key) => node.entry(key),
                Step::Index(index) => node.resolved().items().nth(index).map(|item| (item, item)),
            };
            let Some((name, value)) = found else { break };
            span = name.span();
            node = value;
        }
        span
    }

    /// The value, as `dialect` reads it.
    ///
    /// # Errors
    /// [`Error::Value`], [`Error::Convert`] and [`Error::Limit`], each with its place.
    pub fn to_value(self, dialect: Dialect, numbers: Numbers) -> Result<Value, Error> {
        decode::decode(self, dialect, numbers)
    }

    /// How many nodes and bytes of text the document holds: what aliases are measured against.
    pub(crate) fn weight(self) -> usize {
        self.tree.records.len() * decode::NODE_WEIGHT + self.source.len()
    }

    /// How many nodes there are from here down.
    pub(crate) fn size(self) -> usize {
        (self.record().next - self.id) as usize
    }

    /// Identifies the node within its document.
    pub(crate) fn id(self) -> u32 {
        self.id
    }

    /// Where it starts.
    pub fn position(self) -> Position {
        position(self.record().start)
    }

    /// How many nodes are directly below.
    pub(crate) fn child_count(self) -> usize {
        self.children().count()
    }
}

/// The items of a sequence.
#[derive(Clone, Debug)]
pub struct Items<'d> {
    next: Node<'d>,
    end: u32,
}

impl<'d> Iterator for Items<'d> {
    type Item = Node<'d>;

    fn next(&mut self) -> Option<Node<'d>> {
        let item = (self.next.id < self.end).then_some(self.next)?;
        self.next.id = item.record().next;
        Some(item)
    }
}

/// The entries of a mapping: key and value.
#[derive(Clone, Debug)]
pub struct Entries<'d>(Items<'d>);

impl<'d> Iterator for Entries<'d> {
    type Item = (Node<'d>, Node<'d>);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, self.0.next()?))
    }
}
