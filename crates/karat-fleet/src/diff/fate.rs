//! What becomes of what a change takes away: deleted, or left behind.
//!
//! Argo CD: an ApplicationSet deletes Applications only where its policy says so; an Application takes its objects along
//! only with its finalizer, and prunes only where its sync policy says so; an object can ask to be kept.

use karat_yaml::Value;

use crate::document::Document;
use crate::fleet::{Application, Fleet};

/// What becomes of an Application that the files no longer give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApplicationFate {
    /// It is deleted, and its objects with it.
    Deleted,
    /// It is deleted, but it has no finalizer: its objects stay, and nothing tends them.
    ObjectsStay,
    /// It stays as it was, with its objects: the policy does not let it be deleted, and nothing renews it.
    Stays,
}

/// What becomes of an object that an Application no longer gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectFate {
    /// It is deleted.
    Deleted,
    /// It stays in the cluster, and nothing tends it.
    Stays,
}

impl ApplicationFate {
    /// The fate of an Application of `base` that `head` does not have.
    pub(crate) fn of(base: &Fleet, head: &Fleet, application: &Application) -> Self {
        let deleted = match application.origin.set.and_then(|set| base.sets.get(set)) {
            // The set is still there: its policy, as it is now, decides. Without the set, as it was: Argo CD takes the set's
            // ownership of its Applications back before it goes, if it may not delete them.
            Some(set) => head.sets.iter().find(|now| now.name == set.name).unwrap_or(set).policy.deletes,
            // An object of another Application, which prunes it or does not.
            None => match application.origin.parent.as_ref().and_then(|name| base.application(name)) {
                Some(parent) => prunes(parent),
                None => false,
            },
        };
        if !deleted {
            Self::Stays
        } else if application.cascades() {
            Self::Deleted
        } else {
            Self::ObjectsStay
        }
    }
}

impl ObjectFate {
    /// The fate of an object that its Application no longer gives.
    pub(crate) fn pruned(application: &Application, document: &Document) -> Self {
        if prunes(application) && !asks(&document.object(), "Prune=false") { Self::Deleted } else { Self::Stays }
    }

    /// The fate of an object whose Application goes.
    pub(crate) fn with_application(_: &Application, fate: ApplicationFate, document: &Document) -> Self {
        if fate == ApplicationFate::Deleted && !asks(&document.object(), "Delete=false") {
            Self::Deleted
        } else {
            Self::Stays
        }
    }
}

/// Whether an Application deletes what its sources no longer give: automated, or else a person must say so.
fn prunes(application: &Application) -> bool {
    let policy = application.object.at(["spec", "syncPolicy"]).unwrap_or(&Value::Null);
    let automated = policy.get("automated").unwrap_or(&Value::Null);
    let enabled = automated.get("enabled").and_then(Value::as_bool).unwrap_or(true);
    let options = policy.get("syncOptions").and_then(Value::as_seq).unwrap_or_default();
    enabled
        && automated.get("prune").and_then(Value::as_bool).unwrap_or_default()
        && !options.iter().any(|option| option.as_str() == Some("Prune=false"))
}

/// Whether an object asks to be kept: by Argo CD's annotation, or by Helm's, which Argo CD heeds.
fn asks(object: &Value, option: &str) -> bool {
    let annotation =
        |name: &str| object.at(["metadata", "annotations", name]).and_then(Value::as_str).unwrap_or_default();
    annotation("argocd.argoproj.io/sync-options").split(',').any(|word| word.trim() == option)
        || annotation("helm.sh/resource-policy").trim() == "keep"
}
