// Package httpapi is the HTTP API of patient records; api/openapi.yaml describes it, and a test holds the two together.
package httpapi

import (
	"errors"
	"log/slog"
	"net/http"

	"git.myhealth.example/clinical/records/api"
	"git.myhealth.example/clinical/records/internal/domain"
	"git.myhealth.example/clinical/records/internal/records"
)

// API answers HTTP requests with the use cases.
type API struct {
	records *records.Service
	log     *slog.Logger
}

// New makes the API.
func New(service *records.Service, log *slog.Logger) *API {
	return &API{service, log}
}

// handler answers a request of a known actor, or says why not.
type handler func(w http.ResponseWriter, r *http.Request, by domain.Actor) error

// routes are all that need an actor.
func (a *API) routes() map[string]handler {
	return map[string]handler{
		"POST /v1/patients":                                      a.register,
		"GET /v1/patients/{patient}":                             a.patient,
		"PATCH /v1/patients/{patient}":                           a.change,
		"POST /v1/patients/{patient}/deactivate":                 a.deactivate,
		"POST /v1/patients/{patient}/merge":                      a.merge,
		"GET /v1/patients/{patient}/consents":                    a.consents,
		"GET /v1/patients/{patient}/accesses":                    a.accesses,
		"POST /v1/patients/{patient}/entries":                    a.write,
		"GET /v1/patients/{patient}/entries":                     a.entries,
		"GET /v1/patients/{patient}/entries/{entry}":             a.entry,
		"POST /v1/patients/{patient}/entries/{entry}/amendments": a.amend,
	}
}

// Mux routes requests.
func (a *API) Mux() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, handle := range a.routes() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			by, err := actorOf(r)
			if err == nil {
				err = handle(w, r, by)
			}
			if err != nil {
				a.fail(w, r, err)
			}
		})
	}
	mux.HandleFunc("GET /openapi.yaml", document("application/yaml", api.OpenAPI))
	mux.HandleFunc("GET /records/v1/records.proto", document("text/plain; charset=utf-8", api.Proto))
	return mux
}

func document(mediaType string, text []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Cache-Control", "max-age=300")
		_, _ = w.Write(text) // the client is gone: nobody to tell
	}
}

// actorOf is who the mesh says is calling.
func actorOf(r *http.Request) (domain.Actor, error) {
	values := r.Header.Values("X-Actor")
	if len(values) != 1 {
		return "", errNoActor
	}
	actor, err := domain.ParseActor(values[0])
	if err != nil {
		return "", errNoActor
	}
	return actor, nil
}

var errNoActor = errors.New("the header X-Actor, which the mesh sets from a verified token, is missing or cannot be an actor")
