//! A Rollout's specification, as far as this machine walks it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::error::Error;
use crate::read;
use crate::scalar::{IntOrString, duration};
use crate::template::RolloutAnalysis;

/// A Rollout with a canary strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    /// Its name.
    pub name: String,
    /// How many pods take all the traffic; 1 if not said.
    pub replicas: u32,
    /// Somebody has paused it.
    pub paused: bool,
    /// Seconds without progress after which it is degraded; 600 if not said.
    pub progress_deadline_seconds: u32,
    /// Whether it is aborted then.
    pub progress_deadline_abort: bool,
    /// Going back to one of this many revisions skips the steps.
    pub rollback_window: u32,
    /// The steps of the canary.
    pub steps: Vec<Step>,
    /// What is measured while the steps are walked.
    pub background: Option<RolloutAnalysis>,
    /// Seconds that the old version keeps its pods after a promotion; 30 if not said.
    pub scale_down_delay_seconds: u32,
    /// Seconds that the canary keeps its pods after an abort; 30 if not said, `None` for ever (0 in the file).
    pub abort_scale_down_delay_seconds: Option<u32>,
    /// A version that has pods has this many.
    pub min_pods: u32,
    /// What tells steps from other steps.
    pub(crate) step_hash: String,
    /// The object: fields that arguments name.
    pub(crate) object: Json,
}

/// A step of a canary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// So many per cent of the traffic to the canary.
    SetWeight(u32),
    /// Wait so many seconds, or for a person.
    Pause(Option<u32>),
    /// Measure; go on when it is good.
    Analysis(Box<RolloutAnalysis>),
    /// The canary's pods, apart from its weight.
    SetCanaryScale(Scale),
}

/// How many pods the canary has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scale {
    /// So many.
    Replicas(u32),
    /// So many per cent of all.
    Weight(u32),
    /// As its weight has it.
    MatchTrafficWeight,
}

/// `setWeight: 10`, as Argo Rollouts names steps.
impl std::fmt::Display for Step {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SetWeight(weight) => write!(out, "setWeight: {weight}"),
            Self::Pause(None) => out.write_str("pause"),
            Self::Pause(Some(seconds)) => write!(out, "pause: {seconds}s"),
            Self::Analysis(_) => out.write_str("analysis"),
            Self::SetCanaryScale(_) => out.write_str("setCanaryScale"),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    replicas: Option<u32>,
    paused: bool,
    progress_deadline_seconds: Option<u32>,
    progress_deadline_abort: bool,
    rollback_window: Option<RollbackWindow>,
    strategy: Strategy,
    restart_at: Option<Json>,
    workload_ref: Option<Json>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RollbackWindow {
    revisions: u32,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Strategy {
    canary: Option<Canary>,
    blue_green: Option<Json>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Canary {
    steps: Vec<Map<String, Json>>,
    analysis: Option<RolloutAnalysis>,
    traffic_routing: Option<Map<String, Json>>,
    scale_down_delay_seconds: Option<u32>,
    abort_scale_down_delay_seconds: Option<u32>,
    min_pods_per_replica_set: Option<u32>,
    dynamic_stable_scale: bool,
    scale_down_delay_revision_limit: Option<u32>,
    ping_pong: Option<Json>,
    replica_progress_threshold: Option<Json>,
}

const CANARY: &str = "spec.strategy.canary";

impl Rollout {
    /// Reads a Rollout.
    ///
    /// # Errors
    /// It is none, Argo Rollouts would refuse it, or it asks for what is not walked here; the error names the field.
    pub fn read(object: &karat_yaml::Value) -> Result<Self, Error> {
        let (name, spec) = read::object::<Spec>(object, "Rollout")?;
        let refused = [
            ("spec.workloadRef", spec.workload_ref.is_some()),
            ("spec.restartAt", spec.restart_at.is_some()),
            ("spec.strategy.blueGreen", spec.strategy.blue_green.is_some()),
        ];
        refuse(&refused)?;
        let canary = spec.strategy.canary.ok_or_else(|| Error::invalid("spec.strategy", "there is no strategy"))?;
        let routing = canary.traffic_routing.unwrap_or_default();
        let other_weight = routing.get("maxTrafficWeight").is_some_and(|weight| weight.as_i64() != Some(100));
        refuse(&[
            ("spec.strategy.canary.dynamicStableScale", canary.dynamic_stable_scale),
            ("spec.strategy.canary.pingPong", canary.ping_pong.is_some()),
            ("spec.strategy.canary.replicaProgressThreshold", canary.replica_progress_threshold.is_some()),
            ("spec.strategy.canary.scaleDownDelayRevisionLimit", canary.scale_down_delay_revision_limit.is_some()),
            ("spec.strategy.canary.trafficRouting.maxTrafficWeight", other_weight),
            ("spec.strategy.canary.trafficRouting.managedRoutes", routing.contains_key("managedRoutes")),
        ])?;
        let steps =
            canary.steps.iter().enumerate().map(|(index, step)| Step::read(index, step)).collect::<Result<_, _>>()?;
        let starting = canary.analysis.as_ref().and_then(|analysis| analysis.starting_step).unwrap_or_default();
        if starting as usize >= canary.steps.len().max(1) {
            return Err(Error::invalid(format!("{CANARY}.analysis.startingStep"), "there is no such step"));
        }
        Ok(Self {
            name,
            replicas: spec.replicas.unwrap_or(1),
            paused: spec.paused,
            progress_deadline_seconds: spec.progress_deadline_seconds.unwrap_or(600),
            progress_deadline_abort: spec.progress_deadline_abort,
            rollback_window: spec.rollback_window.map_or(0, |window| window.revisions),
            steps,
            background: canary.analysis.filter(|analysis| !analysis.templates.is_empty()),
            scale_down_delay_seconds: canary.scale_down_delay_seconds.unwrap_or(30),
            abort_scale_down_delay_seconds: match canary.abort_scale_down_delay_seconds {
                None => Some(30),
                Some(0) => None,
                seconds => seconds,
            },
            min_pods: canary.min_pods_per_replica_set.unwrap_or_default(),
            step_hash: hash(&canary.steps),
            object: read::json(object, "Rollout")?,
        })
    }

    /// The number of pods that `weight` per cent of the traffic need, rounded up.
    pub(crate) fn pods(&self, weight: u32) -> u32 {
        let pods = (u64::from(weight) * u64::from(self.replicas)).div_ceil(100);
        u32::try_from(pods).unwrap_or(u32::MAX)
    }

    /// The number of pods that the canary is to have at step `index`.
    pub fn pods_at(&self, index: usize) -> u32 {
        match self.scale_at(index) {
            Some(Scale::Replicas(count)) => count,
            Some(Scale::Weight(weight)) => self.pods_at_least(weight),
            _ => self.pods_at_least(self.weight_at(index)),
        }
    }

    /// The same, but no fewer than `minPodsPerReplicaSet`.
    fn pods_at_least(&self, weight: u32) -> u32 {
        match self.pods(weight) {
            0 => 0,
            pods => pods.max(self.min_pods.min(self.replicas)),
        }
    }

    /// The weight at step `index`: that of the last `setWeight` up to it, 100 after the last step.
    pub fn weight_at(&self, index: usize) -> u32 {
        if index >= self.steps.len() { 100 } else { self.weight_before(index + 1) }
    }

    /// The weight of the last `setWeight` before step `index`; 0 if there is none.
    pub(crate) fn weight_before(&self, index: usize) -> u32 {
        let mut before = self.steps.iter().take(index).rev();
        before.find_map(|step| if let Step::SetWeight(weight) = step { Some(*weight) } else { None }).unwrap_or(0)
    }

    /// The `setCanaryScale` that holds at step `index`.
    pub(crate) fn scale_at(&self, index: usize) -> Option<Scale> {
        if index >= self.steps.len() {
            return None;
        }
        let scales = self.steps.iter().take(index + 1).rev().filter_map(|step| match step {
            Step::SetCanaryScale(scale) => Some(*scale),
            _ => None,
        });
        scales.take(1).find(|scale| *scale != Scale::MatchTrafficWeight)
    }
}

impl Step {
    fn read(index: usize, step: &Map<String, Json>) -> Result<Self, Error> {
        let path = |field: &str| format!("{CANARY}.steps[{index}].{field}");
        let mut set = step.iter().filter(|(_, value)| !value.is_null());
        let (Some((field, value)), None) = (set.next(), set.next()) else {
            return Err(Error::invalid(format!("{CANARY}.steps[{index}]"), "a step does one thing"));
        };
        let percent = |value: &Json| {
            let weight = value.as_u64().filter(|weight| *weight <= 100);
            weight.map(|weight| weight as u32).ok_or_else(|| Error::invalid(path(field), "must be between 0 and 100"))
        };
        match field.as_str() {
            "setWeight" => percent(value).map(Self::SetWeight),
            "pause" => {
                let wrong = || Error::invalid(path("pause.duration"), "is no duration");
                let Some(duration) = value.get("duration").filter(|value| !value.is_null()) else {
                    return Ok(Self::Pause(None));
                };
                let duration: IntOrString = serde_json::from_value(duration.clone()).map_err(|_| wrong())?;
                Ok(Self::Pause(Some(seconds(&duration).ok_or_else(wrong)?)))
            }
            "analysis" => {
                let analysis: RolloutAnalysis = serde_json::from_value(value.clone())
                    .map_err(|error| Error::invalid(path("analysis"), error.to_string()))?;
                if analysis.templates.is_empty() {
                    return Err(Error::invalid(path("analysis.templates"), "there is none"));
                }
                Ok(Self::Analysis(Box::new(analysis)))
            }
            "setCanaryScale" => {
                let field = |name: &str| value.get(name).filter(|value| !value.is_null());
                let matches = field("matchTrafficWeight").and_then(Json::as_bool).unwrap_or_default();
                match (field("replicas"), field("weight"), matches) {
                    (Some(replicas), None, false) => {
                        let count = replicas.as_u64().and_then(|count| u32::try_from(count).ok());
                        let count =
                            count.ok_or_else(|| Error::invalid(path("setCanaryScale.replicas"), "is no count"))?;
                        Ok(Self::SetCanaryScale(Scale::Replicas(count)))
                    }
                    (None, Some(weight), false) => Ok(Self::SetCanaryScale(Scale::Weight(percent(weight)?))),
                    (None, None, true) => Ok(Self::SetCanaryScale(Scale::MatchTrafficWeight)),
                    _ => Err(Error::invalid(path("setCanaryScale"), "one of replicas, weight, matchTrafficWeight")),
                }
            }
            "setHeaderRoute" | "setMirrorRoute" | "experiment" | "plugin" | "replicaProgressThreshold" => {
                Err(Error::unsupported(path(field)))
            }
            _ => Err(Error::invalid(path(field), "there is no such step")),
        }
    }
}

fn refuse(fields: &[(&str, bool)]) -> Result<(), Error> {
    match fields.iter().find(|(_, there)| *there) {
        Some((path, _)) => Err(Error::unsupported(*path)),
        None => Ok(()),
    }
}

/// Seconds, which a number without a unit means.
fn seconds(duration_or_number: &IntOrString) -> Option<u32> {
    let seconds = match duration_or_number {
        IntOrString::Int(seconds) => i64::from(*seconds),
        IntOrString::String(text) => {
            text.parse::<i32>().map(i64::from).ok().or_else(|| duration(text).map(|duration| duration.as_secs()))?
        }
    };
    u32::try_from(seconds).ok().filter(|seconds| i32::try_from(*seconds).is_ok())
}

/// FNV-1a of the steps' JSON: another value for other steps. Argo Rollouts' own differs (it hashes its Go structures).
fn hash(steps: &[Map<String, Json>]) -> String {
    let text = steps.iter().map(|step| Json::Object(step.clone()).to_string()).collect::<Vec<_>>().join(",");
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}
