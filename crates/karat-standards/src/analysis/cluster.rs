//! What must hold on a whole cluster.

use karat_yaml::Value;

use super::{Analysis, Found, is_empty, label, list, text};
use crate::judge::{Index, View};
use crate::{Cluster, Scope};

/// Where Cilium and ambient meet, the kubelet's probes are let through everywhere.
pub(super) static AMBIENT_PROBES_ALLOWED: Analysis = Analysis {
    name: "ambient-probes-allowed",
    scope: Scope::Addon,
    kinds: &[],
    about: "a cluster with Cilium lets the address in by which ambient shows the kubelet's probes to pods",
    run: probes,
};

/// On EKS Auto Mode the mesh encrypts, so it must cover everything.
pub(super) static MESH_ENCRYPTS_AUTO_MODE: Analysis = Analysis {
    name: "mesh-encrypts-auto-mode",
    scope: Scope::Cluster,
    kinds: &[],
    about: "a cluster of EKS Auto Mode has strict mTLS for the whole mesh, and every namespace in it",
    run: auto_mode,
};

fn probes(view: &View<'_>) -> Vec<Found> {
    let address = view.organisation().setting("network.probeAddress").and_then(Value::as_str).unwrap_or_default();
    let is_cilium = view.addon.is_some_and(|addon| addon.name == "cilium");
    let Some(cluster) = view.cluster().filter(|_| is_cilium) else { return Vec::new() };
    if lets_probes_in(view.index, cluster, address) {
        return Vec::new();
    }
    vec![Found::here(format!("no CiliumClusterwideNetworkPolicy lets the kubelet's probes in ({address})"))]
}

/// Whether a cluster-wide policy lets `address` in.
pub(super) fn lets_probes_in(index: &Index<'_>, cluster: &Cluster, address: &str) -> bool {
    let lets_in = |rule: &Value| {
        let plain = list(rule, "fromCIDR").iter().filter_map(Value::as_str);
        let sets = list(rule, "fromCIDRSet").iter().filter_map(|set| text(set, "cidr"));
        plain.chain(sets).any(|cidr| cidr == address)
    };
    index.on_cluster(cluster, "CiliumClusterwideNetworkPolicy").any(|(_, _, policy)| {
        let several = list(&policy, "specs").iter().flat_map(|spec| list(spec, "ingress"));
        list(&policy, "spec.ingress").iter().chain(several).any(lets_in)
    })
}

fn auto_mode(view: &View<'_>) -> Vec<Found> {
    let Some(cluster) = view.cluster() else { return Vec::new() };
    let file = cluster.doc.value();
    if text(&file, "cluster.compute").or_else(|| text(&file, "compute")) != Some("auto") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut peers = view.index.on_cluster(cluster, "PeerAuthentication");
    let whole_mesh = peers.any(|(_, object, peers)| {
        object.identity.namespace == "istio-system"
            && is_empty(peers.at(["spec", "selector"]))
            && text(&peers, "spec.mtls.mode") == Some("STRICT")
    });
    if !whole_mesh {
        found.push(Found {
            on: None,
            place: None,
            path: karat_kube::Path::keys(["cluster", "compute"]),
            message: format!(
                "nothing encrypts between nodes of cluster `{}`: EKS Auto Mode has no Cilium, and the mesh is not strict",
                cluster.name
            ),
        });
    }
    let outside = view.organisation().texts("network.outsideMesh");
    for (at, object, namespace) in view.index.on_cluster(cluster, "Namespace") {
        let name = &object.identity.name;
        if !outside.contains(&name.as_str()) && label(&namespace, "istio.io/dataplane-mode") != Some("ambient") {
            let message = format!("traffic of namespace `{name}` on `{}` is encrypted by nothing", cluster.name);
            found.push(Found::at(at, "metadata.labels[\"istio.io/dataplane-mode\"]", message));
        }
    }
    found
}
