package chassis_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	collectorlogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortraces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"git.myhealth.example/platform/chassis/telemetry"
)

// collector remembers, as text, what it was sent by OTLP.
type collector struct {
	collectortraces.UnimplementedTraceServiceServer
	mu   sync.Mutex
	sent strings.Builder
}

type metricsCollector struct {
	collectormetrics.UnimplementedMetricsServiceServer
	*collector
}

type logsCollector struct {
	collectorlogs.UnimplementedLogsServiceServer
	*collector
}

func (c *collector) keep(message proto.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent.WriteString(protojson.Format(message))
}

func (c *collector) all() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent.String()
}

func (c *collector) Export(_ context.Context, request *collectortraces.ExportTraceServiceRequest) (*collectortraces.ExportTraceServiceResponse, error) {
	c.keep(request)
	return &collectortraces.ExportTraceServiceResponse{}, nil
}

func (c metricsCollector) Export(_ context.Context, request *collectormetrics.ExportMetricsServiceRequest) (*collectormetrics.ExportMetricsServiceResponse, error) {
	c.keep(request)
	return &collectormetrics.ExportMetricsServiceResponse{}, nil
}

func (c logsCollector) Export(_ context.Context, request *collectorlogs.ExportLogsServiceRequest) (*collectorlogs.ExportLogsServiceResponse, error) {
	c.keep(request)
	return &collectorlogs.ExportLogsServiceResponse{}, nil
}

func collect(t *testing.T) (*collector, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	remembered, receiver := new(collector), grpc.NewServer()
	collectortraces.RegisterTraceServiceServer(receiver, remembered)
	collectormetrics.RegisterMetricsServiceServer(receiver, metricsCollector{collector: remembered})
	collectorlogs.RegisterLogsServiceServer(receiver, logsCollector{collector: remembered})
	go func() { _ = receiver.Serve(listener) }()
	t.Cleanup(receiver.Stop)
	return remembered, "http://" + listener.Addr().String()
}

// Whatever way an attribute takes out of the process, what is not on the list does not leave.
func TestOnlyAllowedAttributesLeave(t *testing.T) {
	received, endpoint := collect(t)
	leaky := probe{routes: func(mux *http.ServeMux, observer *telemetry.Telemetry) {
		counter, err := observer.Meter().Int64Counter("leaks")
		if err != nil {
			t.Error(err)
		}
		mux.HandleFunc("GET /patients/{name}", func(_ http.ResponseWriter, r *http.Request) {
			ctx, name := r.Context(), attribute.String("patient.name", "Quackenbush-in-an-attribute")
			span := trace.SpanFromContext(ctx)
			span.SetAttributes(name, attribute.String("error.type", "an-allowed-one"))
			span.AddEvent("an event", trace.WithAttributes(name))
			span.AddLink(trace.Link{SpanContext: span.SpanContext(), Attributes: []attribute.KeyValue{name}})
			span.RecordError(errors.New("Quackenbush-in-an-error"))
			span.SetStatus(codes.Error, "Quackenbush-in-a-status")
			counter.Add(ctx, 1, metric.WithAttributes(name))
			observer.Logger().InfoContext(ctx, "seen", slog.String("patient.name", "Quackenbush-in-a-log"))
			observer.Logger().With("patient.name", "Quackenbush-in-with").WithGroup("g").InfoContext(ctx, "seen again", "x", "Quackenbush-in-a-group")
		})
	}}
	// The SDK reads its variables itself.
	environment := map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_SERVICE_NAME": "probe",
		"OTEL_RESOURCE_ATTRIBUTES": "service.namespace=myhealth,service.version=1.2.3",
	}
	for name, value := range environment {
		t.Setenv(name, value)
	}
	service := serve(t, leaky, environment)
	if status := service.status(t, "/patients/Quackenbush-in-a-path?of=Quackenbush-in-a-query"); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	service.stop(t)
	sent := received.all()
	for _, there := range []string{"an-allowed-one", "leaks", "seen again", "http.server.request.duration", "GET /patients/{name}", "myhealth"} {
		if !strings.Contains(sent, there) {
			t.Errorf("%q was not exported", there)
		}
	}
	for _, text := range []string{sent, service.out.String()} {
		for line := range strings.Lines(text) {
			if strings.Contains(line, "Quackenbush") {
				t.Errorf("it left: %s", line)
			}
		}
	}
}
