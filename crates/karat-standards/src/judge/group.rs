//! Standards about objects that belong together, addons and files.

use std::collections::BTreeSet;

use ecow::EcoString;
use karat_kube::{Path, Step};

use super::index::Inhabitants;
use super::view::{Anchor, Loaded, View};
use super::{Hit, Index, Raw, Whose};
use crate::analysis::Found;
use crate::cel::{Engine, Program, Scope as Bound, Tree};
use crate::each::EachStep;
use crate::report::FindingKind;
use crate::standard::{Check, Rule};
use crate::{In, Scope, Standard};

/// The kinds of objects that the standards of a scope ask for.
pub(crate) struct Kinds {
    all: bool,
    kinds: BTreeSet<String>,
}

impl Kinds {
    pub(crate) fn of(standards: &[&Standard], scope: Scope) -> Self {
        let mut found = Self { all: false, kinds: BTreeSet::new() };
        for standard in standards {
            for check in &standard.checks {
                match &check.rule {
                    Rule::Analysis(analysis) if analysis.scope == scope => {
                        found.kinds.extend(analysis.kinds.iter().map(|kind| (*kind).to_owned()));
                    }
                    Rule::Cel(_) if check.to == scope => found.add(check),
                    Rule::Analysis(_) | Rule::Cel(_) => {}
                }
                if let Some(condition) = check.condition.as_ref().filter(|_| check.to == scope) {
                    found.add_program(condition);
                }
            }
            if let Some(condition) = standard.applies.condition.as_ref().filter(|_| standard.applies.to == scope) {
                found.add_program(condition);
            }
        }
        // Where findings about what is missing point.
        match scope {
            Scope::Namespace => {
                found.kinds.insert("Namespace".to_owned());
            }
            _ => found.kinds.extend(karat_kube::WORKLOADS.iter().map(|(_, kind)| (*kind).to_owned())),
        }
        found
    }

    fn add(&mut self, check: &Check) {
        if let Rule::Cel(program) = &check.rule {
            self.add_program(program);
        }
        self.kinds.extend(check.on.iter().map(ToString::to_string));
        for each in check.each.iter().filter(|each| each.root == "objects") {
            match each.steps.first() {
                Some(EachStep::Key(kind)) => {
                    self.kinds.insert(kind.clone());
                }
                _ => self.all = true,
            }
        }
    }

    fn add_program(&mut self, program: &Program) {
        match program.kinds() {
            Some(kinds) => self.kinds.extend(kinds.iter().cloned()),
            None => self.all = true,
        }
    }

    pub(crate) fn has(&self, kind: &str) -> bool {
        self.all || self.kinds.contains(kind)
    }
}

fn view<'v>(index: &'v Index<'v>, scope: Scope, name: &'v str, anchor: Anchor) -> View<'v> {
    View {
        scope,
        index,
        name,
        whose: In::All,
        cluster: None,
        application: None,
        addon: None,
        file: None,
        repository: None,
        objects: &[],
        about: anchor,
        anchor,
    }
}

/// The view of an application, whose objects are read.
pub(crate) fn application<'v>(index: &'v Index<'v>, at: usize, objects: &'v [Loaded<'v>]) -> View<'v> {
    let application = &index.subject.applications[at];
    let workload = objects.iter().find(|object| karat_kube::pod_spec(object.value()).is_some());
    View {
        cluster: Some(application.cluster),
        application: Some(application),
        whose: index.whose(&application.namespace),
        objects,
        anchor: workload.map_or(Anchor::Application(at), |object| Anchor::Object(object.at)),
        ..view(index, Scope::Application, &application.name, Anchor::Application(at))
    }
}

/// The view of a namespace, of which the objects that matter are read.
pub(crate) fn namespace<'v>(
    index: &'v Index<'v>,
    (cluster, name): &'v (usize, EcoString),
    found: &'v Inhabitants,
    objects: &'v [Loaded<'v>],
) -> Option<View<'v>> {
    let subject = index.subject;
    if found.failed {
        // What is missing may well be what could not be rendered.
        return None;
    }
    let about = objects.iter().find(|object| object.identity.kind == "Namespace" && object.identity.group.is_empty());
    // A namespace belongs to who declares it, else to who deploys into it.
    let application = match about {
        Some(object) => Some(subject.application(object.object)),
        None => found.application.map(|at| &subject.applications[at]),
    };
    let first = about.map(|object| object.at).or(found.objects.first().copied());
    let anchor = first.map(Anchor::Object).or(found.application.map(Anchor::Application))?;
    Some(View {
        cluster: Some(*cluster),
        application,
        whose: index.whose(name),
        objects,
        ..view(index, Scope::Namespace, name, anchor)
    })
}

/// The views of clusters, addons, files and repositories.
pub(crate) fn rest<'v>(index: &'v Index<'v>) -> Vec<View<'v>> {
    let subject = index.subject;
    let mut views = Vec::new();
    for (at, cluster) in subject.clusters.iter().enumerate() {
        views.push(View { cluster: Some(at), ..view(index, Scope::Cluster, &cluster.name, Anchor::Cluster(at)) });
    }
    for (at, addon) in subject.addons.iter().enumerate() {
        let cluster = Some(addon.cluster);
        views.push(View { cluster, addon: Some(addon), ..view(index, Scope::Addon, &addon.name, Anchor::Addon(at)) });
    }
    for (at, file) in subject.files.iter().enumerate() {
        views.push(View { file: Some(file), ..view(index, Scope::Config, &file.path, Anchor::File(at)) });
    }
    for (at, repository) in subject.repositories.iter().enumerate() {
        let view = view(index, Scope::Repository, &repository.name, Anchor::Repository(at));
        views.push(View { repository: Some(at), ..view });
    }
    // All files at once, for the analyses of that scope.
    if !subject.files.is_empty() && !subject.alone {
        views.push(view(index, Scope::Config, "files", Anchor::File(0)));
    }
    views
}

/// Judges one view by one standard, which may have nothing to say about it.
pub(crate) fn judge<'s>(engine: &Engine, standard: &'s Standard, view: &View<'_>, hits: &mut Vec<Hit<'s>>) {
    if matches!((standard.applies.whose, view.whose), (In::Tenants, In::Platform) | (In::Platform, In::Tenants)) {
        return;
    }
    // Whether it applies is asked for when the first check needs to know.
    let mut condition = None;
    let mut applies = |hits: &mut Vec<Hit<'s>>| {
        *condition.get_or_insert_with(|| applies(engine, standard, standard.applies.condition.as_ref(), view, hits))
    };
    let whole = view.scope == Scope::Config && view.file.is_none();
    for check in standard.checks.iter().filter(|check| check.to == view.scope) {
        let of_standard = standard.applies.to == view.scope;
        match &check.rule {
            Rule::Analysis(analysis) if view.scope != Scope::Config || whole => {
                if of_standard && !applies(hits) {
                    continue;
                }
                for found in (analysis.run)(view) {
                    let Found { on, path, message, place } = found;
                    let raw = Raw { kind: FindingKind::Violation, message, path, place };
                    add(standard, view, on.unwrap_or(view.anchor), raw, hits);
                }
            }
            Rule::Cel(program) if !whole => {
                let holds = match of_standard {
                    true => applies(hits),
                    false => self::applies(engine, standard, check.condition.as_ref(), view, hits),
                };
                if holds {
                    judge_check(engine, standard, check, program, view, hits);
                }
            }
            Rule::Analysis(_) | Rule::Cel(_) => {}
        }
    }
}

fn judge_check<'s>(
    engine: &Engine,
    standard: &'s Standard,
    check: &Check,
    program: &Program,
    view: &View<'_>,
    hits: &mut Vec<Hit<'s>>,
) {
    let scope = bind(engine, standard, view);
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
                Raw { kind: FindingKind::Violation, message, path, place: None }
            }
            Err(error) => Raw { path, ..cannot(view, &error) },
        };
        add(standard, view, on, raw, hits);
    }
}

/// Whether the standard is for this view: by addon, by condition. A condition that cannot be evaluated is a finding.
fn applies<'s>(
    engine: &Engine,
    standard: &'s Standard,
    condition: Option<&Program>,
    view: &View<'_>,
    hits: &mut Vec<Hit<'s>>,
) -> bool {
    let names = &standard.applies.addons;
    if view.addon.is_some_and(|addon| !names.is_empty() && !names.iter().any(|name| *name == addon.name)) {
        return false;
    }
    let Some(condition) = condition else { return true };
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
        message: format!("{} `{}`: {error}", view.scope.word(), view.name),
        path: Path::root(),
        place: None,
    }
}

fn add<'s>(standard: &'s Standard, view: &View<'_>, on: Anchor, raw: Raw, hits: &mut Vec<Hit<'s>>) {
    if let Anchor::Object(at) = on {
        let field = raw.path.last_key();
        let identity = &view.subject().objects[at].identity;
        if view.organisation().excepts(&standard.id, identity, field) {
            return;
        }
        hits.push(Hit { standard, raw, whose: Whose::Objects(vec![at]) });
    } else {
        hits.push(Hit { standard, raw, whose: Whose::One(on) });
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
            ("values", Some(addon), _) => Tree::of(&addon.values.value()),
            (_, _, Some(file)) => Tree::of(&file.doc.value()),
            ("repository", ..) => view.repository_tree(),
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
        bound.push(("values", Tree::of(&addon.values.value())));
    }
    if standard.applies.to == Scope::Cluster {
        let addons = view.cluster.map_or(&[][..], |cluster| view.index.addons[cluster].as_slice());
        let addons = addons.iter().map(|&at| &view.subject().addons[at]);
        bound.push(("addons", Tree::map(addons.map(|addon| (addon.name.as_str(), Tree::of(&addon.values.value()))))));
    }
    if view.repository.is_some() {
        bound.push(("repository", view.repository_tree()));
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
        if standard.uses("object") {
            bound.push(("object", Tree::of(&file.doc.value())));
        }
    }
    engine.scope(bound)
}
