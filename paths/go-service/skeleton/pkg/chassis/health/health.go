// Package health answers the probes of a process: has it started, is it alive, may it be sent requests.
package health

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// checkTimeout bounds one check; the chart's readiness probe gives up after a second.
const checkTimeout = 800 * time.Millisecond

// A Check asks something that the process cannot work without. Its error must be fit to be shown.
type Check struct {
	Name string
	Ask  func(context.Context) error
}

// Health is the state of a process. The zero value has not started.
type Health struct {
	once     sync.Once
	started  chan struct{}
	checks   []Check
	draining atomic.Bool
}

// New has not started yet.
func New() *Health {
	return &Health{started: make(chan struct{})}
}

// Start says that the process has begun, and what its readiness depends on.
func (h *Health) Start(checks []Check) {
	h.once.Do(func() {
		h.checks = checks
		close(h.started)
	})
}

// Started is closed once the process has begun.
func (h *Health) Started() <-chan struct{} { return h.started }

// Drain says that the process takes no more work: not ready from now on, though it still answers.
func (h *Health) Drain() { h.draining.Store(true) }

// Register adds the probes to a mux.
func (h *Health) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("GET /startupz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, h.beginning())
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		answer(w, h.failing(r.Context()))
	})
}

func (h *Health) beginning() map[string]string {
	select {
	case <-h.started:
		return nil
	default:
		return map[string]string{"started": "the process is still starting"}
	}
}

// failing is what keeps the process from being ready, by name of the check.
func (h *Health) failing(ctx context.Context) map[string]string {
	if h.draining.Load() {
		return map[string]string{"draining": "the process is shutting down"}
	}
	if failed := h.beginning(); failed != nil {
		return failed
	}
	failed := map[string]string{}
	for _, check := range h.checks {
		asking, cancel := context.WithTimeout(ctx, checkTimeout)
		if err := check.Ask(asking); err != nil {
			failed[check.Name] = err.Error()
		}
		cancel()
	}
	return failed
}

func answer(w http.ResponseWriter, failed map[string]string) {
	body := map[string]any{"status": "ok"}
	status := http.StatusOK
	if len(failed) > 0 {
		body = map[string]any{"status": "unavailable", "failed": failed}
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
