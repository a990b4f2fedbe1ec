{{ define "chart/templates/b.yaml" }}b: from a define{{ end }}
