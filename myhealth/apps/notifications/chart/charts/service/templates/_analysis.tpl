{{- /*
What judges a canary, by series that are its own: errors as the waypoint saw them on their way to <name>-canary (a crash that never
reached the service counts), latency as the service measured it in pods of the canary's hash.

A query answers only where the window held enough requests. No answer, or NaN, is neither success nor failure: the measurement is
inconclusive, and after `inconclusiveLimit` of them the rollout pauses for a person. Silence never promotes.
*/ -}}
{{- define "service.analysisTemplate" -}}
{{- $name := include "service.name" . -}}
{{- $analysis := .Values.service.canary.analysis -}}
{{- $window := $analysis.window -}}
{{- $mesh := printf "reporter=\"waypoint\",destination_service_namespace=\"%s\",destination_service_name=\"%s-canary\"" .Release.Namespace $name -}}
{{- $own := printf "service_namespace=\"%s\",service_name=\"%s\",rollouts_pod_template_hash=\"{{args.canary-hash}}\"" .Release.Namespace $name -}}
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: {{ $name }}-canary
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  args:
    - name: canary-hash
    - name: minimum-requests
      value: {{ $analysis.minimumRequests | quote }}
  metrics:
    - name: traffic
      initialDelay: {{ $window }}
      interval: {{ $analysis.interval }}
      successCondition: len(result) > 0 && !isNaN(result[0]) && result[0] >= {{ "{{args.minimum-requests}}" }}
      failureCondition: "false" # too little traffic is no fault of the canary, and no evidence for it
      failureLimit: 0
      inconclusiveLimit: {{ $analysis.inconclusiveLimit }}
      consecutiveErrorLimit: 4
      provider:
        prometheus:
          address: {{ $analysis.prometheus }}
          timeout: 20
          query: |
            sum(increase(istio_requests_total{ {{- $mesh -}} }[{{ $window }}]))
    - name: error-rate
      initialDelay: {{ $window }}
      interval: {{ $analysis.interval }}
      successCondition: len(result) > 0 && !isNaN(result[0]) && result[0] < {{ $analysis.maxErrorRatio }}
      failureCondition: len(result) > 0 && !isNaN(result[0]) && result[0] >= {{ $analysis.maxErrorRatio }}
      failureLimit: {{ $analysis.failureLimit }}
      inconclusiveLimit: {{ $analysis.inconclusiveLimit }}
      consecutiveErrorLimit: 4
      provider:
        prometheus:
          address: {{ $analysis.prometheus }}
          timeout: 20
          query: |
            (
              (sum(rate(istio_requests_total{ {{- $mesh }},response_code=~"5.."}[{{ $window }}])) or vector(0))
              /
              sum(rate(istio_requests_total{ {{- $mesh -}} }[{{ $window }}]))
            )
            and
            sum(increase(istio_requests_total{ {{- $mesh -}} }[{{ $window }}])) >= {{ "{{args.minimum-requests}}" }}
    - name: latency
      initialDelay: {{ $window }}
      interval: {{ $analysis.interval }}
      successCondition: len(result) > 0 && !isNaN(result[0]) && result[0] < {{ $analysis.maxLatencySeconds }}
      failureCondition: len(result) > 0 && !isNaN(result[0]) && result[0] >= {{ $analysis.maxLatencySeconds }}
      failureLimit: {{ $analysis.failureLimit }}
      inconclusiveLimit: {{ $analysis.inconclusiveLimit }}
      consecutiveErrorLimit: 4
      provider:
        prometheus:
          address: {{ $analysis.prometheus }}
          timeout: 20
          query: |
            histogram_quantile({{ $analysis.latencyQuantile }},
              sum by (le) (rate(http_server_request_duration_seconds_bucket{ {{- $own -}} }[{{ $window }}]))
            )
            and
            sum(increase(http_server_request_duration_seconds_count{ {{- $own -}} }[{{ $window }}])) >= {{ "{{args.minimum-requests}}" }}
{{- end -}}
