//! An AnalysisRun: metrics measured until they have come to something.
//!
//! Who drives it asks [`AnalysisRun::due`] what to measure now, measures, and tells with [`AnalysisRun::record`]; nothing
//! here waits, and [`AnalysisRun::next`] says when to look again. A measurement is recorded when it is finished.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::arguments::{Argument, resolve};
use crate::expr::Value;
use crate::metric::{Metric, Phase};
use crate::scalar::{IntOrString, earlier, later};
use crate::template::{DryRun, Retention};

/// How many measurements of a metric are kept if nothing is said.
const HISTORY: usize = 10;
/// After which time an error is tried again.
const RETRY: SignedDuration = SignedDuration::from_secs(10);
/// How many errors in a row are forgiven if nothing is said.
const ERRORS: i64 = 4;

/// A run: what it is made of and what it has come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AnalysisRun {
    /// What is measured; texts may hold `{{args.name}}`.
    pub metrics: Vec<Metric>,
    /// The arguments, each with a value or with where it is.
    pub args: Vec<Argument>,
    /// Metrics that decide nothing.
    pub dry_run: Vec<DryRun>,
    /// How many measurements are kept.
    pub measurement_retention: Vec<Retention>,
    /// Somebody wants it to end.
    pub terminate: bool,
    /// What it has come to; `None` before it was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Why.
    pub message: String,
    /// When it was first looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// What each metric has come to, in the order of their first measurements.
    pub results: Vec<MetricResult>,
}

/// What a metric has come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricResult {
    /// Its name.
    pub name: String,
    /// What it has come to.
    pub phase: Phase,
    /// Why.
    pub message: String,
    /// It decides nothing.
    pub dry_run: bool,
    /// Measurements but errors.
    pub count: i64,
    /// Good ones.
    pub successful: i64,
    /// Bad ones.
    pub failed: i64,
    /// Those that are neither.
    pub inconclusive: i64,
    /// Errors.
    pub error: i64,
    /// Errors since the last measurement that was none.
    pub consecutive_error: i64,
    /// Good ones since the last that was not.
    pub consecutive_success: i64,
    /// The last ones.
    pub measurements: Vec<Measurement>,
}

/// A measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Measurement {
    /// What it means.
    pub phase: Phase,
    /// When it was finished.
    pub finished_at: Timestamp,
    /// The value, as text.
    pub value: String,
    /// Why it means that, where it is an error.
    pub message: String,
}

/// What measuring gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A value, to be judged by the metric's conditions.
    Value(Value),
    /// No value, and why: the provider could not be reached, said no, or gave what is none.
    Error(String),
}

/// A metric's measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The metric's name.
    pub metric: String,
    /// What measuring gave.
    pub outcome: Outcome,
}

/// Values of arguments that come from Secrets, by the argument's name. They are kept out of every message.
pub type Secrets = BTreeMap<String, String>;

/// A run's metrics with their arguments, and the rules about them.
struct Prepared {
    metrics: Vec<Metric>,
    dry: BTreeSet<String>,
    keep: BTreeMap<String, usize>,
}

impl AnalysisRun {
    /// A run that nobody has looked at.
    pub fn new(metrics: Vec<Metric>, args: Vec<Argument>) -> Self {
        Self { metrics, args, ..Self::default() }
    }

    /// Whether nothing follows.
    pub fn is_completed(&self) -> bool {
        self.phase.is_some_and(Phase::is_completed)
    }

    /// What to measure now, the arguments filled in. A run whose arguments or metrics are wrong ends here as an error.
    pub fn due(&mut self, now: Timestamp, secrets: &Secrets) -> Vec<Metric> {
        if self.is_completed() {
            return Vec::new();
        }
        let prepared = match self.prepared() {
            Ok(prepared) => prepared,
            Err(message) => {
                self.end(Phase::Error, message, now);
                return Vec::new();
            }
        };
        let due: Vec<bool> = prepared.metrics.iter().map(|metric| self.is_due(metric, now)).collect();
        let wanted = self.metrics.iter().zip(due).filter(|(_, due)| *due);
        match wanted.map(|(metric, _)| resolve(metric, &self.args, secrets)).collect() {
            Ok(metrics) => metrics,
            Err(error) => {
                self.end(Phase::Error, format!("Unable to resolve metric arguments: {error}"), now);
                Vec::new()
            }
        }
    }

    /// Takes in what was measured of metrics that were due, and says what the run has come to. Observations of others are
    /// not looked at. Called without any, it looks anew: at the first look it starts the run.
    pub fn record(&mut self, now: Timestamp, observations: &[Observation], secrets: &Secrets) {
        let due = self.due(now, secrets);
        if self.is_completed() {
            return;
        }
        let prepared = match self.prepared() {
            Ok(prepared) => prepared,
            Err(message) => return self.end(Phase::Error, message, now),
        };
        for metric in due {
            if let Some(seen) = observations.iter().find(|seen| seen.metric == metric.name) {
                self.take(&metric, &seen.outcome, now, secrets, prepared.dry.contains(&metric.name));
            }
        }
        self.assess(&prepared, now);
        if !self.is_completed() && self.is_terminating() {
            // One metric has decided: the others end at once, not at the next look.
            self.assess(&prepared, now);
        }
        for result in &mut self.results {
            let keep = prepared.keep.get(&result.name).copied().unwrap_or(HISTORY);
            let surplus = result.measurements.len().saturating_sub(keep);
            result.measurements.drain(..surplus);
        }
    }

    /// When there is something to measure again; `None` when nothing follows, or the run was never looked at.
    pub fn next(&self) -> Option<Timestamp> {
        if self.is_completed() || self.is_terminating() {
            return None;
        }
        let started = self.started_at?;
        let metrics = self.prepared().ok()?.metrics;
        metrics.iter().filter_map(|metric| self.next_of(metric, started)).fold(None, |a, b| earlier(a, Some(b)))
    }

    fn result(&self, name: &str) -> Option<&MetricResult> {
        self.results.iter().find(|result| result.name == name)
    }

    fn is_terminating(&self) -> bool {
        let decided = |result: &MetricResult| {
            !result.dry_run && matches!(result.phase, Phase::Failed | Phase::Error | Phase::Inconclusive)
        };
        self.terminate || self.results.iter().any(decided)
    }

    fn end(&mut self, phase: Phase, message: String, now: Timestamp) {
        self.phase = Some(phase);
        self.message = message;
        self.completed_at.get_or_insert(now);
    }

    fn prepared(&self) -> Result<Prepared, String> {
        // Secrets decide neither limits nor intervals; a message must not show them.
        let hidden: Secrets = self
            .args
            .iter()
            .filter(|argument| argument.value_from.as_ref().is_some_and(|from| from.secret_key_ref.is_some()))
            .map(|argument| (argument.name.clone(), "temp-for-secret".to_owned()))
            .collect();
        let metrics =
            self.metrics.iter().map(|metric| resolve(metric, &self.args, &hidden)).collect::<Result<Vec<_>, _>>();
        let metrics = metrics.map_err(|error| format!("Unable to resolve metric arguments: {error}"))?;
        let invalid = |why: String| format!("Analysis spec invalid: {why}");
        if metrics.is_empty() {
            return Err(invalid("no metrics specified".to_owned()));
        }
        let mut names = BTreeSet::new();
        for (index, metric) in metrics.iter().enumerate() {
            if !names.insert(&metric.name) {
                return Err(invalid(format!("metrics[{index}]: duplicate name '{}'", metric.name)));
            }
            metric.validate().map_err(|error| invalid(format!("metrics[{index}]: {error}")))?;
        }
        let matching = |what: &str, index: usize, pattern: &str| {
            let found: Vec<String> = match Regex::new(pattern) {
                Ok(pattern) => metrics
                    .iter()
                    .filter(|metric| pattern.is_match(&metric.name))
                    .map(|metric| metric.name.clone())
                    .collect(),
                Err(_) => Vec::new(),
            };
            if found.is_empty() {
                return Err(invalid(format!("{what}[{index}]: Rule didn't match any metric name(s)")));
            }
            Ok(found)
        };
        let (mut dry, mut keep) = (BTreeSet::new(), BTreeMap::new());
        for (index, rule) in self.dry_run.iter().enumerate() {
            dry.extend(matching("dryRun", index, &rule.metric_name)?);
        }
        for (index, rule) in self.measurement_retention.iter().enumerate() {
            for name in matching("measurementRetention", index, &rule.metric_name)? {
                keep.insert(name, if rule.limit > 0 { rule.limit as usize } else { HISTORY });
            }
        }
        Ok(Prepared { metrics, dry, keep })
    }

    fn is_due(&self, metric: &Metric, now: Timestamp) -> bool {
        let result = self.result(&metric.name);
        if result.is_some_and(|result| result.phase.is_completed()) || self.is_terminating() {
            return false;
        }
        let Some((result, last)) = result.and_then(|result| Some((result, result.measurements.last()?))) else {
            return match metric.initial_delay() {
                None => true,
                Some(delay) => self.started_at.is_some_and(|started| later(started, delay) <= now),
            };
        };
        if metric.effective_count().is_some_and(|count| result.count >= count) {
            return false;
        }
        let interval = if last.phase == Phase::Error { RETRY } else { metric.interval().unwrap_or(RETRY) };
        later(last.finished_at, interval) <= now
    }

    fn next_of(&self, metric: &Metric, started: Timestamp) -> Option<Timestamp> {
        let result = self.result(&metric.name);
        if result.is_some_and(|result| result.phase.is_completed()) {
            return None;
        }
        let Some((result, last)) = result.and_then(|result| Some((result, result.measurements.last()?))) else {
            return Some(later(started, metric.initial_delay().unwrap_or_default()));
        };
        if metric.effective_count().is_some_and(|count| result.count >= count) {
            return None;
        }
        let interval = if last.phase == Phase::Error { RETRY } else { metric.interval()? };
        Some(later(last.finished_at, interval))
    }

    fn take(&mut self, metric: &Metric, outcome: &Outcome, now: Timestamp, secrets: &Secrets, dry_run: bool) {
        let (phase, value, mut message) = match outcome {
            Outcome::Value(value) => {
                let (phase, message) = metric.judge(value);
                (phase, value.to_string(), message)
            }
            Outcome::Error(message) => (Phase::Error, String::new(), message.clone()),
        };
        for secret in secrets.values().filter(|secret| !secret.is_empty()) {
            message = message.replace(secret, "*****");
        }
        let index = self.results.iter().position(|result| result.name == metric.name).unwrap_or_else(|| {
            self.results.push(MetricResult::new(&metric.name, dry_run));
            self.results.len() - 1
        });
        if let Some(result) = self.results.get_mut(index) {
            result.add(Measurement { phase, finished_at: now, value, message });
        }
    }

    /// What each metric and the whole have come to.
    fn assess(&mut self, prepared: &Prepared, now: Timestamp) {
        self.started_at.get_or_insert(now);
        let terminating = self.is_terminating();
        let mut worst_message = if self.terminate { "Run Terminated".to_owned() } else { String::new() };
        let (mut worst, mut all_completed) = (None::<Phase>, true);
        for metric in &prepared.metrics {
            let Some(result) = self.results.iter_mut().find(|result| result.name == metric.name) else {
                all_completed = false;
                continue;
            };
            let phase = result.assess(metric, terminating);
            if result.phase != phase {
                result.message = result.measurements.last().map(|last| last.message.clone()).unwrap_or_default();
                result.phase = phase;
            }
            if !phase.is_completed() {
                all_completed = false;
                continue;
            }
            let why = result.broken(metric).map(|(_, why)| why);
            if result.dry_run {
                worst.get_or_insert(Phase::Successful);
                if let Some(why) = why {
                    result.message = format!("Metric assessed {phase} due to {why}");
                }
            } else if worst.is_none_or(|worst| phase.weight() > worst.weight()) {
                worst = Some(phase);
                if let Some(why) = why {
                    worst_message = format!("Metric \"{}\" assessed {phase} due to {why}", metric.name);
                    if !result.message.is_empty() {
                        worst_message.push_str(&format!(": \"Error Message: {}\"", result.message));
                    }
                }
            }
        }
        let (phase, message) = if terminating {
            (worst.unwrap_or(Phase::Successful), worst_message)
        } else if let Some(worst) = worst.filter(|_| all_completed) {
            (worst, worst_message)
        } else {
            (Phase::Running, String::new())
        };
        if self.phase != Some(phase) {
            self.phase = Some(phase);
            self.message = message;
            if phase.is_completed() {
                self.completed_at.get_or_insert(now);
            }
        }
    }
}

impl MetricResult {
    fn new(name: &str, dry_run: bool) -> Self {
        Self {
            name: name.to_owned(),
            phase: Phase::Running,
            message: String::new(),
            dry_run,
            count: 0,
            successful: 0,
            failed: 0,
            inconclusive: 0,
            error: 0,
            consecutive_error: 0,
            consecutive_success: 0,
            measurements: Vec::new(),
        }
    }

    fn add(&mut self, measurement: Measurement) {
        match measurement.phase {
            Phase::Successful => self.successful += 1,
            Phase::Failed => self.failed += 1,
            Phase::Inconclusive => self.inconclusive += 1,
            _ => self.error += 1,
        }
        if measurement.phase == Phase::Error {
            self.consecutive_error += 1;
        } else {
            self.count += 1;
            self.consecutive_error = 0;
        }
        self.consecutive_success =
            if measurement.phase == Phase::Successful { self.consecutive_success + 1 } else { 0 };
        self.measurements.push(measurement);
    }

    fn assess(&self, metric: &Metric, terminating: bool) -> Phase {
        if self.phase.is_completed() {
            return self.phase;
        }
        if let Some((phase, _)) = self.broken(metric) {
            return phase;
        }
        let successes = metric.consecutive_success_limit.as_ref().map_or(0, IntOrString::number);
        if successes > 0 && self.consecutive_success >= successes {
            return Phase::Successful;
        }
        if metric.effective_count().is_some_and(|count| self.count >= count) {
            let failures_count = metric.failure_limit.as_ref().is_none_or(|limit| limit.number() >= 0);
            return match (successes > 0, failures_count) {
                // Neither was there enough good nor too much bad.
                (true, true) => Phase::Inconclusive,
                (true, false) => Phase::Failed,
                (false, _) => Phase::Successful,
            };
        }
        if terminating { Phase::Successful } else { Phase::Running }
    }

    /// The limit that is passed, the gravest last: an error is more than what is inconclusive, and that more than a failure.
    fn broken(&self, metric: &Metric) -> Option<(Phase, String)> {
        let limit = |limit: &Option<IntOrString>, default: i64| limit.as_ref().map_or(default, IntOrString::number);
        let failures = limit(&metric.failure_limit, 0);
        let inconclusive = limit(&metric.inconclusive_limit, 0);
        let errors = limit(&metric.consecutive_error_limit, ERRORS);
        if self.consecutive_error > errors {
            let why = format!("consecutiveErrors ({}) > consecutiveErrorLimit ({errors})", self.consecutive_error);
            return Some((Phase::Error, why));
        }
        if self.inconclusive > inconclusive {
            let why = format!("inconclusive ({}) > inconclusiveLimit ({inconclusive})", self.inconclusive);
            return Some((Phase::Inconclusive, why));
        }
        if failures >= 0 && self.failed > failures {
            return Some((Phase::Failed, format!("failed ({}) > failureLimit ({failures})", self.failed)));
        }
        None
    }
}
