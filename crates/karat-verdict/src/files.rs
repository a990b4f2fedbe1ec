//! Files as a reader finds them: a world, and what its paths are called from where the run was started.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use karat_diag::{Diagnostic, Sources};
use karat_source::{World, join};

/// Files, and what their paths are called.
pub struct Files {
    /// The files.
    pub world: Arc<dyn World>,
    /// What comes before a path of the world, so that a reader (or an editor, or GitHub) finds it from where the run was
    /// started: `myhealth`, or nothing.
    prefix: String,
    texts: Mutex<BTreeMap<String, Option<Arc<str>>>>,
}

impl Files {
    /// Any files, called as they are from `path`.
    pub fn new(world: Arc<dyn World>, path: &str) -> Self {
        let prefix = match path.trim_end_matches('/').trim_start_matches("./") {
            "." => String::new(),
            path => path.to_owned(),
        };
        Self { world, prefix, texts: Mutex::default() }
    }

    /// A path of the world, as a reader finds it.
    pub fn shown(&self, path: &str) -> String {
        join(&self.prefix, path)
    }

    /// A diagnostic whose places a reader finds.
    pub fn locate(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        for place in &mut diagnostic.places {
            place.file = self.shown(&place.file);
        }
        diagnostic
    }
}

impl Sources for Files {
    fn text(&self, file: &str) -> Option<Arc<str>> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let text = texts.entry(file.to_owned()).or_insert_with(|| {
            let path = file.strip_prefix(self.prefix.as_str()).unwrap_or(file).trim_start_matches('/');
            let bytes = self.world.read(path).ok()?;
            String::from_utf8(bytes).ok().map(Arc::from)
        });
        text.clone()
    }
}
