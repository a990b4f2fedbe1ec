//! Sets of named templates: parsed once, shared by all renderings, extended by each `tpl` at the cost of its own text.

use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;

use crate::ast::Template;
use crate::parse::parse;
use crate::{FuncMap, ParseError, Str};

/// How many `tpl` texts are kept parsed, and how many bytes of them.
const MAX_CACHED: usize = 4096;
const MAX_CACHED_BYTES: usize = 16 << 20;

/// Named templates that can run one another, as a `template.Template` of Go with all that is associated with it. Cheap
/// to clone and safe to share between threads; a rendering never changes it.
#[derive(Clone)]
pub struct TemplateSet {
    name: Str,
    functions: Arc<FuncMap>,
    templates: Arc<FxHashMap<Str, Arc<Template>>>,
    texts: Arc<Mutex<Texts>>,
}

/// The templates that a `tpl` text defines, on top of those it was called among.
pub(crate) struct Layer {
    templates: FxHashMap<Str, Arc<Template>>,
    below: Option<Arc<Self>>,
}

/// A parsed `tpl` text: what it defines, and what it prints.
pub(crate) struct Parsed {
    pub(crate) defined: Vec<Arc<Template>>,
    pub(crate) main: Arc<Template>,
}

/// Parsed `tpl` texts. Parsing depends on the text and the functions only.
#[derive(Default)]
struct Texts {
    parsed: FxHashMap<Str, Arc<Parsed>>,
    bytes: usize,
}

impl TemplateSet {
    /// An empty set. Its name is what errors call the text of a `tpl`; Helm's is `gotpl`.
    pub fn new(name: impl Into<Str>, functions: Arc<FuncMap>) -> Self {
        Self { name: name.into(), functions, templates: Arc::default(), texts: Arc::default() }
    }

    /// Parses a file into the set. Later definitions replace earlier ones of the same name, unless they are empty.
    pub fn parse(&mut self, name: impl Into<Str>, text: impl Into<Str>) -> Result<(), Box<ParseError>> {
        let (defined, main) = parse(&name.into(), &text.into(), &self.functions)?;
        let templates = Arc::make_mut(&mut self.templates);
        for template in defined.into_iter().chain([main]) {
            if !(template.is_empty() && templates.contains_key(&template.name)) {
                templates.insert(template.name.clone(), Arc::new(template));
            }
        }
        Ok(())
    }

    /// The set's own name.
    pub fn name(&self) -> &Str {
        &self.name
    }

    /// The functions that templates may call.
    pub fn functions(&self) -> &FuncMap {
        &self.functions
    }

    /// The template `name`.
    pub fn get(&self, name: &[u8]) -> Option<&Arc<Template>> {
        self.templates.get(name)
    }

    /// The names of all templates, sorted.
    pub fn names(&self) -> Vec<&Str> {
        let mut names: Vec<_> = self.templates.keys().collect();
        names.sort_unstable();
        names
    }

    /// The parsed form of a `tpl` text.
    pub(crate) fn text(&self, text: &Str) -> Result<Arc<Parsed>, Box<ParseError>> {
        if let Some(parsed) = self.lock().parsed.get(text) {
            return Ok(parsed.clone());
        }
        let (defined, main) = parse(&self.name, text, &self.functions)?;
        let parsed = Arc::new(Parsed { defined: defined.into_iter().map(Arc::new).collect(), main: Arc::new(main) });
        let mut texts = self.lock();
        if texts.parsed.len() == MAX_CACHED || texts.bytes + text.len() > MAX_CACHED_BYTES {
            *texts = Texts::default();
        }
        texts.bytes += text.len();
        texts.parsed.insert(text.clone(), parsed.clone());
        Ok(parsed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Texts> {
        // A poisoned cache is still a cache.
        self.texts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Layer {
    /// The templates of a `tpl` text on top of others.
    pub(crate) fn new(parsed: &Parsed, set: &TemplateSet, below: Option<Arc<Self>>) -> Arc<Self> {
        let mut layer = Self { templates: FxHashMap::default(), below };
        for template in parsed.defined.iter().chain([&parsed.main]) {
            if !template.is_empty() || layer.find(&template.name, set).is_none() {
                layer.templates.insert(template.name.clone(), template.clone());
            }
        }
        Arc::new(layer)
    }

    /// The template `name`, as seen from this layer.
    pub(crate) fn find(&self, name: &[u8], set: &TemplateSet) -> Option<Arc<Template>> {
        let mut layer = Some(self);
        while let Some(this) = layer {
            if let Some(template) = this.templates.get(name) {
                return Some(template.clone());
            }
            layer = this.below.as_deref();
        }
        set.get(name).cloned()
    }
}
