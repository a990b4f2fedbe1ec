//! What was made since the portal started.

use std::collections::VecDeque;

use super::{Failure, Made};

/// So many tasks are remembered.
const MOST: usize = 100;

/// A walk of a path.
#[derive(Clone, Debug)]
pub struct Task {
    /// What tells it from others.
    pub id: String,
    /// The template's namespace and name.
    pub template: (String, String),
    /// Who asked for it; empty for who sits at the machine.
    pub who: String,
    /// When, in seconds since 1970.
    pub at: i64,
    /// How it went.
    pub status: Status,
}

/// How a walk went.
#[derive(Clone, Debug)]
pub enum Status {
    /// It was made.
    Completed(Made),
    /// Nothing was made: what was wrong, and the next step.
    Failed(Vec<(String, Option<String>)>),
}

#[derive(Debug, Default)]
pub(super) struct Tasks(VecDeque<Task>);

impl Tasks {
    pub(super) fn add(
        &mut self,
        template: (String, String),
        who: &str,
        at: i64,
        result: Result<Made, Failure>,
    ) -> String {
        let status = match result {
            Ok(made) => Status::Completed(made),
            Err(Failure::Answers(problems)) => Status::Failed(
                problems.into_iter().map(|one| (format!("{}: {}", one.parameter, one.message), None)).collect(),
            ),
            Err(Failure::Told(told)) => {
                Status::Failed(told.into_iter().map(|one| (one.message, one.fix.map(|fix| fix.text))).collect())
            }
        };
        let id = crate::identity::random()[..16].to_owned();
        self.0.push_front(Task { id: id.clone(), template, who: who.to_owned(), at, status });
        self.0.truncate(MOST);
        id
    }

    pub(super) fn find(&self, id: &str) -> Option<Task> {
        self.0.iter().find(|task| task.id == id).cloned()
    }

    pub(super) fn all(&self) -> Vec<Task> {
        self.0.iter().cloned().collect()
    }
}
