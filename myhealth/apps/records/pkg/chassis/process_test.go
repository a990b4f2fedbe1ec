package chassis_test

import (
	"bytes"
	"context"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"git.myhealth.example/platform/chassis"
	"git.myhealth.example/platform/chassis/config"
	"git.myhealth.example/platform/chassis/health"
	"git.myhealth.example/platform/chassis/server"
	"git.myhealth.example/platform/chassis/telemetry"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// probe is the service under test: routes that a test gives it.
type probe struct {
	routes func(*http.ServeMux, *telemetry.Telemetry)
	checks []health.Check
	open   error
}

func (p probe) service() chassis.Service {
	return chassis.Service{
		Name: "probe", Summary: "a service to test the chassis with", Settings: "  DOWNSTREAM  whom to call\n",
		Configure: func(env *config.Env) chassis.Program {
			env.URL("DOWNSTREAM")
			return p
		},
	}
}

func (p probe) Migrate(context.Context, *telemetry.Telemetry) (int, error) { return 0, p.open }

func (p probe) Open(_ context.Context, observer *telemetry.Telemetry) (chassis.Opened, error) {
	mux := http.NewServeMux()
	if p.routes != nil {
		p.routes(mux, observer)
	}
	return chassis.Opened{Handlers: server.Handlers{HTTP: mux}, Checks: p.checks, Close: func() error { return nil }}, p.open
}

// output is what a process printed.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(data []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(data)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// running is a service that runs in this process, as main would run it.
type running struct {
	address string
	signals chan os.Signal
	code    chan int
	exit    chan int
	out     *output
}

// run does what the command line says and answers exit code, standard output and standard error.
func run(p probe, environment map[string]string, args ...string) (int, string, string) {
	out, errors := new(output), new(output)
	code := chassis.Run(p.service(), chassis.Process{
		Args: args, Environment: func(name string) string { return environment[name] }, Out: out, Err: errors,
		Signals: make(chan os.Signal), Exit: func(int) {},
	})
	return code, out.String(), errors.String()
}

// serve starts the service on a free port and waits until it is ready.
func serve(t *testing.T, p probe, environment map[string]string) *running {
	t.Helper()
	return serveProgram(t, p, environment)
}

// serveProgram is serve for any service.
func serveProgram(t *testing.T, p interface{ service() chassis.Service }, environment map[string]string) *running {
	t.Helper()
	portFile := filepath.Join(t.TempDir(), "port")
	given := map[string]string{"HOST": "127.0.0.1", "PORT": "0", "PORT_FILE": portFile, "LOG_LEVEL": "debug"}
	maps.Copy(given, environment)
	r := &running{signals: make(chan os.Signal, 2), code: make(chan int, 1), exit: make(chan int, 1), out: new(output)}
	go func() {
		r.code <- chassis.Run(p.service(), chassis.Process{
			Args: []string{"serve"}, Environment: func(name string) string { return given[name] }, Out: r.out, Err: r.out,
			Signals: r.signals, Exit: func(code int) { r.exit <- code },
		})
	}()
	eventually(t, "it listens", func() bool {
		port, err := os.ReadFile(portFile)
		r.address = net.JoinHostPort("127.0.0.1", strings.TrimSpace(string(port)))
		return err == nil
	})
	eventually(t, "it has started", func() bool { return r.status(t, "/startupz") == http.StatusOK })
	t.Cleanup(func() { r.stop(t) })
	return r
}

// stop asks it to end, and answers the exit code. A second time it answers what the first did.
func (r *running) stop(t *testing.T) int {
	t.Helper()
	select {
	case r.signals <- syscall.SIGTERM:
	default:
	}
	select {
	case code := <-r.code:
		r.code <- code
		return code
	case <-time.After(patience):
		t.Fatalf("it does not end:\n%s", r.out)
		return -1
	}
}

func (r *running) status(t *testing.T, path string) int {
	t.Helper()
	answer, err := http.Get("http://" + r.address + path)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}
