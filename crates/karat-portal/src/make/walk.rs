//! A walk of a path: run, planned, written, told step by step.

use std::time::Duration;

use karat_scaffold::{Data, Given, Progress, StepName, Told};
use karat_workshop::{Found, Home, Plan};
use serde_json::json;

use super::tasks::{Board, What};
use super::{Failure, Made};
use crate::state::Drain;

/// How often a wait looks whether it shall end.
const LOOK: Duration = Duration::from_millis(20);

/// What a walk comes to; nothing is written yet.
pub(super) fn plan(
    home: &Home,
    found: &Found,
    given: Given,
    progress: &mut dyn Progress,
) -> Result<(Plan, Made), Failure> {
    let told = |error: &karat_scaffold::Error| Failure::of(found, error);
    let answers = given.answers.clone();
    let outcome = karat_scaffold::run_watched(&*found.world, &found.template, given, home, progress)
        .map_err(|error| told(&error))?;
    let plan = Plan::new(found, &answers, &outcome, Some(home), None)?;
    let mut made = Made {
        elsewhere: plan.elsewhere.iter().map(|publication| publication.repository.web()).collect(),
        links: outcome.output.links,
        texts: outcome.output.texts,
        output: outcome.output.data.to_serde(),
        ..Made::default()
    };
    for (folder, tree) in &plan.folders {
        let within = std::path::absolute(folder).ok();
        let within = within.as_deref().and_then(|folder| folder.strip_prefix(&home.root).ok());
        // Who fills in a form writes into the organisation, and nowhere else on this machine.
        let Some(within) = within else {
            let message = format!("the organisation has no place for the repository `{}`", folder.display());
            return Err(Failure::from(
                karat_workshop::Error::input(message)
                    .hint("a path that registers what it makes says its folder; `karat new` makes it anywhere"),
            ));
        };
        let files = tree.files().map(|(path, _)| path.to_owned()).collect();
        made.folders.push((within.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"), files));
    }
    for change in &plan.changes {
        let files = change.signs().map(|(path, sign)| (sign, path.to_owned())).collect();
        made.changes.push((change.title.clone(), files));
    }
    plan.vacant()?;
    Ok((plan, made))
}

/// Tells a task's steps to its board, as Backstage tells them.
pub(super) struct Live<'b> {
    pub(super) board: &'b Board,
    pub(super) id: &'b str,
    pub(super) drain: &'b Drain,
    /// What no line may show.
    pub(super) secrets: Vec<String>,
}

impl Live<'_> {
    /// A text without the secrets.
    pub(super) fn safe(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"))
    }
}

impl Progress for Live<'_> {
    fn tell(&mut self, step: StepName<'_>, told: Told) {
        let body = event(step, &told, &|text| self.safe(text));
        self.board.say(self.id, What::Log, body);
    }

    fn stops(&self) -> bool {
        self.drain.has_started() || self.board.is_cancelled(self.id)
    }

    fn wait(&mut self, time: Duration) {
        let mut left = time;
        while !left.is_zero() && !self.stops() {
            let part = left.min(LOOK);
            std::thread::sleep(part);
            left -= part;
        }
    }
}

/// The body of the event for what happens to a step.
pub(super) fn event(step: StepName<'_>, told: &Told, safe: &dyn Fn(&str) -> String) -> serde_json::Value {
    let (message, status) = match told {
        Told::Begins => (format!("Beginning step {}", step.name), Some("processing")),
        Told::Says(line) => (safe(line), None),
        Told::Done => (format!("Finished step {}", step.name), Some("completed")),
        Told::LeftOut => (format!("Skipping step {} because its if condition was false", step.id), Some("skipped")),
        Told::Failed(error) => (safe(error), Some("failed")),
        Told::Skipped => (format!("Skipping step {} because a previous step failed", step.id), Some("skipped")),
    };
    match status {
        Some(status) => json!({"message": message, "stepId": step.id, "status": status}),
        None => json!({"message": message, "stepId": step.id}),
    }
}

/// The texts of secrets, the longest first, so that none is left of one that holds another.
pub(super) fn texts(secrets: &Data) -> Vec<String> {
    let all = secrets.entries().iter().filter_map(|(_, secret)| secret.as_str());
    let mut texts: Vec<String> = all.filter(|text| !text.is_empty()).map(str::to_owned).collect();
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    texts
}
