// Package server serves HTTP/1.1, HTTP/2 without TLS (the mesh encrypts) and gRPC on one port, bounded in everything, and drains.
package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"git.myhealth.example/platform/chassis/config"
	"git.myhealth.example/platform/chassis/health"
	"git.myhealth.example/platform/chassis/problem"
	"git.myhealth.example/platform/chassis/telemetry"
)

// MaxBody bounds a request's body and a gRPC message, in bytes.
const MaxBody = 64 << 10

// patience is how long a request that comes while the process starts waits for it.
const patience = 5 * time.Second

// Settings say where to listen and what the bounds are.
type Settings struct {
	Host       string
	Port       int // 0: any that is free
	PortFile   string
	Drain      time.Duration // keeps serving so long after it has said that it is not ready
	Grace      time.Duration // then finishes what is in flight within this
	Concurrent int           // requests at once
	Timeout    time.Duration // of one request
}

// ReadSettings reads HOST, PORT, PORT_FILE, DRAIN_SECONDS, GRACE_SECONDS, MAX_CONCURRENT_REQUESTS and REQUEST_TIMEOUT_SECONDS.
func ReadSettings(env *config.Env) Settings {
	settings := Settings{
		Host:       env.Text("HOST", "0.0.0.0"),
		Port:       env.Int("PORT", 8080, 0, 65535),
		PortFile:   env.Text("PORT_FILE", ""),
		Drain:      env.Seconds("DRAIN_SECONDS", 0, 0, 3600),
		Grace:      env.Seconds("GRACE_SECONDS", 30, 0, 3600),
		Concurrent: env.Int("MAX_CONCURRENT_REQUESTS", 512, 1, 1_000_000),
		Timeout:    env.Seconds("REQUEST_TIMEOUT_SECONDS", 10, 1, 600),
	}
	if net.ParseIP(settings.Host) == nil {
		env.Reject("HOST", config.Quote(settings.Host)+" is not an address", "an IP address to listen on, such as 127.0.0.1")
	}
	return settings
}

// Server is a listener with what it serves. It answers probes from the start, and the rest once Serve was given it.
type Server struct {
	settings Settings
	listener net.Listener
	http     *http.Server
	health   *health.Health
	probes   *http.ServeMux
	slots    chan struct{} // one for each request at once
	serves   Handlers      // set before health says that it has started
	failed   chan error
}

// Handlers are what a service serves.
type Handlers struct {
	HTTP *http.ServeMux
	GRPC *grpc.Server // nil: none; made with Options
}

// Listen binds the port and begins to serve probes.
func Listen(settings Settings, state *health.Health, observer *telemetry.Telemetry) (*Server, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(settings.Host, strconv.Itoa(settings.Port)))
	if err != nil {
		return nil, fmt.Errorf("cannot listen: %w", err)
	}
	s := &Server{
		settings: settings, listener: listener, health: state, probes: http.NewServeMux(),
		slots: make(chan struct{}, settings.Concurrent), failed: make(chan error, 1),
	}
	state.Register(s.probes)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	observed := observer.Server(http.HandlerFunc(s.limited))
	s.http = &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.route(w, r, observed) }),
		Protocols:         protocols,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       settings.Timeout,
		WriteTimeout:      settings.Timeout + 5*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 250, MaxReadFrameSize: 16 << 10},
	}
	go func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
	return s, nil
}

// Address is where the server listens.
func (s *Server) Address() *net.TCPAddr { return s.listener.Addr().(*net.TCPAddr) }

// WritePortFile writes the port, atomically, where PORT_FILE says.
func (s *Server) WritePortFile() error {
	path := s.settings.PortFile
	if path == "" {
		return nil
	}
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := os.WriteFile(temporary, []byte(strconv.Itoa(s.Address().Port)+"\n"), 0o644); err != nil { //nolint:gosec // no secret
		return fmt.Errorf("PORT_FILE: %w", err)
	}
	return os.Rename(temporary, path)
}

// Serve begins to serve the handlers. A request that has come earlier has waited for it.
func (s *Server) Serve(handlers Handlers, checks []health.Check) {
	catchAll(handlers.HTTP)
	s.serves = handlers
	s.health.Start(checks)
}

// Failed tells if the listener breaks.
func (s *Server) Failed() <-chan error { return s.failed }

// Drain says that the process is not ready, keeps serving for the drain time, then stops accepting and finishes what is in flight.
// When the context ends it goes on at once; what is still in flight after the grace time is cut off.
func (s *Server) Drain(ctx context.Context) error {
	s.health.Drain()
	select {
	case <-time.After(s.settings.Drain):
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(ctx, s.settings.Grace)
	defer cancel()
	if err := s.http.Shutdown(ending); err != nil {
		return errors.Join(fmt.Errorf("requests were cut off after the grace time: %w", err), s.http.Close())
	}
	return nil
}

// route sends probes past everything else: they are answered under load, and are no part of the golden signals.
func (s *Server) route(w http.ResponseWriter, r *http.Request, observed http.Handler) {
	switch r.URL.Path {
	case "/livez", "/readyz", "/startupz":
		s.probes.ServeHTTP(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.settings.Timeout)
	defer cancel()
	observed.ServeHTTP(w, r.WithContext(ctx))
}

// limited lets so many requests in at once, and none before the process has started.
func (s *Server) limited(w http.ResponseWriter, r *http.Request) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		refuse(w, r, "overloaded", "Too many requests at once")
		return
	}
	if !s.started(r.Context()) {
		refuse(w, r, "starting", "The service is still starting")
		return
	}
	if telemetry.IsGRPC(r) {
		if s.serves.GRPC == nil {
			unimplemented := status.New(codes.Unimplemented, "no gRPC here")
			answerGRPC(w, unimplemented)
			return
		}
		s.serves.GRPC.ServeHTTP(w, r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
	s.serves.HTTP.ServeHTTP(w, r)
}

// started waits for the start, with patience.
func (s *Server) started(ctx context.Context) bool {
	select {
	case <-s.health.Started():
		return true
	default:
	}
	select {
	case <-s.health.Started():
		return true
	case <-time.After(patience):
	case <-ctx.Done():
	}
	return false
}

// refuse answers 503, or the same in gRPC's words.
func refuse(w http.ResponseWriter, r *http.Request, slug, title string) {
	if telemetry.IsGRPC(r) {
		answerGRPC(w, status.New(codes.Unavailable, slug))
		return
	}
	problem.Problem{Status: http.StatusServiceUnavailable, Slug: slug, Title: title, RetryAfter: time.Second}.Write(w, r)
}

// answerGRPC is an answer of trailers only.
func answerGRPC(w http.ResponseWriter, answer *status.Status) {
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Grpc-Status", strconv.Itoa(int(answer.Code())))
	w.Header().Set("Grpc-Message", answer.Message())
	w.WriteHeader(http.StatusOK)
}

// Options are those of a gRPC server behind a Server.
func Options(observer *telemetry.Telemetry) []grpc.ServerOption {
	return append(observer.GRPCServer(), grpc.MaxRecvMsgSize(MaxBody))
}

// catchAll answers what has no route as a problem: 405 where the path has other methods, 404 else.
func catchAll(mux *http.ServeMux) {
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		other := *r
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
			other.Method = method
			if _, pattern := mux.Handler(&other); pattern != "/" {
				allowed = append(allowed, method)
			}
		}
		if len(allowed) == 0 {
			problem.Of(http.StatusNotFound).Detailed("nothing has this path").Write(w, r)
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		problem.Of(http.StatusMethodNotAllowed).Detailed("the path has other methods: see Allow").Write(w, r)
	})
}
