//! Where printed text comes from: the part of a template that printed it, and the values that were read there.
//!
//! An interpreter that traces remembers a *frame* for each template that ran: the text that it printed, in *segments*,
//! each from a literal text or an action of the template. An action's segment names the frames that ran within it.
//! Functions such as `indent` and `quote` come between a frame's text and the segment that it ended up in; [`align`]
//! finds it again.

mod align;
mod gather;
mod tracer;

use std::ops::Range;
use std::sync::Arc;

use crate::Str;
use crate::ast::Template;

use tracer::Origin;
pub(crate) use tracer::Tracer;

/// How many segments and reads, and how many bytes of frames, a trace holds. What comes after is not traced.
const MAX_ENTRIES: usize = 1 << 21;
const MAX_BYTES: usize = 256 << 20;

/// How deep a place is followed through templates that run templates.
const MAX_DEPTH: usize = 256;

/// A step of a path into the values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into a map.
    Key(Str),
    /// Into a list.
    Index(usize),
}

/// A value that a template read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Where it is in the values.
    pub path: Vec<Step>,
    /// What it prints as; empty for maps and lists.
    pub text: Str,
}

/// A place in a template's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplatePlace {
    /// The name that the file was parsed under.
    pub file: Str,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// What an interpreter remembered.
#[derive(Default)]
pub struct Trace {
    frames: Vec<Frame>,
    reads: Vec<Read>,
    /// The frame of each `execute`, in order.
    roots: Vec<u32>,
}

/// A template that ran, or a value that a function printed.
struct Frame {
    text: Str,
    source: Source,
    segments: Vec<Segment>,
}

enum Source {
    /// A template of a file.
    File(Arc<Template>),
    /// The text of a `tpl`, which is in no file.
    Text,
    /// A value that `toYaml` printed, by its path.
    Value(Arc<[Step]>),
}

/// A stretch of a frame's text.
struct Segment {
    start: usize,
    end: usize,
    /// Where it comes from, in bytes of the template's text.
    at: u32,
    /// `None` for literal text.
    action: Option<Box<Origin>>,
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trace").field("frames", &self.frames.len()).field("reads", &self.reads.len()).finish()
    }
}

impl Trace {
    /// What the `root`th `execute` printed.
    pub fn text(&self, root: usize) -> Option<&Str> {
        Some(&self.root(root)?.text)
    }

    /// The parts of templates that printed what is at a range of a text: that of the executed template first, then of
    /// the templates that it ran, as deep as is known.
    pub fn places(&self, root: usize, range: Range<usize>) -> Vec<TemplatePlace> {
        let mut places = Vec::new();
        let mut next = self.root(root).map(|frame| (frame, range));
        for _ in 0..MAX_DEPTH {
            let Some((frame, range)) = next.take() else { break };
            let Some(segment) = frame.segment(range.start) else { break };
            if let Source::File(template) = &frame.source {
                let within = if segment.action.is_some() { 0 } else { range.start - segment.start };
                places.push(place(template, segment.at as usize + within));
            }
            let Some(origin) = &segment.action else { break };
            let text = segment.text(frame);
            let range = range.start - segment.start..range.end.min(segment.end) - segment.start;
            let found = origin.frames.iter().rev().find_map(|id| {
                let child = self.frames.get(*id as usize)?;
                let aligned = align::align(text, range.clone(), &child.text)?;
                Some((child, aligned.inner))
            });
            next = found.filter(|(child, _)| !matches!(child.source, Source::Value(_)));
        }
        places
    }

    /// The values that what is at a range of a text was made of, the one that says most of it last. A `scalar` may be
    /// made of several; of anything else the values are known only if one action printed all of it.
    pub fn values(&self, root: usize, range: Range<usize>, scalar: bool) -> Vec<Read> {
        let Some(frame) = self.root(root) else { return Vec::new() };
        let shown = frame.text.get(range.clone()).unwrap_or_default();
        let mut found = gather::gather(self, frame, range, scalar);
        let is_shown = |read: &Read| !read.text.is_empty() && align::contains(shown, &read.text);
        // Stable: of those that are to be seen, the last read.
        found.sort_by_key(is_shown);
        found
    }

    fn root(&self, root: usize) -> Option<&Frame> {
        self.frames.get(*self.roots.get(root)? as usize)
    }
}

impl Frame {
    /// The segment that holds an offset; the last one for the end of the text.
    fn segment(&self, offset: usize) -> Option<&Segment> {
        let next = self.segments.partition_point(|segment| segment.start <= offset);
        let segment = self.segments.get(next.checked_sub(1)?)?;
        (offset < segment.end || offset == self.text.len()).then_some(segment)
    }
}

impl Segment {
    fn text<'f>(&self, frame: &'f Frame) -> &'f [u8] {
        frame.text.get(self.start..self.end).unwrap_or_default()
    }
}

fn place(template: &Template, offset: usize) -> TemplatePlace {
    let (line, column) = template.place(offset as u32);
    let before = &template.text[..offset.min(template.text.len())];
    let column = String::from_utf8_lossy(&before[before.len() - column..]).chars().count() + 1;
    TemplatePlace { file: template.file.clone(), line, column }
}
