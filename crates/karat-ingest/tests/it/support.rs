//! An organisation in a folder of its own, and its catalog.

use std::path::Path;
use std::time::{Duration, Instant};

use karat_catalog::{Entity, EntityRef};
use karat_ingest::{Catalog, Repository, Settings, Sources};
use karat_store::Database;
use tempfile::TempDir;

/// An organisation of one repository, `a`, and what is kept of it.
pub(crate) struct Organisation {
    pub(crate) folder: TempDir,
    pub(crate) data: TempDir,
    pub(crate) sources: Sources,
}

impl Organisation {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let repositories = vec![Repository { folder: "a".to_owned(), revision: None }];
        let made = Self { folder, data, sources: Sources { repositories, allow: Vec::new() } };
        files.iter().for_each(|(path, text)| made.write(path, text));
        made
    }

    pub(crate) fn path(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs_err::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
        fs_err::write(path, text).unwrap();
    }

    /// Writes a file as a whole: nobody reads half of it.
    pub(crate) fn replace(&self, path: &str, text: &str) {
        let new = self.data.path().join("new");
        fs_err::write(&new, text).unwrap();
        fs_err::rename(new, self.path(path)).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        fs_err::remove_file(self.path(path)).unwrap();
    }

    pub(crate) fn open(&self) -> Catalog {
        let store = Database::open(&self.data.path().join("karat.db")).unwrap();
        let folder = self.folder.path().to_owned();
        Catalog::open(Settings { folder, store, sources: self.sources.clone() }).unwrap()
    }
}

/// A component, owned by a team.
pub(crate) fn component(name: &str, owner: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: service\n  \
         lifecycle: production\n  owner: {owner}\n"
    )
}

/// A Location that leads to some targets.
pub(crate) fn location(name: &str, targets: &[&str]) -> String {
    let targets: String = targets.iter().map(|target| format!("    - '{target}'\n")).collect();
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata:\n  name: {name}\nspec:\n  targets:\n{targets}"
    )
}

/// An entity by its reference, as it is now.
pub(crate) fn get(catalog: &Catalog, reference: &str) -> Option<std::sync::Arc<Entity>> {
    catalog.now().get(&reference.parse::<EntityRef>().unwrap())
}

/// The owner that an entity's file says.
pub(crate) fn owner(catalog: &Catalog, name: &str) -> Option<String> {
    get(catalog, &format!("component:default/{name}"))?.text(&["spec", "owner"]).map(str::to_owned)
}

/// What an entity's status says.
pub(crate) fn status(catalog: &Catalog, reference: &str) -> Vec<String> {
    let entity = get(catalog, reference);
    let items = entity.as_ref().and_then(|entity| entity.at(&["status", "items"])?.as_array());
    let message = |item: &serde_json::Value| {
        assert_eq!(item["type"], "backstage.io/catalog-processing");
        item["message"].as_str().unwrap_or_default().to_owned()
    };
    items.map(|items| items.iter().map(message).collect()).unwrap_or_default()
}

/// Waits until something is so, and gives how long that took.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a test measures time")]
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
    begun.elapsed()
}
