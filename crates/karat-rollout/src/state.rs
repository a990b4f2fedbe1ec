//! What is remembered of a Rollout between two looks, and what people may do to it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::run::AnalysisRun;

/// What a Rollout is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RolloutPhase {
    /// It is on its way.
    #[default]
    Progressing,
    /// It waits, for a time or a person.
    Paused,
    /// One version runs, as wanted.
    Healthy,
    /// It was aborted, or makes no progress.
    Degraded,
}

/// Why a Rollout waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PauseReason {
    /// A step says so.
    CanaryPauseStep,
    /// An analysis was inconclusive: a person decides.
    InconclusiveAnalysisRun,
}

/// A wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Why.
    pub reason: PauseReason,
    /// Since when.
    pub since: Timestamp,
}

/// An abort.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abort {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub message: String,
}

/// A version's part of the traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The hash of its pods.
    pub hash: String,
    /// Per cent.
    pub weight: u32,
}

/// Who gets the traffic; the two make 100.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    /// The new version.
    pub canary: Share,
    /// The old one.
    pub stable: Share,
}

impl Weights {
    /// The weight of a version.
    pub fn of(&self, hash: &str) -> u32 {
        [&self.canary, &self.stable].into_iter().filter(|share| share.hash == hash).map(|share| share.weight).sum()
    }
}

/// The run of an analysis step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRun {
    /// The step, from 0.
    pub step: usize,
    /// Its run.
    pub run: AnalysisRun,
}

/// What is remembered. A Rollout that is new has the default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct State {
    /// What it is doing.
    pub phase: RolloutPhase,
    /// In words.
    pub message: String,
    /// The hash of the version that is wanted.
    pub current: String,
    /// The hash of the last version that was promoted.
    pub stable: String,
    /// The step that is being walked, from 0; the number of steps when all are done.
    pub step: usize,
    /// What tells these steps from others.
    pub step_hash: String,
    /// Why it waits.
    pub pauses: Vec<Pause>,
    /// It has paused by itself: if this is set and there is no pause, somebody has resumed it.
    pub controller_pause: bool,
    /// It was aborted.
    pub abort: Option<Abort>,
    /// Somebody wants it promoted without further steps.
    pub promote_full: bool,
    /// What was last handed out.
    pub weights: Option<Weights>,
    /// The analysis that runs beside the steps; the last one also when it has ended.
    pub background: Option<AnalysisRun>,
    /// That of the analysis step.
    pub step_run: Option<StepRun>,
    /// When versions lose their pods.
    pub scale_down: BTreeMap<String, Timestamp>,
    /// When something last went on.
    pub progressed_at: Option<Timestamp>,
    /// What was counted then.
    pub counted: Counted,
}

/// What tells whether something goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Pods of the version that is wanted.
    pub updated: u32,
    /// Pods of others.
    pub old: u32,
    /// Available pods of all.
    pub available: u32,
}

impl State {
    /// Ends a pause: a step's, or that of an inconclusive analysis, which is then measured anew.
    pub fn resume(&mut self) {
        self.pauses.clear();
    }

    /// Promotes without further steps, pauses or measurements, as soon as the pods are there.
    pub fn promote_full(&mut self) {
        self.promote_full = self.stable != self.current;
    }

    /// Puts all traffic back on the stable version at the next look.
    pub fn abort(&mut self, now: Timestamp, message: &str) {
        if self.stable != self.current && self.abort.is_none() {
            self.abort = Some(Abort { at: now, message: message.to_owned() });
            self.pauses.clear();
            self.controller_pause = false;
            self.promote_full = false;
            self.step = 0;
        }
    }

    /// After an abort: walks the steps again, from the first.
    pub fn retry(&mut self, now: Timestamp) {
        if self.abort.take().is_some() {
            self.step = 0;
            self.background = None;
            self.step_run = None;
            self.progressed_at = Some(now);
        }
    }

    pub(crate) fn pause(&self, reason: PauseReason) -> Option<&Pause> {
        self.pauses.iter().find(|pause| pause.reason == reason)
    }

    pub(crate) fn add_pause(&mut self, reason: PauseReason, now: Timestamp) {
        if self.pause(reason).is_none() {
            self.pauses.push(Pause { reason, since: now });
            self.controller_pause = true;
        }
    }

    /// Whether there is no canary.
    pub fn is_promoted(&self) -> bool {
        !self.stable.is_empty() && self.stable == self.current
    }
}
