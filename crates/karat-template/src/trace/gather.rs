//! The values that a printed text was made of.

use std::ops::Range;

use karat_yaml::{Dialect, Kind, Node};

use super::{Frame, MAX_DEPTH, Origin, Read, Segment, Source, Step, Trace, align};
use crate::Str;

/// How many values of one text are told.
const MAX_READS: usize = 256;

/// How many bytes are compared for one text. Variables that are made of one another reach one frame in very many ways.
const MAX_COMPARED: usize = 64 << 20;

/// The values that were read for what is at a range of a frame's text, in order.
pub(super) fn gather(trace: &Trace, frame: &Frame, range: Range<usize>, scalar: bool) -> Vec<Read> {
    let mut gather = Gather { trace, scalar, left: MAX_COMPARED, found: Vec::new() };
    gather.frame(frame, range, 0);
    gather.found
}

struct Gather<'t> {
    trace: &'t Trace,
    scalar: bool,
    /// How many bytes may still be compared.
    left: usize,
    found: Vec<Read>,
}

impl Gather<'_> {
    fn frame(&mut self, frame: &Frame, range: Range<usize>, depth: usize) {
        if let Source::Value(path) = &frame.source {
            let mut path = path.to_vec();
            if let Ok(Some(document)) = karat_yaml::parse_document(&frame.text, Dialect::GoYaml) {
                descend(document.root(), &range, &mut path);
            }
            self.found.push(Read { path, text: Str::new() });
            return;
        }
        let first = frame.segments.partition_point(|segment| segment.end <= range.start);
        let end = range.end.max(range.start + 1);
        let printed: Vec<&Segment> = frame.segments[first..]
            .iter()
            .take_while(|segment| segment.start < end)
            .filter(|segment| {
                let shared = segment.start.max(range.start)..segment.end.min(end);
                !frame.text.get(shared).unwrap_or_default().trim_ascii().is_empty()
            })
            .collect();
        if !self.scalar && printed.len() > 1 {
            return;
        }
        for segment in printed {
            let Some(origin) = &segment.action else { continue };
            let within = range.start.max(segment.start) - segment.start..end.min(segment.end) - segment.start;
            self.action(segment.text(frame), within, origin, depth);
        }
    }

    fn action(&mut self, text: &[u8], range: Range<usize>, origin: &Origin, depth: usize) {
        if depth == MAX_DEPTH || self.found.len() >= MAX_READS {
            return;
        }
        let mut whole = false;
        let mut known = false;
        let before = self.found.len();
        for frame in origin.frames.iter().filter_map(|id| self.trace.frames.get(*id as usize)) {
            self.left = self.left.saturating_sub(text.len() + frame.text.len() + 1024);
            if self.left == 0 {
                return;
            }
            let Some(aligned) = align::align(text, range.clone(), &frame.text) else { continue };
            known = true;
            let asked = text.get(range.clone()).unwrap_or_default().trim_ascii().len();
            let there = text.get(aligned.outer).unwrap_or_default().trim_ascii().len();
            // What is literal in a `tpl` is in the value that its text is.
            whole |= there >= asked && !matches!(frame.source, Source::Text);
            self.frame(frame, aligned.inner, depth + 1);
        }
        if whole {
            return;
        }
        let mut own: Vec<Read> = Vec::new();
        if !known && !text.trim_ascii().contains(&b'\n') {
            // A short text that a function changed beyond recognition: all that it may be made of.
            for frame in origin.frames.iter().filter_map(|id| self.trace.frames.get(*id as usize)) {
                let all = 0..frame.text.len();
                let mut inner = Gather { trace: self.trace, scalar: true, left: self.left, found: Vec::new() };
                if !frame.text.trim_ascii().contains(&b'\n') {
                    inner.frame(frame, all, depth + 1);
                }
                self.left = inner.left.saturating_sub(1024);
                own.append(&mut inner.found);
            }
        }
        // Of an action that runs templates and could not be followed into them, what it hands to them says little.
        if known || origin.frames.is_empty() || !text.trim_ascii().contains(&b'\n') {
            let reads: Vec<&Read> = origin.reads.iter().filter_map(|id| self.trace.reads.get(*id as usize)).collect();
            for (index, read) in reads.iter().enumerate() {
                // `.a.b` reads `.a` on the way.
                let on_the_way = |next: &&Read| next.path.len() > read.path.len() && next.path.starts_with(&read.path);
                if !reads.get(index + 1).is_some_and(on_the_way) {
                    own.push((*read).clone());
                }
            }
        }
        self.found.splice(before..before, own);
    }
}

/// Extends a path by the way to the innermost value that holds all of a range.
fn descend(mut node: Node<'_>, range: &Range<usize>, path: &mut Vec<Step>) {
    let holds = |start: usize, end: usize| start <= range.start && range.end <= end.max(start);
    for _ in 0..MAX_DEPTH {
        let next = match node.kind() {
            Kind::Map => node
                .entries()
                .find(|(_, value)| holds(value.span().start.offset, value.span().end))
                .map(|(key, value)| (Step::Key(key.text().into()), value)),
            Kind::Seq => node
                .items()
                .enumerate()
                .find(|(_, item)| holds(item.span().start.offset, item.span().end))
                .map(|(index, item)| (Step::Index(index), item)),
            _ => None,
        };
        let Some((step, value)) = next else { break };
        path.push(step);
        node = value;
    }
}
