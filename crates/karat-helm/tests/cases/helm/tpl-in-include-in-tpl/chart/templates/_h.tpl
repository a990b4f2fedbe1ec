{{ define "h.b" }}b({{ tpl .Values.c . }}){{ end }}
