//! A walk of a path: run, planned, written, told step by step.

use std::time::Duration;

use karat_scaffold::{Data, Given, Progress, StepName, Template, Told};
use karat_workshop::{Found, Home, Plan};
use serde_json::{Value, json};

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

/// What nothing that is shown or kept may hold.
#[derive(Default)]
pub(super) struct Hidden(Vec<String>);

impl Hidden {
    /// Secrets.
    pub(super) fn of(secrets: &Data) -> Self {
        let mut hidden = Self::default();
        hidden.add(secrets.entries().iter().map(|(_, secret)| secret));
        hidden
    }

    /// Answers that are secret.
    pub(super) fn add_answers(&mut self, template: &Template, answers: &Data) {
        let names = super::secret(template, answers);
        self.add(names.iter().filter_map(|name| answers.get(name)));
    }

    fn add<'d>(&mut self, secrets: impl Iterator<Item = &'d Data>) {
        let texts = secrets.filter_map(Data::as_str).filter(|text| !text.is_empty() && *text != super::HIDDEN);
        self.0.extend(texts.map(str::to_owned));
        // The longest first, so that none is left of one that holds another.
        self.0.sort_by_key(|text| std::cmp::Reverse(text.len()));
    }

    /// A text without them.
    pub(super) fn safe(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), super::HIDDEN))
    }

    /// What is made without them: a step may have put one where it does not belong.
    pub(super) fn made(&self, mut made: Made) -> Made {
        for text in made.links.iter_mut().chain(&mut made.texts).flat_map(|(title, text)| [title, text]) {
            *text = self.safe(text);
        }
        made.changes.iter_mut().for_each(|(title, _)| *title = self.safe(title));
        self.clean(&mut made.output);
        made
    }

    /// A failure without them.
    pub(super) fn failure(&self, failure: Failure) -> Failure {
        let Failure::Told(mut told) = failure else { return failure };
        told.iter_mut().for_each(|one| one.message = self.safe(&one.message));
        Failure::Told(told)
    }

    fn clean(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.safe(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.clean(item)),
            Value::Object(object) => object.values_mut().for_each(|value| self.clean(value)),
            _ => {}
        }
    }
}

/// Tells a task's steps to its board, as Backstage tells them.
pub(super) struct Live<'b> {
    pub(super) board: &'b Board,
    pub(super) id: &'b str,
    pub(super) drain: &'b Drain,
    pub(super) hidden: Hidden,
}

impl Progress for Live<'_> {
    fn tell(&mut self, step: StepName<'_>, told: Told) {
        let body = event(step, &told, &self.hidden);
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
pub(super) fn event(step: StepName<'_>, told: &Told, hidden: &Hidden) -> serde_json::Value {
    let (message, status) = match told {
        Told::Begins => (format!("Beginning step {}", step.name), Some("processing")),
        Told::Says(line) => (hidden.safe(line), None),
        Told::Done => (format!("Finished step {}", step.name), Some("completed")),
        Told::LeftOut => (format!("Skipping step {} because its if condition was false", step.id), Some("skipped")),
        Told::Failed(error) => (hidden.safe(error), Some("failed")),
        Told::Skipped => (format!("Skipping step {} because a previous step failed", step.id), Some("skipped")),
    };
    match status {
        Some(status) => json!({"message": message, "stepId": step.id, "status": status}),
        None => json!({"message": message, "stepId": step.id}),
    }
}
