//! The templates of a sample's charts.

/// The values of every chart.
pub(super) const CHART_VALUES: &str = "\
image: {repository: registry.example/app, digest: ''}
replicas: 2
greeting: hello
cluster: {name: '', environment: '', region: '', domain: ''}
release: {repository: '', team: '', version: ''}
resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 256Mi}}
env: {LOG_LEVEL: info, QUEUE: events, REGION: eu, TIMEOUT: 5s}
ports: [{name: http, port: 8080}, {name: metrics, port: 9090}]
labels: {app.kubernetes.io/part-of: sample, app.kubernetes.io/managed-by: Helm}
jobs: [nightly, hourly, weekly]
";

/// What the templates have in common.
pub(super) const HELPERS: &str = r#"
{{- define "app.name" -}}{{ .Release.Name | trunc 53 | trimSuffix "-" }}{{- end }}
{{- define "app.labels" -}}
app.kubernetes.io/name: {{ include "app.name" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- define "app.selector" -}}
app.kubernetes.io/name: {{ include "app.name" . }}
{{- end }}
{{- define "app.container" -}}
name: app
image: "{{ .Values.image.repository }}@{{ required "a digest is needed" .Values.image.digest }}"
securityContext: {runAsNonRoot: true, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
ports:
  {{- range .Values.ports }}
  - {name: {{ .name }}, containerPort: {{ .port }}}
  {{- end }}
env:
  {{- range $name, $value := .Values.env }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
{{- end }}
"#;

macro_rules! template {
    ($name:literal, $text:literal) => {
        (
            $name,
            concat!(
                $text,
                "metadata:\n  name: {{ include \"app.name\" . }}@@\n  labels:\n    {{- include \"app.labels\" . | nindent 4 }}\n"
            ),
        )
    };
}

const DEPLOYMENT: (&str, &str) = template!(
    "deployment",
    r#"apiVersion: apps/v1
kind: Deployment
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels:
      {{- include "app.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "app.labels" . | nindent 8 }}
      annotations:
        checksum/config: {{ .Values.env | toJson | sha256sum }}
    spec:
      serviceAccountName: {{ include "app.name" . }}
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
        - {{- include "app.container" . | nindent 10 }}
"#
);

const SERVICE: (&str, &str) = template!(
    "service",
    r#"apiVersion: v1
kind: Service
spec:
  selector:
    {{- include "app.selector" . | nindent 4 }}
  ports:
    {{- range .Values.ports }}
    - {name: {{ .name }}, port: {{ .port }}, targetPort: {{ .name }}}
    {{- end }}
"#
);

const ACCOUNT: (&str, &str) =
    template!("service-account", "apiVersion: v1\nkind: ServiceAccount\nautomountServiceAccountToken: false\n");

const CONFIG: (&str, &str) = template!(
    "config-map",
    r#"apiVersion: v1
kind: ConfigMap
data:
  greeting: {{ tpl .Values.greeting . | quote }}
  cluster: {{ .Values.cluster.name | quote }}
  settings.yaml: |
    {{- dict "env" .Values.env "ports" .Values.ports "region" .Values.cluster.region | toYaml | nindent 4 }}
"#
);

const BUDGET: (&str, &str) = template!(
    "budget",
    r#"apiVersion: policy/v1
kind: PodDisruptionBudget
spec:
  minAvailable: {{ if gt (int .Values.replicas) 2 }}2{{ else }}1{{ end }}
  selector:
    matchLabels:
      {{- include "app.selector" . | nindent 6 }}
"#
);

const SCALER: (&str, &str) = template!(
    "scaler",
    r#"apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ include "app.name" . }}}
  minReplicas: {{ .Values.replicas }}
  maxReplicas: {{ mul 4 .Values.replicas }}
  metrics:
    - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}
"#
);

const NETWORK: (&str, &str) = template!(
    "network-policy",
    r#"apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
spec:
  podSelector:
    matchLabels:
      {{- include "app.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- range .Values.ports }}
    - ports: [{port: {{ .port }}, protocol: TCP}]
    {{- end }}
  egress:
    - ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
"#
);

const ROUTE: (&str, &str) = template!(
    "route",
    r#"apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
spec:
  parentRefs: [{name: public, namespace: ingress}]
  hostnames: ["{{ include "app.name" . }}.{{ .Values.cluster.domain }}"]
  rules:
    - backendRefs: [{name: {{ include "app.name" . }}, port: {{ (index .Values.ports 0).port }}}]
"#
);

const MONITOR: (&str, &str) = template!(
    "monitor",
    r#"apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
spec:
  selector:
    matchLabels:
      {{- include "app.selector" . | nindent 6 }}
  endpoints: [{port: metrics, interval: {{ ternary "15s" "60s" (eq .Values.cluster.environment "production") }}}]
"#
);

const ROLE: (&str, &str) = template!(
    "role",
    r#"apiVersion: rbac.authorization.k8s.io/v1
kind: Role
rules:
  - {apiGroups: [""], resources: [configmaps], verbs: [get], resourceNames: [{{ include "app.name" . }}]}
"#
);

const BINDING: (&str, &str) = template!(
    "role-binding",
    r#"apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ include "app.name" . }}}
subjects: [{kind: ServiceAccount, name: {{ include "app.name" . }}}]
"#
);

const JOBS: (&str, &str) = (
    "jobs",
    r#"{{- range .Values.jobs }}
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ include "app.name" $ }}@@-{{ . }}
  labels:
    {{- include "app.labels" $ | nindent 4 }}
spec:
  schedule: {{ printf "%d * * * *" (len .) | quote }}
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - {{- include "app.container" $ | nindent 14 }}
{{- end }}
"#,
);

/// A small chart: file names and texts; `@@` is where a copy's number goes.
pub(super) const SMALL: &[(&str, &str)] = &[DEPLOYMENT, SERVICE, ACCOUNT];
/// A medium chart.
pub(super) const MEDIUM: &[(&str, &str)] =
    &[DEPLOYMENT, SERVICE, ACCOUNT, CONFIG, BUDGET, SCALER, NETWORK, ROUTE, MONITOR, ROLE, BINDING, JOBS];
/// A large chart, of which there are several copies.
pub(super) const LARGE: &[(&str, &str)] = &[DEPLOYMENT, SERVICE, ACCOUNT, CONFIG, JOBS, NETWORK, ROUTE, MONITOR];
