//! Who is where: built once, shared by all views.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use ecow::EcoString;
use karat_yaml::Value;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::Tokens;
use crate::cel::Tree;
use crate::{Cluster, In, Object, Organisation, State, Subject};

/// Indices into the subject's lists.
pub(crate) struct Index<'s> {
    pub(crate) subject: &'s Subject,
    pub(crate) organisation: &'s Organisation,
    /// What is where, by cluster and namespace.
    pub(crate) namespaces: BTreeMap<(usize, EcoString), Inhabitants>,
    /// Objects by application, without the application's own document.
    pub(crate) applications: Vec<Vec<usize>>,
    /// Addons by cluster.
    pub(crate) addons: Vec<Vec<usize>>,
    /// Objects that others refer to by name.
    named: FxHashMap<(usize, &'s str, &'s str, &'s str), usize>,
    /// Those objects, by the numbers that `named` has for them.
    references: Vec<(usize, OnceLock<Value>)>,
    /// Objects of clusters by kind, where a kind is asked for cluster by cluster.
    kinds: FxHashMap<(usize, &'s str), Vec<usize>>,
    platform: FxHashSet<&'s str>,
    /// Repositories as expressions see them; made when first asked for.
    repositories: Vec<OnceLock<Tree>>,
}

/// What is in one namespace of one cluster. A Namespace counts as being in itself.
#[derive(Default)]
pub(crate) struct Inhabitants {
    /// Indices of objects.
    pub(crate) objects: Vec<usize>,
    /// The first Application that deploys there.
    pub(crate) application: Option<usize>,
    /// Whether an Application that deploys there cannot be rendered.
    pub(crate) failed: bool,
    /// What the policies of its Services say about tokens; read when first asked for.
    pub(crate) tokens: OnceLock<Tokens>,
}

/// The kinds that are looked up by name.
const NAMED: &[&str] = &["Gateway", "Namespace", "Service"];

/// The kinds that analyses look for on a whole cluster.
const CLUSTER_WIDE: &[&str] =
    &["CiliumClusterwideNetworkPolicy", "ImageValidatingPolicy", "Namespace", "PeerAuthentication"];

impl<'s> Index<'s> {
    pub(crate) fn new(subject: &'s Subject, organisation: &'s Organisation) -> Self {
        let mut index = Self {
            subject,
            organisation,
            namespaces: BTreeMap::new(),
            applications: vec![Vec::new(); subject.applications.len()],
            addons: vec![Vec::new(); subject.clusters.len()],
            named: FxHashMap::default(),
            references: Vec::new(),
            kinds: FxHashMap::default(),
            platform: organisation.texts("platform.namespaces").into_iter().collect(),
            repositories: subject.repositories.iter().map(|_| OnceLock::new()).collect(),
        };
        let mut by_place: FxHashMap<(usize, &str), Inhabitants> = FxHashMap::default();
        for (at, object) in subject.objects.iter().enumerate() {
            if object.own {
                continue;
            }
            index.applications[object.application].push(at);
            let cluster = subject.applications[object.application].cluster;
            let identity = &object.identity;
            let namespace = match (identity.group.as_str(), identity.kind.as_str()) {
                ("", "Namespace") => identity.name.as_str(),
                _ => identity.namespace.as_str(),
            };
            if !namespace.is_empty() {
                by_place.entry((cluster, namespace)).or_default().objects.push(at);
            }
            let kind = identity.kind.as_str();
            if CLUSTER_WIDE.contains(&kind) {
                index.kinds.entry((cluster, kind)).or_default().push(at);
            }
            if NAMED.contains(&kind) {
                let reference = (cluster, kind, namespace, identity.name.as_str());
                let next = index.references.len();
                if *index.named.entry(reference).or_insert(next) == next {
                    index.references.push((at, OnceLock::new()));
                }
            }
        }
        for (at, application) in subject.applications.iter().enumerate() {
            if !application.namespace.is_empty() {
                let place = (application.cluster, application.namespace.as_str());
                let found = by_place.entry(place).or_default();
                found.application.get_or_insert(at);
                found.failed |= application.state == State::Failed;
            }
        }
        for (at, addon) in subject.addons.iter().enumerate() {
            index.addons[addon.cluster].push(at);
        }
        let mut places: Vec<_> = by_place.into_iter().collect();
        places.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        index.namespaces = places.into_iter().map(|((cluster, name), found)| ((cluster, name.into()), found)).collect();
        index
    }

    /// A repository as expressions see it.
    pub(crate) fn repository(&self, at: usize) -> &Tree {
        self.repositories[at].get_or_init(|| Tree::of(&self.subject.repositories[at].doc.value()))
    }

    /// The object that a reference names. Namespaces and Gateways are few and asked for by every route of a tenant: they are
    /// kept.
    pub(crate) fn named(&self, cluster: usize, kind: &str, namespace: &str, name: &str) -> Option<Cow<'_, Value>> {
        let number = *self.named.get(&(cluster, kind, namespace, name))?;
        let (at, kept) = &self.references[number];
        let read = || self.subject.objects[*at].doc.value();
        Some(if kind == "Service" { Cow::Owned(read()) } else { Cow::Borrowed(kept.get_or_init(read)) })
    }

    /// The objects of a cluster of one of the kinds in [`CLUSTER_WIDE`], with their indices.
    pub(crate) fn on_cluster(
        &self,
        cluster: &Cluster,
        kind: &'static str,
    ) -> impl Iterator<Item = (usize, &'s Object, Value)> + use<'s> {
        let subject = self.subject;
        let at = subject.clusters.iter().position(|known| known.name == cluster.name).unwrap_or(usize::MAX);
        let found = self.kinds.get(&(at, kind)).cloned().unwrap_or_default();
        found.into_iter().map(move |at| (at, &subject.objects[at], subject.objects[at].doc.value()))
    }

    /// Whose a namespace is.
    pub(crate) fn whose(&self, namespace: &str) -> In {
        if self.platform.contains(namespace) { In::Platform } else { In::Tenants }
    }

    /// Whose an object is. What has no namespace is the platform's: tenants may not create it.
    pub(crate) fn whose_object(&self, object: &Object) -> In {
        let identity = &object.identity;
        match (identity.namespace.as_str(), identity.kind.as_str()) {
            ("", "Namespace") => self.whose(&identity.name),
            ("", _) => In::Platform,
            (namespace, _) => self.whose(namespace),
        }
    }
}
