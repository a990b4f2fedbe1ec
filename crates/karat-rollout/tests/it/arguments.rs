//! Where the values of arguments come from, and where they do not go.

use std::collections::BTreeMap;

use karat_rollout::expr::Value;
use karat_rollout::{AnalysisRun, Observation, Outcome, Phase, Secrets};
use serde_json::json;

use crate::world::{ROLLOUT, Simulation, TEMPLATE, object, start};

fn run() -> AnalysisRun {
    serde_json::from_value(json!({
        "metrics": [{
            "name": "errors", "interval": "1m", "consecutiveErrorLimit": 0, "successCondition": "result < {{args.max}}",
            "provider": {"web": {"url": "https://metrics.example/{{ args.token }}"}},
        }],
        "args": [
            {"name": "max", "value": "1"},
            {"name": "token", "valueFrom": {"secretKeyRef": {"name": "metrics", "key": "token"}}},
        ],
    }))
    .unwrap()
}

#[test]
fn secrets_are_filled_in_and_kept_out_of_messages() {
    let secrets: Secrets = BTreeMap::from([("token".to_owned(), "s3cr3t".to_owned())]);
    let mut run = run();
    let due = run.due(start(), &secrets);
    assert_eq!(due[0].provider["web"]["url"], "https://metrics.example/s3cr3t");
    assert_eq!(due[0].success_condition, "result < 1");
    let outcome = Outcome::Error("GET https://metrics.example/s3cr3t: 503".to_owned());
    run.record(start(), &[Observation { metric: "errors".to_owned(), outcome }], &secrets);
    assert_eq!(run.phase, Some(Phase::Error));
    assert!(run.message.contains("GET https://metrics.example/*****: 503"), "{}", run.message);
    assert!(!serde_json::to_string(&run).unwrap().contains("s3cr3t"));
}

#[test]
fn a_secret_that_is_not_there_is_an_error() {
    let mut run = run();
    assert!(run.due(start(), &Secrets::new()).is_empty());
    assert_eq!(run.phase, Some(Phase::Error));
    assert_eq!(run.message, "Unable to resolve metric arguments: argument \"token\" was not supplied");
}

#[test]
fn a_run_ends_with_the_measurement_that_decides() {
    let metric =
        |name: &str| json!({"name": name, "interval": "1m", "successCondition": "result < 1", "provider": {"web": {}}});
    let mut run: AnalysisRun = serde_json::from_value(json!({"metrics": [metric("a"), metric("b")]})).unwrap();
    let seen =
        |name: &str, value: f64| Observation { metric: name.to_owned(), outcome: Outcome::Value(Value::Float(value)) };
    assert_eq!(run.due(start(), &Secrets::new()).len(), 2);
    run.record(start(), &[seen("a", 0.0), seen("b", 2.0), seen("nobody", 2.0)], &Secrets::new());
    assert_eq!(run.phase, Some(Phase::Failed));
    let phases: Vec<_> = run.results.iter().map(|result| (result.name.as_str(), result.phase)).collect();
    assert_eq!(phases, [("a", Phase::Successful), ("b", Phase::Failed)]);
    assert_eq!((run.completed_at, run.next()), (Some(start()), None));
}

/// What the background analysis of a canary is asked with `args`.
fn query(args: &str, template: &str) -> Result<String, String> {
    let text = ROLLOUT.replace("args: [{name: hash, valueFrom: {podTemplateHashValue: Latest}}]", args);
    let mut simulation = Simulation::new(&text);
    simulation.templates.add(&object(template)).unwrap();
    simulation.want("v2");
    for _ in 0..6 {
        let world = simulation.world();
        let looked = simulation.rollout.look(&simulation.templates, &simulation.state, &world, &[], &Secrets::new());
        let decision = looked.map_err(|error| error.to_string())?;
        if let Some(measure) = decision.measure.first() {
            return Ok(measure.metric.provider["prometheus"]["query"].as_str().unwrap().to_owned());
        }
        simulation.look();
    }
    Err("nothing is measured".to_owned())
}

#[test]
fn arguments_of_a_rollout() {
    for (value, expected) in [
        ("valueFrom: {podTemplateHashValue: Latest}", "v2"),
        ("valueFrom: {podTemplateHashValue: Stable}", "v1"),
        ("valueFrom: {fieldRef: {fieldPath: metadata.name}}", "web"),
        ("valueFrom: {fieldRef: {fieldPath: \"metadata.labels['team']\"}}", "care"),
        ("valueFrom: {fieldRef: {fieldPath: \"spec.strategy.canary.steps[0].setWeight\"}}", "10"),
        ("value: plain", "plain"),
    ] {
        let query = query(&format!("args: [{{name: hash, {value}}}]"), TEMPLATE);
        assert_eq!(query, Ok(format!("errors{{hash=\"{expected}\"}}")), "{value}");
    }
    let error = query("args: []", TEMPLATE).unwrap_err();
    assert_eq!(error, "args.hash was not resolved");
    let error = query("args: [{name: hash, valueFrom: {fieldRef: {fieldPath: spec.nothing}}}]", TEMPLATE).unwrap_err();
    assert_eq!(error, "`fieldPath`: invalid path spec.nothing in rollout");
}

#[test]
fn templates_that_are_missing_or_clash() {
    let other = |name: &str, metric: &str| TEMPLATE.replace("web-canary", name).replace("name: errors", metric);
    let named = |text: &str| ROLLOUT.replace("[{templateName: web-canary}]", text);
    for (text, extra, expected) in [
        (named("[{templateName: nobody}]"), String::new(), "there is no AnalysisTemplate `nobody`"),
        (
            named("[{templateName: web-canary, clusterScope: true}]"),
            String::new(),
            "there is no ClusterAnalysisTemplate `web-canary`",
        ),
        (
            named("[{templateName: web-canary}, {templateName: twin}]"),
            other("twin", "name: errors"),
            "`metrics`: two metrics have the same name 'errors'",
        ),
    ] {
        let mut simulation = Simulation::new(&text);
        if !extra.is_empty() {
            simulation.templates.add(&object(&extra)).unwrap();
        }
        simulation.want("v2");
        let error = (0..6).find_map(|_| {
            let world = simulation.world();
            let looked =
                simulation.rollout.look(&simulation.templates, &simulation.state, &world, &[], &Secrets::new());
            let error = looked.err();
            if error.is_none() {
                simulation.look();
            }
            error
        });
        assert_eq!(error.unwrap().to_string(), expected);
    }
}

#[test]
fn templates_may_name_each_other() {
    let nested = TEMPLATE.replace("  args:", "  templates: [{templateName: more}]\n  args:");
    let more = TEMPLATE.replace("web-canary", "more").replace("name: errors", "name: latency");
    let more = more.replace("  args:", "  templates: [{templateName: web-canary}]\n  args:");
    let mut simulation = Simulation::new(ROLLOUT);
    simulation.templates.add(&object(&nested)).unwrap();
    simulation.templates.add(&object(&more)).unwrap();
    simulation.want("v2");
    simulation.settle();
    let names: Vec<_> = simulation.state.background.unwrap().metrics.into_iter().map(|metric| metric.name).collect();
    assert_eq!(names, ["errors", "latency"]);
}
