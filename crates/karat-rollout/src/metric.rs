//! A metric: what is measured, how often, and what a value means.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::error::Error;
use crate::expr::{Expression, Value};
use crate::scalar::{IntOrString, duration};

/// What a measurement, a metric or a run has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Not begun.
    Pending,
    /// Under way.
    Running,
    /// Good.
    Successful,
    /// Bad.
    Failed,
    /// It could not be told: the provider failed, or the condition did.
    Error,
    /// Neither good nor bad.
    Inconclusive,
}

impl Phase {
    /// Whether nothing follows.
    pub fn is_completed(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }

    /// The order in which one metric outweighs another in a run.
    pub(crate) fn weight(self) -> u8 {
        match self {
            Self::Successful => 0,
            Self::Running => 1,
            Self::Pending => 2,
            Self::Inconclusive => 3,
            Self::Error => 4,
            Self::Failed => 5,
        }
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, out)
    }
}

/// A metric of a template. Texts may hold `{{args.name}}` until [`crate::AnalysisRun::due`] gives them out resolved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metric {
    /// Its name within the run.
    pub name: String,
    /// Between the end of a measurement and the next.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub interval: String,
    /// Before the first measurement.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub initial_delay: String,
    /// How many measurements; endless if there is an interval and no count, one if there is neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<IntOrString>,
    /// A value is good if this holds.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub success_condition: String,
    /// A value is bad if this holds.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub failure_condition: String,
    /// How many bad measurements are forgiven; 0 if not said, -1 for any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_limit: Option<IntOrString>,
    /// How many inconclusive ones; 0 if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inconclusive_limit: Option<IntOrString>,
    /// How many errors in a row; 4 if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_error_limit: Option<IntOrString>,
    /// Good measurements in a row that end the metric as successful; 0 for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_success_limit: Option<IntOrString>,
    /// Who measures: one entry, such as `prometheus`, with what it is told.
    pub provider: Map<String, Json>,
}

impl Metric {
    /// After how many measurements it ends; `None` for never.
    pub(crate) fn effective_count(&self) -> Option<i64> {
        match self.count.as_ref().map_or(0, IntOrString::number) {
            0 => self.interval.is_empty().then_some(1),
            count => Some(count),
        }
    }

    pub(crate) fn interval(&self) -> Option<SignedDuration> {
        duration(&self.interval)
    }

    pub(crate) fn initial_delay(&self) -> Option<SignedDuration> {
        duration(&self.initial_delay)
    }

    /// Holds a metric, its arguments resolved, to Argo Rollouts' rules; the complaint is in its words.
    pub(crate) fn validate(&self) -> Result<(), String> {
        let number = |field: &Option<IntOrString>| field.as_ref().map_or(0, IntOrString::number);
        let (count, failures) = (number(&self.count), number(&self.failure_limit));
        let (successes, inconclusive) = (number(&self.consecutive_success_limit), number(&self.inconclusive_limit));
        let wrong = |duration: &str| match duration.trim_matches(|sign: char| sign.is_ascii_digit()) {
            "" => format!("time: missing unit in duration {duration:?}"),
            _ => format!("time: invalid duration {duration:?}"),
        };
        let providers = self.provider.values().filter(|spec| !spec.is_null()).count();
        let complaint = if successes < 0 {
            "consecutiveSuccessLimit must be >= 0".to_owned()
        } else if failures < -1 {
            "failureLimit must be >= 0, or -1 to be disabled".to_owned()
        } else if successes == 0 && failures == -1 {
            "failureLimit and consecutiveSuccessLimit cannot both be disabled".to_owned()
        } else if inconclusive < 0 {
            "inconclusiveLimit must be >= 0".to_owned()
        } else if number(&self.consecutive_error_limit) < 0 {
            "consecutiveErrorLimit must be >= 0".to_owned()
        } else if count > 0 && failures >= 0 && count < failures + successes {
            format!(
                "count ({count}) must be >= failureLimit + consecutiveSuccessLimit ({failures} + {successes}) if both >= 0"
            )
        } else if count > 0 && failures < 0 && count < successes {
            "count must be >= consecutiveSuccessLimit".to_owned()
        } else if count > 0 && count < inconclusive {
            "count must be >= inconclusiveLimit".to_owned()
        } else if count > 1 && self.interval.is_empty() {
            "interval must be specified when count > 1".to_owned()
        } else if !self.interval.is_empty() && self.interval().is_none() {
            format!("invalid interval string: {}", wrong(&self.interval))
        } else if !self.initial_delay.is_empty() && self.initial_delay().is_none() {
            format!("invalid startDelay string: {}", wrong(&self.initial_delay))
        } else if providers == 0 {
            "no provider specified".to_owned()
        } else if providers > 1 {
            "multiple providers specified".to_owned()
        } else {
            return Ok(());
        };
        Err(complaint)
    }

    /// What `value` means for it, and why where it means an error.
    pub fn judge(&self, value: &Value) -> (Phase, String) {
        let asked = |which: &str, condition: &str| -> Result<Option<bool>, String> {
            if condition.is_empty() {
                return Ok(None);
            }
            let held = Expression::parse(condition).and_then(|expression| expression.holds(value));
            held.map(Some).map_err(|problem| {
                let why = if value.is_empty() {
                    "metric result is nil or empty: no data returned from the metric provider".to_owned()
                } else {
                    problem.to_string()
                };
                format!("could not evaluate {which} \"{condition}\": {why}")
            })
        };
        let success = match asked("successCondition", &self.success_condition) {
            Ok(success) => success,
            Err(message) => return (Phase::Error, message),
        };
        let failure = match asked("failureCondition", &self.failure_condition) {
            Ok(failure) => failure,
            Err(message) => return (Phase::Error, message),
        };
        let phase = match (success, failure) {
            (_, Some(true)) | (Some(false), None) => Phase::Failed,
            (None | Some(true), _) => Phase::Successful,
            (Some(false), Some(false)) => Phase::Inconclusive,
        };
        (phase, String::new())
    }

    /// Whether its conditions can be read once arguments are in their places; said when a template is read, since a
    /// condition that nobody can read would fail every canary.
    pub(crate) fn check_conditions(&self) -> Result<(), Error> {
        for (field, condition) in
            [("successCondition", &self.success_condition), ("failureCondition", &self.failure_condition)]
        {
            // With arguments it is read when they are known.
            if !condition.is_empty() && !condition.contains("{{") {
                Expression::parse(condition)
                    .map_err(|problem| Error::Condition { path: format!("metrics.{}.{field}", self.name), problem })?;
            }
        }
        Ok(())
    }
}
