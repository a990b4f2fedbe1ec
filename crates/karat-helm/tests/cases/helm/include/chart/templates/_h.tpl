{{- define "h.plain" -}}
a: {{ .Values.a }}
b: two
{{- end -}}
{{- define "h.dict" }}{{ .one }}-{{ .two.Values.a }}{{ end }}
{{- define "h.dot" }}[{{ . }}]{{ end }}
{{- define "h.outer" }}<{{ include "h.dot" (upper .) }}>{{ end }}
