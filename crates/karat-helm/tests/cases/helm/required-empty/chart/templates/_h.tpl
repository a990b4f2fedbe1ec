{{ define "h.name" }}{{ .Values.name | required (printf "%s needs a name" .Chart.Name) }}{{ end }}
