// Package httpapi is the HTTP API, as api/openapi.yaml describes it.
package httpapi

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	"git.myhealth.example/platform/chassis/problem"

	"git.myhealth.example/${{ values.team }}/${{ values.name }}/api"
	"git.myhealth.example/${{ values.team }}/${{ values.name }}/internal/domain"
)

// Routes are the API. A test holds them to the document.
func Routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/working-days", count)
	mux.HandleFunc("GET /openapi.yaml", document)
	return mux
}

func count(w http.ResponseWriter, r *http.Request) {
	asked, faults := readRange(r.URL.Query())
	if len(faults) > 0 {
		invalid(faults...).Write(w, r)
		return
	}
	days, err := asked.WorkingDays()
	if err != nil {
		invalid(problem.Fault{Pointer: "?to", Detail: err.Error()}).Write(w, r)
		return
	}
	answer := struct {
		From        string `json:"from"`
		To          string `json:"to"`
		WorkingDays int    `json:"workingDays"`
	}{asked.From.Format(time.DateOnly), asked.To.Format(time.DateOnly), days}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // the client is gone: nobody to tell
}

// readRange reads the two days; what is wrong, or not known, is told all at once.
func readRange(query url.Values) (domain.Range, []problem.Fault) {
	var faults []problem.Fault
	day := func(name string) time.Time {
		value, err := time.Parse(time.DateOnly, query.Get(name))
		if err != nil || len(query[name]) != 1 {
			faults = append(faults, problem.Fault{Pointer: "?" + name, Detail: "one day is expected, such as 2026-01-05"})
		}
		return value
	}
	asked := domain.Range{From: day("from"), To: day("to")}
	for name := range query {
		if !slices.Contains([]string{"from", "to"}, name) {
			faults = append(faults, problem.Fault{Pointer: "?" + name, Detail: "there is no such parameter"})
		}
	}
	return asked, faults
}

func invalid(faults ...problem.Fault) problem.Problem {
	return problem.Problem{
		Status: http.StatusUnprocessableEntity, Slug: "invalid", Title: "The request breaks a rule", Errors: faults,
	}
}

func document(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(api.OpenAPI)
}
