{{ define "all" }}b{{ end }}{{ define "subs" }}b{{ end }}
