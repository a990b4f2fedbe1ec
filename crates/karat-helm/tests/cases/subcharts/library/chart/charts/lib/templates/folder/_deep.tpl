{{ define "lib.deep" }}deep{{ end }}
