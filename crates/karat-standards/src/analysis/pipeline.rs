//! Workflows as a pipeline: what each job does, on its own and by scripts, and what must have passed before it.

use std::collections::BTreeSet;

use karat_kube::Path;
use karat_yaml::Value;
use regex::Regex;

use super::{Analysis, Found, list, text};
use crate::judge::View;
use crate::{Organisation, Repository, Scope};

/// Lint, test and scan run always, and before anything is signed.
pub(super) static GATES_HOLD: Analysis = Analysis {
    name: "gates-hold",
    scope: Scope::Repository,
    kinds: &[],
    about: "the workflow that services call (settings.ci.serviceWorkflow) lints, tests and scans without a condition, and signs only \
            after all of that; who calls it does so on every push and every pull request",
    run: gates,
};

/// The workflow that releases signs what it publishes.
pub(super) static RELEASE_IS_SIGNED: Analysis = Analysis {
    name: "release-is-signed",
    scope: Scope::Repository,
    kinds: &[],
    about: "the workflow that services call signs, in a job that has an identity of its own (id-token)",
    run: signed,
};

/// The workflow that releases says how and from what.
pub(super) static RELEASE_IS_ATTESTED: Analysis = Analysis {
    name: "release-is-attested",
    scope: Scope::Repository,
    kinds: &[],
    about: "the workflow that services call attaches SLSA provenance and an SBOM to what it publishes",
    run: attested,
};

const GATES: [&str; 3] = ["lint", "test", "scan"];

/// A job of the workflow.
struct Job<'v> {
    id: &'v str,
    value: &'v Value,
    path: Path,
    /// What each step runs, scripts included, or uses.
    steps: Vec<(&'v Value, String)>,
}

/// The workflow that services call, read.
struct Pipeline<'v> {
    file: &'v str,
    path: Path,
    jobs: Vec<Job<'v>>,
}

/// The value of a repository's facts must outlive what is read of it.
fn pipeline<'v>(view: &View<'_>, repository: &'v Repository, facts: &'v Value) -> Option<Pipeline<'v>> {
    let wanted = view.organisation().setting("ci.serviceWorkflow").and_then(Value::as_str)?;
    let (at, workflow) = list(facts, "workflows").iter().enumerate().find(|(_, workflow)| {
        text(workflow, "path").is_some_and(|path| karat_source::split(path).1 == wanted)
            && workflow.at(["on", "workflow_call"]).is_some()
    })?;
    let path = Path::keys(["workflows"]).index(at);
    let job = |(job_at, job): (usize, &'v Value)| Job {
        id: text(job, "id").unwrap_or_default(),
        value: job,
        path: path.key("jobs").index(job_at),
        steps: list(job, "steps").iter().map(|step| (step, done(repository, step))).collect(),
    };
    let jobs = list(workflow, "jobs").iter().enumerate().map(job).collect();
    Some(Pipeline { file: text(workflow, "path").unwrap_or_default(), path, jobs })
}

/// What a step does, as text: what it uses, or what it runs with its scripts.
fn done(repository: &Repository, step: &Value) -> String {
    match (text(step, "uses.text"), text(step, "run")) {
        (Some(uses), _) => uses.to_owned(),
        (None, Some(run)) => commands(repository, run),
        (None, None) => String::new(),
    }
}

/// How a step is known that lints, tests, scans, signs, attests.
fn does(organisation: &Organisation, what: &str) -> Option<Regex> {
    let pattern = organisation.setting("ci.does")?.get(what)?.as_str()?;
    Regex::new(pattern).ok()
}

impl<'v> Pipeline<'v> {
    /// The jobs that do something, with the step that does.
    fn who<'p>(&'p self, pattern: Option<&Regex>) -> Vec<(&'p Job<'v>, usize)> {
        let Some(pattern) = pattern else { return Vec::new() };
        let step = |job: &Job<'v>| job.steps.iter().position(|(_, done)| pattern.is_match(done));
        self.jobs.iter().filter_map(|job| Some((job, step(job)?))).collect()
    }

    /// The jobs that must have succeeded before `job` runs.
    fn before(&self, job: &Job<'v>) -> BTreeSet<&'v str> {
        let mut before = BTreeSet::new();
        let mut next = vec![job];
        while let Some(job) = next.pop() {
            for id in list(job.value, "needs").iter().filter_map(Value::as_str) {
                if let Some(needed) = self.jobs.iter().find(|known| known.id == id).filter(|_| before.insert(id)) {
                    next.push(needed);
                }
            }
        }
        before
    }
}

impl Job<'_> {
    /// Why what its step does may not happen, or may fail for nothing, and where that is said.
    fn weakness(&self, step: usize) -> Option<(Path, &'static str)> {
        let step_path = self.path.key("steps").index(step);
        let value = self.steps.get(step).map(|(value, _)| *value)?;
        let may_fail = |value: &Value| value.get("continueOnError").and_then(Value::as_bool) == Some(true);
        if self.value.get("if").is_some_and(|condition| !condition.is_null()) {
            Some((self.path.key("if"), "is skipped by a condition"))
        } else if may_fail(self.value) {
            Some((self.path.key("continueOnError"), "may fail and nothing stops"))
        } else if value.get("if").is_some_and(|condition| !condition.is_null()) {
            Some((step_path.key("if"), "is skipped by a condition"))
        } else if may_fail(value) {
            Some((step_path.key("continueOnError"), "may fail and nothing stops"))
        } else {
            None
        }
    }
}

fn here(path: Path, message: String) -> Found {
    Found { path, ..Found::here(message) }
}

fn gates(view: &View<'_>) -> Vec<Found> {
    let Some(repository) = view.repository() else { return Vec::new() };
    let facts = repository.doc.value();
    match repository.role.as_str() {
        "governance" => {
            pipeline(view, repository, &facts).map(|pipeline| own_gates(view, &pipeline)).unwrap_or_default()
        }
        "app" => called_gates(view, &facts),
        _ => Vec::new(),
    }
}

fn own_gates(view: &View<'_>, pipeline: &Pipeline<'_>) -> Vec<Found> {
    let organisation = view.organisation();
    let mut found = Vec::new();
    let mut solid: Vec<(&str, Vec<&str>)> = Vec::new();
    for gate in GATES {
        let doers = pipeline.who(does(organisation, gate).as_ref());
        let holding: Vec<&str> =
            doers.iter().filter(|(job, step)| job.weakness(*step).is_none()).map(|(job, _)| job.id).collect();
        match doers.first() {
            None => found.push(here(pipeline.path.clone(), format!("`{}` does not {gate}", pipeline.file))),
            Some((job, step)) if holding.is_empty() => {
                let (path, why) = job.weakness(*step).unwrap_or_else(|| (job.path.clone(), ""));
                found.push(here(path, format!("the gate {gate}, job `{}`, {why}", job.id)));
            }
            Some(_) => solid.push((gate, holding)),
        }
    }
    for (job, _) in pipeline.who(does(organisation, "sign").as_ref()) {
        let before = pipeline.before(job);
        for (gate, jobs) in &solid {
            if !jobs.iter().any(|id| before.contains(id)) {
                let message = format!("job `{}` signs what has not passed {gate} (needs)", job.id);
                found.push(here(job.path.key("needs"), message));
            }
        }
        let condition = text(job.value, "if").unwrap_or_default();
        if ["always()", "failure()", "cancelled()"].iter().any(|status| condition.contains(status)) {
            found.push(here(job.path.key("if"), format!("job `{}` signs although a gate has failed", job.id)));
        }
    }
    found
}

/// The call of the gates, in a service's own workflows.
fn called_gates(view: &View<'_>, facts: &Value) -> Vec<Found> {
    let Some(wanted) = view.organisation().setting("ci.serviceWorkflow").and_then(Value::as_str) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (at, workflow) in list(facts, "workflows").iter().enumerate() {
        let path = Path::keys(["workflows"]).index(at);
        for (job_at, job) in list(workflow, "jobs").iter().enumerate() {
            if text(job, "uses.name").is_none_or(|name| karat_source::split(name).1 != wanted) {
                continue;
            }
            let job_path = path.key("jobs").index(job_at);
            let id = text(job, "id").unwrap_or_default();
            if job.get("if").is_some_and(|condition| !condition.is_null()) {
                found.push(here(job_path.key("if"), format!("job `{id}` calls the gates only sometimes")));
            }
            for event in ["pull_request", "push"] {
                let Some(options) = workflow.at(["on", event]) else {
                    found.push(here(path.key("on"), format!("job `{id}` does not call the gates on {event}")));
                    continue;
                };
                let filters = ["paths", "paths-ignore"].into_iter().filter(|filter| options.get(filter).is_some());
                found.extend(filters.map(|filter| {
                    let path = path.key("on").key(event).key(filter);
                    here(path, format!("a {event} passes the gates by, depending on its files ({filter})"))
                }));
            }
        }
    }
    found
}

fn signed(view: &View<'_>) -> Vec<Found> {
    let Some(repository) = view.repository().filter(|one| one.role == "governance") else { return Vec::new() };
    let facts = repository.doc.value();
    let Some(pipeline) = pipeline(view, repository, &facts) else { return Vec::new() };
    let who = pipeline.who(does(view.organisation(), "sign").as_ref());
    if who.is_empty() {
        return vec![here(pipeline.path.clone(), format!("`{}` signs nothing of what it publishes", pipeline.file))];
    }
    let identity = |job: &Value| list(job, "permissions.write").iter().any(|scope| scope.as_str() == Some("id-token"));
    let without = who.iter().filter(|(job, _)| !identity(job.value));
    without
        .map(|(job, _)| {
            let message = format!("job `{}` signs without an identity of its own (id-token: write)", job.id);
            here(job.path.key("permissions"), message)
        })
        .collect()
}

fn attested(view: &View<'_>) -> Vec<Found> {
    let Some(repository) = view.repository().filter(|one| one.role == "governance") else { return Vec::new() };
    let facts = repository.doc.value();
    let Some(pipeline) = pipeline(view, repository, &facts) else { return Vec::new() };
    let missing = [("provenance", "SLSA provenance"), ("sbom", "an SBOM")];
    let missing =
        missing.into_iter().filter(|(what, _)| pipeline.who(does(view.organisation(), what).as_ref()).is_empty());
    missing
        .map(|(_, what)| {
            here(pipeline.path.clone(), format!("`{}` does not attach {what} to what it publishes", pipeline.file))
        })
        .collect()
}

/// How deep scripts that call scripts are followed.
const DEPTH: usize = 4;

/// What a step runs, with the repository's own scripts that it names; comments left out.
pub(super) fn commands(repository: &Repository, run: &str) -> String {
    let mut commands = run.to_owned();
    let mut known = BTreeSet::new();
    for _ in 0..DEPTH {
        let scripts = repository.facts.scripts.iter().filter(|(path, _)| !known.contains(path));
        let called: Vec<_> =
            scripts.filter(|(path, _)| commands.contains(&format!("/{}", karat_source::split(path).1))).collect();
        if called.is_empty() {
            break;
        }
        for (path, text) in called {
            known.insert(path.clone());
            for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
                commands.push('\n');
                commands.push_str(line);
            }
        }
    }
    commands
}
