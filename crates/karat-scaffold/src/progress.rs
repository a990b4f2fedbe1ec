//! A run as it happens: what each step does, for who watches.

use std::time::Duration;

use crate::Template;

/// What happens to a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It begins.
    Begins,
    /// It says a line.
    Says(String),
    /// It is done.
    Done,
    /// It was left out: its condition was false.
    LeftOut,
    /// It failed: what is wrong.
    Failed(String),
    /// It is left out, because a step before it failed.
    Skipped,
}

/// A step of a template, as a reader knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepName<'t> {
    /// Its id.
    pub id: &'t str,
    /// What it is called.
    pub name: &'t str,
    /// What it does.
    pub action: &'t str,
}

/// Who watches a run, and may end it.
pub trait Progress {
    /// Something happened to a step.
    fn tell(&mut self, step: StepName<'_>, told: Told);

    /// Whether the run is to end before its next step.
    fn stops(&self) -> bool {
        false
    }

    /// Waits, as `debug:wait` asks. Without somebody who has a clock nothing is waited for: nothing here is slow to come up.
    fn wait(&mut self, _: Duration) {}
}

/// Nobody watches.
pub struct Unwatched;

impl Progress for Unwatched {
    fn tell(&mut self, _: StepName<'_>, _: Told) {}
}

impl Template {
    /// Its steps, in their order.
    pub fn steps(&self) -> impl Iterator<Item = StepName<'_>> {
        self.steps.iter().map(|step| step.named())
    }
}

impl crate::template::Step {
    pub(crate) fn named(&self) -> StepName<'_> {
        StepName { id: &self.id, name: &self.name, action: &self.action }
    }
}
