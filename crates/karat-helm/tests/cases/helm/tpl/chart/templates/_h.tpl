{{ define "h.name" }}{{ .Release.Name }}-x{{ end }}
