//! Three-way merges of texts: what `git merge-file` makes of them, markers included.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

/// A merged text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The text, with markers where the sides disagree.
    pub bytes: Vec<u8>,
    /// How many places have markers.
    pub conflicts: usize,
}

/// How a conflict is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Both sides, as little of them as possible.
    #[default]
    Merge,
    /// Both sides with what they came from (`--diff3`).
    Diff3,
}

/// What the three texts are called at the markers.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'l> {
    /// After `<<<<<<<`.
    pub ours: &'l str,
    /// After `|||||||`.
    pub base: &'l str,
    /// After `>>>>>>>`.
    pub theirs: &'l str,
}

/// Merges what became of `base` on two sides.
pub fn merge(base: &[u8], ours: &[u8], theirs: &[u8], labels: Labels<'_>, style: Style) -> Merged {
    let sides = Sides { base: lines(base), ours: lines(ours), theirs: lines(theirs) };
    let (left, right) = (changes(&sides.base, &sides.ours), changes(&sides.base, &sides.theirs));
    if left.is_empty() {
        return Merged { bytes: theirs.to_vec(), conflicts: 0 };
    }
    if right.is_empty() {
        return Merged { bytes: ours.to_vec(), conflicts: 0 };
    }
    let mut regions = sides.regions(&left, &right);
    if style == Style::Merge {
        regions = sides.joined(sides.refined(regions));
    }
    sides.written(&regions, labels, style)
}

/// Lines with their ends.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// Lines of the base that became lines of a side.
#[derive(Clone, Debug)]
struct Change {
    base: Range<usize>,
    side: Range<usize>,
}

fn changes<'l>(before: &[&'l [u8]], after: &[&'l [u8]]) -> Vec<Change> {
    let mut input: InternedInput<&[u8]> = InternedInput::default();
    input.update_before(before.iter().copied());
    input.update_after(after.iter().copied());
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    diff.postprocess_no_heuristic(&input);
    let range = |range: Range<u32>| range.start as usize..range.end as usize;
    diff.hunks().map(|hunk| Change { base: range(hunk.before), side: range(hunk.after) }).collect()
}

/// Who changed a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Ours,
    Theirs,
    /// Both, differently.
    Both,
    /// Both, alike.
    Alike,
}

/// Where the texts are not all the same.
#[derive(Clone, Debug)]
struct Region {
    by: By,
    base: Range<usize>,
    ours: Range<usize>,
    theirs: Range<usize>,
}

struct Sides<'t> {
    base: Vec<&'t [u8]>,
    ours: Vec<&'t [u8]>,
    theirs: Vec<&'t [u8]>,
}

impl Sides<'_> {
    /// The regions that the changes of the two sides make, in order; those that touch are one.
    fn regions(&self, left: &[Change], right: &[Change]) -> Vec<Region> {
        let mut regions: Vec<Region> = Vec::new();
        let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
        // How far the lines of a side have moved against the base before a change of the other side.
        let shifted = |range: &Range<usize>, next: Option<&Change>, lines: usize| {
            let (from, to) = next.map_or((self.base.len(), lines), |change| (change.base.start, change.side.start));
            // What starts within a change of the other side has no start of its own there: it will be one with that change.
            (range.start + to).saturating_sub(from)..(range.end + to).saturating_sub(from)
        };
        loop {
            let (ours, theirs) = (left.peek().copied(), right.peek().copied());
            let region = match (ours, theirs) {
                (None, None) => return regions,
                (Some(ours), theirs) if theirs.is_none_or(|theirs| ours.base.end < theirs.base.start) => {
                    left.next();
                    let theirs = shifted(&ours.base, theirs, self.theirs.len());
                    Region { by: By::Ours, base: ours.base.clone(), ours: ours.side.clone(), theirs }
                }
                (ours, Some(theirs)) if ours.is_none_or(|ours| theirs.base.end < ours.base.start) => {
                    right.next();
                    let ours = shifted(&theirs.base, ours, self.ours.len());
                    Region { by: By::Theirs, base: theirs.base.clone(), ours, theirs: theirs.side.clone() }
                }
                (Some(ours), Some(theirs)) => {
                    if ours.base.end >= theirs.base.end {
                        right.next();
                    }
                    if theirs.base.end >= ours.base.end {
                        left.next();
                    }
                    if ours.base == theirs.base && self.ours[ours.side.clone()] == self.theirs[theirs.side.clone()] {
                        continue;
                    }
                    overlap(ours, theirs)
                }
                _ => return regions,
            };
            match regions.last_mut() {
                Some(last) if region.ours.start <= last.ours.end || region.theirs.start <= last.theirs.end => {
                    if last.by != region.by {
                        last.by = By::Both;
                    }
                    last.base.end = region.base.end;
                    last.ours.end = region.ours.end;
                    last.theirs.end = region.theirs.end;
                }
                _ => regions.push(region),
            }
        }
    }

    /// Conflicts cut down to the lines in which the sides differ.
    fn refined(&self, regions: Vec<Region>) -> Vec<Region> {
        let mut refined = Vec::with_capacity(regions.len());
        for region in regions {
            if region.by != By::Both || region.ours.is_empty() || region.theirs.is_empty() {
                refined.push(region);
                continue;
            }
            let differences = changes(&self.ours[region.ours.clone()], &self.theirs[region.theirs.clone()]);
            if differences.is_empty() {
                refined.push(Region { by: By::Alike, ..region });
                continue;
            }
            let shift = |range: Range<usize>, by: usize| range.start + by..range.end + by;
            refined.extend(differences.into_iter().map(|difference| Region {
                by: By::Both,
                base: region.base.clone(),
                ours: shift(difference.base, region.ours.start),
                theirs: shift(difference.side, region.theirs.start),
            }));
        }
        refined
    }

    /// Conflicts that are as good as one become one: with up to three lines between them, or none with a letter or digit.
    fn joined(&self, regions: Vec<Region>) -> Vec<Region> {
        const NEAR: usize = 3;
        let mut joined: Vec<Region> = Vec::with_capacity(regions.len());
        for region in regions {
            if let Some(last) = joined.last_mut()
                && last.by == By::Both
                && region.by == By::Both
            {
                let between = last.ours.end..region.ours.start;
                let spoken = |line: &&[u8]| line.iter().any(u8::is_ascii_alphanumeric);
                if between.len() <= NEAR || !self.ours[between].iter().any(spoken) {
                    last.ours.end = region.ours.end;
                    last.theirs.end = region.theirs.end;
                    continue;
                }
            }
            joined.push(region);
        }
        joined
    }

    fn written(&self, regions: &[Region], labels: Labels<'_>, style: Style) -> Merged {
        let mut merged = Merged { bytes: Vec::new(), conflicts: 0 };
        let mut done = 0;
        for region in regions {
            if region.by == By::Alike {
                continue;
            }
            merged.copy(&self.ours[done..region.ours.start]);
            done = region.ours.end;
            match region.by {
                By::Ours => merged.copy(&self.ours[region.ours.clone()]),
                By::Theirs => merged.copy(&self.theirs[region.theirs.clone()]),
                By::Both | By::Alike => {
                    merged.conflicts += 1;
                    let end: &[u8] = if self.ends_with_cr(region) { b"\r\n" } else { b"\n" };
                    merged.marker(b'<', labels.ours, end);
                    merged.side(&self.ours[region.ours.clone()], end);
                    if style == Style::Diff3 {
                        merged.marker(b'|', labels.base, end);
                        merged.side(&self.base[region.base.clone()], end);
                    }
                    merged.marker(b'=', "", end);
                    merged.side(&self.theirs[region.theirs.clone()], end);
                    merged.marker(b'>', labels.theirs, end);
                }
            }
        }
        merged.copy(&self.ours[done..]);
        merged
    }

    /// Whether markers end as lines of Windows do: if the lines before them do on both sides, or the base's first does.
    fn ends_with_cr(&self, region: &Region) -> bool {
        let before = |lines: &[&[u8]], start: usize| with_cr(lines, start.saturating_sub(1));
        let mut needed = before(&self.ours, region.ours.start);
        if needed != Some(false) {
            needed = before(&self.theirs, region.theirs.start);
        }
        if needed != Some(false) {
            needed = with_cr(&self.base, 0);
        }
        needed.unwrap_or(false)
    }
}

/// Whether line `at` ends with CR and LF; `None` if nothing shows it.
fn with_cr(lines: &[&[u8]], at: usize) -> Option<bool> {
    let line = lines.get(at)?;
    if line.ends_with(b"\n") {
        return Some(line.ends_with(b"\r\n"));
    }
    // The last line without an end goes by the one before it.
    Some(lines.get(at.checked_sub(1)?)?.ends_with(b"\r\n"))
}

/// The region of two changes that overlap: both grow to where the other begins and ends.
fn overlap(ours: &Change, theirs: &Change) -> Region {
    let base = ours.base.start.min(theirs.base.start)..ours.base.end.max(theirs.base.end);
    let grown = |change: &Change| {
        change.side.start.saturating_sub(change.base.start - base.start)..change.side.end + (base.end - change.base.end)
    };
    Region { by: By::Both, ours: grown(ours), theirs: grown(theirs), base }
}

impl Merged {
    fn copy(&mut self, lines: &[&[u8]]) {
        for line in lines {
            self.bytes.extend_from_slice(line);
        }
    }

    /// Lines between markers: the last one ends, too.
    fn side(&mut self, lines: &[&[u8]], end: &[u8]) {
        self.copy(lines);
        if lines.last().is_some_and(|line| !line.ends_with(b"\n")) {
            self.bytes.extend_from_slice(end);
        }
    }

    fn marker(&mut self, character: u8, label: &str, end: &[u8]) {
        self.bytes.extend_from_slice(&[character; 7]);
        if !label.is_empty() {
            self.bytes.push(b' ');
            self.bytes.extend_from_slice(label.as_bytes());
        }
        self.bytes.extend_from_slice(end);
    }
}
