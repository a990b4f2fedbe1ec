//! Documentation beside the code: the sites that catalog files name, and Karat's own, which holds the pages that standards name.
//! A site is rendered when somebody first asks for it.

use std::sync::{Arc, LazyLock, OnceLock};

use karat_docs::Site;
use karat_source::{Memory, World, clean, join, parent};
use karat_verdict::Verdict;

/// The annotation that names a site's folder.
const ANNOTATION: &str = "backstage.io/techdocs-ref";

/// Karat's own documentation, as it was when this was built.
static OWN: LazyLock<Arc<DocSite>> = LazyLock::new(|| {
    let files: &[(&str, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/docs.rs"));
    let world: Memory = files.iter().map(|(path, bytes)| (*path, *bytes)).collect();
    Arc::new(DocSite {
        kind: "component".into(),
        namespace: "default".into(),
        name: "karat".into(),
        title: "Karat".into(),
        owner: String::new(),
        about: "How the platform's standards are met, and what its tools do.".into(),
        world: Arc::new(world),
        entity: None,
        folder: String::new(),
        site: OnceLock::new(),
    })
});

/// The documentation of one entity.
pub struct DocSite {
    /// The entity's kind, in small letters.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The team that owns it; empty if nobody says.
    pub owner: String,
    /// What it is.
    pub about: String,
    /// Where its files are.
    pub world: Arc<dyn World>,
    /// The entity, as its file has it; none for Karat's own.
    pub entity: Option<serde_json::Value>,
    folder: String,
    site: OnceLock<Site>,
}

impl DocSite {
    /// The site. The first who asks waits for it to be rendered.
    pub fn site(&self) -> &Site {
        self.site.get_or_init(|| Site::read(&*self.world, &self.folder).0)
    }

    /// Where it is.
    pub fn href(&self) -> String {
        let part = crate::parts::segment;
        format!("/docs/{}/{}/{}/", part(&self.namespace), part(&self.kind), part(&self.name))
    }

    /// The folder that holds its `mkdocs.yml`.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    fn is(&self, kind: &str, namespace: &str, name: &str) -> bool {
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        same(&self.kind, kind) && same(&self.namespace, namespace) && same(&self.name, name)
    }
}

/// All sites, by title; Karat's own last.
#[derive(Clone, Default)]
pub struct Docs(Vec<Arc<DocSite>>);

impl Docs {
    /// The sites that the catalog files of an organisation name.
    pub(super) fn of(verdict: &Verdict, world: &Arc<dyn World>) -> Self {
        let mut sites = Vec::new();
        for repository in &verdict.subject.repositories {
            for file in &repository.facts.files {
                let name = karat_source::split(file).1;
                if !matches!(name, "catalog-info.yaml" | "catalog-info.yml") {
                    continue;
                }
                let path = join(&repository.folder, file);
                let Ok(bytes) = world.read(&path) else { continue };
                let entities = karat_catalog::read(&bytes, &path).into_iter().filter_map(|one| one.content.ok());
                sites.extend(entities.filter_map(|entity| site(&entity, &path, world)).map(Arc::new));
            }
        }
        sites.sort_by(|a, b| (&a.title, &a.name).cmp(&(&b.title, &b.name)));
        if !sites.iter().any(|site| site.is("component", "default", "karat")) {
            sites.push(Arc::clone(&OWN));
        }
        Self(sites)
    }

    /// All sites.
    pub fn all(&self) -> &[Arc<DocSite>] {
        &self.0
    }

    /// The site of an entity.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&Arc<DocSite>> {
        self.0.iter().find(|site| site.is(kind, namespace, name))
    }
}

/// The site that an entity names: a folder beside its file, and none that is out of the organisation.
fn site(entity: &karat_catalog::Entity, file: &str, world: &Arc<dyn World>) -> Option<DocSite> {
    let folder = entity.annotation(ANNOTATION)?.strip_prefix("dir:")?;
    let folder = clean(&join(parent(file), folder.trim()))?;
    let owner = entity.text(&["spec", "owner"]).unwrap_or_default();
    Some(DocSite {
        kind: entity.kind().to_lowercase(),
        namespace: entity.namespace().to_owned(),
        name: entity.name().to_owned(),
        title: entity.title().to_owned(),
        owner: owner.rsplit(['/', ':']).next().unwrap_or_default().to_owned(),
        about: entity.text(&["metadata", "description"]).unwrap_or_default().to_owned(),
        world: Arc::clone(world),
        entity: Some(entity.clone().into_value()),
        folder,
        site: OnceLock::new(),
    })
}
