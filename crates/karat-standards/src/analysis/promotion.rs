//! How a release comes to production: by way of staging, and past somebody else's eyes.

use std::collections::BTreeSet;

use karat_kube::Path;
use karat_yaml::Value;
use regex::Regex;

use super::pipeline::commands;
use super::registration::production_clusters;
use super::{Analysis, Found, list, text};
use crate::judge::{Anchor, View};
use crate::{EntityKind, Repository, Scope};

/// What runs in production ran in staging.
pub(super) static STAGING_FIRST: Analysis = Analysis {
    name: "staging-first",
    scope: Scope::Config,
    kinds: &[],
    about: "every service in production is in staging too; a workflow of governance takes to production what staging runs, after \
            it has verified its signature and attestations; none releases to production directly",
    run: staging_first,
};

/// Production is changed by what somebody else than its author approved.
pub(super) static FOUR_EYES: Analysis = Analysis {
    name: "four-eyes",
    scope: Scope::Config,
    kinds: &[],
    about: "CODEOWNERS of the config repository names, for every file of a production environment or cluster and for itself, a team \
            or several people",
    run: four_eyes,
};

fn staging_first(view: &View<'_>) -> Vec<Found> {
    let subject = view.subject();
    let staging =
        view.organisation().setting("delivery.stagingEnvironment").and_then(Value::as_str).unwrap_or_default();
    let production = view.organisation().texts("delivery.productionEnvironments");
    let environment = |cluster: usize| subject.clusters[cluster].environment.as_str();
    let services = || {
        let all = subject.applications.iter().enumerate();
        all.filter(|(_, application)| application.entity.kind == EntityKind::Service)
    };
    let staged: BTreeSet<_> = services()
        .filter(|(_, application)| environment(application.cluster) == staging)
        .map(|(_, application)| &application.entity.name)
        .collect();
    let mut found = Vec::new();
    for (at, application) in services() {
        let name = &application.entity.name;
        if production.contains(&environment(application.cluster)) && !staged.contains(name) {
            let message = format!("service `{name}` runs in production and not in {staging}");
            found.push(Found {
                on: Some(Anchor::Application(at)),
                path: Path::keys(["metadata", "name"]),
                message,
                place: None,
            });
        }
    }
    for (at, repository) in subject.repositories.iter().enumerate() {
        if repository.role == "governance" && !repository.facts.workflows.is_empty() {
            workflows(view, at, repository, staging, &production, &mut found);
        }
    }
    found
}

/// The workflows of governance: one promotes, none jumps.
fn workflows(
    view: &View<'_>,
    at: usize,
    repository: &Repository,
    staging: &str,
    production: &[&str],
    found: &mut Vec<Found>,
) {
    let matches = |setting: &str, text: &str| {
        let pattern = view.organisation().setting(setting).and_then(Value::as_str).unwrap_or_default();
        Regex::new(pattern).is_ok_and(|regex| !pattern.is_empty() && regex.is_match(text))
    };
    let value = repository.doc.value();
    let mut promoted = false;
    let tell = |path: Path, message: String| Found { on: Some(Anchor::Repository(at)), path, message, place: None };
    for (step, path) in steps(&value) {
        let run = text(step, "run").unwrap_or_default();
        let words = |names: &[&str]| run.split([' ', '"', '\'', '\n', '=']).any(|word| names.contains(&word));
        if matches("delivery.releases", run) && words(production) {
            found.push(tell(
                path.key("run"),
                "a release goes to production directly, past staging and its approval".to_owned(),
            ));
        }
        if !matches("delivery.promotes", run) {
            continue;
        }
        promoted = true;
        if !words(&[staging]) {
            found.push(tell(path.key("run"), format!("what is promoted to production is not what {staging} runs")));
        }
        let commands = commands(repository, run);
        let unverified: Vec<&str> = view
            .organisation()
            .texts("delivery.verifies")
            .into_iter()
            .filter(|what| !Regex::new(what).is_ok_and(|regex| regex.is_match(&commands)))
            .collect();
        if !unverified.is_empty() {
            let message = format!("what is promoted to production is not verified first ({})", unverified.join(", "));
            found.push(tell(path.key("run"), message));
        }
    }
    if !promoted {
        let message = format!("no workflow takes to production what {staging} runs");
        found.push(tell(Path::keys(["workflows"]).index(0), message));
    }
}

/// All steps of all workflows of a repository, with their places in its facts.
fn steps(repository: &Value) -> Vec<(&Value, Path)> {
    let mut found = Vec::new();
    for (at, workflow) in list(repository, "workflows").iter().enumerate() {
        for (job_at, job) in list(workflow, "jobs").iter().enumerate() {
            let path = Path::keys(["workflows"]).index(at).key("jobs").index(job_at).key("steps");
            let steps = list(job, "steps").iter().enumerate();
            found.extend(steps.map(|(step_at, step)| (step, path.index(step_at))));
        }
    }
    found
}

fn four_eyes(view: &View<'_>) -> Vec<Found> {
    let subject = view.subject();
    let clusters = production_clusters(view);
    let environments = view.organisation().texts("delivery.productionEnvironments");
    let of_production = |path: &str| {
        path.split('/').any(|part| {
            let name = part.split('.').next().unwrap_or_default();
            environments.contains(&part) || clusters.contains(part) || clusters.contains(name)
        })
    };
    let mut found = Vec::new();
    for (at, repository) in subject.repositories.iter().enumerate().filter(|(_, one)| one.role == "config") {
        let facts = &repository.facts;
        let mut tell = |place: &karat_repository::Place, message: String| {
            let place = Some(repository.place(place));
            found.push(Found { on: Some(Anchor::Repository(at)), path: Path::root(), message, place });
        };
        let owners = &facts.owners;
        let guarded = facts.files.iter().filter(|file| of_production(file) || **file == owners.file);
        for file in guarded {
            let whole = karat_repository::Place::whole(file.clone());
            let Some(rule) = owners.of(file).filter(|rule| !rule.owners.is_empty()) else {
                tell(&whole, format!("nobody owns `{file}`: who changes production there approves it too"));
                continue;
            };
            // A team is `@organisation/team`; a person cannot approve what they wrote.
            if rule.owners.len() == 1 && !rule.owners[0].contains('/') {
                let message = format!("only `{}` may approve changes of `{file}`, and not their own", rule.owners[0]);
                tell(&rule.place, message);
            }
        }
    }
    found
}
