{{ define "h.check" }}{{ fail (printf "\nfirst: %s\nsecond" .Chart.Name) }}{{ end }}
