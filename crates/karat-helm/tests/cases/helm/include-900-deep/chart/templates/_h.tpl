{{- define "down" }}{{ if . }}{{ include "down" (sub . 1) }}{{ else }}bottom{{ end }}{{ end }}
