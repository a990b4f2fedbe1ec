//! Objects that belong together: one namespace, one application, one cluster.

use std::collections::BTreeMap;

use ecow::EcoString;
use rustc_hash::FxHashMap;

use crate::cel::Tree;
use crate::{Addon, Application, Cluster, Object, Organisation, Subject};

/// Who is where: built once, shared by all views.
pub(crate) struct Index<'s> {
    pub(crate) subject: &'s Subject,
    pub(crate) organisation: &'s Organisation,
    /// What is where, by cluster and namespace. A Namespace counts as being in itself.
    pub(crate) namespaces: BTreeMap<(usize, EcoString), Inhabitants>,
    /// Objects by application.
    pub(crate) applications: Vec<Vec<usize>>,
    /// Objects of clusters by kind, where a kind is asked for cluster by cluster.
    kinds: FxHashMap<(usize, &'s str), Vec<usize>>,
    /// Addons by cluster.
    pub(crate) addons: Vec<Vec<usize>>,
}

/// What is in one namespace of one cluster.
#[derive(Default)]
pub(crate) struct Inhabitants {
    /// Indices of objects.
    pub(crate) objects: Vec<usize>,
    /// The first Application that deploys there.
    pub(crate) application: Option<usize>,
}

impl<'s> Index<'s> {
    pub(crate) fn new(subject: &'s Subject, organisation: &'s Organisation) -> Self {
        let mut by_place: FxHashMap<(usize, &str), Inhabitants> = FxHashMap::default();
        let mut applications = vec![Vec::new(); subject.applications.len()];
        let mut kinds: FxHashMap<(usize, &str), Vec<usize>> = FxHashMap::default();
        for (at, object) in subject.objects.iter().enumerate() {
            applications[object.application].push(at);
            let cluster = subject.applications[object.application].cluster;
            let identity = &object.identity;
            if CLUSTER_WIDE.contains(&identity.kind.as_str()) {
                kinds.entry((cluster, &identity.kind)).or_default().push(at);
            }
            let namespace = match (identity.group.as_str(), identity.kind.as_str()) {
                ("", "Namespace") => &identity.name,
                _ => &identity.namespace,
            };
            if !namespace.is_empty() {
                by_place.entry((cluster, namespace)).or_default().objects.push(at);
            }
        }
        for (at, application) in subject.applications.iter().enumerate() {
            if !application.namespace.is_empty() {
                let place = (application.cluster, application.namespace.as_str());
                by_place.entry(place).or_default().application.get_or_insert(at);
            }
        }
        let mut addons = vec![Vec::new(); subject.clusters.len()];
        for (at, addon) in subject.addons.iter().enumerate() {
            addons[addon.cluster].push(at);
        }
        let mut namespaces: Vec<_> = by_place.into_iter().collect();
        namespaces.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let namespaces =
            namespaces.into_iter().map(|((cluster, name), found)| ((cluster, name.into()), found)).collect();
        Self { subject, organisation, namespaces, applications, kinds, addons }
    }

    /// The objects of a cluster of one of the kinds in [`CLUSTER_WIDE`], with their indices.
    pub(crate) fn on_cluster_at(
        &self,
        cluster: &Cluster,
        kind: &'static str,
    ) -> impl Iterator<Item = (usize, &'s Object)> + use<'s> {
        let subject = self.subject;
        let at = subject.clusters.iter().position(|known| known.name == cluster.name).unwrap_or(usize::MAX);
        let found = self.kinds.get(&(at, kind)).cloned().unwrap_or_default();
        found.into_iter().map(move |at| (at, &subject.objects[at]))
    }

    /// The objects of a cluster of one of the kinds in [`CLUSTER_WIDE`].
    pub(crate) fn on_cluster(
        &self,
        cluster: &Cluster,
        kind: &'static str,
    ) -> impl Iterator<Item = &'s Object> + use<'s> {
        self.on_cluster_at(cluster, kind).map(|(_, object)| object)
    }
}

/// The kinds that analyses look for on a whole cluster.
const CLUSTER_WIDE: &[&str] = &["CiliumClusterwideNetworkPolicy", "Namespace", "PeerAuthentication"];

/// What one standard looks at, at once.
pub(crate) struct View<'s> {
    pub(crate) scope: crate::Scope,
    pub(crate) index: &'s Index<'s>,
    /// The name of the namespace, application, cluster or addon.
    pub(crate) name: &'s str,
    /// Whose namespace it is, where it is one's.
    pub(crate) whose: crate::In,
    pub(crate) cluster: Option<&'s Cluster>,
    /// The application, or the one that the namespace belongs to.
    pub(crate) application: Option<&'s Application>,
    pub(crate) addon: Option<&'s Addon>,
    pub(crate) file: Option<&'s crate::File>,
    /// Indices into the subject's objects.
    pub(crate) objects: &'s [usize],
    /// The application, cluster, addon or file itself; for a namespace the same as the anchor.
    pub(crate) about: Anchor,
    /// Where a finding about what is missing points.
    pub(crate) anchor: Anchor,
}

/// What a finding is about, as an index into a list of the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Object(usize),
    Application(usize),
    Cluster(usize),
    Addon(usize),
    File(usize),
}

impl<'s> View<'s> {
    pub(crate) fn subject(&self) -> &'s Subject {
        self.index.subject
    }

    pub(crate) fn organisation(&self) -> &'s Organisation {
        self.index.organisation
    }

    /// The objects, with their indices.
    pub(crate) fn all(&self) -> impl Iterator<Item = (usize, &'s Object)> + use<'s> {
        let subject = self.index.subject;
        let objects: &'s [usize] = self.objects;
        objects.iter().map(move |&at| (at, &subject.objects[at]))
    }

    /// The objects of a kind.
    pub(crate) fn of<'k>(
        &self,
        group: &'k str,
        kind: &'k str,
    ) -> impl Iterator<Item = (usize, &'s Object)> + use<'s, 'k> {
        self.all().filter(move |(_, object)| object.identity.group == group && object.identity.kind == kind)
    }

    /// All that its cluster has in `namespace`, whoever applies it.
    pub(crate) fn neighbours(&self, namespace: &str) -> impl Iterator<Item = (usize, &'s Object)> + use<'s> {
        let subject = self.index.subject;
        let cluster = self.application.map(|application| application.cluster).or(match self.anchor {
            Anchor::Cluster(at) => Some(at),
            _ => self.addon.map(|addon| addon.cluster),
        });
        let found = cluster.and_then(|cluster| self.index.namespaces.get(&(cluster, namespace.into())));
        found.map_or(&[][..], |found| found.objects.as_slice()).iter().map(move |&at| (at, &subject.objects[at]))
    }

    /// What expressions see as `cluster`.
    pub(crate) fn cluster_tree(&self) -> Tree {
        self.cluster.map_or_else(|| Tree::map::<String>([]), |cluster| cluster.tree().clone())
    }

    /// What expressions see as `objects`: lists by kind.
    pub(crate) fn objects_tree(&self) -> Tree {
        let mut kinds: BTreeMap<&str, Vec<Tree>> = BTreeMap::new();
        for (_, object) in self.all() {
            kinds.entry(&object.identity.kind).or_default().push(object.doc.tree().clone());
        }
        Tree::lists(kinds.into_iter().map(|(kind, objects)| (kind, Tree::list(objects))))
    }

    /// The object that `objects.<kind>[<place>]` is.
    pub(crate) fn at(&self, kind: &str, place: usize) -> Option<usize> {
        self.all().filter(|(_, object)| object.identity.kind == kind).nth(place).map(|(at, _)| at)
    }
}
