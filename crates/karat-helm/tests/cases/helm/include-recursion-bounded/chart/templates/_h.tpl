{{- define "count" }}{{ if gt (int .) 0 }}{{ . }} {{ include "count" (sub (int .) 1) }}{{ end }}{{ end }}
{{- define "tree" }}
{{- range $k, $v := . }}
{{ $k }}:
{{- if kindIs "map" $v }}{{ include "tree" $v | nindent 2 }}{{ else }} {{ $v }}{{ end }}
{{- end }}
{{- end }}
