//! The Rollouts and AnalysisTemplates of the organisation that ships with Karat, as their charts render.

use karat_fleet::{Cache, Fleet};
use karat_rollout::{Rollout, Secrets, State, Templates, World};
use karat_source::Folder;

#[test]
fn every_rollout_of_myhealth_is_walked() {
    let world = Folder::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../myhealth")).unwrap();
    let fleet = Fleet::build(&world, &Cache::default()).unwrap();
    let mut walked = 0;
    for application in &fleet.applications {
        let objects: Vec<_> = application.documents.iter().map(karat_fleet::Document::object).collect();
        let mut templates = Templates::default();
        objects.iter().for_each(|object| templates.add(object).unwrap());
        for object in
            objects.iter().filter(|object| object.get("kind").and_then(karat_yaml::Value::as_str) == Some("Rollout"))
        {
            let rollout = Rollout::read(object).unwrap();
            assert!(!rollout.steps.is_empty() && rollout.background.is_some(), "{}", rollout.name);
            // Its templates and their arguments fit: a canary at its second step measures.
            let mut state = State::default();
            let mut world =
                World { now: crate::world::start(), current: "v1".to_owned(), sets: Vec::new(), verified: None };
            state = rollout.look(&templates, &state, &world, &[], &Secrets::new()).unwrap().state;
            world.current = "v2".to_owned();
            state = rollout.look(&templates, &state, &world, &[], &Secrets::new()).unwrap().state;
            state.step = 1;
            state = rollout.look(&templates, &state, &world, &[], &Secrets::new()).unwrap().state;
            assert_eq!(state.background.unwrap().metrics.len(), 3, "{}", rollout.name);
            walked += 1;
        }
    }
    assert!(walked >= 3, "{walked} Rollouts");
}
