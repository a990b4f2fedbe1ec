// Package telemetry is how a service tells what it does: traces, metrics and logs by OpenTelemetry, under the newest semantic
// conventions, with W3C trace context handed on at every boundary.
//
// Health data stays in. Whatever sets an attribute, only those of the allow-list leave the process: in spans, their events and
// links, in metrics and their exemplars, in log records and log lines.
//
// The conventions are those of go.opentelemetry.io/otel/semconv/v1.43.0.
package telemetry

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	lognoop "go.opentelemetry.io/otel/log/noop"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// scope names the instrumentation of the chassis.
const scope = "git.myhealth.example/platform/chassis/telemetry"

// Options are what telemetry is made of.
type Options struct {
	Service string // its name, where OTEL_SERVICE_NAME does not say another
	Version string
	Export  Export
	Level   slog.Level // of logs
	Lines   io.Writer  // takes a line of JSON for each log record
	Allow   []string   // attributes of the service itself, beside those of the chassis
}

// Telemetry observes one process. There are no globals but OpenTelemetry's error handler, so that tests can have many.
type Telemetry struct {
	tracers    trace.TracerProvider
	meters     metric.MeterProvider
	propagator propagation.TextMapPropagator
	tracer     trace.Tracer
	meter      metric.Meter
	logger     *slog.Logger
	http       httpInstruments
	stop       []func(context.Context) error
}

// Start begins to observe. Its error says that an exporter cannot be made; that the collector cannot be reached is no error.
func Start(ctx context.Context, options Options) (*Telemetry, error) {
	t := &Telemetry{
		tracers:    tracenoop.NewTracerProvider(),
		meters:     metricnoop.NewMeterProvider(),
		propagator: options.Export.propagator(),
	}
	allow := newAllowList(options.Allow)
	loggers := log.LoggerProvider(lognoop.NewLoggerProvider())
	if !options.Export.Disabled {
		provider, err := t.startProviders(ctx, options, allow)
		if err != nil {
			return nil, errors.Join(err, t.Stop(ctx))
		}
		loggers = provider
	}
	lines := &lineHandler{out: &lockedWriter{out: options.Lines}, level: options.Level, allow: allow}
	exported := *lines
	exported.export = loggers.Logger(scope)
	t.logger = slog.New(&exported)
	t.tracer = t.tracers.Tracer(scope, trace.WithInstrumentationVersion(options.Version))
	t.meter = t.meters.Meter(scope, metric.WithInstrumentationVersion(options.Version))

	var err error
	if t.http, err = newHTTPInstruments(t.meter); err != nil {
		return nil, errors.Join(err, t.Stop(ctx))
	}
	// Failures to export are told on standard output alone: the collector that does not answer would not hear of it either.
	otel.SetErrorHandler(occasionally(slog.New(lines), time.Minute))
	return t, nil
}

func (t *Telemetry) startProviders(ctx context.Context, options Options, allow allowList) (log.LoggerProvider, error) {
	about, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(
			semconv.ServiceName(options.Service),
			semconv.ServiceVersion(options.Version),
			semconv.ServiceInstanceID(uuid.NewString()),
		),
		resource.WithFromEnv(), // wins over the above
	)
	if err != nil {
		return nil, err
	}
	exporters, err := options.Export.exporters(ctx)
	if err != nil {
		return nil, err
	}
	tracing := []sdktrace.TracerProviderOption{sdktrace.WithResource(about)}
	metering := []sdkmetric.Option{sdkmetric.WithResource(about), sdkmetric.WithView(allow.view())}
	logging := []sdklog.LoggerProviderOption{sdklog.WithResource(about)}
	if exporters != nil {
		tracing = append(tracing, sdktrace.WithBatcher(allow.spans(exporters.spans)))
		metering = append(metering, sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporters.metrics)))
		logging = append(logging, sdklog.WithProcessor(allow.logs(sdklog.NewBatchProcessor(exporters.logs))))
	}
	tracers := sdktrace.NewTracerProvider(tracing...)
	meters := sdkmetric.NewMeterProvider(metering...)
	loggers := sdklog.NewLoggerProvider(logging...)
	t.tracers, t.meters = tracers, meters
	t.stop = append(t.stop, tracers.Shutdown, meters.Shutdown, loggers.Shutdown)
	return loggers, runtime.Start(runtime.WithMeterProvider(meters))
}

// Logger writes log records: as lines, and by OTLP where there is an endpoint. The body of a record is a fixed text; what differs
// is in attributes.
func (t *Telemetry) Logger() *slog.Logger { return t.logger }

// Meter makes instruments of the service's own.
func (t *Telemetry) Meter() metric.Meter { return t.meter }

// Annotate adds attributes of the service to the current span.
func Annotate(ctx context.Context, attributes ...attribute.KeyValue) {
	trace.SpanFromContext(ctx).SetAttributes(attributes...)
}

// Stop exports what is left, for as long as the context lasts.
func (t *Telemetry) Stop(ctx context.Context) error {
	var failures []error
	for _, stop := range t.stop {
		failures = append(failures, stop(ctx))
	}
	return errors.Join(failures...)
}

// occasionally logs one error in a while: a collector that is down fails every batch.
func occasionally(logger *slog.Logger, every time.Duration) otel.ErrorHandler {
	var mutex sync.Mutex
	var last time.Time
	return otel.ErrorHandlerFunc(func(err error) {
		mutex.Lock()
		defer mutex.Unlock()
		if now := time.Now(); now.Sub(last) >= every {
			last = now
			logger.Warn("telemetry is not exported", Error(err))
		}
	})
}
