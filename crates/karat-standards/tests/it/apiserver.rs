//! A real API server, given the exported policies, judges every case of the object standards as Karat does.
//!
//! One policy is in force at a time, because a server tells of one refusal only.

use karat_standards::{Policy, Scope, Standards, export};
use karat_testkit::Cluster;
use karat_yaml::Value;

use crate::cases::case_files;
use crate::world::World;

fn json(value: &Value) -> serde_json::Value {
    serde_json::from_str(&karat_yaml::to_json(value, karat_yaml::Escape::Raw).unwrap()).unwrap()
}

/// The policy and its binding, which denies (a standard may only warn, which is harder to see) or only notes.
fn objects(policy: &Policy, denies: bool) -> [serde_json::Value; 2] {
    let mut binding = json(&policy.binding);
    binding["spec"]["validationActions"] = serde_json::json!([if denies { "Deny" } else { "Audit" }]);
    [json(&policy.policy), binding]
}

#[test]
fn a_real_api_server_judges_as_karat_does() {
    let Some(mut server) = Cluster::start() else { return };
    let standards = Standards::builtin().unwrap();
    let (mut judged, mut failures) = (0, Vec::new());
    for standard in standards.all().iter().filter(|standard| standard.applies.to == Scope::Object) {
        // A policy that reads facts of the cluster is made for each: the cases say which.
        let mut last: Option<Policy> = None;
        for (bad, name, text) in case_files(standard) {
            let world = World::read(&name, &text);
            let policy = export(standard, &world.organisation, world.subject.clusters.first()).unwrap();
            if !policy.left_out.is_empty() && world.subject.objects.len() > 1 {
                // What takes several objects is the analysis's.
                continue;
            }
            if last.as_ref() != Some(&policy) {
                server.policies(&objects(&policy, true)).unwrap_or_else(|error| panic!("{}: {error:#}", standard.id));
                last = Some(policy);
            }
            let mut refused = Vec::new();
            for object in &world.subject.objects {
                let verdict = server.judge(&json(&object.doc.value())).unwrap();
                if !verdict.allowed {
                    refused.push(verdict.message);
                }
            }
            judged += 1;
            let by_us = refused.iter().all(|message| message.contains(&format!("{}: ", standard.id)));
            let named = world.expected.iter().any(|(_, message)| refused.iter().any(|said| said.contains(message)));
            if bad == refused.is_empty() || !by_us || bad != named {
                failures.push(format!("{name}: {refused:#?}"));
            }
        }
        if let Some(policy) = last {
            server.policies(&objects(&policy, false)).unwrap();
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(judged > 80, "{judged}");
}
