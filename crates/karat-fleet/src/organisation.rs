//! `governance/organisation.yaml`: which repositories there are, which Argo CD instances, which clusters.
//!
//! A new team or service is registered by new files alone: each `governance/organisation.d/*.yaml` is an `OrganisationPart`
//! whose lists add to the organisation's.
//!
//! Only what the fleet needs is read into fields. The whole document is kept for who needs more of it (settings, teams,
//! exceptions).

use ecow::EcoString;
use karat_diag::Diagnostic;
use karat_helm::Profile;
use karat_kube::Path;
use karat_source::{EntryKind, World};
use karat_yaml::Value;

use crate::file::File;
use crate::repositories::Globbing;

/// Where an organisation's file is, from its root.
pub const ORGANISATION_FILE: &str = "governance/organisation.yaml";

/// Where the parts of an organisation are, one file each, from its root.
pub const PARTS_FOLDER: &str = "governance/organisation.d";

/// An organisation.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// `metadata.name`.
    pub name: EcoString,
    /// `spec.repositories`.
    pub repositories: Vec<Repository>,
    /// `spec.argocd`.
    pub argocd: Vec<ArgoCd>,
    /// The clusters of `spec.clusters`, from their files.
    pub clusters: Vec<Cluster>,
    /// The file, with places.
    pub file: File,
    /// The parts, by name of their file.
    pub parts: Vec<File>,
}

/// A repository of the organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Its name.
    pub name: EcoString,
    /// `governance`, `config`, `infra` or `app`.
    pub role: EcoString,
    /// The URL, as manifests write it.
    pub url: EcoString,
    /// Its folder, from the organisation's root.
    pub folder: EcoString,
}

/// An instance of Argo CD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgoCd {
    /// Its name.
    pub name: EcoString,
    /// The cluster it runs in.
    pub cluster: EcoString,
    /// The namespace it runs in, where its Applications are.
    pub namespace: EcoString,
    /// The Helm that its repo server renders with.
    pub helm: Profile,
    /// How its git files generators read patterns: `newGitFileGlobbing`.
    pub globbing: Globbing,
    /// The file of the root Application, from the organisation's root.
    pub root: EcoString,
}

/// A cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Its name, as in an Application's `destination.name`.
    pub name: EcoString,
    /// Its API server, as in `destination.server`; empty if the file does not say.
    pub server: EcoString,
    /// Its environment.
    pub environment: EcoString,
    /// Its Kubernetes version; empty if the file does not say.
    pub kubernetes_version: EcoString,
    /// API versions beyond those that Helm knows.
    pub api_versions: Vec<EcoString>,
    /// The file, from the organisation's root.
    pub file: EcoString,
}

impl Organisation {
    /// Reads an organisation and its clusters' files. What is wrong is reported, and what is right is used.
    ///
    /// # Errors
    /// The file cannot be read, is not YAML, or is not an organisation.
    pub fn load(world: &dyn World, problems: &mut Vec<Diagnostic>) -> Result<Self, Box<Diagnostic>> {
        let file = File::read(world, ORGANISATION_FILE)?;
        if file.value.get("kind").and_then(Value::as_str) != Some("Organisation") {
            return Err(Box::new(
                file.error(&Path::keys(["kind"]), "not an organisation: `kind: Organisation` is missing"),
            ));
        }
        let parts = parts(world, problems);
        let mut repositories = Vec::new();
        for file in std::iter::once(&file).chain(&parts) {
            let mut reader = Reader { file, problems };
            reader.repositories(&mut repositories);
        }
        let mut reader = Reader { file: &file, problems };
        let config = repositories.iter().find(|repository| repository.role == "config").map(|repo| repo.folder.clone());
        let argocd = reader.each("argocd", |reader, item, path| {
            let root = path.key("root");
            let named = item.at(["root", "repository"]).and_then(Value::as_str).unwrap_or_default();
            let Some(repository) = repositories.iter().find(|repository| repository.name == named) else {
                reader.problem(&root, "`root.repository` is the name of no repository");
                return None;
            };
            let within = item.at(["root", "path"]).and_then(Value::as_str).unwrap_or_default();
            let helm = match item.get("helm").and_then(Value::as_str) {
                None | Some("helm4") => Profile::Helm4,
                Some("helm3") => Profile::Helm3,
                Some(_) => {
                    reader.problem(&path.key("helm"), "`helm` is helm4 (4.2.4) or helm3 (3.19.4)");
                    Profile::Helm4
                }
            };
            let globbing = match item.get("newGitFileGlobbing").and_then(Value::as_bool) {
                Some(true) => Globbing::DoubleStar,
                _ => Globbing::Pathspec,
            };
            Some(ArgoCd {
                name: reader.text(item, path, "name")?,
                cluster: reader.text(item, path, "cluster")?,
                namespace: reader.text(item, path, "namespace")?,
                helm,
                globbing,
                root: karat_source::join(&repository.folder, within).into(),
            })
        });
        let clusters = reader.each("clusters", |reader, item, path| {
            let name = reader.text(item, path, "name")?;
            let within = reader.folder(item, path, "file")?;
            let place = karat_source::join(config.as_deref().unwrap_or_default(), &within);
            match File::read(world, &place) {
                Ok(file) => Some(Cluster::read(name, &file, reader.problems)),
                Err(problem) => {
                    reader.problems.push(*problem);
                    None
                }
            }
        });
        let name = file.value.at(["metadata", "name"]).and_then(Value::as_str).unwrap_or_default().into();
        Ok(Self { name, repositories, argocd, clusters, file, parts })
    }

    /// The cluster that an Application's destination means.
    pub fn cluster(&self, name: &str, server: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| {
            if name.is_empty() { !server.is_empty() && cluster.server == server } else { cluster.name == name }
        })
    }
}

/// The parts that could be read; what is no part is reported.
fn parts(world: &dyn World, problems: &mut Vec<Diagnostic>) -> Vec<File> {
    let mut parts = Vec::new();
    for path in part_files(world) {
        match File::read(world, &path) {
            Ok(file) if file.value.get("kind").and_then(Value::as_str) == Some("OrganisationPart") => parts.push(file),
            Ok(file) => problems.push(
                file.error(&Path::keys(["kind"]), "not a part of an organisation: `kind: OrganisationPart` is missing"),
            ),
            Err(problem) => problems.push(*problem),
        }
    }
    parts
}

/// The paths of an organisation's parts, sorted.
pub fn part_files(world: &dyn World) -> Vec<String> {
    let entries = world.list(PARTS_FOLDER).unwrap_or_default();
    let files = entries.into_iter().filter(|entry| entry.kind == EntryKind::File && entry.name.ends_with(".yaml"));
    files.map(|entry| karat_source::join(PARTS_FOLDER, &entry.name)).collect()
}

impl Cluster {
    fn read(name: EcoString, file: &File, problems: &mut Vec<Diagnostic>) -> Self {
        let spec = file.value.get("cluster").unwrap_or(&Value::Null);
        let text = |key: &str| EcoString::from(spec.get(key).and_then(Value::as_str).unwrap_or_default());
        if text("name") != name {
            problems.push(file.error(
                &Path::keys(["cluster", "name"]),
                format!("the organisation calls this cluster `{name}`, its file does not"),
            ));
        }
        if spec.get("kubernetesVersion").is_some_and(|version| version.as_str().is_none()) {
            problems.push(file.error(
                &Path::keys(["cluster", "kubernetesVersion"]),
                "a version is text: put it in quotes, or 1.30 becomes 1.3",
            ));
        }
        Self {
            server: text("server"),
            environment: text("environment"),
            kubernetes_version: text("kubernetesVersion"),
            api_versions: spec
                .get("apiVersions")
                .and_then(Value::as_seq)
                .unwrap_or_default()
                .iter()
                .filter_map(|version| version.as_str().map(EcoString::from))
                .collect(),
            file: file.path.clone(),
            name,
        }
    }
}

struct Reader<'a> {
    file: &'a File,
    problems: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Adds the repositories of the file to those of the files before it.
    fn repositories(&mut self, repositories: &mut Vec<Repository>) {
        let added = self.each("repositories", |reader, item, path| {
            let repository = Repository {
                name: reader.text(item, path, "name")?,
                role: reader.text(item, path, "role")?,
                url: reader.text(item, path, "url")?,
                folder: reader.folder(item, path, "folder")?,
            };
            if repositories.iter().any(|before| before.name == repository.name) {
                reader.problem(&path.key("name"), format!("there is a repository `{}` already", repository.name));
                return None;
            }
            Some(repository)
        });
        repositories.extend(added);
    }

    /// The items of a list below `spec` that could be read.
    fn each<T>(&mut self, list: &str, mut read: impl FnMut(&mut Self, &Value, &Path) -> Option<T>) -> Vec<T> {
        let file = self.file;
        let items = file.value.at(["spec", list]).and_then(Value::as_seq).unwrap_or_default();
        let path = Path::keys(["spec", list]);
        items.iter().enumerate().filter_map(|(index, item)| read(self, item, &path.index(index))).collect()
    }

    fn text(&mut self, item: &Value, path: &Path, key: &str) -> Option<EcoString> {
        let text = item.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        if text.is_none() {
            self.problem(&path.key(key), format!("`{key}` is missing, or is not text"));
        }
        text.map(EcoString::from)
    }

    /// A path that stays within the organisation.
    fn folder(&mut self, item: &Value, path: &Path, key: &str) -> Option<EcoString> {
        let text = self.text(item, path, key)?;
        let clean = karat_source::clean(&text);
        if clean.is_none() {
            self.problem(&path.key(key), format!("`{key}` leaves the organisation's folder"));
        }
        clean.map(EcoString::from)
    }

    fn problem(&mut self, path: &Path, message: impl Into<String>) {
        self.problems.push(self.file.error(path, message));
    }
}
