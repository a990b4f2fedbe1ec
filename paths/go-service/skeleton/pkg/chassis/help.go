package chassis

import "strings"

// help teaches the command line and every variable.
func help(service Service) string {
	return service.Name + ": " + service.Summary + "\n\nUsage: " + service.Name + ` serve | migrate | check | --help | --version

  serve     applies migrations and serves until SIGTERM
  migrate   applies migrations and ends
  check     says whether the configuration can be used

Settings, by environment:
` + strings.TrimRight(service.Settings, "\n") + `
  SECRETS_DIR                   the folder of secret files
  HOST, PORT                    where to listen (0.0.0.0, 8080); port 0 takes any that is free
  PORT_FILE                     is written with the port once it listens
  DRAIN_SECONDS, GRACE_SECONDS  on SIGTERM: serve on so long, then finish within (0, 30)
  MAX_CONCURRENT_REQUESTS       more are answered 503 (512)
  REQUEST_TIMEOUT_SECONDS       of one request (10)
  LOG_LEVEL                     error, warn, info or debug (info)
  OTEL_*                        as OpenTelemetry specifies; without OTEL_EXPORTER_OTLP_ENDPOINT there are log lines only

Exit codes: 0 fine; 2 the command or a setting cannot be used; 3 the environment fails.
`
}
