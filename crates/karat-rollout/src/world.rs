//! What a look sees, and what it decides.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::metric::Metric;
use crate::run::Outcome;
use crate::state::{State, Weights};

/// What is seen of the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct World {
    /// Now.
    pub now: Timestamp,
    /// The hash of the version that the Rollout's template wants.
    pub current: String,
    /// The versions that are known, in any order; the one that is wanted may be missing.
    pub sets: Vec<ReplicaSet>,
    /// Whether the weights that were last handed out are in force; `None` if nobody can tell, which holds nothing up.
    pub verified: Option<bool>,
}

/// A version and its pods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaSet {
    /// The hash of its pods.
    pub hash: String,
    /// When it was first wanted.
    pub created: Timestamp,
    /// How many pods were last asked for.
    pub wanted: u32,
    /// How many there are.
    pub pods: u32,
    /// How many of them have been ready for `minReadySeconds`.
    pub available: u32,
}

impl World {
    pub(crate) fn set(&self, hash: &str) -> Option<&ReplicaSet> {
        self.sets.iter().find(|set| set.hash == hash)
    }

    pub(crate) fn available(&self, hash: &str) -> u32 {
        self.set(hash).map_or(0, |set| set.available)
    }
}

/// Which of a Rollout's runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Which {
    /// That beside the steps.
    Background,
    /// That of an analysis step.
    Step,
}

/// Something to measure. It is named at every look until a look is told what it gave: who is measuring it already need not
/// begin again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// For which run.
    pub run: Which,
    /// What, the arguments filled in.
    pub metric: Metric,
}

/// Something that was measured since the last look.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// For which run.
    pub run: Which,
    /// The metric's name.
    pub metric: String,
    /// What it gave.
    pub outcome: Outcome,
}

/// Something that happened, with the reason that Argo Rollouts' events have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Such as `RolloutStepCompleted`.
    pub reason: String,
    /// In words.
    pub message: String,
}

/// What to do. First the weights, then the pods: a version loses pods a look after it lost its traffic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// To be remembered, with phase and message.
    pub state: State,
    /// Who gets the traffic.
    pub weights: Weights,
    /// How many pods each version is to have.
    pub replicas: BTreeMap<String, u32>,
    /// What to measure now; the next look takes what it gave.
    pub measure: Vec<Measure>,
    /// When to look again if nothing happens before: the pods change, a measurement is there, a person does something.
    pub next: Option<Timestamp>,
    /// What happened.
    pub events: Vec<Event>,
}
