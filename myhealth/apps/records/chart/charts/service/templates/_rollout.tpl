{{- /*
The workload: a canary whose weights are set on the waypoint's HTTPRoute and whose steps are watched by the analysis. A failed
analysis or a missed deadline puts all traffic back on the stable version at once.
*/ -}}
{{- define "service.rollout" -}}
{{- $service := .Values.service -}}
{{- $name := include "service.name" . -}}
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: {{ $name }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  {{- if not $service.autoscaling.enabled }}
  replicas: {{ $service.replicas }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "service.selectorLabels" . | nindent 6 }}
  minReadySeconds: 10
  revisionHistoryLimit: 5
  progressDeadlineSeconds: {{ $service.canary.progressDeadlineSeconds }}
  progressDeadlineAbort: true
  rollbackWindow:
    revisions: 3 # going back to one of these skips the steps: a rollback must not wait
  strategy:
    canary:
      stableService: {{ $name }}-stable
      canaryService: {{ $name }}-canary
      maxSurge: 25%
      maxUnavailable: 0
      scaleDownDelaySeconds: 60
      abortScaleDownDelaySeconds: 60
      trafficRouting:
        plugins:
          argoproj-labs/gatewayAPI:
            httpRoute: {{ $name }}
            namespace: {{ .Release.Namespace }}
      analysis:
        templates:
          - templateName: {{ $name }}-canary
        startingStep: 1 # once the canary has traffic
        args:
          - name: canary-hash
            valueFrom:
              podTemplateHashValue: Latest
      steps:
        {{- range $service.canary.steps }}
        - setWeight: {{ .weight }}
        - pause: {duration: {{ .pause }}}
        {{- end }}
  template:
    {{- include "service.podTemplate" . | nindent 4 }}
{{- end -}}
