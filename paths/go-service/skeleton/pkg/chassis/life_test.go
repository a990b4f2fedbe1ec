package chassis_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"git.myhealth.example/platform/chassis/health"
	"git.myhealth.example/platform/chassis/telemetry"
)

func TestMistakesOfTheEnvironmentAreToldAtOnce(t *testing.T) {
	environment := map[string]string{
		"HOST": "localhost", "PORT": "70000", "LOG_LEVEL": "loud", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json", "DOWNSTREAM": "user:pw@host",
	}
	code, _, said := run(probe{}, environment, "check")
	if code != 2 {
		t.Errorf("exit code %d, not 2", code)
	}
	for variable, value := range environment {
		// An address may hold a password: it is not repeated.
		shown := strings.Contains(said, value)
		if !strings.Contains(said, variable+": ") || shown == (variable == "DOWNSTREAM") {
			t.Errorf("%s=%s is not told as it should be:\n%s", variable, value, said)
		}
	}
}

func TestCommandLine(t *testing.T) {
	for _, each := range []struct {
		args []string
		open error
		code int
		said string
	}{
		{[]string{"check"}, nil, 0, "the configuration can be used"},
		{[]string{"migrate"}, nil, 0, "migrations are applied"},
		{[]string{"migrate"}, errors.New("the store cannot be reached"), 3, "the store cannot be reached"},
		{[]string{"--help"}, nil, 0, "DOWNSTREAM  whom to call"},
		{[]string{"--version"}, nil, 0, "probe "},
		{[]string{"fly"}, nil, 2, `unknown command "fly"`},
		{nil, nil, 2, "unknown command"},
	} {
		code, out, said := run(probe{open: each.open}, nil, each.args...)
		if code != each.code || !strings.Contains(out+said, each.said) {
			t.Errorf("%q: exit code %d, not %d; said %q", each.args, code, each.code, out+said)
		}
	}
}

func TestServiceThatCannotStartEndsWithThree(t *testing.T) {
	code, out, _ := run(probe{open: errors.New("no store")}, map[string]string{"HOST": "127.0.0.1", "PORT": "0"}, "serve")
	if code != 3 || !strings.Contains(out, "no store") {
		t.Errorf("exit code %d, said %s", code, out)
	}
}

func TestReadinessSaysWhichCheckFails(t *testing.T) {
	var broken atomic.Bool
	check := health.Check{Name: "store", Ask: func(context.Context) error {
		if broken.Load() {
			return errors.New("no answer")
		}
		return nil
	}}
	service := serve(t, probe{checks: []health.Check{check}}, nil)
	if status := service.status(t, "/readyz"); status != http.StatusOK {
		t.Errorf("ready: %d", status)
	}
	broken.Store(true)
	answer, err := http.Get("http://" + service.address + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), "store") {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	if status := service.status(t, "/livez"); status != http.StatusOK {
		t.Errorf("alive although a neighbour is not: %d", status)
	}
}

func slow(entered chan<- struct{}, leave <-chan struct{}) probe {
	return probe{routes: func(mux *http.ServeMux, _ *telemetry.Telemetry) {
		mux.HandleFunc("GET /slow", func(w http.ResponseWriter, _ *http.Request) {
			entered <- struct{}{}
			<-leave
			_, _ = io.WriteString(w, "done")
		})
	}}
}

func TestDrainFinishesWhatIsInFlight(t *testing.T) {
	entered, leave, body := make(chan struct{}), make(chan struct{}), make(chan string)
	service := serve(t, slow(entered, leave), map[string]string{"DRAIN_SECONDS": "1"})
	go func() {
		answer, err := http.Get("http://" + service.address + "/slow")
		if err != nil {
			body <- err.Error()
			return
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		body <- string(text)
	}()
	<-entered
	service.signals <- syscall.SIGTERM
	eventually(t, "it is not ready any more", func() bool { return service.status(t, "/readyz") == http.StatusServiceUnavailable })
	time.Sleep(1200 * time.Millisecond) // it stops accepting, with the request in flight
	close(leave)
	if got := <-body; got != "done" {
		t.Errorf("the request in flight was answered %q", got)
	}
	if code := <-service.code; code != 0 {
		t.Errorf("exit code %d:\n%s", code, service.out)
	} else {
		service.code <- code
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	service := serve(t, slow(entered, leave), nil)
	go func() {
		if answer, err := http.Get("http://" + service.address + "/slow"); err == nil {
			answer.Body.Close()
		}
	}()
	<-entered
	service.signals <- syscall.SIGTERM
	service.signals <- syscall.SIGINT
	if code := <-service.exit; code != 130 {
		t.Errorf("exit code %d, not 130", code)
	}
	close(leave)
}

func TestTooManyRequestsAreRefused(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	service := serve(t, slow(entered, leave), map[string]string{"MAX_CONCURRENT_REQUESTS": "1"})
	go func() {
		if answer, err := http.Get("http://" + service.address + "/slow"); err == nil {
			answer.Body.Close()
		}
	}()
	<-entered
	answer, err := http.Get("http://" + service.address + "/slow")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" || !strings.Contains(string(body), "/overloaded") {
		t.Errorf("%d %v %s", answer.StatusCode, answer.Header, body)
	}
	if status := service.status(t, "/livez"); status != http.StatusOK {
		t.Errorf("probes are answered under load: %d", status)
	}
	close(leave)
}

func TestUnknownPathsAndMethodsAreProblems(t *testing.T) {
	service := serve(t, probe{routes: func(mux *http.ServeMux, _ *telemetry.Telemetry) {
		mux.HandleFunc("GET /there", func(http.ResponseWriter, *http.Request) {})
		mux.HandleFunc("GET /panics", func(http.ResponseWriter, *http.Request) { panic("a secret") })
	}}, nil)
	for path, want := range map[string]int{"/nowhere": 404, "/there": 405, "/panics": 500} {
		method := http.MethodGet
		if want == 405 {
			method = http.MethodDelete
		}
		request, _ := http.NewRequest(method, "http://"+service.address+path, nil)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != want || answer.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d %s", method, path, answer.StatusCode, answer.Header.Get("Content-Type"))
		}
		if strings.Contains(string(body), "secret") || !strings.Contains(string(body), `"trace_id"`) {
			t.Errorf("%s: %s", path, body)
		}
	}
}

func TestHTTP2WithoutTLS(t *testing.T) {
	service := serve(t, probe{routes: func(mux *http.ServeMux, _ *telemetry.Telemetry) {
		mux.HandleFunc("GET /proto", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) })
	}}, nil)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: protocols}}
	answer, err := client.Get("http://" + service.address + "/proto")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, _ := io.ReadAll(answer.Body); string(body) != "HTTP/2.0" {
		t.Errorf("served by %s", body)
	}
}
