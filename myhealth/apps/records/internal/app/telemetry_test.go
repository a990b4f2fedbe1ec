package app_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	logs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	traces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	log "go.opentelemetry.io/proto/otlp/logs/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"git.myhealth.example/clinical/records/pkg/recordsv1"
)

// collector takes OTLP and keeps the spans, the log, and everything as text.
type collector struct {
	traces.UnimplementedTraceServiceServer
	mu    sync.Mutex
	spans []*trace.Span
	log   []*log.LogRecord
	text  strings.Builder
}

type metricsReceiver struct {
	metrics.UnimplementedMetricsServiceServer
	*collector
}

type logsReceiver struct {
	logs.UnimplementedLogsServiceServer
	*collector
}

func (c *collector) keep(message proto.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.WriteString(protojson.MarshalOptions{}.Format(message))
}

func (c *collector) Export(_ context.Context, m *traces.ExportTraceServiceRequest) (*traces.ExportTraceServiceResponse, error) {
	c.keep(m)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range m.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
	return &traces.ExportTraceServiceResponse{}, nil
}

func (r metricsReceiver) Export(_ context.Context, m *metrics.ExportMetricsServiceRequest) (*metrics.ExportMetricsServiceResponse, error) {
	r.keep(m)
	return &metrics.ExportMetricsServiceResponse{}, nil
}

func (r logsReceiver) Export(_ context.Context, m *logs.ExportLogsServiceRequest) (*logs.ExportLogsServiceResponse, error) {
	r.keep(m)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, resource := range m.GetResourceLogs() {
		for _, scope := range resource.GetScopeLogs() {
			r.collector.log = append(r.collector.log, scope.GetLogRecords()...)
		}
	}
	return &logs.ExportLogsServiceResponse{}, nil
}

// span is the one of a name in a trace; the last that ended.
func (c *collector) span(t *testing.T, id, name string) *trace.Span {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for _, span := range c.spans {
		if strings.Contains(id, hex.EncodeToString(span.GetTraceId())) {
			if span.GetName() == name {
				return span
			}
			names = append(names, span.GetName())
		}
	}
	t.Fatalf("the trace has no %q, but %q", name, names)
	return nil
}

func attributes(of []*common.KeyValue) string {
	var text strings.Builder
	for _, each := range of {
		switch value := each.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			fmt.Fprintf(&text, " %s=%s", each.GetKey(), value.StringValue)
		case *common.AnyValue_IntValue:
			fmt.Fprintf(&text, " %s=%d", each.GetKey(), value.IntValue)
		case *common.AnyValue_BoolValue:
			fmt.Fprintf(&text, " %s=%t", each.GetKey(), value.BoolValue)
		}
	}
	return text.String() + " "
}

// What operators see of the service: whole traces by the conventions, the golden signals, and nothing of a patient.
func TestTelemetryTellsOfTheServiceAndNotOfPatients(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	received, receiver := new(collector), grpc.NewServer()
	traces.RegisterTraceServiceServer(receiver, received)
	metrics.RegisterMetricsServiceServer(receiver, metricsReceiver{collector: received})
	logs.RegisterLogsServiceServer(receiver, logsReceiver{collector: received})
	go func() { _ = receiver.Serve(listener) }()
	defer receiver.Stop()

	const parent, call = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1234567890123456-01", "00-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-1234567890123456-01"
	t.Run("serving", func(t *testing.T) { // ends the service, which exports what is left
		environment := map[string]string{
			"DATABASE": "sqlite:" + t.TempDir() + "/records.db", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + listener.Addr().String(),
		}
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", environment["OTEL_EXPORTER_OTLP_ENDPOINT"]) // the SDK reads it itself
		service := serve(t, environment)
		id, path := service.register(t, "k")
		service.ask(t, "POST", path+"/entries", `{"kind":"medication","text":"amoxicillin","author":"Quackenbush"}`,
			"Idempotency-Key: e", "Traceparent: "+parent).want(t, http.StatusCreated)
		service.ask(t, "POST", "/v1/patients", `{"name":"","Quackenbush":1}`, "Idempotency-Key: f").want(t, http.StatusUnprocessableEntity)
		service.ask(t, "GET", "/v1/patients/Quackenbush?name=Quackenbush", "").want(t, http.StatusNotFound)
		connection, err := grpc.NewClient(strings.TrimPrefix(service.url, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		calling := metadata.AppendToOutgoingContext(t.Context(), "traceparent", call)
		if _, err := recordsv1.NewRecordsClient(connection).CheckPatient(calling, &recordsv1.CheckPatientRequest{PatientId: id}); err != nil {
			t.Fatal(err)
		}
	})

	request := received.span(t, parent, "POST /v1/patients/{patient}/entries")
	insert := received.span(t, parent, "INSERT entries")
	if hex.EncodeToString(request.GetParentSpanId()) != "1234567890123456" || request.GetKind() != trace.Span_SPAN_KIND_SERVER {
		t.Errorf("the request's span: %v", request)
	}
	if string(insert.GetParentSpanId()) != string(request.GetSpanId()) || insert.GetKind() != trace.Span_SPAN_KIND_CLIENT {
		t.Errorf("the statement's span: %v", insert)
	}
	for span, wanted := range map[*trace.Span][]string{
		request: {"http.request.method=POST", "http.route=/v1/patients/{patient}/entries", "http.response.status_code=201", "url.scheme=http", "idempotent.replayed=false"},
		insert:  {"db.system.name=sqlite", "db.operation.name=INSERT", "db.collection.name=entries"},
		received.span(t, call, "records.v1.Records/CheckPatient"): {"rpc.system.name=grpc", "rpc.method=records.v1.Records/CheckPatient", "rpc.response.status_code=OK"},
	} {
		for _, attribute := range wanted {
			if got := attributes(span.GetAttributes()); !strings.Contains(got, " "+attribute+" ") {
				t.Errorf("%s lacks %s: %s", span.GetName(), attribute, got)
			}
		}
	}
	received.span(t, call, "SELECT patients")
	if !slices.ContainsFunc(received.log, func(line *log.LogRecord) bool {
		return line.GetBody().GetStringValue() == "entry.written" && string(line.GetSpanId()) == string(request.GetSpanId())
	}) {
		t.Error("the change is not logged in its request's span")
	}
	sent := received.text.String()
	for _, metric := range []string{
		"http.server.request.duration", "http.server.active_requests", "rpc.server.call.duration", "db.client.operation.duration",
		"db.client.connection.count", "db.client.connection.max", "go.memory.used",
	} {
		if !strings.Contains(sent, `"`+metric+`"`) {
			t.Errorf("the metric %s was not exported", metric)
		}
	}
	for _, personal := range []string{"A Patient", "1980-02-29", "a@example.org", "amoxicillin", "Quackenbush", "clinician/dr-7"} {
		if at := strings.Index(sent, personal); at >= 0 {
			t.Errorf("%q was exported: …%s…", personal, sent[max(0, at-200):at+50])
		}
	}
}
