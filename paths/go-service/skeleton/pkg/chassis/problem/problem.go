// Package problem writes errors as problem details (RFC 9457).
package problem

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// MediaType is that of problem details in JSON.
const MediaType = "application/problem+json"

// types is where the kinds of problem are explained.
const types = "https://myhealth.example/problems/"

// A Problem tells a program (Slug, Status) and a person (Title, Detail) what went wrong. It holds no personal data.
type Problem struct {
	Status int    // of HTTP
	Slug   string // the kind: a word of the API that never changes
	Title  string // the same for every problem of the kind
	Detail string // of this occurrence
	Errors []Fault
	// RetryAfter tells when to come again; zero tells nothing.
	RetryAfter time.Duration
	// With has members beyond RFC 9457's, such as mergedInto.
	With map[string]any
}

// A Fault is what is wrong with one member of a request.
type Fault struct {
	// Pointer is a JSON Pointer (RFC 6901) into the body, empty for the whole of it; "?name" is a query parameter.
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// Of is the plain problem of a status.
func Of(status int) Problem {
	title := http.StatusText(status)
	return Problem{Status: status, Slug: strings.ReplaceAll(strings.ToLower(title), " ", "-"), Title: title}
}

// Detailed is the problem with a sentence about this occurrence.
func (p Problem) Detailed(detail string) Problem {
	p.Detail = detail
	return p
}

// Write answers a request with the problem, and with the trace that tells its story.
func (p Problem) Write(w http.ResponseWriter, r *http.Request) {
	body := map[string]any{"type": types + p.Slug, "title": p.Title, "status": p.Status, "instance": r.URL.Path}
	if p.Detail != "" {
		body["detail"] = p.Detail
	}
	if len(p.Errors) > 0 {
		body["errors"] = p.Errors
	}
	if span := trace.SpanContextFromContext(r.Context()); span.IsValid() {
		body["trace_id"] = span.TraceID().String()
	}
	for name, value := range p.With {
		body[name] = value
	}
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(p.RetryAfter.Seconds()))))
	}
	text, err := json.Marshal(body)
	if err != nil { // only a value of With can be at fault
		text, p.Status = []byte(`{}`), http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", MediaType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_, _ = w.Write(text) // the client is gone: nobody to tell
}
