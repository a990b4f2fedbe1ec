{{ define "x" }} {{/* nothing */}} {{ end }}{{ define "new" }}  {{ end }}
