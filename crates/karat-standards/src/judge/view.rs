//! Objects that belong together, read: one namespace, one application, one cluster.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use karat_kube::Identity;
use karat_yaml::Value;

use super::Index;
use crate::cel::Tree;
use crate::{Addon, Application, Cluster, File, In, Object, Organisation, Repository, Scope, Subject};

/// An object that has been read.
pub(crate) struct Loaded<'s> {
    /// Its index in the subject.
    pub(crate) at: usize,
    pub(crate) object: &'s Object,
    pub(crate) identity: &'s Identity,
    body: Arc<Body>,
}

/// What an object says, as data and as expressions see it.
struct Body {
    value: Value,
    tree: OnceLock<Tree>,
}

impl<'s> Loaded<'s> {
    pub(crate) fn new(subject: &'s Subject, at: usize) -> Self {
        let object = &subject.objects[at];
        let body = Arc::new(Body { value: object.doc.value(), tree: OnceLock::new() });
        Self { at, object, identity: &object.identity, body }
    }

    /// Like [`Self::new`], unless one of `others` says the same: an application's neighbour is mostly the same service on
    /// another cluster.
    pub(crate) fn like(subject: &'s Subject, at: usize, others: &[Self]) -> Self {
        let object = &subject.objects[at];
        let Some(text) = object.doc.text() else { return Self::new(subject, at) };
        let same = others.iter().find(|other| {
            *other.identity == object.identity && other.object.doc.text().is_some_and(|other| other == text)
        });
        match same {
            Some(other) => Self { at, object, identity: &object.identity, body: Arc::clone(&other.body) },
            None => Self::new(subject, at),
        }
    }

    /// What it says.
    pub(crate) fn value(&self) -> &Value {
        &self.body.value
    }

    /// As expressions see it: converted once, when first asked for.
    pub(crate) fn tree(&self) -> &Tree {
        self.body.tree.get_or_init(|| Tree::of(&self.body.value))
    }
}

/// What one standard looks at, at once.
pub(crate) struct View<'v> {
    pub(crate) scope: Scope,
    pub(crate) index: &'v Index<'v>,
    /// The name of the namespace, application, cluster or addon.
    pub(crate) name: &'v str,
    /// Whose namespace it is, where it is one's.
    pub(crate) whose: In,
    pub(crate) cluster: Option<usize>,
    /// The application, or the one that the namespace belongs to.
    pub(crate) application: Option<&'v Application>,
    pub(crate) addon: Option<&'v Addon>,
    pub(crate) file: Option<&'v File>,
    pub(crate) repository: Option<usize>,
    pub(crate) objects: &'v [Loaded<'v>],
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
    Repository(usize),
}

impl<'v> View<'v> {
    pub(crate) fn subject(&self) -> &'v Subject {
        self.index.subject
    }

    pub(crate) fn organisation(&self) -> &'v Organisation {
        self.index.organisation
    }

    pub(crate) fn cluster(&self) -> Option<&'v Cluster> {
        self.index.subject.clusters.get(self.cluster?)
    }

    /// The repository that is looked at.
    pub(crate) fn repository(&self) -> Option<&'v Repository> {
        self.index.subject.repositories.get(self.repository?)
    }

    /// What expressions see as `repository`.
    pub(crate) fn repository_tree(&self) -> Tree {
        self.repository.map_or_else(|| Tree::map::<String>([]), |at| self.index.repository(at).clone())
    }

    /// The objects, with their indices.
    pub(crate) fn all(&self) -> impl Iterator<Item = (usize, &'v Loaded<'v>)> + use<'v> {
        self.objects.iter().map(|object| (object.at, object))
    }

    /// The objects of a kind.
    pub(crate) fn of<'k>(
        &self,
        group: &'k str,
        kind: &'k str,
    ) -> impl Iterator<Item = (usize, &'v Loaded<'v>)> + use<'v, 'k> {
        self.all().filter(move |(_, object)| object.identity.group == group && object.identity.kind == kind)
    }

    /// The object that a reference names, whoever applies it to the cluster: a Gateway, Namespace or Service.
    pub(crate) fn named(&self, kind: &'static str, namespace: &str, name: &str) -> Option<Cow<'v, Value>> {
        let own = self.all().find(|(_, object)| {
            object.identity.kind == kind && object.identity.namespace == namespace && object.identity.name == name
        });
        match own {
            Some((_, object)) => Some(Cow::Borrowed(object.value())),
            None => self.index.named(self.cluster?, kind, namespace, name),
        }
    }

    /// What expressions see as `cluster`.
    pub(crate) fn cluster_tree(&self) -> Tree {
        self.cluster().map_or_else(|| Tree::map::<String>([]), cluster_tree)
    }

    /// What expressions see as `objects`: lists by kind.
    pub(crate) fn objects_tree(&self) -> Tree {
        let mut kinds: BTreeMap<&str, Vec<Tree>> = BTreeMap::new();
        for (_, object) in self.all() {
            kinds.entry(&object.identity.kind).or_default().push(object.tree().clone());
        }
        Tree::lists(kinds.into_iter().map(|(kind, objects)| (kind, Tree::list(objects))))
    }

    /// The object that `objects.<kind>[<place>]` is.
    pub(crate) fn at(&self, kind: &str, place: usize) -> Option<usize> {
        self.all().filter(|(_, object)| object.identity.kind == kind).nth(place).map(|(at, _)| at)
    }
}

/// What expressions see as `cluster`.
pub(crate) fn cluster_tree(cluster: &Cluster) -> Tree {
    let value = cluster.doc.value();
    Tree::of(value.get("cluster").unwrap_or(&value))
}
