{{- /*
The four golden signals as recording rules, and alerts on how fast the error budget burns: two windows each, so that an alert comes
early and ends soon after the cause does (SRE workbook, chapter 5). Each alert links the page that says what to do.
*/ -}}
{{- define "service.prometheusRule" -}}
{{- $service := .Values.service -}}
{{- $name := include "service.name" . -}}
{{- $series := printf "service_namespace=\"%s\",service_name=\"%s\"" .Release.Namespace $name -}}
{{- $pods := printf "namespace=\"%s\",container=\"%s\"" .Release.Namespace $name -}}
{{- $windows := list "5m" "30m" "1h" "2h" "6h" "1d" "3d" -}}
{{- $burns := list
  (dict "factor" 14.4 "long" "1h" "short" "5m" "for" "2m" "severity" "page")
  (dict "factor" 6.0 "long" "6h" "short" "30m" "for" "15m" "severity" "page")
  (dict "factor" 3.0 "long" "1d" "short" "2h" "for" "1h" "severity" "ticket")
  (dict "factor" 1.0 "long" "3d" "short" "6h" "for" "3h" "severity" "ticket") -}}
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {{ $name }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  groups:
    - name: {{ $name }}.golden-signals
      rules:
        - record: service:http_server_requests:rate5m # traffic
          expr: sum(rate(http_server_request_duration_seconds_count{ {{- $series -}} }[5m]))
          labels: {service: {{ $name }}}
        - record: service:http_server_duration_seconds:p50_5m # latency
          expr: histogram_quantile(0.5, sum by (le) (rate(http_server_request_duration_seconds_bucket{ {{- $series -}} }[5m])))
          labels: {service: {{ $name }}}
        - record: service:http_server_duration_seconds:p99_5m
          expr: histogram_quantile(0.99, sum by (le) (rate(http_server_request_duration_seconds_bucket{ {{- $series -}} }[5m])))
          labels: {service: {{ $name }}}
        - record: service:cpu_saturation:ratio5m # saturation: use of what was asked for
          expr: |
            sum(rate(container_cpu_usage_seconds_total{ {{- $pods -}} }[5m]))
            /
            sum(kube_pod_container_resource_requests{ {{- $pods -}} ,resource="cpu"})
          labels: {service: {{ $name }}}
        - record: service:memory_saturation:ratio
          expr: |
            max(
              max by (pod) (container_memory_working_set_bytes{ {{- $pods -}} })
              /
              max by (pod) (kube_pod_container_resource_limits{ {{- $pods -}} ,resource="memory"})
            )
          labels: {service: {{ $name }}}
        {{- range $windows }}
        - record: service:http_server_errors:ratio_rate{{ . }} # errors
          expr: |
            (sum(rate(http_server_request_duration_seconds_count{ {{- $series -}} ,http_response_status_code=~"5.."}[{{ . }}])) or vector(0))
            /
            sum(rate(http_server_request_duration_seconds_count{ {{- $series -}} }[{{ . }}]))
          labels: {service: {{ $name }}}
        - record: service:http_server_slow:ratio_rate{{ . }}
          expr: |
            1 - (
              sum(rate(http_server_request_duration_seconds_bucket{ {{- $series -}} ,le="{{ $service.slo.latency.seconds }}"}[{{ . }}]))
              /
              sum(rate(http_server_request_duration_seconds_count{ {{- $series -}} }[{{ . }}]))
            )
          labels: {service: {{ $name }}}
        {{- end }}
    - name: {{ $name }}.alerts
      rules:
        {{- range $burns }}
        - alert: ErrorBudgetBurn
          expr: |
            service:http_server_errors:ratio_rate{{ .long }}{service="{{ $name }}"} > {{ .factor }} * (1 - {{ $service.slo.availability }})
            and
            service:http_server_errors:ratio_rate{{ .short }}{service="{{ $name }}"} > {{ .factor }} * (1 - {{ $service.slo.availability }})
          for: {{ .for }}
          labels: {service: {{ $name }}, owner: {{ $service.owner }}, severity: {{ .severity }}, window: {{ .long }}}
          annotations:
            summary: {{ $name }} spends its error budget {{ .factor }} times too fast (over {{ .long }})
            runbook_url: {{ include "service.runbook" (list $ "error-budget-burn") }}
        - alert: LatencyBudgetBurn
          expr: |
            service:http_server_slow:ratio_rate{{ .long }}{service="{{ $name }}"} > {{ .factor }} * (1 - {{ $service.slo.latency.target }})
            and
            service:http_server_slow:ratio_rate{{ .short }}{service="{{ $name }}"} > {{ .factor }} * (1 - {{ $service.slo.latency.target }})
          for: {{ .for }}
          labels: {service: {{ $name }}, owner: {{ $service.owner }}, severity: {{ .severity }}, window: {{ .long }}}
          annotations:
            summary: {{ $name }} answers too slowly too often (over {{ .long }}, more than {{ $service.slo.latency.seconds }} s)
            runbook_url: {{ include "service.runbook" (list $ "latency-budget-burn") }}
        {{- end }}
        - alert: TrafficGone
          expr: |
            service:http_server_requests:rate5m{service="{{ $name }}"} < 0.05 * (service:http_server_requests:rate5m{service="{{ $name }}"} offset 1d)
            or
            absent(service:http_server_requests:rate5m{service="{{ $name }}"})
          for: 15m
          labels: {service: {{ $name }}, owner: {{ $service.owner }}, severity: page}
          annotations:
            summary: {{ $name }} gets hardly any requests, or says nothing about them
            runbook_url: {{ include "service.runbook" (list $ "traffic-gone") }}
        - alert: Saturated
          expr: service:memory_saturation:ratio{service="{{ $name }}"} > 0.9 or service:cpu_saturation:ratio5m{service="{{ $name }}"} > 1.5
          for: 15m
          labels: {service: {{ $name }}, owner: {{ $service.owner }}, severity: ticket}
          annotations:
            summary: {{ $name }} runs out of CPU or memory
            runbook_url: {{ include "service.runbook" (list $ "saturated") }}
        - alert: RolloutStopped
          expr: max by (name, phase) (rollout_info{namespace="{{ .Release.Namespace }}",name="{{ $name }}",phase=~"Degraded|Paused"}) == 1
          for: 30m
          labels: {service: {{ $name }}, owner: {{ $service.owner }}, severity: ticket}
          annotations:
            summary: The rollout of {{ $name }} was aborted or waits for a person
            runbook_url: {{ include "service.runbook" (list $ "rollout-stopped") }}
{{- end -}}

{{- /* The page of the portal for docs/runbooks/<page>.md of the service. Takes a list of root and page. */ -}}
{{- define "service.runbook" -}}
{{- $root := index . 0 -}}
{{- printf "%s/docs/default/component/%s/runbooks/%s" $root.Values.service.telemetry.portal (include "service.name" $root) (index . 1) -}}
{{- end -}}
