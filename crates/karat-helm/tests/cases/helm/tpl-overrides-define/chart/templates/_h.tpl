{{ define "h.x" }}chart{{ end }}{{ define "h.uses" }}{{ include "h.x" . }}/{{ template "h.x" . }}{{ end }}
