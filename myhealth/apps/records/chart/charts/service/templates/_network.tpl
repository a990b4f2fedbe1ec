{{- /*
Three Services. Callers use <name>; the waypoint sends what reaches it to <name>-stable and <name>-canary, whose pods Argo Rollouts
selects by adding the pod-template hash.
*/ -}}
{{- define "service.services" -}}
{{- $name := include "service.name" . -}}
{{- range $index, $variant := list "" "-stable" "-canary" }}
{{- if $index }}
---
{{- end }}
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}{{ $variant }}
  labels:
    {{- include "service.labels" $ | nindent 4 }}
    {{- if not $variant }}
    istio.io/use-waypoint: {{ $.Values.service.mesh.waypoint }}
    istio.io/ingress-use-waypoint: "true" # policy and weights hold for traffic from outside too
    {{- end }}
spec:
  type: ClusterIP
  selector:
    {{- include "service.selectorLabels" $ | nindent 4 }}
  ports:
    - name: http
      port: 80
      targetPort: http
      protocol: TCP
      appProtocol: {{ $.Values.service.protocol }}
{{- end }}
{{- end -}}

{{- /* The mesh's route, on the waypoint. Argo Rollouts moves the weights; Argo CD leaves them alone. */ -}}
{{- define "service.route" -}}
{{- $name := include "service.name" . -}}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {{ $name }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  parentRefs:
    - group: ""
      kind: Service
      name: {{ $name }}
      port: 80
  rules:
    - timeouts:
        request: {{ .Values.service.route.timeout }}
      backendRefs:
        - name: {{ $name }}-stable
          port: 80
          weight: 100
        - name: {{ $name }}-canary
          port: 80
          weight: 0
{{- end -}}

{{- /* The way in from outside: host and paths at the ingress Gateway, which hands over to the waypoint. */ -}}
{{- define "service.publicRoute" -}}
{{- $service := .Values.service -}}
{{- if $service.public.enabled -}}
{{- $name := include "service.name" . -}}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {{ $name }}-public
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  parentRefs:
    - group: gateway.networking.k8s.io
      kind: Gateway
      namespace: {{ $service.mesh.ingress.namespace }}
      name: {{ $service.mesh.ingress.gateway }}
      sectionName: https
  hostnames:
    - {{ include "service.host" . }}
  rules:
    - matches:
        {{- range $service.public.paths }}
        - path: {type: PathPrefix, value: {{ . }}}
        {{- end }}
      backendRefs:
        - name: {{ $name }}
          port: 80
{{- end -}}
{{- end -}}

{{- /*
What the wire may carry beyond the tenant's own rules. Between ambient pods that is HBONE to a waypoint, so this says who is
reachable; who may call what is the AuthorizationPolicy's to say.
*/ -}}
{{- define "service.networkPolicy" -}}
{{- $service := .Values.service -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "service.name" . }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "service.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - podSelector:
            matchLabels:
              gateway.networking.k8s.io/gateway-name: {{ $service.mesh.waypoint }}
      ports:
        - {protocol: TCP, port: 15008}
  egress:
    - to:
        - podSelector:
            matchLabels:
              gateway.networking.k8s.io/gateway-name: {{ $service.mesh.waypoint }}
        {{- range $service.calls }}
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: {{ .namespace }}
          podSelector:
            matchLabels:
              gateway.networking.k8s.io/gateway-name: {{ $service.mesh.waypoint }}
        {{- end }}
      ports:
        - {protocol: TCP, port: 15008}
    {{- range $service.egress }}
    - to: # {{ .name }}
        {{- range .cidrs }}
        - ipBlock: {cidr: {{ . }}}
        {{- end }}
      ports:
        - {protocol: TCP, port: {{ .port }}}
    {{- end }}
{{- $namespaces := list -}}
{{- range $service.callers -}}
{{- $namespaces = append $namespaces .namespace -}}
{{- end -}}
{{- with without (uniq $namespaces) $.Release.Namespace }}
---
# Callers in other namespaces reach the waypoint, which lets through whom the policy of callers names.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "service.name" $ }}-callers
  labels:
    {{- include "service.labels" $ | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      gateway.networking.k8s.io/gateway-name: {{ $service.mesh.waypoint }}
  policyTypes: [Ingress]
  ingress:
    - from:
        {{- range . }}
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: {{ . }}
          podSelector:
            matchExpressions:
              - {key: gateway.networking.k8s.io/gateway-name, operator: DoesNotExist}
        {{- end }}
      ports:
        - {protocol: TCP, port: 15008}
{{- end }}
{{- end -}}
