//! The difference of two fleets: what a change does to Applications and objects, where, and why.
//!
//! Data only, in the order in which a reader should see it: first what is lost ([`Difference::losses`]), then Application by
//! Application.

mod causes;
mod fate;
mod object;
mod pairing;

use std::collections::{BTreeMap, BTreeSet};

use ecow::EcoString;
use karat_kube::Identity;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

pub use fate::{ApplicationFate, ObjectFate};
pub use object::{Change, Edit, changes};

use crate::document::Document;
use crate::fleet::{Application, Fleet};
use causes::Causes;

/// The difference of two fleets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// What is deleted, and what stays behind with nobody to tend it: the most first.
    pub losses: Vec<Loss>,
    /// The Applications that differ, by environment, cluster and name.
    pub applications: Vec<ApplicationDifference>,
    /// How much differs, per environment and cluster.
    pub totals: BTreeMap<(EcoString, EcoString), Totals>,
    /// The files that differ, each with the Applications (by index in `applications`) that it changes: the blast radius.
    pub causes: BTreeMap<EcoString, Vec<usize>>,
}

/// Something that is there no longer.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// Its environment.
    pub environment: EcoString,
    /// Its cluster.
    pub cluster: EcoString,
    /// The Application.
    pub application: EcoString,
    /// What is lost.
    pub what: Lost,
}

/// What is lost.
#[derive(Clone, Debug, PartialEq)]
pub enum Lost {
    /// A whole Application, with so many objects.
    Application {
        /// What becomes of it.
        fate: ApplicationFate,
        /// How many objects it has.
        objects: usize,
    },
    /// One object of an Application that stays.
    Object {
        /// Which.
        identity: Identity,
        /// What becomes of it.
        fate: ObjectFate,
    },
}

/// How much differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Applications that differ in any way.
    pub applications: usize,
    /// Objects that are new.
    pub added: usize,
    /// Objects that are there no longer, or stay untended.
    pub removed: usize,
    /// Objects that say something else.
    pub changed: usize,
    /// Objects that go by another name, or belong to another Application.
    pub renamed: usize,
}

/// An Application that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct ApplicationDifference {
    /// Its name: the new one, if it has both.
    pub name: EcoString,
    /// Its cluster; empty if the organisation has none of that name.
    pub cluster: EcoString,
    /// Its environment.
    pub environment: EcoString,
    /// What becomes of the Application.
    pub kind: ApplicationKind,
    /// What its own document says otherwise; empty for an added or removed one.
    pub spec: Vec<Change>,
    /// The objects that differ, by what a cluster would store them under.
    pub objects: Vec<ObjectDifference>,
    /// The files that differ and decide what it gives.
    pub causes: Vec<EcoString>,
}

/// What becomes of an Application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplicationKind {
    /// It is new.
    Added,
    /// It is there no longer.
    Removed(ApplicationFate),
    /// It renders the same sources onto the same cluster, but is called otherwise. To Argo CD the old one is removed.
    Renamed {
        /// What it was called.
        from: EcoString,
        /// What becomes of the one with the old name.
        fate: ApplicationFate,
    },
    /// It stays.
    Changed,
}

/// An object that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectDifference {
    /// Which: as it is now, if it is.
    pub identity: Identity,
    /// The template or manifest: where it is now, if it is.
    pub file: EcoString,
    /// What becomes of it.
    pub kind: ObjectKind,
}

/// What becomes of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum ObjectKind {
    /// It is new.
    Added,
    /// It is there no longer.
    Removed(ObjectFate),
    /// It says something else.
    Changed(Vec<Change>),
    /// It goes by another name. To a cluster the old one is removed and this one is new.
    Renamed {
        /// Who it was.
        from: Identity,
        /// What becomes of the old one.
        fate: ObjectFate,
        /// What it says otherwise, but for its name.
        changes: Vec<Change>,
    },
    /// Another Application of the cluster had it.
    Moved {
        /// The Application that had it.
        from: EcoString,
        /// What it says otherwise.
        changes: Vec<Change>,
    },
}

/// The difference from `base` to `head`.
pub fn diff(base: &Fleet, head: &Fleet) -> Difference {
    let pairs: Vec<Pair<'_>> = pairing::applications(base, head)
        .into_par_iter()
        .filter(|(before, after)| match (before, after) {
            (Some(before), Some(after)) => before.object != after.object || !before.gives_the_same(after),
            _ => true,
        })
        .collect();
    let homes = Homes::of(&pairs, base, head);
    let causes = Causes::new(base, head);
    let applications: Vec<ApplicationDifference> = pairs
        .into_par_iter()
        .filter_map(|(before, after)| compare(base, head, before, after, &homes, &causes))
        .collect();
    let mut difference = Difference { applications, ..Difference::default() };
    difference
        .applications
        .sort_by(|a, b| (&a.environment, &a.cluster, &a.name).cmp(&(&b.environment, &b.cluster, &b.name)));
    for (index, application) in difference.applications.iter().enumerate() {
        let key = (application.environment.clone(), application.cluster.clone());
        difference.totals.entry(key).or_default().count(application);
        for cause in &application.causes {
            difference.causes.entry(cause.clone()).or_default().push(index);
        }
        collect_losses(application, &mut difference.losses);
    }
    difference.losses.sort_by_key(Loss::rank);
    difference
}

/// An Application before and after.
type Pair<'f> = (Option<&'f Application>, Option<&'f Application>);

/// Which Applications of a cluster have an object that comes or goes.
struct Homes<'f>(FxHashMap<(&'f str, Identity), Homed<'f>>);

/// The Applications that had an object, and those that have it.
type Homed<'f> = (Vec<&'f Application>, Vec<&'f Application>);

impl<'f> Homes<'f> {
    fn of(pairs: &[Pair<'f>], base: &'f Fleet, head: &'f Fleet) -> Self {
        let mut homes: FxHashMap<_, Homed<'f>> = FxHashMap::default();
        for (before, after) in pairs {
            let identities = |application: &Option<&'f Application>| -> BTreeSet<Identity> {
                let documents = application.iter().flat_map(|application| &application.documents);
                documents.map(|document| stored(&document.identity)).collect()
            };
            let (old, new) = (identities(before), identities(after));
            let Some(present) = after.or(*before) else { continue };
            for identity in old.symmetric_difference(&new) {
                homes.entry((place(present), identity.clone())).or_default();
            }
        }
        if !homes.is_empty() {
            for (application, document) in base.documents() {
                if let Some((before, _)) = homes.get_mut(&(place(application), stored(&document.identity))) {
                    before.push(application);
                }
            }
            for (application, document) in head.documents() {
                if let Some((_, after)) = homes.get_mut(&(place(application), stored(&document.identity))) {
                    after.push(application);
                }
            }
        }
        Self(homes)
    }

    /// The Application that an object came from: the one that had it and has it no more, where `to` did not have it.
    fn moved_from(&self, cluster: &str, identity: &Identity, to: &Application) -> Option<&'f Application> {
        let (before, after) = self.0.get(&(cluster, identity.clone()))?;
        let had = |list: &[&Application], name: &str| list.iter().any(|application| application.spec.name == name);
        if had(before, &to.spec.name) {
            return None;
        }
        before.iter().copied().find(|application| !had(after, &application.spec.name))
    }

    /// Whether an object that `from` has no more went to another Application.
    fn has_moved(&self, cluster: &str, identity: &Identity, from: &Application) -> bool {
        self.0.get(&(cluster, identity.clone())).is_some_and(|(_, after)| {
            let name = |application: &&&Application| application.spec.name != from.spec.name;
            after.iter().filter(name).any(|to| {
                self.moved_from(cluster, identity, to).is_some_and(|origin| origin.spec.name == from.spec.name)
            })
        })
    }
}

fn place(application: &Application) -> &str {
    application.cluster.as_deref().unwrap_or_default()
}

/// Who an object is, whatever version it is written in.
fn stored(identity: &Identity) -> Identity {
    Identity { version: EcoString::new(), ..identity.clone() }
}

fn compare(
    base: &Fleet,
    head: &Fleet,
    before: Option<&Application>,
    after: Option<&Application>,
    homes: &Homes<'_>,
    causes: &Causes<'_>,
) -> Option<ApplicationDifference> {
    let present = after.or(before)?;
    let kind = match (before, after) {
        (Some(before), Some(after)) if before.spec.name == after.spec.name => ApplicationKind::Changed,
        (Some(before), Some(_)) => {
            ApplicationKind::Renamed { from: before.spec.name.clone(), fate: ApplicationFate::of(base, head, before) }
        }
        (Some(before), None) => ApplicationKind::Removed(ApplicationFate::of(base, head, before)),
        _ => ApplicationKind::Added,
    };
    let spec = match (before, after) {
        (Some(before), Some(after)) => changes("argoproj.io", "Application", &before.object, &after.object),
        _ => Vec::new(),
    };
    let objects = objects(before, after, &kind, homes);
    if kind == ApplicationKind::Changed && spec.is_empty() && objects.is_empty() {
        // Written otherwise, such as in another order or with other comments: the same to a cluster.
        return None;
    }
    Some(ApplicationDifference {
        name: present.spec.name.clone(),
        cluster: present.cluster.clone().unwrap_or_default(),
        environment: present.environment.clone(),
        kind,
        spec,
        objects,
        causes: causes.of(before, after),
    })
}

fn objects(
    before: Option<&Application>,
    after: Option<&Application>,
    kind: &ApplicationKind,
    homes: &Homes<'_>,
) -> Vec<ObjectDifference> {
    let documents = |application: Option<&Application>| -> BTreeMap<Identity, Document> {
        let documents = application.into_iter().flat_map(|application| &application.documents);
        documents.map(|document| (stored(&document.identity), document.clone())).collect()
    };
    let (mut old, mut new) = (documents(before), documents(after));
    let mut differences = Vec::new();
    // Same object, same Application: what every change but a few is.
    let common: Vec<Identity> = old.keys().filter(|identity| new.contains_key(*identity)).cloned().collect();
    for identity in common {
        let (Some(before), Some(after)) = (old.remove(&identity), new.remove(&identity)) else { continue };
        if before.text == after.text && before.identity == after.identity {
            continue;
        }
        let changes = changes(&identity.group, &identity.kind, &before.object(), &after.object());
        if !changes.is_empty() {
            differences.push(ObjectDifference::of(&after, ObjectKind::Changed(changes)));
        }
    }
    // Same object, another Application of the cluster.
    let cluster = after.or(before).map(place).unwrap_or_default();
    if let Some(after) = after {
        new.retain(|identity, document| {
            let Some(home) = homes.moved_from(cluster, identity, after) else { return true };
            let then = home.documents.iter().find(|then| stored(&then.identity) == *identity);
            let changes = then.map_or_else(Vec::new, |then| {
                changes(&identity.group, &identity.kind, &then.object(), &document.object())
            });
            differences
                .push(ObjectDifference::of(document, ObjectKind::Moved { from: home.spec.name.clone(), changes }));
            false
        });
    }
    if let Some(before) = before {
        old.retain(|identity, _| !homes.has_moved(cluster, identity, before));
    }
    // Another object that says the same under another name.
    let fate = |document: &Document| match (before, kind) {
        (Some(application), ApplicationKind::Removed(fate) | ApplicationKind::Renamed { fate, .. }) => {
            ObjectFate::with_application(application, *fate, document)
        }
        (Some(application), _) => ObjectFate::pruned(application, document),
        _ => ObjectFate::Stays,
    };
    for (from, to, changes) in pairing::objects(&old, &new) {
        let (Some(before), Some(after)) = (old.remove(&from), new.remove(&to)) else { continue };
        let kind = ObjectKind::Renamed { from: before.identity.clone(), fate: fate(&before), changes };
        differences.push(ObjectDifference::of(&after, kind));
    }
    differences
        .extend(old.values().map(|document| ObjectDifference::of(document, ObjectKind::Removed(fate(document)))));
    differences.extend(new.values().map(|document| ObjectDifference::of(document, ObjectKind::Added)));
    differences.sort_by(|a, b| a.identity.cmp(&b.identity));
    differences
}

fn collect_losses(application: &ApplicationDifference, losses: &mut Vec<Loss>) {
    let loss = |what| Loss {
        environment: application.environment.clone(),
        cluster: application.cluster.clone(),
        application: application.name.clone(),
        what,
    };
    if let ApplicationKind::Removed(fate) = &application.kind {
        let gone = |object: &&ObjectDifference| matches!(object.kind, ObjectKind::Removed(_));
        let objects = application.objects.iter().filter(gone).count();
        losses.push(loss(Lost::Application { fate: *fate, objects }));
        return;
    }
    if let ApplicationKind::Renamed { from, fate } = &application.kind {
        let lost = Lost::Application { fate: *fate, objects: application.objects.len() };
        losses.push(Loss { application: from.clone(), ..loss(lost) });
    }
    for object in &application.objects {
        let (identity, fate) = match &object.kind {
            ObjectKind::Removed(fate) => (&object.identity, fate),
            ObjectKind::Renamed { from, fate, .. } => (from, fate),
            _ => continue,
        };
        losses.push(loss(Lost::Object { identity: identity.clone(), fate: *fate }));
    }
}

impl Loss {
    /// Applications before objects, what is deleted before what stays.
    fn rank(&self) -> u8 {
        match self.what {
            Lost::Application { fate: ApplicationFate::Deleted, .. } => 0,
            Lost::Object { fate: ObjectFate::Deleted, .. } => 1,
            Lost::Application { fate: ApplicationFate::ObjectsStay, .. } => 2,
            Lost::Application { fate: ApplicationFate::Stays, .. } => 3,
            Lost::Object { fate: ObjectFate::Stays, .. } => 4,
        }
    }
}

impl ObjectDifference {
    fn of(document: &Document, kind: ObjectKind) -> Self {
        Self { identity: document.identity.clone(), file: document.file.clone(), kind }
    }
}

impl Totals {
    fn count(&mut self, application: &ApplicationDifference) {
        self.applications += 1;
        for object in &application.objects {
            match object.kind {
                ObjectKind::Added => self.added += 1,
                ObjectKind::Removed(_) => self.removed += 1,
                ObjectKind::Changed(_) => self.changed += 1,
                ObjectKind::Renamed { .. } | ObjectKind::Moved { .. } => self.renamed += 1,
            }
        }
    }
}
