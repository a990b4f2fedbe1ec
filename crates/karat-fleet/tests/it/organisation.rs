//! The organisation that ships with Karat, as a fleet.

use karat_fleet::{Cache, Fleet};
use karat_source::Folder;

const MYHEALTH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../myhealth");

#[test]
fn myhealth_is_a_fleet_without_problems() {
    let world = Folder::open(MYHEALTH).unwrap();
    let fleet = Fleet::build(&world, &Cache::default()).unwrap();
    let problems: Vec<_> = fleet
        .problems
        .iter()
        .chain(fleet.applications.iter().flat_map(|application| &application.problems))
        .map(|problem| format!("{:?}: {}", problem.places, problem.message))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    for a in &fleet.applications { println!("{} {:?} {} docs={} not={:?} notes={:?} inputs={:?}", a.name(), a.cluster, a.environment, a.documents.len(), a.not_rendered, a.notes, a.inputs.iter().map(|i| i.path.as_str()).collect::<Vec<_>>()); }
    println!("{}", fleet.documents().count());
}
