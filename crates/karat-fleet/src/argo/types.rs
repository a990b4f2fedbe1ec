//! Argo CD's types, as data.
//!
//! Three things that Argo CD does to an Application depend on the Go types and not on the document: what the API server
//! keeps (fields it knows), what Go writes (`omitempty`), and what a template may touch (every string, every map key, no
//! field name). So the types are a table, in the order of Go's fields, because that is the order in which their strings
//! are rendered.
//!
//! Source: `pkg/apis/application/v1alpha1` of Argo CD v3.1.16, `metav1.ObjectMeta`, `metav1.LabelSelector`.

/// A Go type, as JSON sees it.
#[derive(Debug)]
pub(crate) enum Type {
    /// `string`.
    Text,
    /// `bool`.
    Bool,
    /// `int64`.
    Int,
    /// `intstr.IntOrString`.
    IntOrText,
    /// `map[string]string`.
    Texts,
    /// `map[string]bool`.
    Flags,
    /// A slice.
    List(&'static Self),
    /// A pointer: absent and zero are told apart.
    Optional(&'static Self),
    /// A struct.
    Struct(&'static Struct),
    /// Raw JSON: `runtime.RawExtension`, `apiextensions.JSON`.
    Raw,
    /// Something that no template of ours reaches: status, generators that are not run.
    Opaque,
}

/// A Go struct.
#[derive(Debug)]
pub(crate) struct Struct {
    /// Its name in Go, for messages.
    pub(crate) name: &'static str,
    /// Its fields, in Go's order.
    pub(crate) fields: &'static [Field],
}

/// A field of a struct.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its name in JSON.
    pub(crate) name: &'static str,
    /// Its type.
    pub(crate) ty: Type,
    /// `omitempty`: left out when zero. A struct is never zero to Go.
    pub(crate) omit: bool,
    /// `patchStrategy:"merge"` on a list of strings.
    pub(crate) merges: bool,
}

const fn omit(name: &'static str, ty: Type) -> Field {
    Field { name, ty, omit: true, merges: false }
}

const fn keep(name: &'static str, ty: Type) -> Field {
    Field { name, ty, omit: false, merges: false }
}

use Type::{Bool, Flags, Int, IntOrText, List, Opaque, Optional, Raw, Text, Texts};

/// `Application`.
pub(crate) static APPLICATION: Type = Type::Struct(&Struct {
    name: "Application",
    fields: &[
        omit("kind", Text),
        omit("apiVersion", Text),
        keep("metadata", OBJECT_META),
        keep("spec", APPLICATION_SPEC),
        omit("status", Opaque),
        omit("operation", Optional(&OPERATION)),
    ],
});

static OPERATION: Type = Type::Struct(&Struct {
    name: "Operation",
    fields: &[
        omit("sync", Opaque),
        omit("initiatedBy", INITIATOR),
        omit("info", List(&INFO)),
        omit("retry", RETRY_STRATEGY),
    ],
});

const INITIATOR: Type =
    Type::Struct(&Struct { name: "OperationInitiator", fields: &[omit("username", Text), omit("automated", Bool)] });

const OBJECT_META: Type = Type::Struct(&Struct {
    name: "ObjectMeta",
    fields: &[
        omit("name", Text),
        omit("generateName", Text),
        omit("namespace", Text),
        omit("selfLink", Text),
        omit("uid", Text),
        omit("resourceVersion", Text),
        omit("generation", Int),
        omit("deletionGracePeriodSeconds", Optional(&Int)),
        omit("labels", Texts),
        omit("annotations", Texts),
        omit("ownerReferences", Opaque),
        Field { name: "finalizers", ty: List(&Text), omit: true, merges: true },
    ],
});

const APPLICATION_SPEC: Type = Type::Struct(&Struct {
    name: "ApplicationSpec",
    fields: &[
        omit("source", Optional(&SOURCE)),
        keep("destination", DESTINATION),
        keep("project", Text),
        omit("syncPolicy", Optional(&SYNC_POLICY)),
        omit("ignoreDifferences", List(&IGNORE_DIFFERENCES)),
        omit("info", List(&INFO)),
        omit("revisionHistoryLimit", Optional(&Int)),
        omit("sources", List(&SOURCE)),
        omit("sourceHydrator", Optional(&HYDRATOR)),
    ],
});

/// `ApplicationSource`.
pub(crate) static SOURCE: Type = Type::Struct(&Struct {
    name: "ApplicationSource",
    fields: &[
        keep("repoURL", Text),
        omit("path", Text),
        omit("targetRevision", Text),
        omit("helm", Optional(&HELM)),
        omit("kustomize", Optional(&KUSTOMIZE)),
        omit("directory", Optional(&DIRECTORY)),
        omit("plugin", Optional(&PLUGIN)),
        omit("chart", Text),
        omit("ref", Text),
        omit("name", Text),
    ],
});

static HELM: Type = Type::Struct(&Struct {
    name: "ApplicationSourceHelm",
    fields: &[
        omit("valueFiles", List(&Text)),
        omit("parameters", List(&HELM_PARAMETER)),
        omit("releaseName", Text),
        omit("values", Text),
        omit("fileParameters", List(&HELM_FILE_PARAMETER)),
        omit("version", Text),
        omit("passCredentials", Bool),
        omit("ignoreMissingValueFiles", Bool),
        omit("skipCrds", Bool),
        omit("valuesObject", Optional(&Raw)),
        omit("namespace", Text),
        omit("kubeVersion", Text),
        omit("apiVersions", List(&Text)),
        omit("skipTests", Bool),
        omit("skipSchemaValidation", Bool),
    ],
});

static HELM_PARAMETER: Type = Type::Struct(&Struct {
    name: "HelmParameter",
    fields: &[omit("name", Text), omit("value", Text), omit("forceString", Bool)],
});

static HELM_FILE_PARAMETER: Type =
    Type::Struct(&Struct { name: "HelmFileParameter", fields: &[omit("name", Text), omit("path", Text)] });

static KUSTOMIZE: Type = Type::Struct(&Struct {
    name: "ApplicationSourceKustomize",
    fields: &[
        omit("namePrefix", Text),
        omit("nameSuffix", Text),
        omit("images", List(&Text)),
        omit("commonLabels", Texts),
        omit("version", Text),
        omit("commonAnnotations", Texts),
        omit("forceCommonLabels", Bool),
        omit("forceCommonAnnotations", Bool),
        omit("namespace", Text),
        omit("commonAnnotationsEnvsubst", Bool),
        omit("replicas", List(&KUSTOMIZE_REPLICA)),
        omit("patches", List(&KUSTOMIZE_PATCH)),
        omit("components", List(&Text)),
        omit("ignoreMissingComponents", Bool),
        omit("labelWithoutSelector", Bool),
        omit("kubeVersion", Text),
        omit("apiVersions", List(&Text)),
        omit("labelIncludeTemplates", Bool),
    ],
});

static KUSTOMIZE_REPLICA: Type =
    Type::Struct(&Struct { name: "KustomizeReplica", fields: &[keep("name", Text), keep("count", IntOrText)] });

static KUSTOMIZE_PATCH: Type = Type::Struct(&Struct {
    name: "KustomizePatch",
    fields: &[
        omit("path", Text),
        omit("patch", Text),
        omit("target", Optional(&KUSTOMIZE_SELECTOR)),
        omit("options", Flags),
    ],
});

static KUSTOMIZE_SELECTOR: Type = Type::Struct(&Struct {
    name: "KustomizeSelector",
    fields: &[
        omit("group", Text),
        omit("version", Text),
        omit("kind", Text),
        omit("name", Text),
        omit("namespace", Text),
        omit("annotationSelector", Text),
        omit("labelSelector", Text),
    ],
});

static DIRECTORY: Type = Type::Struct(&Struct {
    name: "ApplicationSourceDirectory",
    fields: &[omit("recurse", Bool), omit("jsonnet", JSONNET), omit("exclude", Text), omit("include", Text)],
});

const JSONNET: Type = Type::Struct(&Struct {
    name: "ApplicationSourceJsonnet",
    fields: &[omit("extVars", List(&JSONNET_VAR)), omit("tlas", List(&JSONNET_VAR)), omit("libs", List(&Text))],
});

static JSONNET_VAR: Type = Type::Struct(&Struct {
    name: "JsonnetVar",
    fields: &[keep("name", Text), keep("value", Text), omit("code", Bool)],
});

static PLUGIN: Type = Type::Struct(&Struct {
    name: "ApplicationSourcePlugin",
    fields: &[omit("name", Text), omit("env", List(&NAME_AND_VALUE)), omit("parameters", List(&PLUGIN_PARAMETER))],
});

/// Written by a marshaller of its own, which keeps the name and tells an empty map from none.
static PLUGIN_PARAMETER: Type = Type::Struct(&Struct {
    name: "ApplicationSourcePluginParameter",
    fields: &[
        keep("name", Text),
        omit("string", Optional(&Text)),
        omit("map", Optional(&Texts)),
        omit("array", Optional(&Type::List(&Text))),
    ],
});

static NAME_AND_VALUE: Type =
    Type::Struct(&Struct { name: "EnvEntry", fields: &[keep("name", Text), keep("value", Text)] });

static INFO: Type = Type::Struct(&Struct { name: "Info", fields: &[keep("name", Text), keep("value", Text)] });

const DESTINATION: Type = Type::Struct(&Struct {
    name: "ApplicationDestination",
    fields: &[omit("server", Text), omit("namespace", Text), omit("name", Text)],
});

static SYNC_POLICY: Type = Type::Struct(&Struct {
    name: "SyncPolicy",
    fields: &[
        omit("automated", Optional(&AUTOMATED)),
        omit("syncOptions", List(&Text)),
        omit("retry", Optional(&RETRY)),
        omit("managedNamespaceMetadata", Optional(&MANAGED_NAMESPACE)),
    ],
});

static AUTOMATED: Type = Type::Struct(&Struct {
    name: "SyncPolicyAutomated",
    fields: &[omit("prune", Bool), omit("selfHeal", Bool), omit("allowEmpty", Bool), omit("enabled", Optional(&Bool))],
});

static RETRY: Type = RETRY_STRATEGY;

const RETRY_STRATEGY: Type =
    Type::Struct(&Struct { name: "RetryStrategy", fields: &[omit("limit", Int), omit("backoff", Optional(&BACKOFF))] });

static BACKOFF: Type = Type::Struct(&Struct {
    name: "Backoff",
    fields: &[omit("duration", Text), omit("factor", Optional(&Int)), omit("maxDuration", Text)],
});

static MANAGED_NAMESPACE: Type = Type::Struct(&Struct {
    name: "ManagedNamespaceMetadata",
    fields: &[omit("labels", Texts), omit("annotations", Texts)],
});

static IGNORE_DIFFERENCES: Type = Type::Struct(&Struct {
    name: "ResourceIgnoreDifferences",
    fields: &[
        omit("group", Text),
        keep("kind", Text),
        omit("name", Text),
        omit("namespace", Text),
        omit("jsonPointers", List(&Text)),
        omit("jqPathExpressions", List(&Text)),
        omit("managedFieldsManagers", List(&Text)),
    ],
});

static HYDRATOR: Type = Type::Struct(&Struct {
    name: "SourceHydrator",
    fields: &[keep("drySource", DRY_SOURCE), keep("syncSource", SYNC_SOURCE), omit("hydrateTo", Optional(&HYDRATE_TO))],
});

const DRY_SOURCE: Type = Type::Struct(&Struct {
    name: "DrySource",
    fields: &[keep("repoURL", Text), keep("targetRevision", Text), keep("path", Text)],
});

const SYNC_SOURCE: Type =
    Type::Struct(&Struct { name: "SyncSource", fields: &[keep("targetBranch", Text), keep("path", Text)] });

static HYDRATE_TO: Type = Type::Struct(&Struct { name: "HydrateTo", fields: &[keep("targetBranch", Text)] });

/// `ApplicationSet`.
pub(crate) static APPLICATION_SET: Type = Type::Struct(&Struct {
    name: "ApplicationSet",
    fields: &[
        omit("kind", Text),
        omit("apiVersion", Text),
        keep("metadata", OBJECT_META),
        keep("spec", APPLICATION_SET_SPEC),
        omit("status", Opaque),
    ],
});

const APPLICATION_SET_SPEC: Type = Type::Struct(&Struct {
    name: "ApplicationSetSpec",
    fields: &[
        omit("goTemplate", Bool),
        keep("generators", List(&GENERATOR)),
        keep("template", TEMPLATE),
        omit("syncPolicy", Optional(&SET_SYNC_POLICY)),
        omit("strategy", Opaque),
        omit("preservedFields", Opaque),
        omit("goTemplateOptions", List(&Text)),
        omit("applyNestedSelectors", Bool),
        omit("ignoreApplicationDifferences", Opaque),
        omit("templatePatch", Optional(&Text)),
    ],
});

static SET_SYNC_POLICY: Type = Type::Struct(&Struct {
    name: "ApplicationSetSyncPolicy",
    fields: &[omit("preserveResourcesOnDeletion", Bool), omit("applicationsSync", Optional(&Text))],
});

/// `ApplicationSetTemplate`: what an Application is made from.
const TEMPLATE: Type = Type::Struct(&Struct {
    name: "ApplicationSetTemplate",
    fields: &[keep("metadata", TEMPLATE_META), keep("spec", APPLICATION_SPEC)],
});

/// [`TEMPLATE`], to point at.
pub(crate) static TEMPLATE_TYPE: Type = TEMPLATE;

const TEMPLATE_META: Type = Type::Struct(&Struct {
    name: "ApplicationSetTemplateMeta",
    fields: &[
        omit("name", Text),
        omit("namespace", Text),
        omit("labels", Texts),
        omit("annotations", Texts),
        omit("finalizers", List(&Text)),
    ],
});

/// `ApplicationSetGenerator`: one entry of `spec.generators`.
pub(crate) static GENERATOR: Type = Type::Struct(&Struct {
    name: "ApplicationSetGenerator",
    fields: &[
        omit("list", Optional(&LIST)),
        omit("clusters", Optional(&Opaque)),
        omit("git", Optional(&GIT)),
        omit("scmProvider", Optional(&Opaque)),
        omit("clusterDecisionResource", Optional(&Opaque)),
        omit("pullRequest", Optional(&Opaque)),
        omit("matrix", Optional(&MATRIX)),
        omit("merge", Optional(&MERGE)),
        omit("selector", Optional(&SELECTOR)),
        omit("plugin", Optional(&Opaque)),
    ],
});

/// `ApplicationSetNestedGenerator`: a child of a matrix or merge. Go cannot recurse in a CRD, so a grandchild is raw.
static NESTED_GENERATOR: Type = Type::Struct(&Struct {
    name: "ApplicationSetNestedGenerator",
    fields: &[
        omit("list", Optional(&LIST)),
        omit("clusters", Optional(&Opaque)),
        omit("git", Optional(&GIT)),
        omit("scmProvider", Optional(&Opaque)),
        omit("clusterDecisionResource", Optional(&Opaque)),
        omit("pullRequest", Optional(&Opaque)),
        omit("matrix", Optional(&Raw)),
        omit("merge", Optional(&Raw)),
        omit("selector", Optional(&SELECTOR)),
        omit("plugin", Optional(&Opaque)),
    ],
});

/// `ApplicationSetTerminalGenerator`: a grandchild.
static TERMINAL_GENERATOR: Type = Type::Struct(&Struct {
    name: "ApplicationSetTerminalGenerator",
    fields: &[
        omit("list", Optional(&LIST)),
        omit("clusters", Optional(&Opaque)),
        omit("git", Optional(&GIT)),
        omit("scmProvider", Optional(&Opaque)),
        omit("clusterDecisionResource", Optional(&Opaque)),
        omit("pullRequest", Optional(&Opaque)),
        omit("plugin", Optional(&Opaque)),
        omit("selector", Optional(&SELECTOR)),
    ],
});

static LIST: Type = Type::Struct(&Struct {
    name: "ListGenerator",
    fields: &[keep("elements", List(&Raw)), omit("template", TEMPLATE), omit("elementsYaml", Text)],
});

static GIT: Type = Type::Struct(&Struct {
    name: "GitGenerator",
    fields: &[
        keep("repoURL", Text),
        omit("directories", List(&GIT_ITEM)),
        omit("files", List(&GIT_ITEM)),
        keep("revision", Text),
        omit("requeueAfterSeconds", Optional(&Int)),
        omit("template", TEMPLATE),
        omit("pathParamPrefix", Text),
        omit("values", Texts),
    ],
});

static GIT_ITEM: Type =
    Type::Struct(&Struct { name: "GitDirectoryGeneratorItem", fields: &[keep("path", Text), omit("exclude", Bool)] });

static MATRIX: Type = Type::Struct(&Struct {
    name: "MatrixGenerator",
    fields: &[keep("generators", List(&NESTED_GENERATOR)), omit("template", TEMPLATE)],
});

static MERGE: Type = Type::Struct(&Struct {
    name: "MergeGenerator",
    fields: &[keep("generators", List(&NESTED_GENERATOR)), keep("mergeKeys", List(&Text)), omit("template", TEMPLATE)],
});

/// `NestedMatrixGenerator`: what the raw matrix of a child is read as.
pub(crate) static NESTED_MATRIX: Type =
    Type::Struct(&Struct { name: "NestedMatrixGenerator", fields: &[keep("generators", List(&TERMINAL_GENERATOR))] });

/// `NestedMergeGenerator`: what the raw merge of a child is read as.
pub(crate) static NESTED_MERGE: Type = Type::Struct(&Struct {
    name: "NestedMergeGenerator",
    fields: &[keep("generators", List(&TERMINAL_GENERATOR)), keep("mergeKeys", List(&Text))],
});

static SELECTOR: Type = Type::Struct(&Struct {
    name: "LabelSelector",
    fields: &[omit("matchLabels", Texts), omit("matchExpressions", List(&REQUIREMENT))],
});

static REQUIREMENT: Type = Type::Struct(&Struct {
    name: "LabelSelectorRequirement",
    fields: &[keep("key", Text), keep("operator", Text), omit("values", List(&Text))],
});
