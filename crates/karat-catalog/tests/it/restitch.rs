//! Stitching only what a change concerns gives what stitching everything anew gives, whatever changes.

use std::collections::{BTreeMap, BTreeSet};

use karat_catalog::{
    Entity, EntityRef, Failure, Final, Graph, Located, LocationRef, Processed, Reader, Stitching, Uid, process, stitch,
};
use serde_json::json;

/// A small generator: the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn some(&mut self, names: &[&str]) -> Vec<String> {
        (0..self.below(4)).map(|_| names[self.below(names.len() as u64) as usize].to_owned()).collect()
    }
}

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "G", "h"];

struct Nothing;

impl Reader for Nothing {
    fn read(&self, _: &LocationRef) -> Result<Vec<u8>, String> {
        Err("there is nothing".into())
    }
}

/// What a store keeps of an entity.
#[derive(Clone)]
struct Kept {
    processed: Processed,
    failures: Vec<Failure>,
}

fn component(dice: &mut Dice, name: &str) -> Kept {
    let refs = |list: Vec<String>| list.iter().map(|name| format!("component:{name}")).collect::<Vec<_>>();
    let entity = Entity::new(json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": name},
        "spec": {
            "type": "service",
            "lifecycle": "production",
            "owner": NAMES[dice.below(8) as usize],
            "dependsOn": refs(dice.some(&NAMES)),
            "dependencyOf": refs(dice.some(&NAMES)),
        },
    }))
    .unwrap();
    let located = Located::registered(LocationRef::new("file", "catalog-info.yaml"));
    let processed = process(&entity, &located, &Nothing).unwrap();
    let failures = if dice.below(5) == 0 { vec![Failure::new("Error", "it is broken now")] } else { Vec::new() };
    Kept { processed, failures }
}

fn made(kept: &BTreeMap<EntityRef, Kept>, graph: &Graph, reference: &EntityRef) -> Option<Final> {
    let kept = kept.get(reference)?;
    let relations = graph.relations(reference);
    Some(stitch(
        &kept.processed.entity,
        &Stitching { uid: Uid::of(reference), relations: &relations, orphan: false, failures: &kept.failures },
    ))
}

/// Adds an entity, or changes it; gives whom that concerns.
fn put(kept: &mut BTreeMap<EntityRef, Kept>, graph: &mut Graph, dice: &mut Dice, name: &str) -> BTreeSet<EntityRef> {
    let reference = EntityRef::new("component", "default", name);
    let new = component(dice, name);
    let mut changed = graph.set_relations(&reference, &new.processed.relations);
    changed.insert(reference.clone());
    kept.insert(reference, new);
    changed
}

#[test]
fn a_change_stitches_only_what_it_concerns() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut kept: BTreeMap<EntityRef, Kept> = BTreeMap::new();
    let mut graph = Graph::new();
    let mut finals: BTreeMap<EntityRef, Final> = BTreeMap::new();
    let mut stitched = 0;
    for step in 0..3000 {
        let name = NAMES[dice.below(8) as usize];
        let reference = EntityRef::new("component", "default", name);
        let mut changed = BTreeSet::from([reference.clone()]);
        // Added, or changed.
        if dice.below(3) < 2 {
            changed.append(&mut put(&mut kept, &mut graph, &mut dice, name));
        } else {
            kept.remove(&reference);
            changed.append(&mut graph.set_relations(&reference, &[]));
            // Renamed, sometimes.
            if dice.below(2) == 0 {
                let other = NAMES[dice.below(8) as usize];
                changed.append(&mut put(&mut kept, &mut graph, &mut dice, other));
            }
        }
        stitched += changed.len();
        for reference in changed {
            match made(&kept, &graph, &reference) {
                Some(new) => finals.insert(reference, new),
                None => finals.remove(&reference),
            };
        }
        let mut scratch = Graph::new();
        for (reference, kept) in &kept {
            scratch.set_relations(reference, &kept.processed.relations);
        }
        let anew: BTreeMap<EntityRef, Final> =
            kept.keys().map(|reference| (reference.clone(), made(&kept, &scratch, reference).unwrap())).collect();
        assert_eq!(finals, anew, "after step {step}");
    }
    assert!(stitched < 3000 * 8, "{stitched} stitches: everything was stitched every time");
}
