//! What is known of kinds: version, plural, scope.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Whether objects of a kind live in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One per cluster and name.
    Cluster,
    /// One per namespace and name.
    Namespaced,
}

/// What a cluster would say about a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindFacts {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// The version that the project recommends today.
    pub version: &'static str,
    /// The resource: the plural in URLs and in admission rules.
    pub plural: &'static str,
    /// Namespaced or not.
    pub scope: Scope,
}

/// The facts of a kind; nothing if it is not known here.
pub fn kind_facts(group: &str, kind: &str) -> Option<&'static KindFacts> {
    // `extensions` is gone from clusters, not from charts; its kinds moved without changing scope or plural.
    let group = match (group, kind) {
        ("extensions", "Ingress" | "NetworkPolicy") => "networking.k8s.io",
        ("extensions", _) => "apps",
        _ => group,
    };
    INDEX.get(&(group, kind)).copied()
}

/// All kinds that are known here, by group and kind.
pub fn known_kinds() -> impl Iterator<Item = &'static KindFacts> {
    INDEX.values().copied()
}

static INDEX: LazyLock<BTreeMap<(&str, &str), &KindFacts>> =
    LazyLock::new(|| KINDS.iter().map(|facts| ((facts.group, facts.kind), facts)).collect());

const fn cluster(group: &'static str, version: &'static str, kind: &'static str, plural: &'static str) -> KindFacts {
    KindFacts { group, kind, version, plural, scope: Scope::Cluster }
}

const fn within(group: &'static str, version: &'static str, kind: &'static str, plural: &'static str) -> KindFacts {
    KindFacts { group, kind, version, plural, scope: Scope::Namespaced }
}

/// Kubernetes 1.36 (`k8s.io/api` v0.36.1), then the custom resources of the addons that the platform runs.
#[rustfmt::skip]
const KINDS: &[KindFacts] = &[
    within("", "v1", "ConfigMap", "configmaps"),
    within("", "v1", "Endpoints", "endpoints"),
    within("", "v1", "Event", "events"),
    within("", "v1", "LimitRange", "limitranges"),
    cluster("", "v1", "Namespace", "namespaces"),
    cluster("", "v1", "Node", "nodes"),
    cluster("", "v1", "PersistentVolume", "persistentvolumes"),
    within("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    within("", "v1", "Pod", "pods"),
    within("", "v1", "PodTemplate", "podtemplates"),
    within("", "v1", "ReplicationController", "replicationcontrollers"),
    within("", "v1", "ResourceQuota", "resourcequotas"),
    within("", "v1", "Secret", "secrets"),
    within("", "v1", "Service", "services"),
    within("", "v1", "ServiceAccount", "serviceaccounts"),
    cluster("admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicy", "mutatingadmissionpolicies"),
    cluster("admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings"),
    cluster("admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations"),
    cluster("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies"),
    cluster("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings"),
    cluster("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations"),
    cluster("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions"),
    cluster("apiregistration.k8s.io", "v1", "APIService", "apiservices"),
    within("apps", "v1", "ControllerRevision", "controllerrevisions"),
    within("apps", "v1", "DaemonSet", "daemonsets"),
    within("apps", "v1", "Deployment", "deployments"),
    within("apps", "v1", "ReplicaSet", "replicasets"),
    within("apps", "v1", "StatefulSet", "statefulsets"),
    within("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    within("batch", "v1", "CronJob", "cronjobs"),
    within("batch", "v1", "Job", "jobs"),
    cluster("certificates.k8s.io", "v1", "CertificateSigningRequest", "certificatesigningrequests"),
    cluster("certificates.k8s.io", "v1beta1", "ClusterTrustBundle", "clustertrustbundles"),
    within("coordination.k8s.io", "v1", "Lease", "leases"),
    within("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"),
    within("events.k8s.io", "v1", "Event", "events"),
    cluster("flowcontrol.apiserver.k8s.io", "v1", "FlowSchema", "flowschemas"),
    cluster("flowcontrol.apiserver.k8s.io", "v1", "PriorityLevelConfiguration", "prioritylevelconfigurations"),
    cluster("networking.k8s.io", "v1", "IPAddress", "ipaddresses"),
    within("networking.k8s.io", "v1", "Ingress", "ingresses"),
    cluster("networking.k8s.io", "v1", "IngressClass", "ingressclasses"),
    within("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
    cluster("networking.k8s.io", "v1", "ServiceCIDR", "servicecidrs"),
    cluster("node.k8s.io", "v1", "RuntimeClass", "runtimeclasses"),
    within("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    cluster("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles"),
    cluster("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings"),
    within("rbac.authorization.k8s.io", "v1", "Role", "roles"),
    within("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"),
    cluster("resource.k8s.io", "v1", "DeviceClass", "deviceclasses"),
    within("resource.k8s.io", "v1", "ResourceClaim", "resourceclaims"),
    within("resource.k8s.io", "v1", "ResourceClaimTemplate", "resourceclaimtemplates"),
    cluster("resource.k8s.io", "v1", "ResourceSlice", "resourceslices"),
    cluster("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses"),
    cluster("storage.k8s.io", "v1", "CSIDriver", "csidrivers"),
    cluster("storage.k8s.io", "v1", "CSINode", "csinodes"),
    within("storage.k8s.io", "v1", "CSIStorageCapacity", "csistoragecapacities"),
    cluster("storage.k8s.io", "v1", "StorageClass", "storageclasses"),
    cluster("storage.k8s.io", "v1", "VolumeAttachment", "volumeattachments"),
    cluster("storage.k8s.io", "v1", "VolumeAttributesClass", "volumeattributesclasses"),
    // Argo CD, Argo Rollouts.
    within("argoproj.io", "v1alpha1", "AppProject", "appprojects"),
    within("argoproj.io", "v1alpha1", "Application", "applications"),
    within("argoproj.io", "v1alpha1", "ApplicationSet", "applicationsets"),
    within("argoproj.io", "v1alpha1", "AnalysisRun", "analysisruns"),
    within("argoproj.io", "v1alpha1", "AnalysisTemplate", "analysistemplates"),
    cluster("argoproj.io", "v1alpha1", "ClusterAnalysisTemplate", "clusteranalysistemplates"),
    within("argoproj.io", "v1alpha1", "Experiment", "experiments"),
    within("argoproj.io", "v1alpha1", "Rollout", "rollouts"),
    // Gateway API, Istio.
    within("gateway.networking.k8s.io", "v1", "Gateway", "gateways"),
    cluster("gateway.networking.k8s.io", "v1", "GatewayClass", "gatewayclasses"),
    within("gateway.networking.k8s.io", "v1", "GRPCRoute", "grpcroutes"),
    within("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"),
    within("gateway.networking.k8s.io", "v1beta1", "ReferenceGrant", "referencegrants"),
    within("extensions.istio.io", "v1alpha1", "WasmPlugin", "wasmplugins"),
    within("networking.istio.io", "v1", "DestinationRule", "destinationrules"),
    within("networking.istio.io", "v1alpha3", "EnvoyFilter", "envoyfilters"),
    within("networking.istio.io", "v1", "Gateway", "gateways"),
    within("networking.istio.io", "v1", "ServiceEntry", "serviceentries"),
    within("networking.istio.io", "v1", "Sidecar", "sidecars"),
    within("networking.istio.io", "v1", "VirtualService", "virtualservices"),
    within("networking.istio.io", "v1", "WorkloadEntry", "workloadentries"),
    within("networking.istio.io", "v1", "WorkloadGroup", "workloadgroups"),
    within("security.istio.io", "v1", "AuthorizationPolicy", "authorizationpolicies"),
    within("security.istio.io", "v1", "PeerAuthentication", "peerauthentications"),
    within("security.istio.io", "v1", "RequestAuthentication", "requestauthentications"),
    within("telemetry.istio.io", "v1", "Telemetry", "telemetries"),
    // Cilium, Tetragon.
    cluster("cilium.io", "v2", "CiliumClusterwideNetworkPolicy", "ciliumclusterwidenetworkpolicies"),
    within("cilium.io", "v2", "CiliumNetworkPolicy", "ciliumnetworkpolicies"),
    cluster("cilium.io", "v1alpha1", "TracingPolicy", "tracingpolicies"),
    within("cilium.io", "v1alpha1", "TracingPolicyNamespaced", "tracingpoliciesnamespaced"),
    // Karpenter, EKS Auto Mode.
    cluster("karpenter.sh", "v1", "NodeClaim", "nodeclaims"),
    cluster("karpenter.sh", "v1", "NodePool", "nodepools"),
    cluster("karpenter.k8s.aws", "v1", "EC2NodeClass", "ec2nodeclasses"),
    cluster("eks.amazonaws.com", "v1", "NodeClass", "nodeclasses"),
    // Secrets.
    cluster("external-secrets.io", "v1", "ClusterExternalSecret", "clusterexternalsecrets"),
    cluster("external-secrets.io", "v1", "ClusterSecretStore", "clustersecretstores"),
    within("external-secrets.io", "v1", "ExternalSecret", "externalsecrets"),
    within("external-secrets.io", "v1alpha1", "PushSecret", "pushsecrets"),
    within("external-secrets.io", "v1", "SecretStore", "secretstores"),
    within("secrets-store.csi.x-k8s.io", "v1", "SecretProviderClass", "secretproviderclasses"),
    // Kyverno, Trivy.
    cluster("kyverno.io", "v1", "ClusterPolicy", "clusterpolicies"),
    within("kyverno.io", "v1", "Policy", "policies"),
    cluster("policies.kyverno.io", "v1", "ImageValidatingPolicy", "imagevalidatingpolicies"),
    cluster("policies.kyverno.io", "v1", "ValidatingPolicy", "validatingpolicies"),
    within("aquasecurity.github.io", "v1alpha1", "VulnerabilityReport", "vulnerabilityreports"),
    // Prometheus, runners, autoscaling.
    within("monitoring.coreos.com", "v1", "PodMonitor", "podmonitors"),
    within("monitoring.coreos.com", "v1", "Prometheus", "prometheuses"),
    within("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules"),
    within("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"),
    within("opentelemetry.io", "v1beta1", "OpenTelemetryCollector", "opentelemetrycollectors"),
    within("actions.github.com", "v1alpha1", "AutoscalingRunnerSet", "autoscalingrunnersets"),
    within("actions.github.com", "v1alpha1", "EphemeralRunner", "ephemeralrunners"),
    within("autoscaling.k8s.io", "v1", "VerticalPodAutoscaler", "verticalpodautoscalers"),
    within("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects"),
    // Certificates.
    within("cert-manager.io", "v1", "Certificate", "certificates"),
    cluster("cert-manager.io", "v1", "ClusterIssuer", "clusterissuers"),
    within("cert-manager.io", "v1", "Issuer", "issuers"),
];
