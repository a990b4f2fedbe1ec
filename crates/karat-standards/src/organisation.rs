//! What the organisation decided: settings, exceptions of the platform, waivers.

use jiff::civil::Date;
use karat_kube::{Identity, Path};
use karat_yaml::{Map, Value};

use crate::read::{Problem, Reader};
use crate::report::{Accepted, Finding};
use crate::{Doc, Error};

/// Settings, exceptions and waivers.
#[derive(Debug, Default)]
pub struct Organisation {
    /// What standards read as `settings`: the defaults, and over them what the organisation wrote.
    pub settings: Value,
    /// Workloads of the platform that cannot meet a standard by their nature.
    pub exceptions: Vec<Exception>,
    /// Accepted findings.
    pub waivers: Vec<Waiver>,
}

/// Workloads of the platform that cannot meet some standards by their nature. Unlike waivers these do not end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Its name.
    pub name: String,
    /// Ids of standards.
    pub standards: Vec<String>,
    /// Namespaces; `*` stands for any part of a name.
    pub namespaces: Vec<String>,
    /// Objects as `Kind/name`, or `*`; `*` stands for any part of a name.
    pub workloads: Vec<String>,
    /// The only fields that it excepts; without any, all.
    pub fields: Vec<String>,
    /// Why.
    pub reason: String,
}

/// An accepted finding: one standard on one thing, until a day.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// The standard's id.
    pub standard: String,
    /// What it is for; all that are given must fit.
    pub on: On,
    /// Who answers for it, why, and until when.
    pub accepted: Accepted,
    doc: Doc,
    path: Path,
}

/// What a waiver is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct On {
    /// The service, addon or tenant, or an Application by its full name.
    pub application: Option<String>,
    /// The cluster.
    pub cluster: Option<String>,
    /// The environment.
    pub environment: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The object's kind.
    pub kind: Option<String>,
    /// The object's name.
    pub name: Option<String>,
    /// The repository.
    pub repository: Option<String>,
}

impl Organisation {
    /// Reads `governance/organisation.yaml`: `spec.settings` over the defaults, and `spec.exceptions`. Everything else
    /// in it is for others.
    pub fn read(organisation: &Doc, defaults: &Value) -> Result<Self, Error> {
        let value = organisation.value();
        let read = || -> Result<Self, Problem> {
            let spec = Reader::root(&value).required("spec")?;
            let mut settings = defaults.clone();
            if let Some(written) = spec.get("settings") {
                merge(&mut settings, written.value);
            }
            add_facts(&mut settings, &spec)?;
            let mut exceptions = Vec::new();
            for exception in spec.get("exceptions").map_or(Ok(Vec::new()), |list| list.items())? {
                exceptions.push(read_exception(&exception)?);
            }
            Ok(Self { settings, exceptions, waivers: Vec::new() })
        };
        read().map_err(|problem| Error::at(organisation, problem))
    }

    /// Adds a part (`governance/organisation.d/*.yaml`): its repositories, and its settings, whose lists add to those
    /// before. A part has no exceptions: those are read in one place.
    pub fn add_part(&mut self, part: &Doc) -> Result<(), Error> {
        let value = part.value();
        let mut read = || -> Result<(), Problem> {
            let root = Reader::root(&value);
            root.only(&["apiVersion", "kind", "metadata", "spec"])?;
            root.required("apiVersion")?.word(&[("karat.dev/v1", ())])?;
            root.required("kind")?.word(&[("OrganisationPart", ())])?;
            let spec = root.required("spec")?;
            spec.only(&["repositories", "teams", "settings"])?;
            if let Some(settings) = spec.get("settings") {
                extend(&mut self.settings, &settings)?;
            }
            let urls = urls(&spec)?;
            if let Some(Value::Map(known)) =
                self.settings.as_map_mut().and_then(|map| map.get_mut("repositories".as_bytes()))
            {
                known.extend(urls);
            }
            Ok(())
        };
        read().map_err(|problem| Error::at(part, problem))
    }

    /// Reads a file of waivers and adds them.
    pub fn add_waivers(&mut self, file: &Doc) -> Result<(), Error> {
        let value = file.value();
        let read = || -> Result<Vec<Waiver>, Problem> {
            let root = Reader::root(&value);
            root.only(&["apiVersion", "kind", "metadata", "waivers"])?;
            root.required("apiVersion")?.word(&[("karat.dev/v1", ())])?;
            root.required("kind")?.word(&[("Waivers", ())])?;
            let list = root.get("waivers").map_or(Ok(Vec::new()), |list| list.items())?;
            list.iter().map(|waiver| read_waiver(waiver, file)).collect()
        };
        self.waivers.extend(read().map_err(|problem| Error::at(file, problem))?);
        Ok(())
    }

    /// The setting at a path of keys.
    pub fn setting(&self, path: &str) -> Option<&Value> {
        self.settings.at(path.split('.'))
    }

    /// The texts of a setting that is a list.
    pub(crate) fn texts(&self, path: &str) -> Vec<&str> {
        let items = self.setting(path).and_then(Value::as_seq).unwrap_or_default();
        items.iter().filter_map(Value::as_str).collect()
    }

    /// Whether `namespace` is the platform's. What is in no list is a tenant's: that errs on the safe side.
    pub fn is_platform(&self, namespace: &str) -> bool {
        self.texts("platform.namespaces").contains(&namespace)
    }

    /// Whether a violation of `standard` by `object` is excepted; `field` is the last name of the place it points to.
    pub(crate) fn excepts(&self, standard: &str, object: &Identity, field: Option<&str>) -> bool {
        self.exceptions.iter().any(|exception| {
            exception.standards.iter().any(|id| id == standard)
                && exception.namespaces.iter().any(|pattern| fits(pattern, &object.namespace))
                && exception.workloads.iter().any(|pattern| is_workload(pattern, object))
                && (exception.fields.is_empty() || exception.fields.iter().any(|name| Some(name.as_str()) == field))
        })
    }
}

/// What standards ask of the rest of the file: `settings.repositories` are the repositories' URLs by name,
/// `settings.argocd` the Argo CD instances.
fn add_facts(settings: &mut Value, spec: &Reader<'_>) -> Result<(), Problem> {
    let urls = urls(spec)?;
    if settings.is_null() {
        *settings = Value::Map(Map::new());
    }
    if let Some(settings) = settings.as_map_mut() {
        settings.insert("repositories".into(), Value::Map(urls));
        settings.insert("argocd".into(), spec.value.get("argocd").cloned().unwrap_or(Value::Seq(Vec::new())));
    }
    Ok(())
}

/// URLs of repositories by name.
fn urls(spec: &Reader<'_>) -> Result<Map, Problem> {
    let mut urls = Map::new();
    for repository in spec.get("repositories").map_or(Ok(Vec::new()), |list| list.items())? {
        let text = |key: &str| repository.value.get(key).cloned().filter(|value| value.as_str().is_some());
        if let (Some(Value::Str(name)), Some(url)) = (text("name"), text("url")) {
            urls.insert(name, url);
        }
    }
    Ok(urls)
}

/// Adds the settings of a part: mapping by mapping, lists end to end. A part changes no scalar of the organisation.
fn extend(under: &mut Value, part: &Reader<'_>) -> Result<(), Problem> {
    match (under, part.value) {
        (Value::Map(under), Value::Map(added)) => {
            for (key, value) in added {
                let name = key.to_string();
                let (Some(present), Some(part)) = (under.get_mut(key), part.get(&name)) else {
                    under.insert(key.clone(), value.clone());
                    continue;
                };
                extend(present, &part)?;
            }
            Ok(())
        }
        (Value::Seq(under), Value::Seq(added)) => {
            under.extend(added.iter().cloned());
            Ok(())
        }
        (under, added) if under == added => Ok(()),
        _ => part.problem("a part adds to lists; this is decided in governance/organisation.yaml"),
    }
}

/// Lays `over` over `under`, mapping by mapping; lists and scalars replace.
fn merge(under: &mut Value, over: &Value) {
    match (under.as_map_mut(), over.as_map()) {
        (Some(under), Some(over)) => {
            for (key, value) in over {
                match under.get_mut(key) {
                    Some(present) => merge(present, value),
                    None => {
                        under.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        _ => *under = over.clone(),
    }
}

fn read_exception(exception: &Reader<'_>) -> Result<Exception, Problem> {
    exception.only(&["name", "standards", "namespaces", "workloads", "fields", "reason"])?;
    Ok(Exception {
        name: exception.required("name")?.text()?.to_owned(),
        standards: exception.required("standards")?.texts()?,
        namespaces: exception.required("namespaces")?.texts()?,
        workloads: exception.required("workloads")?.texts()?,
        fields: exception.get("fields").map_or(Ok(Vec::new()), |fields| fields.texts())?,
        reason: exception.required("reason")?.text()?.trim().to_owned(),
    })
}

fn read_waiver(waiver: &Reader<'_>, file: &Doc) -> Result<Waiver, Problem> {
    waiver.only(&["standard", "on", "owner", "reason", "until", "link"])?;
    let on = waiver.required("on")?;
    on.only(&["application", "cluster", "environment", "namespace", "kind", "name", "repository"])?;
    let text = |key: &str| on.get(key).map(|value| value.text().map(str::to_owned)).transpose();
    let scope = On {
        application: text("application")?,
        cluster: text("cluster")?,
        environment: text("environment")?,
        namespace: text("namespace")?,
        kind: text("kind")?,
        name: text("name")?,
        repository: text("repository")?,
    };
    if scope == On::default() {
        return on.problem("a waiver is for something: say an application, a cluster, a namespace or an object");
    }
    let until = waiver.required("until")?;
    let Ok(date) = until.text()?.parse::<Date>() else {
        return until.problem("a day is expected, such as \"2026-12-31\"");
    };
    Ok(Waiver {
        standard: waiver.required("standard")?.text()?.to_owned(),
        on: scope,
        accepted: Accepted {
            owner: waiver.required("owner")?.text()?.to_owned(),
            reason: waiver.required("reason")?.text()?.trim().to_owned(),
            until: date,
        },
        doc: file.clone(),
        path: waiver.path.clone(),
    })
}

impl Waiver {
    /// Where it is written.
    pub fn place(&self) -> crate::Place {
        self.doc.place(&self.path)
    }

    /// Whether it is for `finding`, which is not merged over clusters yet.
    pub(crate) fn fits(&self, finding: &Finding) -> bool {
        let is =
            |wanted: &Option<String>, found: Option<&str>| wanted.as_deref().is_none_or(|wanted| Some(wanted) == found);
        let affected = &finding.affected;
        let object = finding.object.as_ref();
        self.standard == finding.standard
            && self.on.application.as_deref().is_none_or(|name| {
                affected.applications.contains(name) || affected.entities.iter().any(|entity| entity.name == name)
            })
            && self.on.repository.as_deref().is_none_or(|name| affected.entities.iter().any(|one| one.name == name))
            && self.on.cluster.as_deref().is_none_or(|name| affected.clusters.contains(name))
            && self.on.environment.as_deref().is_none_or(|name| affected.environments.contains(name))
            && is(&self.on.namespace, object.map(namespace_of))
            && is(&self.on.kind, object.map(|object| object.kind.as_str()))
            && is(&self.on.name, object.map(|object| object.name.as_str()))
    }
}

/// The namespace that an object is in, or is.
fn namespace_of(object: &Identity) -> &str {
    if object.kind == "Namespace" && object.group.is_empty() { &object.name } else { &object.namespace }
}

/// Whether `pattern` (`Kind/name` or `*`) is for `object`, or for the Pods and ReplicaSets that it makes.
fn is_workload(pattern: &str, object: &Identity) -> bool {
    let Some((kind, name)) = pattern.split_once('/') else { return fits(pattern, &object.name) };
    if fits(kind, &object.kind) {
        return fits(name, &object.name);
    }
    matches!(object.kind.as_str(), "Pod" | "ReplicaSet") && fits(&format!("{name}-*"), &object.name)
}

/// Whether `text` fits `pattern`, in which `*` stands for any part. Linear: the last `*` is where matching goes on.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else { return text.is_empty() };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}
