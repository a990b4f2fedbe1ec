//! Whether a cluster asks where an image comes from before it starts it.

use karat_kube::Path;
use karat_yaml::Value;

use super::{Analysis, Found, list, text};
use crate::Scope;
use crate::judge::{Anchor, View};

/// An image without a signature by one of ours does not start.
pub(super) static ADMISSION_VERIFIES_SIGNATURES: Analysis = Analysis {
    name: "admission-verifies-signatures",
    scope: Scope::Cluster,
    kinds: &[],
    about: "a policy of Kyverno on every cluster denies images without a signature, and names who may sign: workflows in \
            settings.supplyChain.signerWorkflows",
    run: signatures,
};

/// An image without provenance and SBOM does not start.
pub(super) static ADMISSION_VERIFIES_PROVENANCE: Analysis = Analysis {
    name: "admission-verifies-provenance",
    scope: Scope::Cluster,
    kinds: &[],
    about: "a policy of Kyverno on every cluster denies images without SLSA provenance and an SBOM",
    run: provenance,
};

/// A policy about images that denies.
struct Policy {
    at: usize,
    value: Value,
}

fn policies(view: &View<'_>) -> Vec<Policy> {
    let Some(cluster) = view.cluster() else { return Vec::new() };
    let denies = |value: &Value| {
        list(value, "spec.validationActions").iter().any(|action| action.as_str() == Some("Deny"))
            && text(value, "spec.failurePolicy") != Some("Ignore")
    };
    let found = view.index.on_cluster(cluster, "ImageValidatingPolicy");
    found.filter(|(.., value)| denies(value)).map(|(at, _, value)| Policy { at, value }).collect()
}

impl Policy {
    fn says(&self, function: &str) -> bool {
        let validations = list(&self.value, "spec.validations").iter();
        validations
            .filter_map(|validation| text(validation, "expression"))
            .any(|expression| expression.contains(function))
    }
}

fn signatures(view: &View<'_>) -> Vec<Found> {
    let Some(cluster) = view.cluster() else { return Vec::new() };
    let policies: Vec<Policy> =
        policies(view).into_iter().filter(|policy| policy.says("verifyImageSignatures(")).collect();
    if policies.is_empty() {
        let message = format!("cluster `{}` starts images that nobody signed: no policy denies them", cluster.name);
        return vec![Found::here(message)];
    }
    let signers = view.organisation().texts("supplyChain.signerWorkflows");
    let ours = |subject: &str| {
        signers.is_empty() || signers.iter().any(|signer| subject.split('@').next() == signer.split('@').next())
    };
    let mut found = Vec::new();
    for policy in &policies {
        for (attestor_at, attestor) in list(&policy.value, "spec.attestors").iter().enumerate() {
            let path =
                Path::keys(["spec", "attestors"]).index(attestor_at).key("cosign").key("keyless").key("identities");
            for (at, identity) in list(attestor, "cosign.keyless.identities").iter().enumerate() {
                let subject = text(identity, "subject").or_else(|| text(identity, "subjectRegExp")).unwrap_or_default();
                if !ours(subject) || subject.is_empty() {
                    let message = format!("`{subject}` may sign what runs here, and is no workflow of ours");
                    let (on, path) = (Some(Anchor::Object(policy.at)), path.index(at).key("subject"));
                    found.push(Found { on, path, message, place: None });
                }
            }
        }
    }
    found
}

fn provenance(view: &View<'_>) -> Vec<Found> {
    let Some(cluster) = view.cluster() else { return Vec::new() };
    let policies: Vec<Policy> =
        policies(view).into_iter().filter(|policy| policy.says("verifyAttestationSignatures(")).collect();
    let asks = |words: &[&str]| {
        let attestations = policies.iter().flat_map(|policy| list(&policy.value, "spec.attestations"));
        let mut kinds = attestations.filter_map(|one| text(one, "intoto.type").or_else(|| text(one, "referrer.type")));
        kinds.any(|kind| words.iter().any(|word| kind.contains(word)))
    };
    let wanted = [(&["slsa.dev/provenance"][..], "provenance"), (&["cyclonedx", "spdx"][..], "an SBOM")];
    let missing = wanted.into_iter().filter(|(words, _)| !asks(words));
    missing.map(|(_, what)| Found::here(format!("cluster `{}` starts images without {what}", cluster.name))).collect()
}
