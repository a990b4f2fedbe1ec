package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// conventional are the attributes of the semantic conventions that services use. A value is an id, a code, a count, a name of the
// system: never a text that a person wrote, a name, a date of birth, a contact, a query string, an address of a client.
var conventional = []string{
	"db.client.connection.pool.name", "db.client.connection.state", "db.collection.name", "db.operation.name",
	"db.response.status_code", "db.system.name",
	"error.message", // of our own errors, which quote no data
	"error.type", "exception.stacktrace", "exception.type",
	"go.memory.type",
	"http.request.method", "http.response.status_code", "http.route",
	"migrations.applied",
	"network.protocol.name", "network.protocol.version",
	"otel.scope.name", "otel.scope.version",
	"process.exit.code", "process.signal",
	"rpc.method", "rpc.response.status_code", "rpc.system.name",
	"server.address", "server.port", "service.version",
	"url.full", // without query, see Client
	"url.path", // without what is no id, see Server
	"url.scheme",
}

// An allowList is the set of attributes that may leave the process.
type allowList map[string]bool

func newAllowList(own []string) allowList {
	allow := allowList{}
	for _, names := range [][]string{conventional, own} {
		for _, name := range names {
			allow[name] = true
		}
	}
	return allow
}

func (a allowList) keeps(attribute attribute.KeyValue) bool { return a[string(attribute.Key)] }

// keep answers the attributes that may leave; the slice itself where that is all of them.
func (a allowList) keep(attributes []attribute.KeyValue) []attribute.KeyValue {
	for i := range attributes {
		if a.keeps(attributes[i]) {
			continue
		}
		kept := append([]attribute.KeyValue{}, attributes[:i]...)
		for _, each := range attributes[i+1:] {
			if a.keeps(each) {
				kept = append(kept, each)
			}
		}
		return kept
	}
	return attributes
}

// spans is an exporter in front of another, off the path of requests.
func (a allowList) spans(next sdktrace.SpanExporter) sdktrace.SpanExporter {
	return spanFilter{next, a}
}

type spanFilter struct {
	sdktrace.SpanExporter
	allow allowList
}

func (f spanFilter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	filtered := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, span := range spans {
		filtered[i] = allowedSpan{span, f.allow}
	}
	return f.SpanExporter.ExportSpans(ctx, filtered)
}

// allowedSpan is a span without what may not leave.
type allowedSpan struct {
	sdktrace.ReadOnlySpan
	allow allowList
}

func (s allowedSpan) Attributes() []attribute.KeyValue {
	return s.allow.keep(s.ReadOnlySpan.Attributes())
}

// Status says that a span failed, not why: a description is a text that may hold anything.
func (s allowedSpan) Status() sdktrace.Status {
	return sdktrace.Status{Code: s.ReadOnlySpan.Status().Code}
}

func (s allowedSpan) Events() []sdktrace.Event {
	events := append([]sdktrace.Event{}, s.ReadOnlySpan.Events()...)
	for i := range events {
		events[i].Attributes = s.allow.keep(events[i].Attributes)
	}
	return events
}

func (s allowedSpan) Links() []sdktrace.Link {
	links := append([]sdktrace.Link{}, s.ReadOnlySpan.Links()...)
	for i := range links {
		links[i].Attributes = s.allow.keep(links[i].Attributes)
	}
	return links
}

// view is that of every instrument. What a view drops, the SDK offers to exemplars: there it is dropped again.
func (a allowList) view() sdkmetric.View {
	return sdkmetric.NewView(sdkmetric.Instrument{Name: "*"}, sdkmetric.Stream{
		AttributeFilter: a.keeps,
		ExemplarReservoirProviderSelector: func(aggregation sdkmetric.Aggregation) exemplar.ReservoirProvider {
			provider := sdkmetric.DefaultExemplarReservoirProviderSelector(aggregation)
			return func(attributes attribute.Set) exemplar.Reservoir {
				return discreet{provider(attributes)}
			}
		},
	})
}

// discreet exemplars know the trace of a measurement, not its dropped attributes.
type discreet struct{ exemplar.Reservoir }

func (d discreet) Offer(ctx context.Context, at time.Time, value exemplar.Value, _ []attribute.KeyValue) {
	d.Reservoir.Offer(ctx, at, value, nil)
}

// logs is a processor in front of another.
func (a allowList) logs(next sdklog.Processor) sdklog.Processor {
	return logFilter{next, a}
}

type logFilter struct {
	sdklog.Processor
	allow allowList
}

func (f logFilter) OnEmit(ctx context.Context, record *sdklog.Record) error {
	attributes := make([]attribute.KeyValue, 0, record.AttributesLen())
	record.WalkAttributes(func(each attribute.KeyValue) bool {
		attributes = append(attributes, each)
		return true
	})
	record.SetAttributes(f.allow.keep(attributes)...)
	return f.Processor.OnEmit(ctx, record)
}
