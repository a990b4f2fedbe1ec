package telemetry

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"git.myhealth.example/platform/chassis/config"
)

// Export is where telemetry goes, as the OTEL_ variables say. The SDK reads most of them itself and ignores what it does not
// understand; here they are validated, so that a typing error ends the start and not the telemetry.
type Export struct {
	Disabled    bool   // OTEL_SDK_DISABLED: nothing is recorded, context is still handed on
	Endpoint    string // empty: logs as lines only
	Protocol    string // grpc or http/protobuf
	Propagators []string
}

// ReadExport reads the variables.
func ReadExport(env *config.Env) Export {
	export := Export{
		Disabled: env.Bool("OTEL_SDK_DISABLED"),
		Endpoint: env.URL("OTEL_EXPORTER_OTLP_ENDPOINT"),
		Protocol: env.Choice("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "grpc", "http/protobuf"),
		Propagators: env.Choices("OTEL_PROPAGATORS", []string{"tracecontext", "baggage"},
			"tracecontext", "baggage", "none"),
	}
	env.Choice("OTEL_TRACES_SAMPLER", "parentbased_always_on", "always_on", "always_off", "traceidratio",
		"parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio")
	env.Milliseconds("OTEL_BSP_SCHEDULE_DELAY", 5000, 1, 600_000)
	env.Milliseconds("OTEL_METRIC_EXPORT_INTERVAL", 60_000, 1, 3_600_000)
	return export
}

func (e Export) propagator() propagation.TextMapPropagator {
	var all []propagation.TextMapPropagator
	if slices.Contains(e.Propagators, "tracecontext") {
		all = append(all, TraceContext{})
	}
	if slices.Contains(e.Propagators, "baggage") {
		all = append(all, propagation.Baggage{})
	}
	return propagation.NewCompositeTextMapPropagator(all...)
}

// exporters send one signal each.
type exporters struct {
	spans   sdktrace.SpanExporter
	metrics sdkmetric.Exporter
	logs    sdklog.Exporter
}

// exporters are nil without an endpoint. They connect when they have something to send.
func (e Export) exporters(ctx context.Context) (*exporters, error) {
	if e.Endpoint == "" {
		return nil, nil
	}
	var made exporters
	var failed [3]error
	if e.Protocol == "grpc" {
		made.spans, failed[0] = otlptracegrpc.New(ctx)
		made.metrics, failed[1] = otlpmetricgrpc.New(ctx)
		made.logs, failed[2] = otlploggrpc.New(ctx)
	} else {
		made.spans, failed[0] = otlptracehttp.New(ctx)
		made.metrics, failed[1] = otlpmetrichttp.New(ctx)
		made.logs, failed[2] = otlploghttp.New(ctx)
	}
	for _, err := range failed {
		if err != nil {
			return nil, err
		}
	}
	return &made, nil
}
