//! What hosts and functions use: options, limits, running templates by name or from text.

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::ast::Template;
use crate::exec::Item;
use crate::set::Layer;
use crate::trace::{Trace, Tracer};
use crate::{CallError, Error, Limit, Map, Str, TemplateSet, Value};

/// How often an `include` of one name may be nested, in Helm.
const MAX_INCLUDES: usize = 1000;

/// How templates behave.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// What a missing map entry is.
    pub missing_key: MissingKey,
    /// What a rendering may take.
    pub limits: Limits,
    /// What `now` is, in seconds since 1970: a render does not look at the clock.
    pub now: i64,
}

/// What a missing map entry is: `Option("missingkey=...")`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// No value: prints `<no value>`, and so does what is looked up in it.
    #[default]
    Default,
    /// The zero value of the map's type: of `map[string]interface {}` a nil, whose fields are an error. Helm's.
    Zero,
    /// An error. Helm's `--strict`.
    Error,
}

/// What one interpreter may take. Each has its own error, [`Limit`].
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Actions, calls and iterations.
    pub steps: u64,
    /// Bytes of a text: the output of one `execute`, and each text on the way.
    pub output: usize,
    /// Bytes of all texts that functions make.
    pub produced: usize,
    /// Bytes of native stack that nested templates may use. The caller's thread must have them: threads get 2 MiB by
    /// default, and [`on_large_stack`] gives more.
    pub stack: usize,
    /// How deep `template` actions may nest; Go's own bound.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 50_000_000, output: 64 << 20, produced: 512 << 20, stack: 1 << 20, depth: 100_000 }
    }
}

/// The stack of [`on_large_stack`], of which [`Limits::stack`] may use three quarters. Only what is touched is real.
pub const LARGE_STACK: usize = 256 << 20;

/// Runs `work` on a thread with a stack of [`LARGE_STACK`] bytes; `None` if the system has no thread to give.
pub fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(LARGE_STACK).spawn_scoped(scope, work).ok()?;
        match thread.join() {
            Ok(done) => Some(done),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Runs templates of one set, one after the other: values that they change and limits that they use up are shared.
pub struct Interpreter<'a> {
    pub(crate) set: &'a TemplateSet,
    /// What the `tpl` calls around have defined.
    pub(crate) layer: Option<Arc<Layer>>,
    pub(crate) missing_key: MissingKey,
    pub(crate) limits: Limits,
    now: i64,
    host: &'a mut dyn Any,
    includes: FxHashMap<Str, usize>,
    nondeterministic: BTreeSet<&'static str>,

    pub(crate) out: Vec<u8>,
    /// The variables of all templates that are running; the current one's begin at `frame`.
    pub(crate) variables: Vec<Option<Item>>,
    pub(crate) frame: usize,
    /// The part of the current template that was looked at last: errors are about it.
    pub(crate) at: u32,
    pub(crate) depth: usize,
    pub(crate) steps: u64,
    produced: usize,
    /// Where the stack was when execution began.
    stack: Option<usize>,
    /// Argument lists to use again.
    pub(crate) spare: Vec<Vec<Value>>,
    /// Remembers where the output comes from, if somebody asked.
    pub(crate) tracer: Option<Box<Tracer>>,
}

impl<'a> Interpreter<'a> {
    /// An interpreter of a set. `host` is what the host's functions find with [`host`](Self::host); `&mut ()` if nothing.
    pub fn new(set: &'a TemplateSet, options: Options, host: &'a mut dyn Any) -> Self {
        Self {
            set,
            layer: None,
            missing_key: options.missing_key,
            limits: options.limits,
            now: options.now,
            host,
            includes: FxHashMap::default(),
            nondeterministic: BTreeSet::new(),
            out: Vec::new(),
            variables: Vec::new(),
            frame: 0,
            at: 0,
            depth: 0,
            steps: 0,
            produced: 0,
            stack: None,
            spare: Vec::new(),
            tracer: None,
        }
    }

    /// Remembers from here on where the output comes from; `values` are the values whose use is remembered. Output and
    /// errors stay the same, and it takes a few times as long.
    pub fn trace(&mut self, values: &Map) {
        self.tracer = Some(Box::new(Tracer::new(values)));
    }

    /// What was remembered, if all went well.
    pub fn traced(&mut self) -> Option<Trace> {
        self.tracer.take().map(|tracer| tracer.finish())
    }

    /// Tells the tracer, if there is one. It and what has been printed are all that `tell` gets, and nothing is kept for
    /// later: without a tracer this is one branch.
    #[inline(always)]
    pub(crate) fn tell(&mut self, tell: impl FnOnce(&mut Tracer, &[u8])) {
        if let Some(tracer) = &mut self.tracer {
            told(tracer, &self.out, tell);
        }
    }

    /// Executes the template `name` on `dot` and appends what it prints to `out`. After an error, what had been printed
    /// is there too.
    pub fn execute(&mut self, name: &str, dot: &Value, out: &mut Vec<u8>) -> Result<(), Error> {
        let outer = std::mem::replace(&mut self.out, std::mem::take(out));
        let limit = self.limits.output;
        self.limits.output = limit.saturating_add(self.out.len());
        let result = self.execute_here(name.as_bytes(), dot);
        self.limits.output = limit;
        *out = std::mem::replace(&mut self.out, outer);
        result
    }

    /// Helm's `include`: what the template `name` prints, with Helm's guard against endless recursion.
    pub fn include(&mut self, name: &Str, dot: &Value) -> Result<Str, CallError> {
        let nested = match self.includes.get_mut(name) {
            Some(count) => count,
            None => self.includes.entry(name.clone()).or_default(),
        };
        if *nested > MAX_INCLUDES {
            let message = "rendering template has a nested reference name";
            return Err(format!("{message}: {name}: unable to execute template").into());
        }
        *nested += 1;
        let start = self.out.len();
        let result = self.execute_here(name, dot);
        if let Some(nested) = self.includes.get_mut(name) {
            *nested -= 1;
        }
        let text = self.out[start..].into();
        self.out.truncate(start);
        result.map_err(|source| nest(Str::new(), source))?;
        Ok(text)
    }

    /// Helm's `tpl`: what `text` prints as a template. It sees all templates around it, and what it defines is seen by
    /// what it runs. `<no value>` is removed, as Helm does.
    pub fn tpl(&mut self, text: &Str, dot: &Value) -> Result<Str, CallError> {
        if !text.windows(2).any(|pair| pair == b"{{") {
            return Ok(without_no_value(text).map_or_else(|| text.clone(), Str::from));
        }
        let parsed = self.set.text(text).map_err(|error| {
            let context = format!("cannot parse template {}: ", crate::quote::quote(text));
            nest(context.into(), error.into())
        })?;
        let layer = Layer::new(&parsed, self.set, self.layer.clone());
        let outer = self.layer.replace(layer);
        let start = self.out.len();
        let result = self.run(&parsed.main, &Item::plain(dot.clone()));
        self.layer = outer;
        let printed = &self.out[start..];
        let printed = without_no_value(printed).map_or_else(|| printed.into(), Str::from);
        self.out.truncate(start);
        result.map_err(|error| {
            let context = format!("error during tpl function execution for {}: ", crate::quote::quote(text));
            nest(context.into(), error.into())
        })?;
        Ok(printed)
    }

    /// The host's state, if it is a `T`.
    pub fn host<T: Any>(&mut self) -> Option<&mut T> {
        self.host.downcast_mut()
    }

    /// What a missing map entry is.
    pub fn missing_key(&self) -> MissingKey {
        self.missing_key
    }

    /// The time of the rendering, in seconds since 1970.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// To be called by functions that give another result in every run of Go, and so a placeholder here.
    pub fn nondeterministic(&mut self, function: &'static str) {
        self.nondeterministic.insert(function);
    }

    /// The functions that have given placeholders so far, sorted: the host warns of them.
    pub fn placeholders(&self) -> impl Iterator<Item = &'static str> {
        self.nondeterministic.iter().copied()
    }

    /// What may be taken.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// To be called by functions before they make a text or list of more bytes than their arguments have (`repeat`,
    /// `until`): an error if that is too much.
    pub fn charge(&mut self, bytes: usize) -> Result<(), CallError> {
        if bytes > self.limits.output {
            return Err(Limit::Output(self.limits.output).into());
        }
        self.produced = self.produced.saturating_add(bytes);
        if self.produced > self.limits.produced {
            return Err(Limit::Produced(self.limits.produced).into());
        }
        Ok(())
    }

    /// To be called by functions that do much work: one step is about what an action takes.
    pub fn work(&mut self, steps: usize) -> Result<(), CallError> {
        self.steps = self.steps.saturating_add(steps as u64);
        if self.steps > self.limits.steps {
            return Err(Limit::Steps(self.limits.steps).into());
        }
        Ok(())
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    pub(crate) fn find(&self, name: &[u8]) -> Option<Arc<Template>> {
        match &self.layer {
            Some(layer) => layer.find(name, self.set),
            None => self.set.get(name).cloned(),
        }
    }

    fn execute_here(&mut self, name: &[u8], dot: &Value) -> Result<(), Error> {
        let Some(template) = self.find(name) else {
            return Err(Error::NoTemplate { name: name.into(), set: self.set.name().clone() });
        };
        Ok(self.run(&template, &Item::plain(dot.clone()))?)
    }

    /// Whether the native stack has room for another level. The address of a local variable tells where it is.
    pub(crate) fn check_stack(&mut self) -> Result<(), Limit> {
        let marker = 0u8;
        let here = std::ptr::from_ref(&marker).addr();
        let base = *self.stack.get_or_insert(here);
        if base.abs_diff(here) > self.limits.stack { Err(Limit::Stack(self.limits.stack)) } else { Ok(()) }
    }
}

#[cold]
#[inline(never)]
fn told(tracer: &mut Tracer, out: &[u8], tell: impl FnOnce(&mut Tracer, &[u8])) {
    tell(tracer, out);
}

fn nest(context: Str, source: Error) -> CallError {
    CallError::Nested { context, source: Box::new(source) }
}

/// The text without `<no value>`, if there is any in it. Helm removes them from all that it renders.
pub fn without_no_value(text: &[u8]) -> Option<Vec<u8>> {
    const NO_VALUE: &[u8] = b"<no value>";
    let mut kept: Option<Vec<u8>> = None;
    let (mut from, mut copied) = (0, 0);
    while let Some(found) = text[from..].iter().position(|&byte| byte == b'<') {
        from += found;
        if text[from..].starts_with(NO_VALUE) {
            kept.get_or_insert_default().extend_from_slice(&text[copied..from]);
            from += NO_VALUE.len();
            copied = from;
        } else {
            from += 1;
        }
    }
    let mut kept = kept?;
    kept.extend_from_slice(&text[copied..]);
    Some(kept)
}
