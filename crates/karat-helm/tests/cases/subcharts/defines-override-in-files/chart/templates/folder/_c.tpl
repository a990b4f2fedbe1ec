{{ define "x" }}c{{ end }}{{ define "w" }}c{{ end }}
