{{/* The service's name: that of its chart, whatever the release is called. */}}
{{- define "service.name" -}}
{{- .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* Labels that never change: what selects the pods of a service. */}}
{{- define "service.selectorLabels" -}}
app.kubernetes.io/name: {{ include "service.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels of pods. Not the chart's version: a change of the chart that leaves the pods alone starts no rollout. */}}
{{- define "service.podLabels" -}}
{{ include "service.selectorLabels" . }}
app.kubernetes.io/version: {{ .Values.release.version | quote }}
app.kubernetes.io/part-of: {{ .Values.service.system }}
karat.dev/owner: {{ .Values.service.owner }}
{{- end -}}

{{/* Labels of every object. */}}
{{- define "service.labels" -}}
{{ include "service.podLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The image by digest. */}}
{{- define "service.image" -}}
{{- $image := .Values.service.image -}}
{{- printf "%s@%s" $image.repository (required "service.image.digest: the config repository sets it, in envs/<environment>/<service>/values.yaml" $image.digest) -}}
{{- end -}}

{{/* SPIFFE identity as AuthorizationPolicies write it. Takes a dict of root, namespace, serviceAccount. */}}
{{- define "service.principal" -}}
{{- printf "%s/ns/%s/sa/%s" .root.Values.service.mesh.trustDomain .namespace .serviceAccount -}}
{{- end -}}

{{/* The folder of the service's secrets in AWS Secrets Manager. */}}
{{- define "service.secretsPath" -}}
{{- printf "%s/%s/%s" .Values.cluster.environment .Release.Namespace (include "service.name" .) -}}
{{- end -}}

{{/* Where the service is reached from outside. */}}
{{- define "service.host" -}}
{{- printf "%s.%s" (include "service.name" .) .Values.cluster.domain -}}
{{- end -}}
