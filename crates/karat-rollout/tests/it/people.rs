//! What people do to a Rollout.

use karat_rollout::RolloutPhase;

use crate::world::{ROLLOUT, Simulation};

fn at_first_pause() -> Simulation {
    let mut simulation = Simulation::new(ROLLOUT);
    simulation.want("v2");
    simulation.settle();
    simulation
}

#[test]
fn abort_then_retry_then_promote() {
    let mut simulation = at_first_pause();
    simulation.state.abort(simulation.now, "by hand");
    let decision = simulation.settle();
    assert_eq!((decision.weights.of("v2"), simulation.state.phase), (0, RolloutPhase::Degraded));
    assert_eq!(simulation.state.message, "RolloutAborted: Rollout aborted update to v2: by hand");
    simulation.pass(120);
    assert_eq!(simulation.pods("v2"), 0);
    simulation.state.retry(simulation.now);
    let decision = simulation.settle();
    assert_eq!((decision.weights.of("v2"), simulation.pods("v2"), simulation.state.step), (10, 1, 1));
    simulation.state.promote_full();
    simulation.settle();
    assert_eq!((simulation.state.stable.as_str(), simulation.state.phase), ("v2", RolloutPhase::Healthy));
}

#[test]
fn promote_waits_for_the_pods() {
    let mut simulation = at_first_pause();
    simulation.quick = false;
    simulation.state.promote_full();
    let decision = simulation.settle();
    assert_eq!((decision.weights.of("v2"), simulation.pods("v2")), (10, 10));
    assert_eq!(simulation.state.stable, "v1");
    simulation.quick = true;
    let decision = simulation.settle();
    assert_eq!((decision.weights.of("v2"), simulation.state.stable.as_str()), (100, "v2"));
}

#[test]
fn resume_ends_the_pause_of_a_step() {
    let mut simulation = at_first_pause();
    simulation.state.resume();
    simulation.settle();
    assert_eq!(simulation.state.step, 3);
    // It pauses again at the next one.
    assert_eq!(simulation.state.phase, RolloutPhase::Paused);
}

#[test]
fn a_paused_rollout_moves_nothing() {
    let mut simulation = Simulation::new(ROLLOUT);
    simulation.rollout.paused = true;
    simulation.want("v2");
    let decision = simulation.settle();
    assert_eq!((decision.weights.of("v2"), simulation.pods("v2")), (0, 0));
    assert_eq!((simulation.state.phase, simulation.state.message.as_str()), (RolloutPhase::Paused, "manually paused"));
    simulation.pass(10_000);
    assert_eq!(simulation.state.step, 0);
    simulation.rollout.paused = false;
    simulation.settle();
    assert_eq!(simulation.state.step, 1);
}

#[test]
fn what_is_promoted_is_neither_aborted_nor_promoted() {
    let mut simulation = Simulation::new(ROLLOUT);
    simulation.state.abort(simulation.now, "late");
    simulation.state.promote_full();
    simulation.settle();
    assert_eq!(simulation.state.phase, RolloutPhase::Healthy);
}

#[test]
fn canaries_may_be_left_after_an_abort() {
    let mut simulation =
        Simulation::new(&ROLLOUT.replace("abortScaleDownDelaySeconds: 60", "abortScaleDownDelaySeconds: 0"));
    simulation.want("v2");
    simulation.settle();
    simulation.state.abort(simulation.now, "look at it");
    simulation.pass(100_000);
    assert_eq!(simulation.pods("v2"), 1);
}
