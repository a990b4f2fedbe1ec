package telemetry

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"
	"go.opentelemetry.io/otel/trace"

	"git.myhealth.example/platform/chassis/problem"
)

// Our own instrumentation of HTTP, where contrib's otelhttp follows the conventions as well: it has no http.server.active_requests
// (saturation), records addresses and agents of clients, and whole paths and queries.

// seconds are the boundaries that the conventions give for durations.
var seconds = metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)

type httpInstruments struct {
	server   httpconv.ServerRequestDuration
	active   httpconv.ServerActiveRequests
	client   httpconv.ClientRequestDuration
	outcomes *sync.Map // of outcome to metric.MeasurementOption: sets of attributes are dear to make, and few
	actives  map[string]metric.MeasurementOption
}

// outcome is how a request ended, as far as metrics tell.
type outcome struct {
	method, route, version string
	status                 int
}

func newHTTPInstruments(meter metric.Meter) (instruments httpInstruments, err error) {
	var failed [3]error
	instruments.server, failed[0] = httpconv.NewServerRequestDuration(meter, seconds)
	instruments.active, failed[1] = httpconv.NewServerActiveRequests(meter)
	instruments.client, failed[2] = httpconv.NewClientRequestDuration(meter, seconds)
	instruments.outcomes = new(sync.Map)
	instruments.actives = map[string]metric.MeasurementOption{}
	for method := range methods {
		instruments.actives[method] = metric.WithAttributeSet(attribute.NewSet(requestMethod(method), semconv.URLScheme("http")))
	}
	return instruments, errors.Join(failed[:]...)
}

// methods are those of RFC 9110 and PATCH, and the name that spans give to any other.
var methods = map[string]bool{
	"GET": true, "HEAD": true, "POST": true, "PUT": true, "DELETE": true,
	"CONNECT": true, "OPTIONS": true, "TRACE": true, "PATCH": true, otherMethod: true,
}

const otherMethod = "HTTP"

func requestMethod(method string) attribute.KeyValue {
	if method == otherMethod {
		return semconv.HTTPRequestMethodOther
	}
	return semconv.HTTPRequestMethodKey.String(method)
}

// IsGRPC says whether a request is a gRPC call: those share the port, told by their content type.
func IsGRPC(r *http.Request) bool {
	return r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
}

// Server observes every request, and answers 500 where a handler panics. For gRPC it takes the context in and counts the request
// as active; GRPCServer does the rest. The next handler must route with the very request that it is given: its Pattern tells
// the route.
func (t *Telemetry) Server(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		method := r.Method
		if !methods[method] {
			method = otherMethod
		}
		ctx := t.propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		t.http.active.Inst().Add(ctx, 1, t.http.actives[method])
		defer t.http.active.Inst().Add(ctx, -1, t.http.actives[method])
		if IsGRPC(r) {
			next.ServeHTTP(w, r.WithContext(ctx))
			return
		}
		version := "1.1"
		if r.ProtoMajor == 2 {
			version = "2"
		}
		host, port := hostPort(r.Host)
		ctx, span := t.tracer.Start(ctx, method, trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(begin),
			trace.WithAttributes(requestMethod(method), semconv.URLScheme("http"), semconv.ServerAddress(host),
				semconv.ServerPort(port), semconv.NetworkProtocolVersion(version)))
		r = r.WithContext(ctx)
		answer := &answer{ResponseWriter: w}
		t.guarded(next, answer, r)

		route := routeOf(r.Pattern)
		if route != "" {
			span.SetName(method + " " + route)
			span.SetAttributes(semconv.HTTPRoute(route))
		}
		span.SetAttributes(semconv.URLPath(discreetPath(r.URL.Path, route)), semconv.HTTPResponseStatusCode(answer.status()))
		if answer.status() >= 500 {
			span.SetStatus(codes.Error, "")
			span.SetAttributes(semconv.ErrorTypeKey.String(strconv.Itoa(answer.status())))
		}
		span.End()
		t.http.server.Inst().Record(ctx, time.Since(begin).Seconds(), t.http.outcome(outcome{method, route, version, answer.status()}))
	})
}

// guarded serves, and turns a panic into an answer and a log record that has the place but not the value: that may be data.
func (t *Telemetry) guarded(next http.Handler, w *answer, r *http.Request) {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(fault) // what net/http means by it: end the connection
		}
		t.logger.ErrorContext(r.Context(), "a handler panicked", panicAttributes()...)
		if w.code == 0 {
			problem.Of(http.StatusInternalServerError).Write(w, r)
		}
	}()
	next.ServeHTTP(w, r)
}

func (i *httpInstruments) outcome(o outcome) metric.MeasurementOption {
	if known, ok := i.outcomes.Load(o); ok {
		return known.(metric.MeasurementOption)
	}
	attributes := []attribute.KeyValue{
		requestMethod(o.method), semconv.URLScheme("http"), semconv.HTTPResponseStatusCode(o.status),
		semconv.NetworkProtocolVersion(o.version),
	}
	if o.route != "" {
		attributes = append(attributes, semconv.HTTPRoute(o.route))
	}
	if o.status >= 500 {
		attributes = append(attributes, semconv.ErrorTypeKey.String(strconv.Itoa(o.status)))
	}
	made := metric.WithAttributeSet(attribute.NewSet(attributes...))
	i.outcomes.Store(o, made)
	return made
}

// answer notes the status of a response.
type answer struct {
	http.ResponseWriter
	code int
}

func (a *answer) WriteHeader(code int) {
	if a.code == 0 && code >= 200 {
		a.code = code
	}
	a.ResponseWriter.WriteHeader(code)
}

func (a *answer) Write(data []byte) (int, error) {
	if a.code == 0 {
		a.code = http.StatusOK
	}
	return a.ResponseWriter.Write(data)
}

// Unwrap lets http.ResponseController through.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) status() int {
	if a.code == 0 {
		return http.StatusOK
	}
	return a.code
}

// routeOf is the path of a ServeMux pattern; none for the one that catches all.
func routeOf(pattern string) string {
	_, path, found := strings.Cut(pattern, " ")
	if !found {
		path = pattern
	}
	if path == "/" {
		return ""
	}
	return path
}

// discreetPath is a request's path without what a client put in the place of an id, and nothing of a path that has no route.
func discreetPath(path, route string) string {
	const redacted = "REDACTED"
	segments, wanted := strings.Split(path, "/"), strings.Split(route, "/")
	if route == "" || len(segments) != len(wanted) {
		return redacted
	}
	for i, segment := range segments {
		if strings.HasPrefix(wanted[i], "{") && !looksLikeID(segment) {
			segments[i] = redacted
		}
	}
	return strings.Join(segments, "/")
}

func looksLikeID(text string) bool {
	return len(text) == 36 && strings.Trim(text, "0123456789abcdef-") == ""
}

func hostPort(address string) (string, int) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return address, 80
	}
	port, _ := strconv.Atoi(text)
	return host, port
}

// Client is a transport that observes the requests it sends, and hands the current context on. A request's span ends with the
// head of the response.
func (t *Telemetry) Client(base http.RoundTripper) http.RoundTripper {
	return clientTransport{t, base}
}

type clientTransport struct {
	*Telemetry
	base http.RoundTripper
}

func (c clientTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	begin := time.Now()
	method := r.Method
	switch {
	case method == "":
		method = http.MethodGet
	case !methods[method]:
		method = otherMethod
	}
	host, port := hostPort(r.URL.Host)
	shown := *r.URL
	shown.User, shown.RawQuery, shown.Fragment = nil, "", ""
	attributes := []attribute.KeyValue{requestMethod(method), semconv.ServerAddress(host), semconv.ServerPort(port)}
	ctx, span := c.tracer.Start(r.Context(), method, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(append(attributes, semconv.URLFull(shown.String()))...))
	defer span.End()

	r = r.Clone(ctx) // a transport must not change the caller's request
	c.propagator.Inject(ctx, propagation.HeaderCarrier(r.Header))
	response, err := c.base.RoundTrip(r)
	var ended []attribute.KeyValue
	switch {
	case err != nil:
		ended = append(ended, semconv.ErrorTypeKey.String(kindOf(err)))
	default:
		ended = append(ended, semconv.HTTPResponseStatusCode(response.StatusCode))
		if response.StatusCode >= 400 {
			ended = append(ended, semconv.ErrorTypeKey.String(strconv.Itoa(response.StatusCode)))
		}
	}
	span.SetAttributes(ended...)
	if err != nil || response.StatusCode >= 400 {
		span.SetStatus(codes.Error, "")
	}
	c.http.client.Inst().Record(ctx, time.Since(begin).Seconds(),
		metric.WithAttributeSet(attribute.NewSet(append(attributes, ended...)...)))
	return response, err
}

// kindOf is a word for an error that is none of the protocol's.
func kindOf(err error) string {
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "timeout"
	default:
		return "connection"
	}
}

// panicAttributes tell where a panic was.
func panicAttributes() []any {
	return []any{"exception.type", "panic", "exception.stacktrace", string(debug.Stack())}
}
