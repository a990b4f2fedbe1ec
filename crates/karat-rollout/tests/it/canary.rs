//! A canary from its first step to its last, and what throws it back.

use karat_rollout::expr::Value;
use karat_rollout::{PauseReason, Phase, RolloutPhase};

use crate::world::{ROLLOUT, Simulation};

#[test]
fn the_first_version_skips_the_steps() {
    let simulation = Simulation::new(ROLLOUT);
    assert_eq!(simulation.state.phase, RolloutPhase::Healthy, "{}", simulation.state.message);
    assert_eq!((simulation.state.stable.as_str(), simulation.state.step), ("v1", 4));
    assert_eq!(simulation.pods("v1"), 10);
    assert_eq!(simulation.measurements, 0);
}

#[test]
fn a_good_version_walks_the_steps_and_is_promoted() {
    let mut simulation = Simulation::new(ROLLOUT);
    simulation.want("v2");
    let decision = simulation.settle();
    assert_eq!((decision.weights.of("v2"), decision.weights.of("v1")), (10, 90));
    assert_eq!((simulation.pods("v2"), simulation.pods("v1")), (1, 10));
    assert_eq!((simulation.state.phase, simulation.state.message.as_str()), (RolloutPhase::Paused, "CanaryPauseStep"));
    // The pause began at this look, and so did the analysis: its first measurement is taken, the next is in a minute.
    assert_eq!(simulation.measurements, 1);
    assert_eq!(decision.next, Some(simulation.now + jiff::SignedDuration::from_secs(60)));
    for _ in 0..4 {
        simulation.pass(60);
        assert_eq!(simulation.state.step, 1);
    }
    let decision = simulation.pass(60);
    assert_eq!((decision.weights.of("v2"), simulation.pods("v2"), simulation.state.step), (50, 5, 3));
    for _ in 0..5 {
        simulation.pass(60);
    }
    assert_eq!(simulation.state.phase, RolloutPhase::Healthy, "{}", simulation.state.message);
    assert_eq!(simulation.state.stable, "v2");
    assert_eq!(simulation.state.weights.as_ref().unwrap().of("v2"), 100);
    // Connections to the old version are still open for a minute.
    assert_eq!((simulation.pods("v2"), simulation.pods("v1")), (10, 10));
    simulation.pass(59);
    assert_eq!(simulation.pods("v1"), 10);
    simulation.pass(2);
    assert_eq!(simulation.pods("v1"), 0);
    assert_eq!(simulation.state.background.as_ref().unwrap().phase, Some(Phase::Successful));
    assert!(
        simulation
            .events
            .iter()
            .any(|event| event == "RolloutStepCompleted: Rollout step 1/4 completed (setWeight: 10)")
    );
}

#[test]
fn a_background_analysis_that_fails_aborts_at_the_next_look() {
    let mut simulation = Simulation::new(ROLLOUT);
    simulation.want("v2");
    simulation.value = Value::floats([0.05]);
    simulation.settle();
    assert_eq!(simulation.state.weights.as_ref().unwrap().of("v2"), 10);
    simulation.now += jiff::SignedDuration::from_secs(60);
    simulation.look();
    // The second bad measurement is told at this look.
    let decision = simulation.look();
    assert_eq!((decision.weights.of("v2"), decision.weights.of("v1")), (0, 100));
    assert_eq!(simulation.state.phase, RolloutPhase::Degraded);
    assert_eq!(
        simulation.state.message,
        "RolloutAborted: Rollout aborted update to v2: Background analysis phase error/failed: Metric \"errors\" assessed \
         Failed due to failed (2) > failureLimit (1)"
    );
    assert_eq!((simulation.state.step, simulation.pods("v2"), simulation.pods("v1")), (0, 1, 10));
    let taken = simulation.measurements;
    simulation.pass(59);
    assert_eq!(simulation.pods("v2"), 1);
    simulation.pass(2);
    assert_eq!(simulation.pods("v2"), 0);
    assert_eq!(simulation.measurements, taken, "an aborted canary is not measured");
    assert_eq!(simulation.state.phase, RolloutPhase::Degraded);
}

#[test]
fn what_cannot_be_measured_aborts() {
    let mut simulation = Simulation::new(ROLLOUT);
    simulation.want("v2");
    simulation.value = Value::Nil;
    simulation.settle();
    // An error is tried again after ten seconds; the fifth in a row is one too many.
    for _ in 0..3 {
        simulation.pass(10);
        assert_eq!(simulation.state.weights.as_ref().unwrap().of("v2"), 10);
    }
    simulation.pass(10);
    assert_eq!(simulation.state.weights.as_ref().unwrap().of("v2"), 0);
    assert!(
        simulation.state.message.contains("consecutiveErrors (5) > consecutiveErrorLimit (4)"),
        "{}",
        simulation.state.message
    );
}

#[test]
fn what_is_inconclusive_holds_until_a_person_decides() {
    let mut simulation = Simulation::new(ROLLOUT);
    simulation.want("v2");
    simulation.value = Value::floats([]);
    simulation.settle();
    simulation.pass(60);
    simulation.pass(60);
    assert!(simulation.state.pauses.iter().any(|pause| pause.reason == PauseReason::InconclusiveAnalysisRun));
    let taken = simulation.measurements;
    // The step's own pause ends long before, and still nothing moves, nor is anything measured.
    simulation.pass(3_600);
    assert_eq!((simulation.state.step, simulation.state.weights.as_ref().unwrap().of("v2")), (1, 10));
    assert_eq!(simulation.measurements, taken);
    assert_eq!(simulation.state.phase, RolloutPhase::Paused);
    simulation.value = Value::floats([0.001]);
    simulation.state.resume();
    simulation.settle();
    assert_eq!(simulation.state.weights.as_ref().unwrap().of("v2"), 50);
    assert!(simulation.measurements > taken, "measured anew");
}

#[test]
fn an_analysis_step_holds_until_it_is_good() {
    let text = ROLLOUT.replace("- pause: {duration: 5m}\n        - setWeight: 50", "- analysis: {templates: [{templateName: web-canary}], args: [{name: hash, value: x}]}\n        - setWeight: 50");
    let text = text.replace("startingStep: 1", "startingStep: 3");
    let mut simulation = Simulation::new(&text);
    simulation
        .templates
        .add(&crate::world::object(&crate::world::TEMPLATE.replace("interval: 1m", "interval: 1m\n      count: 2")))
        .unwrap();
    simulation.want("v2");
    simulation.settle();
    assert_eq!((simulation.state.step, simulation.measurements), (1, 1));
    assert_eq!(simulation.state.phase, RolloutPhase::Progressing);
    simulation.pass(60);
    assert_eq!(simulation.state.step, 3);
    assert_eq!(simulation.state.step_run.as_ref().unwrap().run.phase, Some(Phase::Successful));

    let mut simulation = Simulation::new(&text);
    simulation.value = Value::floats([1.0]);
    simulation.want("v2");
    simulation.settle();
    simulation.pass(60);
    assert!(
        simulation.state.message.contains("Step-based analysis phase error/failed"),
        "{}",
        simulation.state.message
    );
    assert_eq!(simulation.state.weights.as_ref().unwrap().of("v2"), 0);
}

#[test]
fn a_canary_that_never_stands_is_degraded_and_aborted_if_wanted() {
    for (abort, weight) in [(false, "ProgressDeadlineExceeded"), (true, "RolloutAborted")] {
        let text = ROLLOUT.replace(
            "progressDeadlineSeconds: 600",
            &format!("progressDeadlineSeconds: 600\n  progressDeadlineAbort: {abort}"),
        );
        let mut simulation = Simulation::new(&text);
        simulation.quick = false;
        simulation.want("v2");
        let decision = simulation.settle();
        assert_eq!(decision.weights.of("v2"), 0, "no pod, no traffic");
        assert_eq!(simulation.state.phase, RolloutPhase::Progressing);
        simulation.pass(600);
        assert_eq!(simulation.state.phase, RolloutPhase::Progressing);
        simulation.pass(2);
        assert_eq!(simulation.state.phase, RolloutPhase::Degraded);
        assert!(simulation.state.message.starts_with(weight), "{}", simulation.state.message);
        assert!(simulation.state.message.ends_with("ReplicaSet \"web-v2\" has timed out progressing."));
        assert_eq!(simulation.state.abort.is_some(), abort);
    }
}

#[test]
fn a_newer_version_competes_with_the_stable_one() {
    let mut simulation = Simulation::new(ROLLOUT);
    simulation.want("v2");
    simulation.settle();
    simulation.now += jiff::SignedDuration::from_secs(10);
    simulation.want("v3");
    let decision = simulation.look();
    // The traffic leaves v2 before its pods do.
    assert_eq!((decision.weights.of("v2"), decision.weights.of("v1"), simulation.pods("v2")), (0, 100, 1));
    let decision = simulation.settle();
    assert_eq!((decision.weights.of("v3"), decision.weights.of("v1")), (10, 90));
    assert_eq!((simulation.pods("v2"), simulation.pods("v3")), (0, 1));
    assert_eq!(simulation.state.step, 1);
}

#[test]
fn going_back_skips_the_steps() {
    let mut simulation = Simulation::new(ROLLOUT);
    simulation.now += jiff::SignedDuration::from_secs(1);
    simulation.want("v2");
    simulation.settle();
    // To the stable version, in the middle of the steps.
    simulation.want("v1");
    let decision = simulation.settle();
    assert_eq!((decision.weights.of("v1"), simulation.state.phase), (100, RolloutPhase::Healthy));

    // To an older one, after a promotion.
    simulation.now += jiff::SignedDuration::from_secs(1);
    simulation.want("v3");
    for _ in 0..12 {
        simulation.pass(60);
    }
    assert_eq!(simulation.state.stable, "v3");
    let taken = simulation.measurements;
    simulation.want("v1");
    let decision = simulation.settle();
    assert_eq!((decision.weights.of("v1"), simulation.state.stable.as_str()), (100, "v1"));
    assert_eq!(simulation.measurements, taken);
}

#[test]
fn other_steps_begin_anew() {
    let mut simulation = Simulation::new(ROLLOUT);
    simulation.want("v2");
    for _ in 0..6 {
        simulation.pass(60);
    }
    assert_eq!(simulation.state.step, 3);
    simulation.rollout = crate::world::rollout(&ROLLOUT.replace("setWeight: 10", "setWeight: 20"));
    let decision = simulation.settle();
    assert_eq!((simulation.state.step, decision.weights.of("v2"), simulation.pods("v2")), (1, 20, 2));
}

#[test]
fn the_canarys_pods_may_be_set_apart_from_its_weight() {
    let text = ROLLOUT.replace(
        "- setWeight: 10\n",
        "- setCanaryScale: {replicas: 3}\n        - pause: {}\n        - setWeight: 10\n",
    );
    let mut simulation = Simulation::new(&text);
    simulation.want("v2");
    let decision = simulation.settle();
    assert_eq!((decision.weights.of("v2"), simulation.pods("v2"), simulation.state.step), (0, 3, 1));
    simulation.state.resume();
    let decision = simulation.settle();
    assert_eq!((decision.weights.of("v2"), simulation.pods("v2"), simulation.state.step), (10, 3, 3));
}
