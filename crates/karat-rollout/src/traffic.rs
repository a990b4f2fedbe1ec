//! Weights and pods: who gets the traffic, and what it takes to serve it.

use std::collections::BTreeMap;

use crate::look::{Look, seconds};
use crate::rollout::Scale;
use crate::scalar::later;
use crate::state::{PauseReason, Share, Weights};

impl Look<'_> {
    /// The weight of the version that is wanted, as it was last handed out.
    fn held(&self) -> u32 {
        self.before.weights.as_ref().map_or(0, |weights| weights.of(&self.state.current))
    }

    /// How many pods the canary needs at this step.
    pub(crate) fn canary_pods(&self) -> u32 {
        if self.state.promote_full || self.state.is_promoted() {
            return self.rollout.replicas;
        }
        if self.aborted() {
            return 0;
        }
        let of_step = self.rollout.pods_at(self.state.step);
        if matches!(self.rollout.scale_at(self.state.step), Some(Scale::Replicas(_))) {
            return of_step;
        }
        // Pods go after the traffic: what was last handed out is served until it is taken back.
        of_step.max(self.rollout.pods(self.held()))
    }

    /// Whether both versions have the pods that this step wants.
    pub(crate) fn at_desired(&self) -> bool {
        let wanted = self.canary_pods();
        let canary = self.world.set(&self.state.current).map_or((0, 0), |set| (set.wanted, set.available));
        let stable = self.world.set(&self.state.stable).map_or((0, 0), |set| (set.wanted, set.pods));
        canary == (wanted, wanted) && stable == (self.rollout.replicas, self.rollout.replicas)
    }

    pub(crate) fn weights(&mut self) -> Weights {
        let canary = self.canary_weight();
        let hash = |hash: &String, weight: u32| Share { hash: hash.clone(), weight };
        let weights =
            Weights { canary: hash(&self.state.current, canary), stable: hash(&self.state.stable, 100 - canary) };
        if self.state.weights.as_ref() != Some(&weights) {
            let current = &self.state.current;
            let (before, now) = (self.held(), weights.of(current));
            if before != now {
                self.tell(
                    "TrafficWeightUpdated",
                    format!("Traffic weight of {current} updated from {before} to {now}"),
                );
            }
            self.again = true;
        }
        self.state.weights = Some(weights.clone());
        weights
    }

    /// The canary's weight: never more than its available pods carry, nor raised before the stable version stands.
    fn canary_weight(&self) -> u32 {
        let available = self.world.available(&self.state.current);
        if self.state.is_promoted() || self.aborted() || available == 0 {
            return 0;
        }
        let index = self.state.step;
        let wanted = if self.state.promote_full || self.state.pause(PauseReason::InconclusiveAnalysisRun).is_some() {
            self.held()
        } else if self.at_desired() {
            self.rollout.weight_at(index)
        } else {
            self.rollout.weight_before(index).min(self.rollout.weight_at(index))
        };
        let scaled_apart = matches!(self.rollout.scale_at(index), Some(Scale::Replicas(_) | Scale::Weight(_)));
        if scaled_apart {
            // How many pods carry which weight is what the author of the steps has decided.
            return wanted;
        }
        let carried = u64::from(available) * 100 / u64::from(self.rollout.replicas.max(1));
        wanted.min(u32::try_from(carried).unwrap_or(100))
    }

    pub(crate) fn replicas(&mut self) -> BTreeMap<String, u32> {
        let mut replicas: BTreeMap<String, u32> =
            self.world.sets.iter().map(|set| (set.hash.clone(), set.wanted)).collect();
        replicas.entry(self.state.current.clone()).or_default();
        let halted = self.rollout.paused || self.state.pause(PauseReason::InconclusiveAnalysisRun).is_some();
        if halted {
            return replicas;
        }
        let (current, stable) = (self.state.current.clone(), self.state.stable.clone());
        for (hash, count) in &mut replicas {
            if *hash == stable {
                // Needed whole until another is promoted: an abort puts all traffic on it at once.
                self.state.scale_down.remove(hash);
                *count = self.rollout.replicas;
            } else if *hash == current {
                *count = self.canary_replicas(*count);
            } else {
                *count = self.old_replicas(hash, *count);
            }
        }
        self.state.scale_down.retain(|hash, _| replicas.get(hash).is_some_and(|count| *count > 0));
        replicas
    }

    fn canary_replicas(&mut self, now_wanted: u32) -> u32 {
        let current = self.state.current.clone();
        if !self.aborted() {
            self.state.scale_down.remove(&current);
            return self.canary_pods();
        }
        let Some(delay) = self.rollout.abort_scale_down_delay_seconds else { return now_wanted };
        let stands = self.world.available(&self.state.stable) >= self.rollout.replicas;
        match self.state.scale_down.get(&current) {
            Some(deadline) if *deadline <= self.now() => 0,
            None if stands => {
                self.state.scale_down.insert(current, later(self.now(), seconds(delay)));
                now_wanted
            }
            _ => now_wanted,
        }
    }

    /// A version that is neither wanted nor stable: the last stable one, or one that was overtaken.
    fn old_replicas(&mut self, hash: &str, now_wanted: u32) -> u32 {
        if now_wanted == 0 {
            return 0;
        }
        if self.before.weights.as_ref().is_some_and(|weights| weights.of(hash) > 0) {
            self.again = true;
            return self.keep(hash, now_wanted);
        }
        match self.state.scale_down.get(hash) {
            Some(deadline) if *deadline <= self.now() => 0,
            Some(_) => now_wanted,
            None if self.state.is_promoted() => self.keep(hash, now_wanted),
            // Overtaken in the middle of its update: no traffic, no use.
            None => 0,
        }
    }

    /// Keeps the pods of the last stable version for a while: connections to it are still open.
    fn keep(&mut self, hash: &str, now_wanted: u32) -> u32 {
        if self.state.is_promoted() {
            let deadline = later(self.now(), seconds(self.rollout.scale_down_delay_seconds));
            self.state.scale_down.entry(hash.to_owned()).or_insert(deadline);
        }
        now_wanted
    }
}
