{{- /* Pods of a service: hardened, spread, drained, observed. Nothing of it is optional. */ -}}
{{- define "service.podTemplate" -}}
{{- $service := .Values.service -}}
{{- $name := include "service.name" . -}}
metadata:
  labels:
    {{- include "service.podLabels" . | nindent 4 }}
  annotations:
    kubectl.kubernetes.io/default-container: {{ $name }}
spec:
  serviceAccountName: {{ $name }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $service.shutdown.graceSeconds }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    seccompProfile:
      type: RuntimeDefault
  {{- if $service.critical }}
  nodeSelector:
    karpenter.sh/capacity-type: on-demand
  {{- end }}
  topologySpreadConstraints:
    - topologyKey: topology.kubernetes.io/zone
      maxSkew: 1
      minDomains: {{ $service.spread.zones }}
      whenUnsatisfiable: DoNotSchedule
      labelSelector:
        matchLabels:
          {{- include "service.selectorLabels" . | nindent 10 }}
      matchLabelKeys: [rollouts-pod-template-hash] # canary and stable are each spread by themselves
    - topologyKey: kubernetes.io/hostname
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "service.selectorLabels" . | nindent 10 }}
      matchLabelKeys: [rollouts-pod-template-hash]
  containers:
    - name: {{ $name }}
      image: {{ include "service.image" . }}
      imagePullPolicy: IfNotPresent
      {{- with $service.args }}
      args:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - name: http
          containerPort: {{ $service.port }}
          protocol: TCP
      env:
        {{- include "service.env" . | nindent 8 }}
      startupProbe:
        httpGet: {path: {{ $service.probes.startup }}, port: http}
        periodSeconds: 2
        failureThreshold: 30
      livenessProbe:
        httpGet: {path: {{ $service.probes.liveness }}, port: http}
        periodSeconds: 10
        failureThreshold: 3
      readinessProbe:
        httpGet: {path: {{ $service.probes.readiness }}, port: http}
        periodSeconds: 5
        failureThreshold: 2
      lifecycle:
        preStop:
          sleep: {seconds: {{ $service.shutdown.drainSeconds }}}
      resources:
        {{- toYaml $service.resources | nindent 8 }}
      securityContext:
        runAsNonRoot: true
        readOnlyRootFilesystem: true
        allowPrivilegeEscalation: false
        privileged: false
        capabilities:
          drop: [ALL]
        seccompProfile:
          type: RuntimeDefault
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- if $service.secrets }}
        - name: secrets
          mountPath: /run/secrets/{{ $name }}
          readOnly: true
        {{- end }}
  volumes:
    - name: tmp
      emptyDir:
        medium: Memory
        sizeLimit: 16Mi
    {{- if $service.secrets }}
    - name: secrets
      csi:
        driver: secrets-store.csi.k8s.io
        readOnly: true
        volumeAttributes:
          secretProviderClass: {{ $name }}
    {{- end }}
{{- end -}}

{{- /*
Environment: settings, and who this process is to OpenTelemetry. The pod-template hash tells a canary's series from the stable
version's; it is read once, at start, because it never changes in a pod's life.
*/ -}}
{{- define "service.env" -}}
{{- $service := .Values.service -}}
{{- $name := include "service.name" . -}}
- name: PORT
  value: {{ $service.port | quote }}
{{- if $service.secrets }}
- name: SECRETS_DIR
  value: /run/secrets/{{ $name }}
{{- end }}
{{- range $key, $value := $service.env }}
- name: {{ $key }}
  value: {{ $value | quote }}
{{- end }}
- name: GOMEMLIMIT
  valueFrom:
    resourceFieldRef: {containerName: {{ $name }}, resource: limits.memory}
- name: K8S_NAMESPACE_NAME
  valueFrom:
    fieldRef: {fieldPath: metadata.namespace}
- name: K8S_POD_NAME
  valueFrom:
    fieldRef: {fieldPath: metadata.name}
- name: K8S_POD_UID
  valueFrom:
    fieldRef: {fieldPath: metadata.uid}
- name: K8S_NODE_NAME
  valueFrom:
    fieldRef: {fieldPath: spec.nodeName}
- name: POD_TEMPLATE_HASH
  valueFrom:
    fieldRef: {fieldPath: "metadata.labels['rollouts-pod-template-hash']"}
- name: OTEL_SERVICE_NAME
  value: {{ $name }}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: {{ printf "service.namespace=%s,service.version=%s,deployment.environment.name=%s,k8s.cluster.name=%s,k8s.namespace.name=$(K8S_NAMESPACE_NAME),k8s.pod.name=$(K8S_POD_NAME),k8s.pod.uid=$(K8S_POD_UID),k8s.node.name=$(K8S_NODE_NAME),rollouts.pod_template_hash=$(POD_TEMPLATE_HASH)" .Release.Namespace .Values.release.version .Values.cluster.environment .Values.cluster.name | quote }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ $service.telemetry.endpoint }}
- name: OTEL_EXPORTER_OTLP_PROTOCOL
  value: grpc
- name: OTEL_PROPAGATORS
  value: tracecontext,baggage
- name: OTEL_TRACES_SAMPLER
  value: parentbased_always_on # the collector samples, once it knows how a request ended
{{- end -}}
