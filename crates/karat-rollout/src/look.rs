//! A look at a Rollout: what is remembered and what is seen give what to do.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::metric::{Metric, Phase};
use crate::rollout::{Rollout, Scale, Step};
use crate::run::{AnalysisRun, Observation, Outcome, Secrets};
use crate::scalar::{earlier, later};
use crate::state::{Counted, PauseReason, Share, State, StepRun, Weights};
use crate::template::{RolloutAnalysis, Templates};

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
    fn set(&self, hash: &str) -> Option<&ReplicaSet> {
        self.sets.iter().find(|set| set.hash == hash)
    }

    fn available(&self, hash: &str) -> u32 {
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

/// Something to measure.
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

impl Rollout {
    /// Looks at the world, and says what follows.
    ///
    /// # Errors
    /// An analysis cannot start: a template is missing, or an argument. Nothing is decided then.
    pub fn look(
        &self,
        templates: &Templates,
        state: &State,
        world: &World,
        measured: &[Measured],
        secrets: &Secrets,
    ) -> Result<Decision, Error> {
        let mut look =
            Look { rollout: self, world, before: state, state: state.clone(), events: Vec::new(), again: false };
        look.take_in_changes();
        look.analyse(templates, measured, secrets)?;
        look.watch_progress();
        look.promote();
        let weights = look.weights();
        let replicas = look.replicas();
        look.walk(&weights);
        Ok(look.decide(weights, replicas, secrets))
    }
}

struct Look<'a> {
    rollout: &'a Rollout,
    world: &'a World,
    before: &'a State,
    state: State,
    events: Vec<Event>,
    /// There is more to do at once.
    again: bool,
}

impl Look<'_> {
    fn now(&self) -> Timestamp {
        self.world.now
    }

    fn tell(&mut self, reason: &str, message: String) {
        self.events.push(Event { reason: reason.to_owned(), message });
    }

    fn steps(&self) -> usize {
        self.rollout.steps.len()
    }

    /// A new version or other steps begin anew; going back to what was, or what people want, skips the steps.
    fn take_in_changes(&mut self) {
        let current = &self.world.current;
        if self.state.current != *current || self.state.step_hash != self.rollout.step_hash {
            let State { stable, weights, scale_down, counted, .. } = std::mem::take(&mut self.state);
            self.state = State {
                stable,
                weights,
                scale_down,
                counted,
                current: current.clone(),
                step_hash: self.rollout.step_hash.clone(),
                progressed_at: Some(self.world.now),
                ..State::default()
            };
            if self.state.is_promoted() {
                self.state.step = self.steps();
            }
            self.tell("RolloutUpdated", format!("Rollout updated to {current}"));
        }
        if self.state.stable.is_empty() {
            // Nothing to compare the first version with, and nobody to take its traffic.
            self.state.stable.clone_from(current);
            self.state.step = self.steps();
            self.tell("RolloutCompleted", format!("Rollout completed update to {current}: Initial deploy"));
        }
        if self.state.promote_full || self.goes_back() {
            self.state.pauses.clear();
            self.state.abort = None;
            self.state.step = self.steps();
        }
    }

    /// Whether the version that is wanted is older than the stable one, and recent enough to be trusted.
    fn goes_back(&self) -> bool {
        let (Some(current), Some(stable)) = (self.world.set(&self.state.current), self.world.set(&self.state.stable))
        else {
            return false;
        };
        let between = |set: &&ReplicaSet| current.created < set.created && set.created < stable.created;
        current.created < stable.created
            && self.world.sets.iter().filter(between).count() < self.rollout.rollback_window as usize
    }

    fn aborted(&self) -> bool {
        self.state.abort.is_some()
    }

    fn abort(&mut self, message: &str) {
        let now = self.now();
        self.state.abort(now, message);
        self.tell("RolloutAborted", format!("Rollout aborted update to {}: {message}", self.state.current));
        self.end_runs();
    }

    /// Ends what is being measured; what it had come to stays to be read.
    fn end_runs(&mut self) {
        let now = self.now();
        let runs = self.state.background.iter_mut().chain(self.state.step_run.as_mut().map(|step| &mut step.run));
        for run in runs.filter(|run| !run.is_completed()) {
            run.terminate = true;
            run.record(now, &[], &Secrets::new());
        }
    }

    fn analyse(&mut self, templates: &Templates, measured: &[Measured], secrets: &Secrets) -> Result<(), Error> {
        if self.state.is_promoted() || self.aborted() || self.state.promote_full || self.goes_back() {
            self.end_runs();
            return Ok(());
        }
        let now = self.now();
        let of = |run: Which| -> Vec<Observation> {
            let seen = measured.iter().filter(|seen| seen.run == run);
            seen.map(|seen| Observation { metric: seen.metric.clone(), outcome: seen.outcome.clone() }).collect()
        };
        if let Some(step) = &mut self.state.step_run {
            step.run.record(now, &of(Which::Step), secrets);
        }
        if let Some(run) = &mut self.state.background {
            run.record(now, &of(Which::Background), secrets);
        }
        let inconclusive = |run: &AnalysisRun| run.phase == Some(Phase::Inconclusive);
        // Somebody has resumed what was inconclusive: it is measured anew.
        let resumed = self.state.controller_pause && self.state.pauses.is_empty();
        if resumed {
            self.state.step_run.take_if(|step| inconclusive(&step.run));
            self.state.background.take_if(|run| inconclusive(run));
        }
        self.start_runs(templates, secrets)?;
        let judged = [
            ("Step-based analysis", self.state.step_run.as_ref().map(|step| &step.run)),
            ("Background analysis", self.state.background.as_ref()),
        ];
        let judged: Vec<_> =
            judged.into_iter().filter_map(|(what, run)| Some((what, run?.phase?, run?.message.clone()))).collect();
        for (what, phase, message) in judged {
            match phase {
                Phase::Failed | Phase::Error if !self.aborted() => {
                    let why = if message.is_empty() { String::new() } else { format!(": {message}") };
                    self.abort(&format!("{what} phase error/failed{why}"));
                }
                Phase::Inconclusive if !self.aborted() => {
                    self.state.add_pause(PauseReason::InconclusiveAnalysisRun, now);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn start_runs(&mut self, templates: &Templates, secrets: &Secrets) -> Result<(), Error> {
        let (now, index) = (self.now(), self.state.step);
        if self.state.pause(PauseReason::InconclusiveAnalysisRun).is_some() {
            return Ok(());
        }
        let start = |look: &Self, analysis: &RolloutAnalysis| -> Result<AnalysisRun, Error> {
            let hashes = (look.state.current.as_str(), look.state.stable.as_str());
            let mut run = templates.run(analysis, &look.rollout.object, hashes)?;
            run.record(now, &[], secrets);
            Ok(run)
        };
        if let Some(Step::Analysis(analysis)) = self.rollout.steps.get(index)
            && self.state.step_run.as_ref().is_none_or(|step| step.step != index)
        {
            self.state.step_run = Some(StepRun { step: index, run: start(self, analysis)? });
        }
        if let Some(analysis) = &self.rollout.background
            && self.state.background.is_none()
            && index >= analysis.starting_step.unwrap_or_default() as usize
        {
            self.state.background = Some(start(self, analysis)?);
        }
        Ok(())
    }

    fn counted(&self) -> Counted {
        let updated = self.world.set(&self.state.current).map_or(0, |set| set.pods);
        let all: u32 = self.world.sets.iter().fold(0, |sum, set| sum.saturating_add(set.pods));
        let available = self.world.sets.iter().fold(0, |sum: u32, set| sum.saturating_add(set.available));
        Counted { updated, old: all.saturating_sub(updated), available }
    }

    /// Remembers when something went on, and aborts what has not for too long, if that is wanted.
    fn watch_progress(&mut self) {
        let (now, counted, last) = (self.now(), self.counted(), self.state.counted);
        let progress = counted.updated != last.updated || counted.old < last.old || counted.available > last.available;
        if progress || !self.may_time_out() {
            self.state.progressed_at = Some(now);
        }
        self.state.counted = counted;
        if self.rollout.progress_deadline_abort && self.timed_out() && !self.state.is_promoted() && !self.aborted() {
            let message =
                format!("ReplicaSet \"{}-{}\" has timed out progressing.", self.rollout.name, self.state.current);
            self.abort(&message);
        }
    }

    /// Waiting, on purpose, is no lack of progress.
    fn may_time_out(&self) -> bool {
        let waits = matches!(self.rollout.steps.get(self.state.step), Some(Step::Pause(_) | Step::Analysis(_)));
        let healthy = self.state.is_promoted() && self.world.available(&self.state.current) >= self.rollout.replicas;
        !(waits || healthy || self.rollout.paused || !self.state.pauses.is_empty())
    }

    fn deadline(&self) -> Option<Timestamp> {
        let since = self.state.progressed_at.filter(|_| self.may_time_out() && !self.aborted())?;
        Some(later(since, seconds(self.rollout.progress_deadline_seconds)))
    }

    fn timed_out(&self) -> bool {
        self.deadline().is_some_and(|deadline| deadline < self.now())
    }

    /// The new version becomes the stable one when all steps are done, or skipped, and its pods take all the traffic.
    fn promote(&mut self) {
        let ready = self.world.available(&self.state.current) >= self.rollout.replicas;
        if self.state.is_promoted() || self.aborted() || !ready || self.rollout.paused {
            return;
        }
        let reason = if self.state.promote_full {
            "Full promotion requested".to_owned()
        } else if self.goes_back() {
            "Rollback within window".to_owned()
        } else if self.state.step >= self.steps() && self.state.pauses.is_empty() {
            format!("Completed all {} canary steps", self.steps())
        } else {
            return;
        };
        self.end_runs();
        self.state.stable.clone_from(&self.state.current);
        self.state.step = self.steps();
        self.state.pauses.clear();
        self.state.promote_full = false;
        self.state.progressed_at = Some(self.now());
        self.tell("RolloutCompleted", format!("Rollout completed update to {}: {reason}", self.state.current));
        self.again = true;
    }

    /// The weight of the version that is wanted, as it was last handed out.
    fn held(&self) -> u32 {
        self.before.weights.as_ref().map_or(0, |weights| weights.of(&self.state.current))
    }

    /// How many pods the canary needs at this step.
    fn canary_pods(&self) -> u32 {
        if self.state.promote_full || self.state.is_promoted() {
            return self.rollout.replicas;
        }
        if self.aborted() {
            return 0;
        }
        let of_step = self.rollout.pods_at(self.state.step);
        if matches!(self.rollout.scale_at(self.state.step), Some(Scale::Replicas(_))) {
            return of_step;
        }
        // Pods go after the traffic: what was last handed out is served until it is taken back.
        of_step.max(self.rollout.pods(self.held()))
    }

    /// Whether both versions have the pods that this step wants.
    fn at_desired(&self) -> bool {
        let wanted = self.canary_pods();
        let canary = self.world.set(&self.state.current).map_or((0, 0), |set| (set.wanted, set.available));
        let stable = self.world.set(&self.state.stable).map_or((0, 0), |set| (set.wanted, set.pods));
        canary == (wanted, wanted) && stable == (self.rollout.replicas, self.rollout.replicas)
    }

    fn weights(&mut self) -> Weights {
        let canary = self.canary_weight();
        let hash = |hash: &String, weight: u32| Share { hash: hash.clone(), weight };
        let weights =
            Weights { canary: hash(&self.state.current, canary), stable: hash(&self.state.stable, 100 - canary) };
        if self.state.weights.as_ref() != Some(&weights) {
            let current = &self.state.current;
            let (before, now) = (self.held(), weights.of(current));
            if before != now {
                self.tell(
                    "TrafficWeightUpdated",
                    format!("Traffic weight of {current} updated from {before} to {now}"),
                );
            }
            self.again = true;
        }
        self.state.weights = Some(weights.clone());
        weights
    }

    /// The canary's weight: never more than its available pods carry, nor raised before the stable version stands.
    fn canary_weight(&self) -> u32 {
        let available = self.world.available(&self.state.current);
        if self.state.is_promoted() || self.aborted() || available == 0 {
            return 0;
        }
        let index = self.state.step;
        let wanted = if self.state.promote_full || self.state.pause(PauseReason::InconclusiveAnalysisRun).is_some() {
            self.held()
        } else if self.at_desired() {
            self.rollout.weight_at(index)
        } else {
            self.rollout.weight_before(index).min(self.rollout.weight_at(index))
        };
        let scaled_apart = matches!(self.rollout.scale_at(index), Some(Scale::Replicas(_) | Scale::Weight(_)));
        if scaled_apart {
            // How many pods carry which weight is what the author of the steps has decided.
            return wanted;
        }
        let carried = u64::from(available) * 100 / u64::from(self.rollout.replicas.max(1));
        wanted.min(u32::try_from(carried).unwrap_or(100))
    }

    fn replicas(&mut self) -> BTreeMap<String, u32> {
        let mut replicas: BTreeMap<String, u32> =
            self.world.sets.iter().map(|set| (set.hash.clone(), set.wanted)).collect();
        replicas.entry(self.state.current.clone()).or_default();
        let halted = self.rollout.paused || self.state.pause(PauseReason::InconclusiveAnalysisRun).is_some();
        if halted {
            return replicas;
        }
        let (current, stable) = (self.state.current.clone(), self.state.stable.clone());
        for (hash, count) in &mut replicas {
            if *hash == stable {
                // Needed whole until another is promoted: an abort puts all traffic on it at once.
                self.state.scale_down.remove(hash);
                *count = self.rollout.replicas;
            } else if *hash == current {
                *count = self.canary_replicas(*count);
            } else {
                *count = self.old_replicas(hash, *count);
            }
        }
        self.state.scale_down.retain(|hash, _| replicas.get(hash).is_some_and(|count| *count > 0));
        replicas
    }

    fn canary_replicas(&mut self, now_wanted: u32) -> u32 {
        let current = self.state.current.clone();
        if !self.aborted() {
            self.state.scale_down.remove(&current);
            return self.canary_pods();
        }
        let Some(delay) = self.rollout.abort_scale_down_delay_seconds else { return now_wanted };
        let stands = self.world.available(&self.state.stable) >= self.rollout.replicas;
        match self.state.scale_down.get(&current) {
            Some(deadline) if *deadline <= self.now() => 0,
            None if stands => {
                self.state.scale_down.insert(current, later(self.now(), seconds(delay)));
                now_wanted
            }
            _ => now_wanted,
        }
    }

    /// A version that is neither wanted nor stable: the last stable one, or one that was overtaken.
    fn old_replicas(&mut self, hash: &str, now_wanted: u32) -> u32 {
        if now_wanted == 0 {
            return 0;
        }
        if self.before.weights.as_ref().is_some_and(|weights| weights.of(hash) > 0) {
            self.again = true;
            return self.keep(hash, now_wanted);
        }
        match self.state.scale_down.get(hash) {
            Some(deadline) if *deadline <= self.now() => 0,
            Some(_) => now_wanted,
            None if self.state.is_promoted() => self.keep(hash, now_wanted),
            // Overtaken in the middle of its update: no traffic, no use.
            None => 0,
        }
    }

    /// Keeps the pods of the last stable version for a while: connections to it are still open.
    fn keep(&mut self, hash: &str, now_wanted: u32) -> u32 {
        if self.state.is_promoted() {
            let deadline = later(self.now(), seconds(self.rollout.scale_down_delay_seconds));
            self.state.scale_down.entry(hash.to_owned()).or_insert(deadline);
        }
        now_wanted
    }

    /// Begins or ends the step that is walked.
    fn walk(&mut self, weights: &Weights) {
        let resumed = self.state.controller_pause && self.state.pauses.is_empty();
        let inconclusive = self.state.pause(PauseReason::InconclusiveAnalysisRun).is_some();
        let stands = self.rollout.paused || self.aborted() || self.state.is_promoted() || self.state.promote_full;
        let index = self.state.step;
        if let Some(step) = self.rollout.steps.get(index).filter(|_| !stands && !inconclusive) {
            let done = match step {
                Step::Pause(duration) => match self.state.pause(PauseReason::CanaryPauseStep) {
                    Some(pause) => duration.is_some_and(|wait| later(pause.since, seconds(wait)) <= self.now()),
                    None if resumed => true,
                    None => {
                        let now = self.now();
                        self.state.add_pause(PauseReason::CanaryPauseStep, now);
                        self.tell("RolloutPaused", "Rollout is paused (CanaryPauseStep)".to_owned());
                        false
                    }
                },
                // A look after it was handed out: only then can it be in force.
                Step::SetWeight(weight) => {
                    self.at_desired()
                        && (weights.canary.weight == *weight || self.canary_pods() == 0)
                        && self.before.weights.as_ref() == Some(weights)
                        && self.world.verified != Some(false)
                }
                Step::SetCanaryScale(_) => self.at_desired(),
                Step::Analysis(_) => {
                    let run = self.state.step_run.as_ref().filter(|step| step.step == index);
                    run.is_some_and(|step| step.run.phase == Some(Phase::Successful))
                }
            };
            if done {
                self.state.step = index + 1;
                self.state.pauses.retain(|pause| pause.reason != PauseReason::CanaryPauseStep);
                self.state.progressed_at = Some(self.now());
                self.tell(
                    "RolloutStepCompleted",
                    format!("Rollout step {}/{} completed ({step})", index + 1, self.steps()),
                );
                self.again = true;
            }
        }
        self.state.controller_pause = !self.state.pauses.is_empty();
    }

    fn decide(mut self, weights: Weights, replicas: BTreeMap<String, u32>, secrets: &Secrets) -> Decision {
        let now = self.now();
        let mut measure = Vec::new();
        let mut next = self.again.then_some(now);
        let step_run = self.state.step_run.as_mut().map(|step| (Which::Step, &mut step.run));
        let background = self.state.background.as_mut().map(|run| (Which::Background, run));
        for (which, run) in step_run.into_iter().chain(background) {
            measure.extend(run.due(now, secrets).into_iter().map(|metric| Measure { run: which, metric }));
            // What is measured now is not waited for by the clock.
            next = earlier(next, run.next().filter(|time| *time > now));
        }
        if let (Some(Step::Pause(Some(wait))), Some(pause)) =
            (self.rollout.steps.get(self.state.step), self.state.pause(PauseReason::CanaryPauseStep))
        {
            next = earlier(next, Some(later(pause.since, seconds(*wait))).filter(|end| *end > now));
        }
        let deadlines = self.state.scale_down.values().filter(|deadline| **deadline > now);
        next = deadlines.fold(next, |next, deadline| earlier(next, Some(*deadline)));
        // A moment later: the deadline itself is not yet too late.
        let deadline = self.deadline().filter(|deadline| *deadline >= now);
        next = earlier(next, deadline.map(|deadline| later(deadline, SignedDuration::from_millis(1))));
        (self.state.phase, self.state.message) = crate::phase::phase(self.rollout, &self.state, self.timed_out());
        Decision { state: self.state, weights, replicas, measure, next, events: self.events }
    }
}

fn seconds(count: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(count))
}
