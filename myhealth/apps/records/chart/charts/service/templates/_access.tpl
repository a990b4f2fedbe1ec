{{- define "service.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "service.name" . }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
automountServiceAccountToken: false # mesh and AWS identity come from ztunnel and Pod Identity; the API server is not used
{{- end -}}

{{- /*
Who may call, by identity. Two storeys: ztunnel lets only the waypoint reach the pods, and the waypoint lets only the named callers
through. Whoever goes around the waypoint is refused by the first.
*/ -}}
{{- define "service.authorizationPolicies" -}}
{{- $service := .Values.service -}}
{{- $name := include "service.name" . -}}
{{- $mesh := $service.mesh -}}
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: {{ $name }}-waypoint-only
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  selector:
    matchLabels:
      {{- include "service.selectorLabels" . | nindent 6 }}
  action: DENY
  rules:
    - from:
        - source:
            notPrincipals:
              - {{ include "service.principal" (dict "root" . "namespace" .Release.Namespace "serviceAccount" $mesh.waypoint) }}
    - to:
        - operation:
            notPorts: [{{ $service.port | quote }}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: {{ $name }}-callers
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  targetRefs:
    - group: ""
      kind: Service
      name: {{ $name }}
  action: ALLOW
  rules:
    {{- if $service.public.enabled }}
    - from:
        - source:
            principals:
              - {{ include "service.principal" (dict "root" . "namespace" $mesh.ingress.namespace "serviceAccount" $mesh.ingress.serviceAccount) }}
            requestPrincipals:
              - {{ $service.public.jwt.issuer }}/*
      to:
        - operation:
            paths:
              {{- range $service.public.paths }}
              - {{ . }}
              - {{ . }}/*
              {{- end }}
    {{- end }}
    {{- range $service.callers }}
    - from:
        - source:
            principals:
              - {{ include "service.principal" (dict "root" $ "namespace" .namespace "serviceAccount" .serviceAccount) }}
      to:
        - operation:
            methods:
              {{- toYaml .methods | nindent 14 }}
            paths:
              {{- toYaml .paths | nindent 14 }}
    {{- end }}
{{- end -}}

{{- /* The token of a person, verified where it counts: at the service's waypoint, not only at the door. */ -}}
{{- define "service.requestAuthentication" -}}
{{- $public := .Values.service.public -}}
{{- if $public.enabled -}}
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata:
  name: {{ include "service.name" . }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  targetRefs:
    - group: ""
      kind: Service
      name: {{ include "service.name" . }}
  jwtRules:
    - issuer: {{ $public.jwt.issuer }}
      jwksUri: {{ $public.jwt.jwksUri }}
      audiences:
        {{- toYaml $public.jwt.audiences | nindent 8 }}
      forwardOriginalToken: true # the service authorises by the patient that the token names
{{- end -}}
{{- end -}}

{{- /* Secrets as files: fetched by the CSI driver with the pod's own identity, kept in memory, rotated in place. */ -}}
{{- define "service.secretProviderClass" -}}
{{- $service := .Values.service -}}
{{- if $service.secrets -}}
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata:
  name: {{ include "service.name" . }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  provider: aws
  parameters:
    region: {{ .Values.cluster.region }}
    usePodIdentity: "true"
    objects: |
      {{- range $service.secrets }}
      - objectName: {{ include "service.secretsPath" $ }}/{{ .name }}
        objectType: secretsmanager
        objectAlias: {{ .name }}.json
      {{- end }}
{{- end -}}
{{- end -}}
