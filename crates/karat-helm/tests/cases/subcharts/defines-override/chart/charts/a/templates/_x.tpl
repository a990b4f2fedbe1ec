{{ define "all" }}a{{ end }}{{ define "subs" }}a{{ end }}
