package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver

	"git.myhealth.example/clinical/records/internal/app"
	"git.myhealth.example/platform/chassis"
)

const patience = 20 * time.Second

// stores are the databases to test with, each empty: a SQLite file always, Postgres where KARAT_PEERS_POSTGRES says where one is.
func stores(t *testing.T, run func(t *testing.T, environment map[string]string)) {
	t.Run("sqlite", func(t *testing.T) {
		run(t, map[string]string{"DATABASE": "sqlite:" + filepath.Join(t.TempDir(), "records.db")})
	})
	t.Run("postgres", func(t *testing.T) {
		run(t, postgres(t))
	})
}

func postgres(t *testing.T) map[string]string {
	address := os.Getenv("KARAT_PEERS_POSTGRES")
	if address == "" {
		t.Skip("KARAT_PEERS_POSTGRES is not set: host=... port=... user=... dbname=...")
	}
	server, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	name := fmt.Sprintf("records_%d_%d", os.Getpid(), time.Now().UnixNano())
	// A role with a password of its own: the service is to read it from a file.
	for _, statement := range []string{
		"CREATE ROLE " + name + " LOGIN PASSWORD 'swordfish'",
		"CREATE DATABASE " + name + " OWNER " + name,
	} {
		if _, err := server.ExecContext(context.Background(), statement); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { // the replicas have ended by now
		for _, statement := range []string{"DROP DATABASE " + name + " WITH (FORCE)", "DROP ROLE " + name} {
			if _, err := server.ExecContext(context.Background(), statement); err != nil {
				t.Error(err)
			}
		}
	})
	parts := map[string]string{}
	for part := range strings.FieldsSeq(address) {
		key, value, _ := strings.Cut(part, "=")
		parts[key] = value
	}
	secrets := t.TempDir()
	text := fmt.Sprintf(`{"engine":"postgres","host":%q,"port":%s,"username":%q,"password":"swordfish","dbname":%q,"sslmode":"disable"}`,
		parts["host"], parts["port"], name, name)
	if err := os.WriteFile(filepath.Join(secrets, "database.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"DATABASE": "secret:database", "SECRETS_DIR": secrets}
}

// replica is the service, run in this process as main would run it.
type replica struct {
	url     string
	signals chan os.Signal
	code    chan int
	out     *lines
}

type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(data)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func serve(t *testing.T, environment map[string]string) *replica {
	t.Helper()
	portFile := filepath.Join(t.TempDir(), "port")
	given := map[string]string{"HOST": "127.0.0.1", "PORT": "0", "PORT_FILE": portFile, "LOG_LEVEL": "debug"}
	for name, value := range environment {
		given[name] = value
	}
	r := &replica{signals: make(chan os.Signal, 1), code: make(chan int, 1), out: new(lines)}
	go func() {
		r.code <- chassis.Run(app.Service, chassis.Process{
			Args: []string{"serve"}, Environment: func(name string) string { return given[name] }, Out: r.out, Err: r.out,
			Signals: r.signals, Exit: func(int) {},
		})
	}()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if port, err := os.ReadFile(portFile); err == nil {
			r.url = "http://" + net.JoinHostPort("127.0.0.1", strings.TrimSpace(string(port)))
			if answer, err := http.Get(r.url + "/readyz"); err == nil {
				answer.Body.Close()
				if answer.StatusCode == http.StatusOK {
					break
				}
			}
		}
		if time.Now().After(end) {
			t.Fatalf("it is not ready:\n%s", r.out)
		}
	}
	t.Cleanup(func() {
		r.signals <- syscall.SIGTERM
		if code := <-r.code; code != 0 {
			t.Errorf("exit code %d:\n%s", code, r.out)
		}
	})
	return r
}

// answer is what a request was answered.
type answer struct {
	status int
	header http.Header
	text   string
}

// is reads a member of the JSON body, such as "errors.0.pointer"; the whole of it for "".
func (a answer) is(path string) any {
	var value any
	if err := json.Unmarshal([]byte(a.text), &value); err != nil {
		return nil
	}
	for name := range strings.SplitSeq(path, ".") {
		switch inner := value.(type) {
		case map[string]any:
			value = inner[name]
		case []any:
			index := 0
			if _, err := fmt.Sscan(name, &index); err != nil || index >= len(inner) {
				return nil
			}
			value = inner[index]
		}
	}
	return value
}

func (a answer) items() []any {
	items, _ := a.is("items").([]any)
	return items
}

// ask sends a request; headers are "Name: value", and an empty body is none.
func (r *replica) ask(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequest(method, r.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Actor", "clinician/dr-7")
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
		if value == "" {
			request.Header.Del(name)
		}
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	answered := answer{got.StatusCode, got.Header, string(text)}
	held(t, request, answered)
	return answered
}

func (a answer) want(t *testing.T, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("%d, not %d: %s", a.status, status, a.text)
	}
	return a
}

// problem checks that it is one of this kind.
func (a answer) problem(t *testing.T, status int, slug string) answer {
	t.Helper()
	a.want(t, status)
	if a.header.Get("Content-Type") != "application/problem+json" || a.is("type") != "https://myhealth.example/problems/"+slug {
		t.Errorf("not the problem %s: %s", slug, a.text)
	}
	return a
}

const somebody = `{"name":"A Patient","dateOfBirth":"1980-02-29","contact":{"email":"a@example.org"},"reminders":true}`

// register makes a patient and answers the path.
func (r *replica) register(t *testing.T, key string) (id, path string) {
	t.Helper()
	made := r.ask(t, "POST", "/v1/patients", somebody, "Idempotency-Key: "+key).want(t, http.StatusCreated)
	id, _ = made.is("id").(string)
	return id, "/v1/patients/" + id
}
