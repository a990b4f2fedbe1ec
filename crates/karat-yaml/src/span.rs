//! Places in a text.

/// A place: where it is in bytes and as a reader counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Offset in bytes from the start of the text (of its UTF-8 form, if it was UTF-16).
    pub offset: usize,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// A stretch of text. A block collection ends with its last item, not with the blank lines and comments after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// Where it starts.
    pub start: Position,
    /// Offset in bytes of its end (exclusive).
    pub end: usize,
}

impl Span {
    /// The bytes.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.start.offset..self.end
    }
}
