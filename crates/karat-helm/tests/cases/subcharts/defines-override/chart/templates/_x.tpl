{{ define "all" }}root{{ end }}
