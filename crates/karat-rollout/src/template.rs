//! AnalysisTemplates, and runs made of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::arguments::{Argument, combine, merge};
use crate::error::Error;
use crate::metric::Metric;
use crate::read;
use crate::run::AnalysisRun;

/// The most templates that a run is made of; they may name each other.
const MAX_TEMPLATES: usize = 64;

/// The specification of an AnalysisTemplate or a ClusterAnalysisTemplate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AnalysisTemplate {
    /// What is measured.
    pub metrics: Vec<Metric>,
    /// Its arguments, with or without values.
    pub args: Vec<Argument>,
    /// Metrics that decide nothing.
    pub dry_run: Vec<DryRun>,
    /// How many measurements are kept.
    pub measurement_retention: Vec<Retention>,
    /// Templates that it takes in.
    pub templates: Vec<TemplateRef>,
}

/// Metrics, by a regular expression of their names, that decide nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DryRun {
    /// The expression, found anywhere in a name.
    pub metric_name: String,
}

/// How many measurements are kept of metrics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Retention {
    /// The expression, found anywhere in a name.
    pub metric_name: String,
    /// How many.
    pub limit: u32,
}

/// The name of a template.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TemplateRef {
    /// Its name.
    pub template_name: String,
    /// Whether it is a ClusterAnalysisTemplate.
    pub cluster_scope: bool,
}

/// What a Rollout's analysis says: which templates, with which arguments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutAnalysis {
    /// The templates.
    pub templates: Vec<TemplateRef>,
    /// Values of their arguments.
    pub args: Vec<Argument>,
    /// Metrics that decide nothing.
    pub dry_run: Vec<DryRun>,
    /// How many measurements are kept.
    pub measurement_retention: Vec<Retention>,
    /// For a background analysis: the step from which on it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starting_step: Option<u32>,
}

/// The templates that a namespace sees.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    own: BTreeMap<String, AnalysisTemplate>,
    cluster: BTreeMap<String, AnalysisTemplate>,
}

impl Templates {
    /// Adds an object; those of other kinds are passed over.
    ///
    /// # Errors
    /// It is an AnalysisTemplate or a ClusterAnalysisTemplate and cannot be read, or one of its conditions cannot.
    pub fn add(&mut self, object: &karat_yaml::Value) -> Result<(), Error> {
        let into = match object.get("kind").and_then(karat_yaml::Value::as_str) {
            Some("AnalysisTemplate") => &mut self.own,
            Some("ClusterAnalysisTemplate") => &mut self.cluster,
            _ => return Ok(()),
        };
        let (name, template) = read::object::<AnalysisTemplate>(object, "AnalysisTemplate")?;
        template.metrics.iter().try_for_each(Metric::check_conditions)?;
        into.insert(name, template);
        Ok(())
    }

    /// The run that an analysis of `rollout` starts.
    ///
    /// # Errors
    /// A template is missing, metrics or arguments clash, an argument has no value.
    pub(crate) fn run(
        &self,
        analysis: &RolloutAnalysis,
        rollout: &Json,
        hashes: (&str, &str),
    ) -> Result<AnalysisRun, Error> {
        let given =
            analysis.args.iter().map(|argument| settle(argument, rollout, hashes)).collect::<Result<Vec<_>, _>>()?;
        let mut found = Vec::new();
        self.find(&analysis.templates, &mut BTreeSet::new(), &mut found)?;
        // Templates of the namespace go first, whatever the order they are named in.
        found.sort_by_key(|(cluster, _)| *cluster);
        let mut metrics: Vec<Metric> = Vec::new();
        for metric in found.iter().flat_map(|(_, template)| &template.metrics) {
            if metrics.iter().any(|other| other.name == metric.name) {
                return Err(Error::invalid("metrics", format!("two metrics have the same name '{}'", metric.name)));
            }
            metrics.push(metric.clone());
        }
        let arguments = combine(found.iter().flat_map(|(_, template)| template.args.clone()))?;
        let mut run = AnalysisRun::new(metrics, merge(&given, &arguments)?);
        let templates = || found.iter().map(|(_, template)| template);
        run.dry_run = analysis.dry_run.clone();
        run.dry_run.extend(templates().flat_map(|template| template.dry_run.clone()));
        run.measurement_retention = analysis.measurement_retention.clone();
        run.measurement_retention.extend(templates().flat_map(|template| template.measurement_retention.clone()));
        let mut names = BTreeSet::new();
        if let Some(twice) = run.dry_run.iter().find(|rule| !names.insert(&rule.metric_name)) {
            let why = format!("two Dry-Run metric rules have the same name '{}'", twice.metric_name);
            return Err(Error::invalid("dryRun", why));
        }
        Ok(run)
    }

    fn find<'a>(
        &'a self,
        names: &'a [TemplateRef],
        seen: &mut BTreeSet<(bool, &'a str)>,
        found: &mut Vec<(bool, &'a AnalysisTemplate)>,
    ) -> Result<(), Error> {
        for name in names {
            if !seen.insert((name.cluster_scope, &name.template_name)) {
                continue;
            }
            if seen.len() > MAX_TEMPLATES {
                return Err(Error::invalid("templates", format!("more than {MAX_TEMPLATES} templates")));
            }
            let (of, kind) = if name.cluster_scope {
                (&self.cluster, "ClusterAnalysisTemplate")
            } else {
                (&self.own, "AnalysisTemplate")
            };
            let template = of.get(&name.template_name);
            let template = template.ok_or_else(|| Error::NoTemplate { kind, name: name.template_name.clone() })?;
            found.push((name.cluster_scope, template));
            self.find(&template.templates, seen, found)?;
        }
        Ok(())
    }
}

/// A Rollout's argument with its value: `hashes` are those of the pods of the latest and of the stable version.
fn settle(argument: &Argument, rollout: &Json, (latest, stable): (&str, &str)) -> Result<Argument, Error> {
    let mut value = argument.value.clone().unwrap_or_default();
    if let Some(from) = &argument.value_from {
        match (from.pod_template_hash_value.as_deref(), &from.field_ref) {
            (Some("Latest"), _) => latest.clone_into(&mut value),
            (Some("Stable"), _) => stable.clone_into(&mut value),
            (None, Some(field)) => value = read::field(rollout, &field.field_path)?,
            _ => return Err(Error::unsupported(format!("args.{}.valueFrom", argument.name))),
        }
    }
    Ok(Argument { name: argument.name.clone(), value: Some(value), value_from: None })
}
