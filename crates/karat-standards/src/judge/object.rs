//! Standards about single objects.

use std::hash::Hasher;

use karat_kube::{GroupKind, Identity, Path, pod_spec_path};
use rustc_hash::{FxHashMap, FxHasher};

use super::{Hit, Index, Loaded, Raw, Whose};
use crate::cel::{Engine, Scope as Bound, Tree};
use crate::report::FindingKind;
use crate::standard::{Check, From, Rule};
use crate::{In, Scope, Standard, Standards, Subject};

/// Objects by what they say: equal documents together.
pub(crate) struct Documents {
    groups: Vec<Vec<usize>>,
    /// For the first object of each group, the group.
    first: Vec<Option<u32>>,
}

impl Documents {
    pub(crate) fn new(subject: &Subject) -> Self {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut first = vec![None; subject.objects.len()];
        let mut known: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
        for (at, object) in subject.objects.iter().enumerate() {
            let mut hasher = FxHasher::default();
            match object.doc.text() {
                Some(text) => hasher.write(text),
                None => hasher.write_usize(object.doc.address()),
            }
            hasher.write(object.identity.namespace.as_bytes());
            let candidates = known.entry(hasher.finish()).or_default();
            // A hash may be made to collide: equality decides. Equal texts mostly share their bytes.
            let group = candidates.iter().copied().find(|&group| {
                let other = &subject.objects[groups[group][0]];
                other.identity == object.identity
                    && (other.doc.same(&object.doc)
                        || object.doc.text().is_some_and(|text| other.doc.text() == Some(text)))
            });
            match group {
                Some(group) => groups[group].push(at),
                None => {
                    first[at] = u32::try_from(groups.len()).ok();
                    candidates.push(groups.len());
                    groups.push(vec![at]);
                }
            }
        }
        Self { groups, first }
    }

    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    /// All objects that say the same, given the first of them.
    pub(crate) fn led_by(&self, object: usize) -> Option<&[usize]> {
        Some(&self.groups[self.first[object]? as usize])
    }
}

/// The object standards of each kind.
pub(crate) struct ByKind<'s>(FxHashMap<&'s GroupKind, Vec<&'s Standard>>);

impl<'s> ByKind<'s> {
    pub(crate) fn new(standards: &'s Standards) -> Self {
        let mut by_kind: FxHashMap<&GroupKind, Vec<&Standard>> = FxHashMap::default();
        for standard in standards.all() {
            for kind in &standard.applies.kinds {
                by_kind.entry(kind).or_default().push(standard);
            }
        }
        Self(by_kind)
    }

    /// Whether any standard is about objects of that kind.
    pub(crate) fn has(&self, identity: &Identity) -> bool {
        self.0.contains_key(&identity.group_kind())
    }
}

/// Judges one document, which `objects` share.
pub(crate) fn judge<'s>(
    engine: &Engine,
    by_kind: &ByKind<'s>,
    clusters: &[Tree],
    index: &Index<'_>,
    objects: &[usize],
    document: &Loaded<'_>,
    hits: &mut Vec<Hit<'s>>,
) {
    let subject = index.subject;
    let Some(standards) = by_kind.0.get(&document.identity.group_kind()) else { return };
    for standard in standards {
        let whose = standard.applies.whose;
        let held = objects.iter().copied();
        let held: Vec<usize> =
            held.filter(|&at| whose == In::All || index.whose_object(&subject.objects[at]) == whose).collect();
        for alike in partition(standard, subject, held) {
            let cluster = subject.applications[subject.objects[alike[0]].application].cluster;
            for raw in judge_object(engine, standard, document, clusters.get(cluster)) {
                let field = raw.path.last_key();
                let excepted =
                    |at: &usize| index.organisation.excepts(&standard.id, &subject.objects[*at].identity, field);
                let whose: Vec<usize> = alike.iter().copied().filter(|at| !excepted(at)).collect();
                if !whose.is_empty() {
                    hits.push(Hit { standard, raw, whose: Whose::Objects(whose) });
                }
            }
        }
    }
}

/// Splits objects of one document by cluster, if the standard looks at that.
fn partition(standard: &Standard, subject: &Subject, objects: Vec<usize>) -> Vec<Vec<usize>> {
    if objects.is_empty() {
        return Vec::new();
    }
    if objects.len() == 1 || !standard.uses("cluster") {
        return vec![objects];
    }
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let mut known: FxHashMap<usize, usize> = FxHashMap::default();
    for at in objects {
        let cluster = subject.applications[subject.objects[at].application].cluster;
        let part = *known.entry(cluster).or_insert(parts.len());
        match parts.get_mut(part) {
            Some(part) => part.push(at),
            None => parts.push(vec![at]),
        }
    }
    parts
}

fn judge_object(engine: &Engine, standard: &Standard, object: &Loaded<'_>, cluster: Option<&Tree>) -> Vec<Raw> {
    let tree = object.tree();
    let identity = object.identity;
    let pod_path = pod_spec_path(&identity.group, &identity.kind);
    let pod = pod_path.as_ref().and_then(|path| find(tree, path));
    let mut bound = vec![("object", tree.clone())];
    let empty = || Tree::map::<String>([]);
    if pod_path.is_some() {
        let template = pod_path.as_ref().and_then(|path| find(tree, &path.parent()));
        bound.push(("podSpec", pod.clone().unwrap_or_else(empty)));
        bound.push(("podTemplate", template.unwrap_or_else(empty)));
    }
    if standard.uses("cluster") {
        bound.push(("cluster", cluster.cloned().unwrap_or_else(empty)));
    }
    if standard.uses("request") {
        let request = [
            ("namespace", Tree::text(&identity.namespace)),
            ("name", Tree::text(&identity.name)),
            ("operation", Tree::text("CREATE")),
        ];
        bound.push(("request", Tree::map(request)));
    }
    let scope = engine.scope(bound);
    let cannot = |error: String| Raw {
        kind: FindingKind::CannotJudge,
        message: format!("{identity}: {error}"),
        path: Path::root(),
        place: None,
    };
    match standard.applies.condition.as_ref().map(|condition| scope.holds(condition)) {
        Some(Ok(false)) => return Vec::new(),
        Some(Err(error)) => return vec![cannot(format!("`where`: {error}"))],
        None | Some(Ok(true)) => {}
    }
    let root = Path::root();
    let mut found = Vec::new();
    for check in standard.checks.iter().filter(|check| check.to == Scope::Object) {
        if !check.kinds.is_empty() && !check.kinds.contains(&identity.kind) {
            continue;
        }
        if check.reads_pod_spec() && pod.is_none() {
            // A Rollout that borrows the pods of a Deployment is judged by that Deployment.
            if pod_path.is_some() && tree.get("spec").and_then(|spec| spec.get("workloadRef")).is_none() {
                found.push(cannot("it has no pod spec".to_owned()));
                return found;
            }
            continue;
        }
        let parts = [("object", &root, Some(tree)), ("podSpec", pod_path.as_ref().unwrap_or(&root), pod.as_ref())];
        run(check, &scope, &parts, pod_path.as_ref(), &mut found, &cannot);
    }
    found
}

/// Runs one check on one object, or on each part of it.
fn run(
    check: &Check,
    scope: &Bound<'_>,
    roots: &[(&str, &Path, Option<&Tree>)],
    pod_path: Option<&Path>,
    found: &mut Vec<Raw>,
    cannot: &dyn Fn(String) -> Raw,
) {
    let Rule::Cel(program) = &check.rule else { return };
    let at = |part: &Path| match (check.at.from, pod_path) {
        (From::PodSpec, Some(pod_path)) => pod_path.join(&check.at.path),
        (From::PodTemplate, Some(pod_path)) => pod_path.parent().join(&check.at.path),
        _ => part.join(&check.at.path),
    };
    let mut judge = |scope: &Bound<'_>, part: &Path| {
        found.extend(match scope.holds(program) {
            Ok(true) => None,
            Ok(false) => Some(Raw {
                kind: FindingKind::Violation,
                message: check.message.as_ref().map_or_else(String::new, |message| message.say(scope)),
                path: at(part),
                place: None,
            }),
            Err(error) => Some(Raw { path: at(part), ..cannot(error) }),
        });
    };
    if check.each.is_empty() {
        judge(scope, &Path::root());
        return;
    }
    let mut errors = Vec::new();
    for each in &check.each {
        let Some((_, path, Some(tree))) = roots.iter().find(|(name, ..)| *name == each.root) else { continue };
        match each.find(tree, path) {
            Ok(parts) => parts.into_iter().for_each(|(path, part)| judge(&scope.with("self", part), &path)),
            Err(error) => errors.push(error),
        }
    }
    found.extend(errors.into_iter().map(cannot));
}

fn find(tree: &Tree, path: &Path) -> Option<Tree> {
    let found = path.steps().iter().try_fold(tree, |tree, step| match step {
        karat_kube::Step::Key(key) => tree.get(key),
        karat_kube::Step::Index(index) => tree.items()?.get(*index),
    });
    found.cloned()
}
