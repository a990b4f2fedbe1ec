//! A difference for programs: JSON, version 1; fields are added, never changed.

use karat_fleet::diff::{
    ApplicationFate, ApplicationKind, Change, Difference, Edit, Lost, ObjectFate, ObjectKind, Totals,
};
use karat_kube::Identity;
use karat_yaml::{Escape, Value};
use serde_json::{Value as Json, json};

pub(super) fn render(difference: &Difference) -> String {
    let document = json!({
        "version": 1,
        "losses": difference.losses.iter().map(|loss| {
            let (what, fate) = match &loss.what {
                Lost::Application { fate, objects } => (json!({"objects": objects}), application_fate(*fate)),
                Lost::Object { identity, fate } => (json!({"object": object(identity)}), object_fate(*fate)),
            };
            merged(what, json!({
                "environment": loss.environment.as_str(),
                "cluster": loss.cluster.as_str(),
                "application": loss.application.as_str(),
                "fate": fate,
            }))
        }).collect::<Vec<_>>(),
        "applications": difference.applications.iter().map(|application| {
            let kind = match &application.kind {
                ApplicationKind::Added => json!({"kind": "added"}),
                ApplicationKind::Removed(fate) => json!({"kind": "removed", "fate": application_fate(*fate)}),
                ApplicationKind::Renamed { from, fate } => {
                    json!({"kind": "renamed", "from": from.as_str(), "fate": application_fate(*fate)})
                }
                ApplicationKind::Changed => json!({"kind": "changed"}),
            };
            let objects: Vec<Json> = application.objects.iter().map(|difference| {
                merged(object_kind(&difference.kind), json!({
                    "object": object(&difference.identity),
                    "file": difference.file.as_str(),
                }))
            }).collect();
            merged(kind, json!({
                "name": application.name.as_str(),
                "cluster": application.cluster.as_str(),
                "environment": application.environment.as_str(),
                "spec": changes(&application.spec),
                "objects": objects,
                "causes": application.causes.iter().map(AsRef::<str>::as_ref).collect::<Vec<_>>(),
            }))
        }).collect::<Vec<_>>(),
        "totals": difference.totals.iter().map(|((environment, cluster), totals)| {
            let Totals { applications, added, removed, changed, renamed } = *totals;
            json!({
                "environment": environment.as_str(),
                "cluster": cluster.as_str(),
                "applications": applications,
                "added": added,
                "removed": removed,
                "changed": changed,
                "renamed": renamed,
            })
        }).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

fn object_kind(kind: &ObjectKind) -> Json {
    match kind {
        ObjectKind::Added => json!({"kind": "added"}),
        ObjectKind::Removed(fate) => json!({"kind": "removed", "fate": object_fate(*fate)}),
        ObjectKind::Changed(parts) => json!({"kind": "changed", "changes": changes(parts)}),
        ObjectKind::Renamed { from, fate, changes: parts } => {
            json!({"kind": "renamed", "from": object(from), "fate": object_fate(*fate), "changes": changes(parts)})
        }
        ObjectKind::Moved { from, changes: parts } => {
            json!({"kind": "moved", "from": from.as_str(), "changes": changes(parts)})
        }
    }
}

fn changes(changes: &[Change]) -> Vec<Json> {
    let one = |change: &Change| {
        let edit = match &change.edit {
            Edit::Added(new) => json!({"new": value(new)}),
            Edit::Removed(old) => json!({"old": value(old)}),
            Edit::Changed { old, new } => json!({"old": value(old), "new": value(new)}),
        };
        merged(edit, json!({"path": change.label.as_str()}))
    };
    changes.iter().map(one).collect()
}

fn object(identity: &Identity) -> Json {
    json!({
        "group": identity.group.as_str(),
        "version": identity.version.as_str(),
        "kind": identity.kind.as_str(),
        "namespace": identity.namespace.as_str(),
        "name": identity.name.as_str(),
    })
}

/// A value, by its own JSON text; what JSON cannot hold (infinity) becomes null.
fn value(value: &Value) -> Json {
    karat_yaml::to_json(value, Escape::Raw).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn application_fate(fate: ApplicationFate) -> &'static str {
    match fate {
        ApplicationFate::Deleted => "deleted",
        ApplicationFate::ObjectsStay => "objects-orphaned",
        ApplicationFate::Stays => "orphaned",
    }
}

fn object_fate(fate: ObjectFate) -> &'static str {
    match fate {
        ObjectFate::Deleted => "deleted",
        ObjectFate::Stays => "orphaned",
    }
}

/// Both objects' fields.
fn merged(mut one: Json, other: Json) -> Json {
    if let (Some(fields), Json::Object(more)) = (one.as_object_mut(), other) {
        fields.extend(more);
    }
    one
}
