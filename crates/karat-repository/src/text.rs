//! A file's text, and places in it.

use std::cell::OnceCell;
use std::ops::Range;

use ecow::EcoString;

/// A place in a file. Lines and columns count from 1, columns in characters; a line of 0 means the whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, from the repository's root.
    pub file: EcoString,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
    /// The column after its end, or after the end of its first line.
    pub end_column: u32,
}

impl Place {
    /// The whole of a file.
    pub fn whole(file: impl Into<EcoString>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }
}

/// Something and where it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At<T> {
    /// What is written.
    pub value: T,
    /// Where.
    pub place: Place,
}

impl<T> At<T> {
    pub(crate) fn new(value: impl Into<T>, place: Place) -> Self {
        Self { value: value.into(), place }
    }
}

/// What is wrong with a file, so that its facts are missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{}:{}:{}: {message}", place.file, place.line, place.column)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What, and what is expected.
    pub message: String,
}

/// A file that is read.
pub(crate) struct Text<'t> {
    pub(crate) file: EcoString,
    pub(crate) text: &'t str,
    /// Made when the first place is asked for.
    index: OnceCell<Index>,
}

/// What finds lines and columns without reading a long line again for each place on it.
struct Index {
    /// Where lines start.
    lines: Vec<usize>,
    /// How many characters begin before each block of [`BLOCK`] bytes.
    blocks: Vec<usize>,
}

const BLOCK: usize = 512;

impl Index {
    fn new(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        let mut blocks = vec![0];
        for block in text.as_bytes().chunks(BLOCK) {
            blocks.push(blocks[blocks.len() - 1] + begins(block));
        }
        Self { lines, blocks }
    }

    /// How many characters begin before the byte `at`.
    fn before(&self, text: &str, at: usize) -> usize {
        let block = at / BLOCK;
        self.blocks[block] + begins(&text.as_bytes()[block * BLOCK..at])
    }
}

/// How many characters begin in these bytes of UTF-8.
fn begins(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte & 0xC0) != 0x80).count()
}

impl<'t> Text<'t> {
    pub(crate) fn new(file: &str, text: &'t str) -> Self {
        Self { file: file.into(), text, index: OnceCell::new() }
    }

    /// The place of a range of bytes.
    pub(crate) fn place(&self, range: Range<usize>) -> Place {
        let index = self.index.get_or_init(|| Index::new(self.text));
        let start = range.start.min(self.text.len());
        let line = index.lines.partition_point(|first| *first <= start);
        let line_end = index.lines.get(line).map_or(self.text.len(), |next| next - 1);
        let end = range.end.clamp(start, line_end.max(start));
        let before = index.before(self.text, start);
        let column = before - index.before(self.text, index.lines[line - 1]) + 1;
        let width = index.before(self.text, end) - before;
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place {
            file: self.file.clone(),
            line: number(line),
            column: number(column),
            end_column: number(column + width),
        }
    }

    /// The place of `part`, which must be a part of this text.
    pub(crate) fn of(&self, part: &str) -> Place {
        let start = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        self.place(start..start + part.len())
    }

    pub(crate) fn problem(&self, range: Range<usize>, message: impl Into<String>) -> Problem {
        Problem { place: self.place(range), message: message.into() }
    }
}
