{{ define "all" }}c{{ end }}{{ define "subs" }}c{{ end }}{{ define "deep" }}c{{ end }}
