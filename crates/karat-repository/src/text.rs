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
    /// Where lines start; made when the first place is asked for.
    lines: OnceCell<Vec<usize>>,
}

impl<'t> Text<'t> {
    pub(crate) fn new(file: &str, text: &'t str) -> Self {
        Self { file: file.into(), text, lines: OnceCell::new() }
    }

    /// The place of a range of bytes.
    pub(crate) fn place(&self, range: Range<usize>) -> Place {
        let lines = self.lines.get_or_init(|| {
            let breaks = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect()
        });
        let start = range.start.min(self.text.len());
        let line = lines.partition_point(|first| *first <= start);
        let first = lines[line - 1];
        let count = |range: Range<usize>| self.text.get(range).map_or(0, |text| text.chars().count());
        let column = count(first..start) + 1;
        let part = self.text.get(start..range.end.min(self.text.len())).unwrap_or_default();
        let width = part.lines().next().unwrap_or_default().trim_end().chars().count();
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
