//! What is read, and what is refused by name.

use karat_rollout::{Error, Rollout, Step, Templates};

use crate::world::{ROLLOUT, TEMPLATE, object, rollout};

#[test]
fn a_rollout_is_read() {
    let rollout = rollout(ROLLOUT);
    assert_eq!((rollout.replicas, rollout.rollback_window, rollout.scale_down_delay_seconds), (10, 3, 60));
    assert_eq!(rollout.abort_scale_down_delay_seconds, Some(60));
    assert_eq!(rollout.steps[1], Step::Pause(Some(300)));
    assert_eq!(rollout.background.unwrap().starting_step, Some(1));
}

#[test]
fn defaults_are_argos() {
    let rollout = rollout("kind: Rollout\nmetadata: {name: web}\nspec: {strategy: {canary: {steps: }}}");
    assert_eq!((rollout.replicas, rollout.progress_deadline_seconds, rollout.progress_deadline_abort), (1, 600, false));
    assert_eq!((rollout.scale_down_delay_seconds, rollout.abort_scale_down_delay_seconds), (30, Some(30)));
}

#[test]
fn durations_of_pauses() {
    for (text, seconds) in [
        ("{}", None),
        ("{duration: 30}", Some(30)),
        ("{duration: '30'}", Some(30)),
        ("{duration: 1h30m}", Some(5_400)),
        ("{duration: 1.5m}", Some(90)),
        ("{duration: 500ms}", Some(0)),
    ] {
        let rollout = rollout(&ROLLOUT.replace(
            "- pause: {duration: 5m}\n        - setWeight: 50",
            &format!("- pause: {text}\n        - setWeight: 50"),
        ));
        assert_eq!(rollout.steps[1], Step::Pause(seconds), "{text}");
    }
}

#[test]
fn what_is_not_walked_is_refused_by_name() {
    let canary = |field: &str| ROLLOUT.replace("stableService: web-stable", field);
    let step = |step: &str| ROLLOUT.replace("- setWeight: 50", step);
    for (text, path) in [
        (canary("dynamicStableScale: true"), "spec.strategy.canary.dynamicStableScale"),
        (canary("pingPong: {pingService: a, pongService: b}"), "spec.strategy.canary.pingPong"),
        (canary("replicaProgressThreshold: {type: Pod, value: 1}"), "spec.strategy.canary.replicaProgressThreshold"),
        (step("- setHeaderRoute: {name: a}"), "spec.strategy.canary.steps[2].setHeaderRoute"),
        (step("- setMirrorRoute: {name: a}"), "spec.strategy.canary.steps[2].setMirrorRoute"),
        (step("- experiment: {}"), "spec.strategy.canary.steps[2].experiment"),
        (step("- plugin: {name: a}"), "spec.strategy.canary.steps[2].plugin"),
        (ROLLOUT.replace("    canary:", "    blueGreen: {}\n    canary:"), "spec.strategy.blueGreen"),
        (ROLLOUT.replace("  replicas: 10", "  workloadRef: {name: a}"), "spec.workloadRef"),
        (
            ROLLOUT.replace("trafficRouting: {", "trafficRouting: {maxTrafficWeight: 1000, "),
            "spec.strategy.canary.trafficRouting.maxTrafficWeight",
        ),
    ] {
        assert_eq!(Rollout::read(&object(&text)).unwrap_err(), Error::Unsupported { path: path.to_owned() });
    }
}

#[test]
fn what_argo_refuses_is_refused() {
    for (from, to, path) in [
        ("setWeight: 50", "setWeight: 101", "spec.strategy.canary.steps[2].setWeight"),
        ("setWeight: 50", "setWeight: ten", "spec.strategy.canary.steps[2].setWeight"),
        ("- setWeight: 50", "- {setWeight: 50, pause: {}}", "spec.strategy.canary.steps[2]"),
        ("- setWeight: 50", "- {}", "spec.strategy.canary.steps[2]"),
        ("- setWeight: 50", "- pause: {duration: soon}", "spec.strategy.canary.steps[2].pause.duration"),
        ("- setWeight: 50", "- pause: {duration: -5}", "spec.strategy.canary.steps[2].pause.duration"),
        ("- setWeight: 50", "- setCanaryScale: {}", "spec.strategy.canary.steps[2].setCanaryScale"),
        ("- setWeight: 50", "- analysis: {}", "spec.strategy.canary.steps[2].analysis.templates"),
        ("startingStep: 1", "startingStep: 9", "spec.strategy.canary.analysis.startingStep"),
    ] {
        let error = Rollout::read(&object(&ROLLOUT.replace(from, to))).unwrap_err();
        assert!(matches!(&error, Error::Invalid { path: found, .. } if found == path), "{to}: {error:?}");
    }
    assert!(matches!(Rollout::read(&object("kind: Rollout\nspec: {replicas: many}")), Err(Error::Shape { .. })));
    assert!(matches!(Rollout::read(&object("kind: Rollout\nspec: {}")), Err(Error::Invalid { .. })));
}

#[test]
fn a_condition_that_nobody_can_read_is_refused_with_its_template() {
    for condition in ["result[0] <", "result matches 'a'", "unknown < 1", "toJSON(result) == ''"] {
        let text = TEMPLATE.replace("len(result) > 0 && !isNaN(result[0]) && result[0] < 0.01", condition);
        let error = Templates::default().add(&object(&text)).unwrap_err();
        assert!(error.to_string().starts_with("`metrics.errors.successCondition`: "), "{error}");
    }
}
