//! What the scanner gives the grammar.

use super::tree::Style;

/// A place while scanning; `line` and `column` count from 0, the column in bytes (it is turned into characters when a
/// text has others than ASCII).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) at: u32,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A stretch of the source, or of the document's buffer of texts that differ from their source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) at: u32,
    len: u32,
}

const COOKED: u32 = 1 << 31;

impl Text {
    pub(super) fn source(from: usize, to: usize) -> Self {
        Self { at: from as u32, len: (to - from) as u32 }
    }

    pub(super) fn cooked(from: usize, to: usize) -> Self {
        Self { at: from as u32, len: (to - from) as u32 | COOKED }
    }

    pub(super) fn of<'t>(&self, source: &'t [u8], cooked: &'t [u8]) -> &'t [u8] {
        let (bytes, len) = if self.len & COOKED == 0 { (source, self.len) } else { (cooked, self.len & !COOKED) };
        &bytes[self.at as usize..self.at as usize + len as usize]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len & !COOKED == 0
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: Mark,
    pub(super) end: Mark,
    /// The flow level whose simple key may start with this token.
    pub(super) key_level: u32,
}

pub(super) const NO_KEY: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    StreamEnd,
    Version {
        major: u8,
        minor: u8,
    },
    /// What it says is in the scanner's `directives`.
    TagDirective,
    DocumentStart,
    DocumentEnd,
    BlockSequence,
    BlockMapping,
    BlockEnd,
    FlowSequence,
    FlowSequenceEnd,
    FlowMapping,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(Text),
    Anchor(Text),
    Tag {
        handle: Text,
        suffix: Text,
    },
    Scalar(Text, Style),
}
