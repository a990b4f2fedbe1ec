//! A look at a Rollout: what is remembered and what is seen give what to do.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::error::Error;
use crate::metric::Phase;
use crate::rollout::{Rollout, Step};
use crate::run::{AnalysisRun, Observation, Secrets};
use crate::scalar::{earlier, later};
use crate::state::{Counted, PauseReason, State, StepRun, Weights};
use crate::template::{RolloutAnalysis, Templates};
use crate::world::{Decision, Event, Measure, Measured, ReplicaSet, Which, World};

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

/// A look under way.
pub(crate) struct Look<'a> {
    pub(crate) rollout: &'a Rollout,
    pub(crate) world: &'a World,
    /// What was remembered.
    pub(crate) before: &'a State,
    /// What will be.
    pub(crate) state: State,
    events: Vec<Event>,
    /// There is more to do at once.
    pub(crate) again: bool,
}

impl Look<'_> {
    pub(crate) fn now(&self) -> Timestamp {
        self.world.now
    }

    pub(crate) fn tell(&mut self, reason: &str, message: String) {
        self.events.push(Event { reason: reason.to_owned(), message });
    }

    pub(crate) fn steps(&self) -> usize {
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

    pub(crate) fn aborted(&self) -> bool {
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

/// So many seconds.
pub(crate) fn seconds(count: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(count))
}
