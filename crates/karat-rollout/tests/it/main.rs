//! karat-rollout against Argo Rollouts, and its canary machine against what must hold at all times.

mod argo;
mod arguments;
mod canary;
mod hostile;
mod myhealth;
mod people;
mod properties;
mod random;
mod reading;
mod world;
