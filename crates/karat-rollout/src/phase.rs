//! What a Rollout is doing, in Argo Rollouts' words.

use crate::rollout::Rollout;
use crate::state::{RolloutPhase, State};

/// The phase and its message; the first that applies.
pub(crate) fn phase(rollout: &Rollout, state: &State, timed_out: bool) -> (RolloutPhase, String) {
    let counted = state.counted;
    let say = |phase: RolloutPhase, message: &str| (phase, message.to_owned());
    if let Some(abort) = &state.abort {
        let message = format!("RolloutAborted: Rollout aborted update to {}: {}", state.current, abort.message);
        return (RolloutPhase::Degraded, message);
    }
    if timed_out {
        let set = format!("{}-{}", rollout.name, state.current);
        let message = format!("ProgressDeadlineExceeded: ReplicaSet \"{set}\" has timed out progressing.");
        return (RolloutPhase::Degraded, message);
    }
    if rollout.paused {
        return say(RolloutPhase::Paused, "manually paused");
    }
    if let Some(pause) = state.pauses.first() {
        return (RolloutPhase::Paused, format!("{:?}", pause.reason));
    }
    if counted.updated < rollout.replicas {
        return say(RolloutPhase::Progressing, "more replicas need to be updated");
    }
    if counted.available < counted.updated {
        return say(RolloutPhase::Progressing, "updated replicas are still becoming available");
    }
    if !state.is_promoted() {
        return say(RolloutPhase::Progressing, "waiting for all steps to complete");
    }
    say(RolloutPhase::Healthy, "")
}
