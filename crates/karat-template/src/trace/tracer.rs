//! What an interpreter tells while it runs.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Frame, MAX_BYTES, MAX_ENTRIES, Read, Segment, Source, Step, Trace};
use crate::ast::{Declared, Template};
use crate::{Map, Str, Value, fmt};

/// How many reads and frames one value is known to come from.
const MAX_ORIGINS: usize = 32;

/// Where a value comes from: what was read and what ran to make it.
#[derive(Clone, Default)]
pub(super) struct Origin {
    pub(super) reads: Vec<u32>,
    pub(super) frames: Vec<u32>,
}

/// Where something began: how much had been printed, read and run.
#[derive(Clone, Copy, Default)]
struct Mark {
    out: usize,
    reads: usize,
    frames: usize,
}

/// Follows an interpreter.
pub(crate) struct Tracer {
    trace: Trace,
    /// The maps and lists of the values, by identity.
    known: FxHashMap<usize, Known>,
    /// What was read and what ran within the actions that are being executed, the innermost last.
    reads: Vec<u32>,
    frames: Vec<u32>,
    /// Where what is being done began, the innermost last.
    marks: Vec<Mark>,
    /// What is being iterated over, and where it comes from.
    loops: Vec<(Value, Origin)>,
    /// Where the variables' values come from, by slot.
    variables: FxHashMap<usize, Origin>,
    /// Where the dots come from.
    dots: Vec<Origin>,
    /// Where the next frame's dot comes from.
    argument: Origin,
    active: Vec<Active>,
    entries: usize,
    bytes: usize,
}

/// A map or list of the values. Kept, so that its address stays its own.
struct Known {
    path: Arc<[Step]>,
    /// As it was: a template may change it, and then it no longer says what the values say.
    _kept: Value,
    entries: BTreeMap<Str, Value>,
}

/// A frame that is being printed.
struct Active {
    template: Arc<Template>,
    mark: Mark,
    segments: Vec<Segment>,
}

impl Tracer {
    /// A tracer that knows values by their place in `values`.
    pub(crate) fn new(values: &Map) -> Self {
        let mut tracer = Self {
            trace: Trace::default(),
            known: FxHashMap::default(),
            reads: Vec::new(),
            frames: Vec::new(),
            marks: Vec::new(),
            loops: Vec::new(),
            variables: FxHashMap::default(),
            dots: Vec::new(),
            argument: Origin::default(),
            active: Vec::new(),
            entries: 0,
            bytes: 0,
        };
        tracer.learn(&Value::Map(values.clone()), Arc::from([]));
        tracer
    }

    pub(crate) fn finish(self) -> Trace {
        self.trace
    }

    /// Learns the containers of a value. What is shared is known by its shortest path: a subchart's globals by their
    /// place in the parent's.
    fn learn(&mut self, value: &Value, path: Arc<[Step]>) {
        let mut level = vec![(value.clone(), path)];
        while !level.is_empty() {
            let mut below = Vec::new();
            for (value, path) in level {
                let Some(address) = address(&value) else { continue };
                if self.known.contains_key(&address) || self.known.len() >= MAX_ENTRIES {
                    continue;
                }
                let step = |step| path.iter().cloned().chain([step]).collect::<Arc<[Step]>>();
                let entries = match &value {
                    Value::Map(map) => map.borrow().clone(),
                    _ => BTreeMap::new(),
                };
                below.extend(entries.iter().map(|(key, value)| (value.clone(), step(Step::Key(key.clone())))));
                if let Value::List(list) = &value {
                    let items = list.items().iter().enumerate().filter(|(_, item)| item.is_container());
                    below.extend(items.map(|(index, item)| (item.clone(), step(Step::Index(index)))));
                }
                self.known.insert(address, Known { path, _kept: value, entries });
            }
            level = below;
        }
    }

    fn mark(&self, out: usize) -> Mark {
        Mark { out, reads: self.reads.len(), frames: self.frames.len() }
    }

    /// Something begins whose reads matter: an action, a pipeline, the arguments of a call. One of the methods that say
    /// "ends" follows, unless there is an error.
    pub(crate) fn begin(&mut self, out: &[u8]) {
        let mark = self.mark(out.len());
        self.marks.push(mark);
    }

    fn began(&mut self) -> Mark {
        self.marks.pop().unwrap_or_default()
    }

    /// What was read and run since.
    fn since(&self, mark: Mark) -> Origin {
        let mut origin = Origin::default();
        origin.add(&self.reads[mark.reads..], &self.frames[mark.frames..]);
        origin
    }

    /// What was read and run since, which nothing else is made of.
    fn take(&mut self, mark: Mark) -> Origin {
        let origin = self.since(mark);
        self.reads.truncate(mark.reads);
        self.frames.truncate(mark.frames);
        origin
    }

    /// A template begins; its variables start at a slot.
    pub(crate) fn enter(&mut self, template: &Arc<Template>, out: usize, slot: usize) {
        let argument = std::mem::take(&mut self.argument);
        let dot = if self.active.is_empty() { Origin::default() } else { argument };
        self.variables.insert(slot, dot.clone());
        self.dots.push(dot);
        self.active.push(Active { template: Arc::clone(template), mark: self.mark(out), segments: Vec::new() });
    }

    /// It ends, having printed all from its beginning on.
    pub(crate) fn leave(&mut self, out: &[u8], is_text: bool) {
        self.dots.pop();
        let Some(active) = self.active.pop() else { return };
        self.take(active.mark);
        let text = out.get(active.mark.out..).unwrap_or_default();
        let source = if is_text { Source::Text } else { Source::File(active.template) };
        self.frame(text.into(), source, active.segments);
        if self.active.is_empty()
            && let Some(frame) = self.frames.pop()
        {
            self.trace.roots.push(frame);
        }
    }

    fn frame(&mut self, text: Str, source: Source, segments: Vec<Segment>) {
        self.bytes = self.bytes.saturating_add(text.len());
        self.frames.push(self.trace.frames.len() as u32);
        let full = self.bytes > MAX_BYTES;
        let (text, segments) = if full { Default::default() } else { (text, segments) };
        self.trace.frames.push(Frame { text, source, segments });
        self.entries += 1;
    }

    fn segment(&mut self, out: Range<usize>, at: u32, action: Option<Box<Origin>>) {
        if self.entries < MAX_ENTRIES
            && let Some(active) = self.active.last_mut()
            && !out.is_empty()
        {
            self.entries += 1;
            let start = active.mark.out;
            active.segments.push(Segment { start: out.start - start, end: out.end - start, at, action });
        }
    }

    /// Text of the template was printed.
    pub(crate) fn literal(&mut self, start: usize, span: &Range<u32>) {
        self.segment(start..start + span.len(), span.start, None);
    }

    /// An action at an offset of its template ends.
    pub(crate) fn action(&mut self, out: &[u8], at: u32) {
        let mark = self.began();
        let origin = self.take(mark);
        self.segment(mark.out..out.len(), at, Some(Box::new(origin)));
    }

    /// A pipeline ends: what it read is where its variables come from.
    pub(crate) fn assigned(&mut self, frame: usize, declared: &[Declared]) {
        let mark = self.began();
        let origin = self.since(mark);
        declared.iter().for_each(|declared| self.assign(frame, declared, origin.clone()));
    }

    fn assign(&mut self, frame: usize, declared: &Declared, origin: Origin) {
        if let Some(slot) = declared.slot {
            self.variables.insert(frame + slot as usize, origin);
        }
    }

    /// A variable was read.
    pub(crate) fn variable(&mut self, slot: Option<usize>, value: &Value) {
        if let Some(origin) = slot.and_then(|slot| self.variables.get(&slot))
            && !self.is_known(value)
        {
            self.reads.extend(&origin.reads);
            self.frames.extend(&origin.frames);
        }
    }

    /// The dot was read.
    pub(crate) fn dot(&mut self, value: &Value) {
        if let Some(origin) = self.dots.last()
            && !self.is_known(value)
        {
            self.reads.extend(&origin.reads);
            self.frames.extend(&origin.frames);
        }
    }

    /// Fields end that were read of a variable, if there was one, or of the dot: if they are not known, they come from
    /// where that comes from.
    pub(crate) fn fields(&mut self, slot: Option<usize>, value: &Value) {
        let mark = self.began();
        if self.reads.len() == mark.reads && self.frames.len() == mark.frames {
            match slot {
                Some(_) => self.variable(slot, value),
                None => self.dot(value),
            }
        }
    }

    /// The pipeline of a condition ends: what it read is in no output.
    pub(crate) fn condition(&mut self) {
        let mark = self.began();
        self.take(mark);
    }

    /// The pipeline of a `with` ends and its body begins, which `close` ends.
    pub(crate) fn open(&mut self) {
        let mark = self.began();
        let origin = self.take(mark);
        self.dots.push(origin);
    }

    pub(crate) fn close(&mut self) {
        self.dots.pop();
    }

    /// The pipeline of a `range` ends; `iterated` follows.
    pub(crate) fn iterates(&mut self, container: &Value) {
        let mark = self.began();
        let origin = self.take(mark);
        self.loops.push((container.clone(), origin));
    }

    pub(crate) fn iterated(&mut self) {
        self.loops.pop();
    }

    /// An iteration begins, whose variables and dot come from the element; `close` ends it.
    pub(crate) fn element(&mut self, index: &Value, element: &Value, frame: usize, declared: &[Declared]) {
        let Some((container, origin)) = self.loops.last().cloned() else { return };
        let mark = self.mark(0);
        let known = match index {
            Value::Str(key) if matches!(container, Value::Map(_)) => self.entry(&container, key, element),
            Value::Int(_, index) if matches!(container, Value::List(_)) => {
                self.item(&container, *index as usize, element)
            }
            _ => false,
        };
        let origin = if known { self.take(mark) } else { origin };
        declared.iter().for_each(|declared| self.assign(frame, declared, origin.clone()));
        self.dots.push(origin);
    }

    /// A map's entry is read.
    pub(crate) fn reads(&mut self, map: &Map, key: &Str) {
        let value = map.borrow().get(key.as_bytes()).cloned().unwrap_or_default();
        self.read(map, key, &value);
    }

    fn read(&mut self, map: &Map, key: &Str, value: &Value) {
        self.entry(&Value::Map(map.clone()), key, value);
    }

    fn entry(&mut self, container: &Value, key: &Str, value: &Value) -> bool {
        let Some(known) = address(container).and_then(|address| self.known.get(&address)) else { return false };
        // Nil where there was nothing: asked for, and not there.
        if !same(known.entries.get(key.as_bytes()).unwrap_or(&Value::Nil), value) {
            return false;
        }
        let path = Arc::clone(&known.path);
        self.push(&path, Step::Key(key.clone()), value);
        true
    }

    fn item(&mut self, container: &Value, index: usize, value: &Value) -> bool {
        let Some(known) = address(container).and_then(|address| self.known.get(&address)) else { return false };
        let path = Arc::clone(&known.path);
        self.push(&path, Step::Index(index), value);
        true
    }

    fn push(&mut self, base: &[Step], step: Step, value: &Value) {
        if self.entries >= MAX_ENTRIES {
            return;
        }
        self.entries += 1;
        let text = match value {
            Value::Nil | Value::Map(_) | Value::List(_) | Value::Object(_) => Str::new(),
            value => fmt::sprint(value),
        };
        self.reads.push(self.trace.reads.len() as u32);
        self.trace.reads.push(Read { path: base.iter().cloned().chain([step]).collect(), text });
    }

    /// Arguments end, and a function or template is about to be called: they are where the dot of its frame comes from.
    pub(crate) fn calling(&mut self) {
        let mark = self.began();
        self.argument = self.since(mark);
    }

    /// A function was called.
    pub(crate) fn called<E>(&mut self, name: &str, arguments: &[Value], result: &Result<Value, E>) {
        let Ok(result) = result else { return };
        match (name, arguments) {
            ("get", [Value::Map(map), Value::Str(key)]) => self.read(map, key, result),
            ("index", [container, keys @ ..]) => self.walk(container, keys.iter()),
            ("dig", [keys @ .., _, container]) => self.walk(container, keys.iter()),
            ("first" | "mustFirst", [list @ Value::List(_)]) => {
                self.item(list, 0, result);
            }
            ("toYaml" | "toYamlPretty" | "mustToYaml", [value]) => {
                let path = address(value).and_then(|address| self.known.get(&address)).map(|known| &known.path);
                if let (Some(path), Value::Str(text)) = (path, result) {
                    let source = Source::Value(Arc::clone(path));
                    self.frame(text.clone(), source, Vec::new());
                }
            }
            // A part or a copy of a map says what the map says.
            ("pick" | "omit", [value, ..]) | ("deepCopy" | "mustDeepCopy", [value]) => {
                let path = address(value).and_then(|address| self.known.get(&address)).map(|known| &known.path);
                if let Some(path) = path.cloned() {
                    self.learn(result, path);
                }
            }
            _ => {}
        }
    }

    fn walk<'v>(&mut self, container: &Value, keys: impl Iterator<Item = &'v Value>) {
        let mut here = container.clone();
        for key in keys {
            let next = match (&here, key) {
                (Value::Map(map), Value::Str(key)) => {
                    let next = map.borrow().get(key.as_bytes()).cloned().unwrap_or_default();
                    self.read(map, key, &next);
                    next
                }
                (Value::List(list), Value::Int(_, index)) => {
                    let index = usize::try_from(*index).unwrap_or(usize::MAX);
                    let next = list.items().get(index).cloned().unwrap_or_default();
                    self.item(&here, index, &next);
                    next
                }
                _ => return,
            };
            here = next;
        }
    }

    fn is_known(&self, value: &Value) -> bool {
        address(value).is_some_and(|address| self.known.contains_key(&address))
    }
}

impl Origin {
    fn add(&mut self, reads: &[u32], frames: &[u32]) {
        add(&mut self.reads, reads);
        add(&mut self.frames, frames);
    }
}

/// Adds what is new; of many the last are kept.
fn add(to: &mut Vec<u32>, from: &[u32]) {
    let from = &from[from.len().saturating_sub(MAX_ORIGINS)..];
    for id in from {
        if !to.contains(id) {
            to.push(*id);
        }
    }
}

/// What identifies a container.
fn address(value: &Value) -> Option<usize> {
    match value {
        Value::Map(map) => Some(map.address()),
        Value::List(list) => Some(list.address()),
        _ => None,
    }
}

/// Whether two values are the same one, or equal scalars.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(_, a), Value::Int(_, b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        (Value::Str(a) | Value::Bytes(a), Value::Str(b) | Value::Bytes(b)) => a == b,
        _ => address(a).is_some() && address(a) == address(b),
    }
}
