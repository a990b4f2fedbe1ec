
{{ define "x" }}
{{ .Values.a | nope }}
{{ end }}
