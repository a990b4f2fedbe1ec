//! Finding a text again in what a function made of it.

use std::ops::Range;

/// How many lines are compared before a text counts as not found.
const MAX_COMPARED: usize = 1 << 20;

/// A range of a text, and the same in the text that it was made from.
pub(super) struct Aligned {
    /// The part of the range that was found.
    pub(super) outer: Range<usize>,
    /// Where it is in the inner text.
    pub(super) inner: Range<usize>,
}

/// Where what is at `range` of `outer` is in `inner`: the text as it is or within a line, its lines indented, or a line
/// that both have equally often.
pub(super) fn align(outer: &[u8], range: Range<usize>, inner: &[u8]) -> Option<Aligned> {
    if inner.trim_ascii().is_empty() {
        return None;
    }
    if outer == inner {
        return Some(Aligned { outer: range.clone(), inner: range });
    }
    if !inner.trim_ascii().contains(&b'\n') {
        return within_line(outer, range, inner);
    }
    let (outers, inners) = (lines(outer), lines(inner));
    let offset = block(outer, &outers, &range, inner, &inners).or_else(|| {
        let index = line_at(&outers, range.start)?;
        same_line(outer, &outers, index, inner, &inners)
    })?;
    let first = line_at(&outers, range.start)?;
    let last = line_at(&outers, range.end.max(range.start + 1) - 1)?;
    let from = |index: usize, at: usize| -> Option<usize> {
        let (outer, inner) = (&outers[index], inners.get(index.checked_add_signed(offset)?)?);
        Some((inner.start + at.saturating_sub(outer.start)).min(inner.end))
    };
    let start = from(first, range.start)?;
    let (last, end) = match from(last, range.end) {
        Some(end) => (last, end),
        None => (first, from(first, outers[first].end)?),
    };
    Some(Aligned { outer: range.start..range.end.min(outers[last].end).max(range.start), inner: start..end.max(start) })
}

/// Whether a text holds another.
pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    match (std::str::from_utf8(text), std::str::from_utf8(part)) {
        (Ok(text), Ok(part)) => text.contains(part),
        _ => false,
    }
}

/// One line, as a part of the lines that the range is on.
fn within_line(outer: &[u8], range: Range<usize>, inner: &[u8]) -> Option<Aligned> {
    let blank = inner.len() - inner.trim_ascii_start().len();
    let (outer, inner) = (std::str::from_utf8(outer).ok()?, std::str::from_utf8(inner.trim_ascii()).ok()?);
    let mut found = outer.match_indices(inner).map(|(at, _)| at..at + inner.len());
    let whole = found.find(|found| found.start < range.end.max(range.start + 1) && range.start < found.end)?;
    let shared = range.start.max(whole.start)..range.end.min(whole.end).max(range.start.max(whole.start));
    let inner = blank + shared.start - whole.start..blank + shared.end - whole.start;
    Some(Aligned { outer: shared, inner })
}

/// The lines of a text, without the space around them.
fn lines(text: &[u8]) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut at = 0;
    for line in text.split(|byte| *byte == b'\n') {
        let start = at + (line.len() - line.trim_ascii_start().len());
        lines.push(start..start + line.trim_ascii().len());
        at += line.len() + 1;
    }
    lines
}

/// The line that holds an offset; space before and after a line counts.
fn line_at(lines: &[Range<usize>], offset: usize) -> Option<usize> {
    let next = lines.partition_point(|line| line.end <= offset);
    Some(next.min(lines.len().checked_sub(1)?))
}

/// All lines of the inner text, one after the other in the outer one: how far they are apart.
fn block(
    outer: &[u8],
    outers: &[Range<usize>],
    range: &Range<usize>,
    inner: &[u8],
    inners: &[Range<usize>],
) -> Option<isize> {
    let filled = |line: &&Range<usize>| !line.is_empty();
    let first = inners.iter().position(|line| filled(&line))?;
    let last = inners.iter().rposition(|line| filled(&line))?;
    let target = line_at(outers, range.start)?;
    let wanted = &inners[first..=last];
    let mut compared = 0;
    // The block holds the line that is looked for.
    for start in (target + 1).saturating_sub(wanted.len())..=target {
        let there = outers.get(start..start + wanted.len());
        let Some(there) = there else { break };
        let same = there.iter().zip(wanted).all(|(there, wanted)| {
            compared += 1;
            outer[there.clone()] == inner[wanted.clone()]
        });
        if same {
            return Some(first as isize - start as isize);
        }
        if compared > MAX_COMPARED {
            return None;
        }
    }
    None
}

/// A line that both texts have equally often: how far the two are apart.
fn same_line(
    outer: &[u8],
    outers: &[Range<usize>],
    index: usize,
    inner: &[u8],
    inners: &[Range<usize>],
) -> Option<isize> {
    let wanted = &outer[outers.get(index)?.clone()];
    if wanted.is_empty() {
        return None;
    }
    let all = |text: &[u8], lines: &[Range<usize>]| -> Vec<usize> {
        let same = lines.iter().enumerate().filter(|(_, line)| text[(*line).clone()] == *wanted);
        same.map(|(index, _)| index).collect()
    };
    let (there, here) = (all(outer, outers), all(inner, inners));
    if there.len() != here.len() {
        return None;
    }
    let nth = there.iter().position(|line| *line == index)?;
    Some(here[nth] as isize - index as isize)
}
