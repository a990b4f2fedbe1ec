//! Standards about single objects.

use karat_kube::{GroupKind, Path, pod_spec_path};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Hit, Index, Raw, Whose};
use crate::cel::{Engine, Scope, Tree};
use crate::report::FindingKind;
use crate::standard::{Check, From, Rule};
use crate::{In, Object, Organisation, Standard, Standards, Subject};

/// Objects by what they say: equal documents together.
pub(crate) struct Documents {
    groups: Vec<Vec<usize>>,
}

impl Documents {
    pub(crate) fn new(subject: &Subject) -> Self {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut known: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
        for (at, object) in subject.objects.iter().enumerate() {
            let candidates = known.entry(object.doc.hash()).or_default();
            let same = candidates.iter().copied().find(|&group| {
                let first = &subject.objects[groups[group][0]].doc;
                std::sync::Arc::ptr_eq(first, &object.doc) || first.value == object.doc.value
            });
            match same {
                Some(group) => groups[group].push(at),
                None => {
                    candidates.push(groups.len());
                    groups.push(vec![at]);
                }
            }
        }
        Self { groups }
    }

    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    /// The objects of one document.
    pub(crate) fn objects(&self, document: usize) -> &[usize] {
        &self.groups[document]
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
}

/// Namespaces of the platform, for quick questions.
pub(crate) struct PlatformNamespaces(FxHashSet<String>);

impl PlatformNamespaces {
    pub(crate) fn new(organisation: &Organisation) -> Self {
        Self(organisation.texts("platform.namespaces").into_iter().map(str::to_owned).collect())
    }

    pub(crate) fn whose(&self, namespace: &str) -> In {
        if self.0.contains(namespace) { In::Platform } else { In::Tenants }
    }

    /// Whose an object is. What has no namespace is the platform's: tenants may not create it.
    fn of(&self, object: &Object) -> In {
        let identity = &object.identity;
        match (identity.namespace.as_str(), identity.kind.as_str()) {
            ("", "Namespace") => self.whose(&identity.name),
            ("", _) => In::Platform,
            (namespace, _) => self.whose(namespace),
        }
    }
}

/// Judges one document, which `objects` share.
pub(crate) fn judge<'s>(
    engine: &Engine,
    by_kind: &ByKind<'s>,
    platform: &PlatformNamespaces,
    index: &Index<'s>,
    objects: &[usize],
    hits: &mut Vec<Hit<'s>>,
) {
    let subject = index.subject;
    let first = &subject.objects[objects[0]];
    let Some(standards) = by_kind.0.get(&first.identity.group_kind()) else { return };
    for standard in standards {
        let held: Vec<usize> = objects
            .iter()
            .copied()
            .filter(|&at| {
                standard.applies.whose == In::All || platform.of(&subject.objects[at]) == standard.applies.whose
            })
            .collect();
        for alike in partition(standard, subject, held) {
            let object = &subject.objects[alike[0]];
            for raw in judge_object(engine, standard, subject, object) {
                let field = raw.path.last_key();
                let whose: Vec<usize> = alike
                    .iter()
                    .copied()
                    .filter(|&at| !index.organisation.excepts(&standard.id, &subject.objects[at].identity, field))
                    .collect();
                if !whose.is_empty() {
                    hits.push(Hit { standard, raw, whose: Whose::Objects(whose) });
                }
            }
        }
    }
}

/// Splits objects of one document by what else the standard looks at: the cluster, the namespace.
fn partition(standard: &Standard, subject: &Subject, objects: Vec<usize>) -> Vec<Vec<usize>> {
    if objects.is_empty() {
        return Vec::new();
    }
    let by_cluster = standard.uses("cluster");
    let by_request = standard.uses("request");
    if objects.len() == 1 || !(by_cluster || by_request) {
        return vec![objects];
    }
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let mut known: FxHashMap<(usize, &str), usize> = FxHashMap::default();
    for at in objects {
        let object = &subject.objects[at];
        let cluster = if by_cluster { subject.applications[object.application].cluster } else { 0 };
        let namespace = if by_request { object.identity.namespace.as_str() } else { "" };
        let part = *known.entry((cluster, namespace)).or_insert(parts.len());
        match parts.get_mut(part) {
            Some(part) => part.push(at),
            None => parts.push(vec![at]),
        }
    }
    parts
}

fn judge_object(engine: &Engine, standard: &Standard, subject: &Subject, object: &Object) -> Vec<Raw> {
    let tree = object.doc.tree();
    let pod_path = pod_spec_path(&object.identity.group, &object.identity.kind);
    let pod = pod_path.as_ref().and_then(|path| find(tree, path));
    let template = pod_path.as_ref().and_then(|path| find(tree, &path.parent()));
    let empty = || Tree::map::<String>([]);
    let scope = engine.scope([
        ("object", tree.clone()),
        ("podSpec", pod.clone().unwrap_or_else(empty)),
        ("podTemplate", template.unwrap_or_else(empty)),
        ("cluster", subject.cluster(object).tree().clone()),
        (
            "request",
            Tree::map([
                ("namespace", Tree::text(&object.identity.namespace)),
                ("name", Tree::text(&object.identity.name)),
                ("operation", Tree::text("CREATE")),
            ]),
        ),
    ]);
    let cannot = |error: String| Raw {
        kind: FindingKind::CannotJudge,
        message: format!("cannot judge {}: {error}", object.identity),
        path: Path::root(),
    };
    match standard.applies.condition.as_ref().map(|condition| scope.holds(condition)) {
        Some(Ok(false)) => return Vec::new(),
        Some(Err(error)) => return vec![cannot(format!("`where`: {error}"))],
        None | Some(Ok(true)) => {}
    }
    let root = Path::root();
    let mut found = Vec::new();
    for check in &standard.checks {
        if !check.kinds.is_empty() && !check.kinds.contains(&object.identity.kind) {
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
    scope: &Scope<'_>,
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
    let mut judge = |scope: &Scope<'_>, part: &Path| {
        found.extend(match scope.holds(program) {
            Ok(true) => None,
            Ok(false) => Some(Raw {
                kind: FindingKind::Violation,
                message: check.message.as_ref().map_or_else(String::new, |message| message.say(scope)),
                path: at(part),
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
