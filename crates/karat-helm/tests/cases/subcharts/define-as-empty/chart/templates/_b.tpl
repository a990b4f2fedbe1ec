{{ define "x" }}content{{ end }}
