package telemetry

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"
)

// Error is the attribute that tells an error. Errors of ours quote no data; those of others do not come here unchanged.
func Error(err error) slog.Attr { return slog.String("error.message", err.Error()) }

// lineHandler writes a log record as one JSON object a line, and hands it to OpenTelemetry. An attribute that may not leave is
// dropped here for the line and, whoever emits, in allowList.logs for OTLP.
type lineHandler struct {
	out    *lockedWriter
	level  slog.Level
	allow  allowList
	fixed  []slog.Attr // of With
	prefix string      // of WithGroup
	export log.Logger  // nil: lines only
}

type lockedWriter struct {
	mutex sync.Mutex
	out   io.Writer
}

func (w *lockedWriter) Write(line []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.out.Write(line)
}

// line is what a reader of standard output gets.
type line struct {
	Timestamp  time.Time      `json:"timestamp"`
	Severity   string         `json:"severity"`
	Body       string         `json:"body"`
	Attributes map[string]any `json:"attributes,omitempty"`
	TraceID    string         `json:"trace_id,omitempty"`
	SpanID     string         `json:"span_id,omitempty"`
}

func (h *lineHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.fixed = append([]slog.Attr{}, h.fixed...)
	for _, attr := range attrs {
		with.fixed = append(with.fixed, slog.Attr{Key: h.prefix + attr.Key, Value: attr.Value})
	}
	return &with
}

func (h *lineHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.prefix = h.prefix + name + "."
	return &with
}

func (h *lineHandler) Handle(ctx context.Context, record slog.Record) error {
	attributes := map[string]any{}
	for _, attr := range h.fixed {
		h.collect(attributes, "", attr)
	}
	record.Attrs(func(attr slog.Attr) bool {
		h.collect(attributes, h.prefix, attr)
		return true
	})
	written := line{
		Timestamp: record.Time.UTC().Truncate(time.Microsecond), Severity: record.Level.String(),
		Body: record.Message, Attributes: attributes,
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		written.TraceID, written.SpanID = span.TraceID().String(), span.SpanID().String()
	}
	if h.export != nil {
		h.export.Emit(ctx, exported(record, attributes))
	}
	text, err := json.Marshal(written)
	if err != nil {
		return err
	}
	_, err = h.out.Write(append(text, '\n'))
	return err
}

// collect takes an attribute that may leave, in a type that JSON and OTLP both have.
func (h *lineHandler) collect(into map[string]any, prefix string, attr slog.Attr) {
	key, value := prefix+attr.Key, attr.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		for _, member := range value.Group() {
			h.collect(into, key+".", member)
		}
		return
	}
	if !h.allow[key] {
		return
	}
	switch value.Kind() {
	case slog.KindBool, slog.KindInt64, slog.KindFloat64:
		into[key] = value.Any()
	default:
		into[key] = value.String()
	}
}

func exported(record slog.Record, attributes map[string]any) log.Record {
	var out log.Record
	out.SetTimestamp(record.Time)
	out.SetSeverity(log.SeverityInfo + log.Severity(record.Level)) // both count in steps of 4, from info
	out.SetSeverityText(record.Level.String())
	out.SetBody(attribute.StringValue(record.Message))
	for key, value := range attributes {
		switch value := value.(type) {
		case bool:
			out.AddAttributes(attribute.Bool(key, value))
		case int64:
			out.AddAttributes(attribute.Int64(key, value))
		case float64:
			out.AddAttributes(attribute.Float64(key, value))
		case string:
			out.AddAttributes(attribute.String(key, value))
		}
	}
	return out
}
