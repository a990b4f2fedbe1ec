//! Argo Rollouts' canary and analysis as a pure machine: what is remembered and what is seen give what to do.
//!
//! - [`Rollout::read`], [`Templates::add`]: the files, as they go to Kubernetes too. What is not walked here is refused by
//!   name: blue-green, experiments, plugins as steps, header and mirror routes, `dynamicStableScale`, `pingPong`,
//!   `workloadRef`, `restartAt`.
//! - [`Rollout::look`]: a [`State`] and a [`World`] give a [`Decision`]: weights, pods, what to measure, when to look again.
//!   [`State::resume`], [`State::promote_full`], [`State::abort`] and [`State::retry`] are what people do.
//! - [`AnalysisRun`]: metrics until they have come to something; [`Metric::judge`]: what a value means.
//! - [`expr`]: the language of conditions.
//!
//! Nothing here waits, reads a clock or measures. Traffic is split by weight, whether or not the Rollout has
//! `trafficRouting`: who drives this machine has a router. What is as in Argo Rollouts and what is not stands in
//! `docs/reference/rollouts.md`.
#![forbid(unsafe_code)]

mod arguments;
mod error;
pub mod expr;
mod look;
mod metric;
mod phase;
mod read;
mod rollout;
mod run;
mod scalar;
mod state;
mod template;
mod traffic;
mod world;

pub use arguments::{Argument, FieldRef, SecretKeyRef, ValueFrom};
pub use error::Error;
pub use metric::{Metric, Phase};
pub use rollout::{Rollout, Scale, Step};
pub use run::{AnalysisRun, Measurement, MetricResult, Observation, Outcome, Secrets};
pub use scalar::IntOrString;
pub use state::{Abort, Counted, Pause, PauseReason, RolloutPhase, Share, State, StepRun, Weights};
pub use template::{AnalysisTemplate, DryRun, Retention, RolloutAnalysis, TemplateRef, Templates};
pub use world::{Decision, Event, Measure, Measured, ReplicaSet, Which, World};
