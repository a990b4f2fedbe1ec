package telemetry

import (
	"context"
	"encoding/hex"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TraceContext propagates W3C Trace Context (Level 2) by the letter. OpenTelemetry's own propagator is laxer and stricter in the
// wrong places: it takes the first of two traceparents, joins no tracestate headers, drops the state for a key that comes twice,
// and knows keys of Level 1 only.
type TraceContext struct{}

const (
	parentHeader = "traceparent"
	stateHeader  = "tracestate"

	maxMembers  = 32
	maxKeySize  = 256
	maxValue    = 256
	knownFlags  = trace.FlagsSampled | trace.FlagsRandom
	parentSize  = 55 // version-traceid-parentid-flags
	lowerHexSet = "0123456789abcdef"
)

// stateKey holds a foreignState in a context. OpenTelemetry's TraceState cannot hold every key of Level 2, so the state that came
// in is handed on as it was, by the side of the span context.
type stateKey struct{}

type foreignState struct {
	of   trace.TraceID
	text string
}

// Fields are the names of the headers.
func (TraceContext) Fields() []string { return []string{parentHeader, stateHeader} }

// Inject writes the current span as the parent.
func (TraceContext) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return
	}
	var text [parentSize]byte
	copy(text[:], "00-")
	id, parent, flags := span.TraceID(), span.SpanID(), [1]byte{byte(span.TraceFlags() & knownFlags)}
	hex.Encode(text[3:], id[:])
	text[35] = '-'
	hex.Encode(text[36:], parent[:])
	text[52] = '-'
	hex.Encode(text[53:], flags[:])
	carrier.Set(parentHeader, string(text[:]))
	if state, ok := ctx.Value(stateKey{}).(foreignState); ok && state.of == id {
		carrier.Set(stateHeader, state.text)
	}
}

// Extract answers a context with the caller's span, or the context as it was, so that a new trace begins.
func (TraceContext) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	parents := valuesOf(carrier, parentHeader)
	if len(parents) != 1 {
		return ctx
	}
	config, ok := parseParent(parents[0])
	if !ok {
		return ctx
	}
	text := parseState(valuesOf(carrier, stateHeader))
	// What does not fit OpenTelemetry's type is missing in exported spans only.
	config.TraceState, _ = trace.ParseTraceState(text)
	config.Remote = true
	if text != "" {
		ctx = context.WithValue(ctx, stateKey{}, foreignState{of: config.TraceID, text: text})
	}
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(config))
}

func valuesOf(carrier propagation.TextMapCarrier, name string) []string {
	if many, ok := carrier.(propagation.ValuesGetter); ok {
		return many.Values(name)
	}
	if value := carrier.Get(name); value != "" {
		return []string{value}
	}
	return nil
}

// parseParent reads a traceparent. A later version may say more, after a dash, and of its flags we know two.
func parseParent(text string) (config trace.SpanContextConfig, ok bool) {
	text = strings.Trim(text, " \t")
	if len(text) < parentSize || text[2] != '-' || text[35] != '-' || text[52] != '-' {
		return config, false
	}
	version := text[:2]
	later := len(text) > parentSize
	if version == "ff" || later && (version == "00" || text[parentSize] != '-') {
		return config, false
	}
	var flags, ignored [1]byte
	if !lowerHex(ignored[:], version) || !lowerHex(config.TraceID[:], text[3:35]) ||
		!lowerHex(config.SpanID[:], text[36:52]) || !lowerHex(flags[:], text[53:55]) {
		return config, false
	}
	config.TraceFlags = trace.TraceFlags(flags[0]) & knownFlags
	return config, config.TraceID.IsValid() && config.SpanID.IsValid()
}

func lowerHex(into []byte, text string) bool {
	if strings.Trim(text, lowerHexSet) != "" {
		return false
	}
	_, err := hex.Decode(into, []byte(text))
	return err == nil
}

// parseState joins the tracestate headers into one list. A member that is wrong spoils the list; of a key that comes twice the
// first, which is the newest, stays.
func parseState(headers []string) string {
	var members []string
	seen := map[string]bool{}
	for _, header := range headers {
		for member := range strings.SplitSeq(header, ",") {
			member = strings.Trim(member, " \t")
			if member == "" {
				continue
			}
			key, value, _ := strings.Cut(member, "=")
			if !validKey(key) || !validValue(value) {
				return ""
			}
			if !seen[key] {
				seen[key] = true
				members = append(members, member)
			}
		}
	}
	if len(members) > maxMembers {
		return ""
	}
	return strings.Join(members, ",")
}

func validKey(key string) bool {
	if key == "" || len(key) > maxKeySize || strings.IndexByte("_-*/@", key[0]) >= 0 {
		return false
	}
	for _, c := range []byte(key) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte("_-*/@", c) < 0 {
			return false
		}
	}
	return true
}

func validValue(value string) bool {
	if value == "" || len(value) > maxValue || value[len(value)-1] == ' ' {
		return false
	}
	for _, c := range []byte(value) {
		if c < ' ' || c > '~' || c == '=' { // a comma ended the member
			return false
		}
	}
	return true
}
