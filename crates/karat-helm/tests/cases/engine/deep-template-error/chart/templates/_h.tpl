{{ define "one" }}{{ include "two" . }}{{ end }}
{{ define "two" }}
  {{ template "three" . }}
{{ end }}
{{ define "three" }}{{ .Values.a.b.c }}{{ end }}
