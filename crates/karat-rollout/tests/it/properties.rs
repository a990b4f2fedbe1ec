//! What must hold at all times, in hundreds of worlds where pods crash, measurements lie and people change their minds.

use karat_rollout::expr::Value;
use karat_rollout::{Decision, Phase};

use crate::random::Random;
use crate::world::{ROLLOUT, Simulation};

/// A Rollout with other steps.
fn rollout(random: &mut Random) -> String {
    let steps: String = (0..random.below(5) + 2)
        .map(|_| match random.below(3) {
            0 => format!("        - pause: {{duration: {}}}\n", random.below(120)),
            _ => format!("        - setWeight: {}\n", random.below(101)),
        })
        .collect();
    let (head, _) = ROLLOUT.split_once("        - setWeight: 10").unwrap();
    let replicas = format!("replicas: {}", random.below(12));
    format!("{}{steps}", head.replace("replicas: 10", &replicas))
}

/// Something happens: to pods, to measurements, to minds.
fn shake(simulation: &mut Simulation, random: &mut Random, version: &mut u64) {
    for set in simulation.sets.values_mut() {
        set.pods = set.wanted;
        if random.once_in(3) {
            set.available = set.available.min(set.pods);
        } else {
            set.available = random.below(u64::from(set.pods) + 1) as u32;
        }
        if random.once_in(2) {
            set.available = set.pods;
        }
    }
    simulation.value = match random.below(12) {
        0 => Value::floats([0.5]),
        1 => Value::floats([]),
        2 => Value::Nil,
        _ => Value::floats([0.0]),
    };
    match random.below(40) {
        0 => {
            *version += 1;
            simulation.want(&format!("v{version}"));
        }
        1 => {
            let back = 1 + random.below(*version);
            simulation.want(&format!("v{back}"));
        }
        2 => simulation.state.abort(simulation.now, "by hand"),
        3 => simulation.state.promote_full(),
        4 => simulation.state.retry(simulation.now),
        5..=8 => simulation.state.resume(),
        _ => {}
    }
    simulation.now += jiff::SignedDuration::from_secs(random.below(90) as i64);
}

fn holds(simulation: &Simulation, before: &Before, decision: &Decision) {
    let rollout = &simulation.rollout;
    let needed = |weight: u32| (weight * rollout.replicas).div_ceil(100);
    let (state, weights) = (&decision.state, &decision.weights);
    let told = || format!("{decision:#?}\n{:#?}", before.sets);
    assert_eq!(weights.canary.weight + weights.stable.weight, 100);
    if !state.is_promoted() {
        // A weight is what ready pods carry.
        let available = before.sets.get(&state.current).map_or(0, |set| set.available);
        assert!(weights.canary.weight == 0 || available >= needed(weights.canary.weight), "{}", told());
        // The stable version is whole, so that an abort has somewhere to go; but while a person is asked, nothing is scaled.
        let asked = state.pauses.iter().any(|pause| format!("{:?}", pause.reason).starts_with("Inconclusive"));
        assert!(
            asked || decision.replicas.get(&state.stable).is_none_or(|count| *count == rollout.replicas),
            "{}",
            told()
        );
        if state.abort.is_some() {
            assert_eq!(weights.canary.weight, 0, "{}", told());
        }
    }
    // Pods go after the traffic: nobody loses pods that carry what was handed out, now or at the look before.
    for (hash, count) in &decision.replicas {
        let wanted_before = before.sets.get(hash).map_or(0, |set| set.wanted);
        let carried = weights.of(hash).max(before.weights.as_ref().map_or(0, |weights| weights.of(hash)));
        assert!(*count >= wanted_before || *count >= needed(carried), "{hash}: {}", told());
    }
    // Who has failed is thrown back at this very look.
    let failed = state.background.as_ref().is_some_and(|run| matches!(run.phase, Some(Phase::Failed | Phase::Error)));
    assert!(!failed || state.is_promoted() || state.abort.is_some() || state.promote_full, "{}", told());
    assert!(decision.next.is_none_or(|next| next >= simulation.now), "{}", told());
}

/// What was before a look.
struct Before {
    sets: std::collections::BTreeMap<String, karat_rollout::ReplicaSet>,
    weights: Option<karat_rollout::Weights>,
}

#[test]
fn hold_at_every_look() {
    let mut random = Random(7);
    let (mut promotions, mut aborts, mut pauses) = (0, 0, 0);
    for _ in 0..400 {
        let text = rollout(&mut random);
        let mut simulation = Simulation::new(&text);
        simulation.quick = false;
        let mut version = 1;
        for _ in 0..60 {
            shake(&mut simulation, &mut random, &mut version);
            let before = Before { sets: simulation.sets.clone(), weights: simulation.state.weights.clone() };
            let stable = simulation.state.stable.clone();
            let decision = simulation.look();
            holds(&simulation, &before, &decision);
            promotions += usize::from(decision.state.stable != stable);
            aborts += usize::from(decision.state.abort.is_some());
            pauses += usize::from(!decision.state.pauses.is_empty());
        }
    }
    // All of it happens.
    assert!(promotions > 100 && aborts > 500 && pauses > 500, "{promotions} {aborts} {pauses}");
}

/// Left alone in a world where all is well, every Rollout comes to its end.
#[test]
fn every_rollout_ends() {
    let mut random = Random(8);
    for _ in 0..150 {
        let text = rollout(&mut random);
        let mut simulation = Simulation::new(&text);
        simulation.now += jiff::SignedDuration::from_secs(1);
        simulation.want("v2");
        for _ in 0..400 {
            let decision = simulation.settle();
            if simulation.state.is_promoted() {
                break;
            }
            let Some(next) = decision.next else { panic!("nothing follows: {:#?}", simulation.state) };
            simulation.now = next;
        }
        assert_eq!(simulation.state.stable, "v2", "{text}\n{:#?}", simulation.state);
    }
}
