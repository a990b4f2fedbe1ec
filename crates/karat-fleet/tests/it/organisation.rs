//! The organisation that ships with Karat, as a fleet.

use std::collections::BTreeSet;

use karat_fleet::{Cache, Fleet, NotRendered};
use karat_source::Folder;

const MYHEALTH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../myhealth");

fn myhealth() -> Fleet {
    let world = Folder::open(MYHEALTH).unwrap();
    Fleet::build(&world, &Cache::default()).unwrap()
}

#[test]
fn myhealth_is_a_fleet_without_problems() {
    let fleet = myhealth();
    let problems: Vec<_> = fleet
        .problems
        .iter()
        .chain(fleet.sets.iter().flat_map(|set| &set.not_expanded))
        .chain(fleet.applications.iter().flat_map(|application| &application.problems))
        .map(|problem| format!("{:?}: {}", problem.places, problem.message))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let environments: BTreeSet<_> =
        fleet.applications.iter().map(|application| application.environment.as_str()).collect();
    assert_eq!(environments, BTreeSet::from(["platform", "production", "staging"]));
}

#[test]
fn objects_know_where_they_come_from() {
    let fleet = myhealth();
    let service = fleet.application("appointments-production-eu").unwrap();
    let rollout = service.documents.iter().find(|document| document.identity.kind == "Rollout").unwrap();
    assert_eq!(rollout.file, "apps/appointments/chart/templates/rollout.yaml");
    assert_eq!(rollout.identity.namespace, "scheduling");
    let inputs: Vec<_> = service.inputs.iter().map(|input| input.path.as_str()).collect();
    assert_eq!(inputs, ["config/envs/production/appointments/values.yaml", "apps/appointments/chart"]);
    assert_eq!(service.origin.place.file, "config/appsets/services.yaml");
    assert_eq!(
        service.origin.files,
        ["config/clusters/production-eu.yaml", "config/envs/production/appointments/values.yaml"]
    );
    let tenant = fleet.application("tenant-scheduling-production-eu").unwrap();
    let namespace = tenant.documents.iter().find(|document| document.identity.kind == "Namespace").unwrap();
    assert_eq!(namespace.file, "config/tenants/scheduling/namespace.yaml");
    assert!(namespace.first_line > 0);
}

#[test]
fn a_chart_that_is_not_here_is_known_by_its_values() {
    let fleet = myhealth();
    let cilium = fleet.application("cilium-production-eu").unwrap();
    let source = &cilium.not_rendered[0];
    assert!(matches!(&source.why, NotRendered::RemoteChart { chart, .. } if chart == "cilium"));
    let encryption = source.values.at(["encryption", "type"]).and_then(|value| value.as_str());
    assert_eq!(encryption, Some("wireguard"));
    assert_eq!(source.value_files[0], "config/addons/cilium/values.yaml");
}
