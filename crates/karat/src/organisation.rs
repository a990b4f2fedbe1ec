//! The organisation that a verb works on: a folder with `governance/organisation.yaml`, on disk or at a git revision.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use karat_diag::{Diagnostic, Sources};
use karat_fleet::ORGANISATION_FILE;
use karat_git::Repository;
use karat_source::{EntryKind, Folder, World, join};

use crate::error::{CommandError, chain};

/// An organisation's files, and what its paths are called.
pub(crate) struct Organisation {
    pub(crate) world: Arc<dyn World>,
    /// What comes before a path of the world, so that a reader (or an editor, or GitHub) finds it from where the run was
    /// started: `myhealth`, or nothing.
    prefix: String,
    texts: Mutex<BTreeMap<String, Option<Arc<str>>>>,
}

impl Organisation {
    /// The organisation in the folder at `path`.
    pub(crate) fn folder(path: &str) -> Result<Self, CommandError> {
        let world = Folder::open(path)?;
        Self::new(Arc::new(world), path, path)
    }

    /// The organisation in the folder at `path` as it was at a git revision.
    pub(crate) fn revision(path: &str, revision: &str) -> Result<Self, CommandError> {
        let failed = |error: &karat_git::Error| CommandError::input(chain(error));
        let repository = Repository::discover(Path::new(path)).map_err(|error| {
            failed(&error).hint("a revision needs a git repository; two folders need none: `karat diff OLD NEW`")
        })?;
        let folder = Folder::open(path)?;
        let inner = repository
            .work_tree()
            .and_then(|root| fs_err::canonicalize(root).ok())
            .and_then(|root| folder.root().strip_prefix(root).ok().map(Path::to_owned))
            .unwrap_or_default();
        let inner = inner.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
        let tree = repository.tree(revision, &inner).map_err(|error| {
            failed(&error)
                .hint("name a branch, a tag or a commit (`git log --oneline` has them), or a folder that exists")
        })?;
        Self::new(Arc::new(tree), path, &format!("{path} at {revision}"))
    }

    fn new(world: Arc<dyn World>, path: &str, shown: &str) -> Result<Self, CommandError> {
        if world.kind(ORGANISATION_FILE)? != Some(EntryKind::File) {
            return Err(CommandError::input(format!("{shown}: not an organisation: there is no {ORGANISATION_FILE}"))
                .hint("name the folder that holds `governance/`; `karat check myhealth` shows one"));
        }
        Ok(Self::view(world, path))
    }

    /// Any files, called as they are from `path`.
    pub(crate) fn view(world: Arc<dyn World>, path: &str) -> Self {
        let prefix = match path.trim_end_matches('/').trim_start_matches("./") {
            "." => String::new(),
            path => path.to_owned(),
        };
        Self { world, prefix, texts: Mutex::default() }
    }

    /// A path of the world, as a reader finds it.
    pub(crate) fn shown(&self, path: &str) -> String {
        join(&self.prefix, path)
    }

    /// A diagnostic whose places a reader finds.
    pub(crate) fn locate(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        for place in &mut diagnostic.places {
            place.file = self.shown(&place.file);
        }
        diagnostic
    }
}

impl Sources for Organisation {
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
