{{ define "my-sub.fullname" }}{{ .Release.Name }}-{{ .Chart.Name }}-{{ .Values.v }}{{ end }}
