//! A small world that does what a Rollout decides: pods come and go, weights are in force at once, measurements answer.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use karat_rollout::expr::Value;
use karat_rollout::{Decision, Measured, Outcome, ReplicaSet, Rollout, Secrets, State, Templates, World};
use karat_yaml::{Dialect, Numbers};

pub(crate) const ROLLOUT: &str = "
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, labels: {team: care}}
spec:
  replicas: 10
  progressDeadlineSeconds: 600
  rollbackWindow: {revisions: 3}
  strategy:
    canary:
      stableService: web-stable
      canaryService: web-canary
      trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {httpRoute: web}}}
      scaleDownDelaySeconds: 60
      abortScaleDownDelaySeconds: 60
      analysis:
        templates: [{templateName: web-canary}]
        startingStep: 1
        args: [{name: hash, valueFrom: {podTemplateHashValue: Latest}}]
      steps:
        - setWeight: 10
        - pause: {duration: 5m}
        - setWeight: 50
        - pause: {duration: 5m}
  template: {}
";

pub(crate) const TEMPLATE: &str = "
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: web-canary}
spec:
  args: [{name: hash}]
  metrics:
    - name: errors
      interval: 1m
      successCondition: len(result) > 0 && !isNaN(result[0]) && result[0] < 0.01
      failureCondition: len(result) > 0 && !isNaN(result[0]) && result[0] >= 0.01
      failureLimit: 1
      inconclusiveLimit: 2
      provider: {prometheus: {query: 'errors{hash=\"{{args.hash}}\"}'}}
";

pub(crate) fn object(text: &str) -> karat_yaml::Value {
    karat_yaml::from_yaml(text.as_bytes(), Dialect::GoYaml, Numbers::Kept).unwrap()
}

pub(crate) fn rollout(text: &str) -> Rollout {
    Rollout::read(&object(text)).unwrap()
}

pub(crate) fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

pub(crate) struct Simulation {
    pub(crate) rollout: Rollout,
    pub(crate) templates: Templates,
    pub(crate) state: State,
    pub(crate) now: Timestamp,
    pub(crate) current: String,
    pub(crate) sets: BTreeMap<String, ReplicaSet>,
    /// What every measurement gives.
    pub(crate) value: Value,
    pub(crate) measured: Vec<Measured>,
    pub(crate) measurements: usize,
    /// Whether pods that were asked for are there at once.
    pub(crate) quick: bool,
    pub(crate) events: Vec<String>,
}

impl Simulation {
    /// `v1` runs, all of it.
    pub(crate) fn new(text: &str) -> Self {
        let mut templates = Templates::default();
        templates.add(&object(TEMPLATE)).unwrap();
        let mut simulation = Self {
            rollout: rollout(text),
            templates,
            state: State::default(),
            now: start(),
            current: String::new(),
            sets: BTreeMap::new(),
            value: Value::floats([0.001]),
            measured: Vec::new(),
            measurements: 0,
            quick: true,
            events: Vec::new(),
        };
        simulation.want("v1");
        simulation.settle();
        simulation
    }

    pub(crate) fn want(&mut self, hash: &str) {
        self.current = hash.to_owned();
        let created = self.now;
        let set = ReplicaSet { hash: hash.to_owned(), created, wanted: 0, pods: 0, available: 0 };
        self.sets.entry(hash.to_owned()).or_insert(set);
    }

    pub(crate) fn world(&self) -> World {
        World {
            now: self.now,
            current: self.current.clone(),
            sets: self.sets.values().cloned().collect(),
            verified: None,
        }
    }

    /// One look, and what it decides done.
    pub(crate) fn look(&mut self) -> Decision {
        let world = self.world();
        let measured = std::mem::take(&mut self.measured);
        let decision = self.rollout.look(&self.templates, &self.state, &world, &measured, &Secrets::new()).unwrap();
        // What is remembered outlives a restart.
        let stored = serde_json::to_string(&decision.state).unwrap();
        self.state = serde_json::from_str(&stored).unwrap();
        assert_eq!(self.state, decision.state);
        for (hash, count) in &decision.replicas {
            let set = self.sets.get_mut(hash).unwrap();
            set.wanted = *count;
            // Who goes, goes at once; who comes, comes in a while.
            set.pods = set.pods.min(*count);
            set.available = set.available.min(*count);
            if self.quick {
                (set.pods, set.available) = (*count, *count);
            }
        }
        self.measurements += decision.measure.len();
        self.measured = decision
            .measure
            .iter()
            .map(|measure| Measured {
                run: measure.run,
                metric: measure.metric.name.clone(),
                outcome: Outcome::Value(self.value.clone()),
            })
            .collect();
        self.events.extend(decision.events.iter().map(|event| format!("{}: {}", event.reason, event.message)));
        decision
    }

    /// Looks until nothing is left to do at this moment.
    pub(crate) fn settle(&mut self) -> Decision {
        for _ in 0..30 {
            let before = (self.state.clone(), self.sets.clone());
            let decision = self.look();
            let more = decision.next.is_some_and(|next| next <= self.now) || !self.measured.is_empty();
            if !more && before == (self.state.clone(), self.sets.clone()) {
                return decision;
            }
        }
        panic!("never settles: {:#?}", self.state);
    }

    pub(crate) fn pass(&mut self, seconds: i64) -> Decision {
        self.now += SignedDuration::from_secs(seconds);
        self.settle()
    }

    pub(crate) fn pods(&self, hash: &str) -> u32 {
        self.sets[hash].wanted
    }
}
