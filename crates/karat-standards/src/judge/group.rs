//! Standards about objects that belong together, addons and files.

use karat_kube::{Path, Step};

use super::object::PlatformNamespaces;
use super::view::{Anchor, Index, View};
use super::{Hit, Raw, ViewFacts, Whose};
use crate::cel::{Engine, Scope as Bound, Tree};
use crate::report::FindingKind;
use crate::standard::{Check, Rule};
use crate::{Entity, EntityKind, In, Object, Scope, Standard};

/// Every view of every scope.
pub(crate) fn views<'s>(index: &'s Index<'s>, platform: &PlatformNamespaces) -> Vec<View<'s>> {
    let subject = index.subject;
    let view = |scope: Scope, name: &'s str, anchor: Anchor| View {
        scope,
        index,
        name,
        whose: In::All,
        cluster: None,
        application: None,
        addon: None,
        file: None,
        objects: &[],
        about: anchor,
        anchor,
    };
    let mut views = Vec::new();
    for ((cluster, name), found) in &index.namespaces {
        let objects = found.objects.as_slice();
        let about = |object: &Object| object.identity.kind == "Namespace" && object.identity.group.is_empty();
        let namespace = objects.iter().copied().find(|&at| about(&subject.objects[at]));
        // A namespace belongs to who declares it, else to who deploys into it.
        let application = match namespace {
            Some(at) => Some(subject.application(&subject.objects[at])),
            None => found.application.map(|at| &subject.applications[at]),
        };
        let anchor = match (namespace.or(objects.first().copied()), found.application) {
            (Some(at), _) => Anchor::Object(at),
            (None, Some(at)) => Anchor::Application(at),
            (None, None) => continue,
        };
        let whose = platform.whose(name);
        let cluster = subject.clusters.get(*cluster);
        views.push(View { cluster, application, whose, objects, ..view(Scope::Namespace, name, anchor) });
    }
    for (at, application) in subject.applications.iter().enumerate() {
        let objects = index.applications[at].as_slice();
        let workload = |object: &Object| karat_kube::pod_spec(&object.doc.value).is_some();
        let anchor = objects.iter().copied().find(|&at| workload(&subject.objects[at]));
        let anchor = anchor.map_or(Anchor::Application(at), Anchor::Object);
        let whose = platform.whose(&application.namespace);
        let cluster = subject.clusters.get(application.cluster);
        let application = Some(application);
        let view = view(Scope::Application, &subject.applications[at].name, Anchor::Application(at));
        views.push(View { cluster, application, whose, objects, anchor, ..view });
    }
    for (at, cluster) in subject.clusters.iter().enumerate() {
        views.push(View { cluster: Some(cluster), ..view(Scope::Cluster, &cluster.name, Anchor::Cluster(at)) });
    }
    for (at, addon) in subject.addons.iter().enumerate() {
        let cluster = subject.clusters.get(addon.cluster);
        views.push(View { cluster, addon: Some(addon), ..view(Scope::Addon, &addon.name, Anchor::Addon(at)) });
    }
    for (at, file) in subject.files.iter().enumerate() {
        views.push(View { file: Some(file), ..view(Scope::Config, &file.path, Anchor::File(at)) });
    }
    // All files at once, for the analyses of that scope.
    if !subject.files.is_empty() {
        views.push(view(Scope::Config, "files", Anchor::File(0)));
    }
    views
}

/// Judges one view by one standard, which may have nothing to say about it.
pub(crate) fn judge<'s>(engine: &Engine, standard: &'s Standard, view: &View<'s>, hits: &mut Vec<Hit<'s>>) {
    if matches!((standard.applies.whose, view.whose), (In::Tenants, In::Platform) | (In::Platform, In::Tenants)) {
        return;
    }
    for check in &standard.checks {
        if let Rule::Analysis(analysis) = &check.rule
            && analysis.scope == view.scope
            && (view.scope != Scope::Config || view.file.is_none())
            && (standard.applies.to != view.scope || applies(engine, standard, view, hits))
        {
            for found in (analysis.run)(view) {
                let raw = Raw { kind: FindingKind::Violation, message: found.message, path: found.path };
                add(standard, view, found.on.unwrap_or(view.anchor), raw, hits);
            }
        }
    }
    let has_cel = standard.checks.iter().any(|check| matches!(check.rule, Rule::Cel(_)));
    let whole = view.scope == Scope::Config && view.file.is_none();
    if standard.applies.to != view.scope || !has_cel || whole || !applies(engine, standard, view, hits) {
        return;
    }
    let scope = bind(engine, standard, view);
    for check in &standard.checks {
        let Rule::Cel(program) = &check.rule else { continue };
        let (parts, errors) = parts(check, view, &scope);
        for error in errors {
            add(standard, view, view.anchor, cannot(view, &error), hits);
        }
        for (on, path, scope) in parts {
            let scope = scope.as_ref();
            let path = path.join(&check.at.path);
            let raw = match scope.holds(program) {
                Ok(true) => continue,
                Ok(false) => {
                    let message = check.message.as_ref().map_or_else(String::new, |message| message.say(scope));
                    Raw { kind: FindingKind::Violation, message, path }
                }
                Err(error) => Raw { path, ..cannot(view, &error) },
            };
            add(standard, view, on, raw, hits);
        }
    }
}

/// Whether the standard is for this view: by addon, by condition. A condition that cannot be evaluated is a finding.
fn applies<'s>(engine: &Engine, standard: &'s Standard, view: &View<'s>, hits: &mut Vec<Hit<'s>>) -> bool {
    let names = &standard.applies.addons;
    if view.addon.is_some_and(|addon| !names.is_empty() && !names.iter().any(|name| *name == addon.name)) {
        return false;
    }
    let Some(condition) = &standard.applies.condition else { return true };
    match bind(engine, standard, view).holds(condition) {
        Ok(holds) => holds,
        Err(error) => {
            add(standard, view, view.anchor, cannot(view, &format!("`where`: {error}")), hits);
            false
        }
    }
}

fn cannot(view: &View<'_>, error: &str) -> Raw {
    Raw {
        kind: FindingKind::CannotJudge,
        message: format!("cannot judge {} `{}`: {error}", view.scope.word(), view.name),
        path: Path::root(),
    }
}

fn add<'s>(standard: &'s Standard, view: &View<'s>, on: Anchor, raw: Raw, hits: &mut Vec<Hit<'s>>) {
    if let Anchor::Object(at) = on {
        let field = raw.path.last_key();
        let identity = &view.subject().objects[at].identity;
        if view.organisation().excepts(&standard.id, identity, field) {
            return;
        }
        hits.push(Hit { standard, raw, whose: Whose::Objects(vec![at]) });
    } else {
        hits.push(Hit { standard, raw, whose: Whose::View(facts(view, on)) });
    }
}

enum Either<'b, 'e> {
    Same(&'b Bound<'e>),
    Inner(Bound<'b>),
}

impl<'b> Either<'b, '_> {
    fn as_ref(&self) -> &Bound<'b>
    where
        Self: 'b,
    {
        match self {
            Self::Same(scope) => scope,
            Self::Inner(scope) => scope,
        }
    }
}

/// The parts that a check looks at: what they are of, path within it, scope; and what could not be looked at.
type Parts<'b, 'e> = Vec<(Anchor, Path, Either<'b, 'e>)>;

fn parts<'b, 'e>(check: &Check, view: &View<'_>, scope: &'b Bound<'e>) -> (Parts<'b, 'e>, Vec<String>) {
    if check.each.is_empty() {
        let on = check.on.as_ref().and_then(|kind| view.at(kind, 0)).map_or(view.anchor, Anchor::Object);
        return (vec![(on, Path::root(), Either::Same(scope))], Vec::new());
    }
    let (mut parts, mut errors) = (Vec::new(), Vec::new());
    for each in &check.each {
        let root = match (each.root.as_str(), view.addon, view.file) {
            ("objects", ..) => view.objects_tree(),
            ("values", Some(addon), _) => addon.values.tree().clone(),
            (_, _, Some(file)) => file.doc.tree().clone(),
            _ => continue,
        };
        match each.find(&root, &Path::root()) {
            Err(error) => errors.push(error),
            Ok(found) => parts.extend(found.into_iter().map(|(path, part)| {
                let inner = Either::Inner(scope.with("self", part));
                match path.steps() {
                    [Step::Key(kind), Step::Index(place), rest @ ..] if each.root == "objects" => {
                        let on = view.at(kind, *place).map_or(view.anchor, Anchor::Object);
                        (on, rest.iter().cloned().collect(), inner)
                    }
                    _ => (view.anchor, path, inner),
                }
            })),
        }
    }
    (parts, errors)
}

/// What expressions of the view's scope know; what costs and is not used is left out.
fn bind<'e>(engine: &'e Engine, standard: &Standard, view: &View<'_>) -> Bound<'e> {
    let mut bound: Vec<(&str, Tree)> = vec![("name", Tree::text(view.name)), ("cluster", view.cluster_tree())];
    if standard.uses("objects") {
        bound.push(("objects", view.objects_tree()));
    }
    if let Some(application) = view.application {
        bound.push((
            "application",
            Tree::map([
                ("name", Tree::text(&application.name)),
                ("service", Tree::text(&application.entity.name)),
                ("kind", Tree::text(application.entity.kind.word())),
                ("namespace", Tree::text(&application.namespace)),
                ("project", Tree::text(&application.project)),
            ]),
        ));
    }
    if let Some(addon) = view.addon {
        bound.push((
            "addon",
            Tree::map([
                ("name", Tree::text(&addon.name)),
                ("version", Tree::text(&addon.version)),
                ("namespace", Tree::text(&addon.namespace)),
            ]),
        ));
        bound.push(("values", addon.values.tree().clone()));
    }
    if standard.applies.to == Scope::Cluster {
        let here = view.subject().clusters.iter().position(|cluster| cluster.name == view.name);
        let addons = here.map_or(&[][..], |cluster| view.index.addons[cluster].as_slice());
        let addons = addons.iter().map(|&at| &view.subject().addons[at]);
        bound.push(("addons", Tree::map(addons.map(|addon| (addon.name.as_str(), addon.values.tree().clone())))));
    }
    if let Some(file) = view.file {
        bound.push((
            "file",
            Tree::map([
                ("repository", Tree::text(&file.repository)),
                ("role", Tree::text(&file.role)),
                ("path", Tree::text(&file.path)),
            ]),
        ));
        bound.push(("object", file.doc.tree().clone()));
    }
    engine.scope(bound)
}

fn facts<'s>(view: &View<'s>, on: Anchor) -> ViewFacts<'s> {
    let subject = view.subject();
    let entity = |kind: EntityKind, name: &ecow::EcoString| Entity { kind, name: name.clone() };
    let (doc, entity, application, cluster) = match on {
        Anchor::Object(at) => {
            let object = &subject.objects[at];
            let application = subject.application(object);
            (&object.doc, application.entity.clone(), Some(application), Some(subject.cluster(object)))
        }
        Anchor::Application(at) => {
            let application = &subject.applications[at];
            (&application.doc, application.entity.clone(), Some(application), subject.clusters.get(application.cluster))
        }
        Anchor::Cluster(at) => {
            let cluster = &subject.clusters[at];
            (&cluster.doc, entity(EntityKind::Cluster, &cluster.name), None, Some(cluster))
        }
        Anchor::Addon(at) => {
            let addon = &subject.addons[at];
            (&addon.values, entity(EntityKind::Addon, &addon.name), None, subject.clusters.get(addon.cluster))
        }
        Anchor::File(at) => {
            let file = &subject.files[at];
            (&file.doc, entity(EntityKind::Repository, &file.repository), None, None)
        }
    };
    ViewFacts { doc, cluster, application, entity }
}
