package chassis_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"git.myhealth.example/platform/chassis"
	"git.myhealth.example/platform/chassis/config"
	"git.myhealth.example/platform/chassis/server"
	"git.myhealth.example/platform/chassis/telemetry"
)

// caller is a service that is called by gRPC: answer is what it does. The protocol is gRPC's own for health, because it comes with it.
type caller struct {
	healthpb.UnimplementedHealthServer
	answer func(context.Context) error
}

func (c caller) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	return &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}, c.answer(ctx)
}

func (c caller) Migrate(context.Context, *telemetry.Telemetry) (int, error) { return 0, nil }

func (c caller) Open(_ context.Context, observer *telemetry.Telemetry) (chassis.Opened, error) {
	calls := grpc.NewServer(server.Options(observer)...)
	healthpb.RegisterHealthServer(calls, c)
	return chassis.Opened{
		Handlers: server.Handlers{HTTP: http.NewServeMux(), GRPC: calls}, Close: func() error { return nil },
	}, nil
}

func dial(t *testing.T, address string) healthpb.HealthClient {
	t.Helper()
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return healthpb.NewHealthClient(connection)
}

func TestTheContextOfACallComesInStrictly(t *testing.T) {
	var mutex sync.Mutex
	var current trace.SpanContext
	service := serveProgram(t, caller{answer: func(ctx context.Context) error {
		mutex.Lock()
		defer mutex.Unlock()
		current = trace.SpanContextFromContext(ctx)
		return nil
	}}, nil)
	client := dial(t, service.address)
	const one = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	const two = "00-11111111111111111111111111111111-2222222222222222-01"
	for _, each := range []struct {
		sent []string
		goes string
	}{
		{[]string{one}, "0af7651916cd43dd8448eb211c80319c"},
		{[]string{one, two}, ""}, // two parents are none
		{[]string{strings.ToUpper(one)}, ""},
		{[]string{one + "-more"}, ""},
	} {
		ctx := t.Context()
		for _, parent := range each.sent {
			ctx = metadata.AppendToOutgoingContext(ctx, "traceparent", parent)
		}
		if _, err := client.Check(ctx, nil); err != nil {
			t.Fatal(err)
		}
		if got := current.TraceID().String(); each.goes != "" && got != each.goes {
			t.Errorf("%q went on as %s", each.sent, got)
		} else if each.goes == "" && strings.Contains(one+two, got) || !current.IsValid() {
			t.Errorf("%q was taken: %s", each.sent, got)
		}
	}
}

func TestDrainFinishesCallsInFlight(t *testing.T) {
	entered, leave, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	service := serveProgram(t, caller{answer: func(context.Context) error {
		entered <- struct{}{}
		<-leave
		return nil
	}}, nil)
	client := dial(t, service.address)
	go func() {
		_, err := client.Check(context.Background(), nil)
		ended <- err
	}()
	<-entered
	service.signals <- syscall.SIGTERM
	time.Sleep(100 * time.Millisecond) // it has stopped accepting
	close(leave)
	if err := <-ended; err != nil {
		t.Errorf("the call in flight was answered %v", err)
	}
	if code := <-service.code; code != 0 {
		t.Errorf("exit code %d:\n%s", code, service.out)
	} else {
		service.code <- code
	}
}

func TestCallsThatCannotBeAnswered(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	var once sync.Once
	service := serveProgram(t, caller{answer: func(ctx context.Context) error {
		if values := metadata.ValueFromIncomingContext(ctx, "do"); len(values) == 1 && values[0] == "panic" {
			panic("a secret")
		}
		once.Do(func() { close(entered) })
		<-leave
		return nil
	}}, map[string]string{"MAX_CONCURRENT_REQUESTS": "1"})
	client := dial(t, service.address)
	_, err := client.Check(metadata.AppendToOutgoingContext(t.Context(), "do", "panic"), nil)
	if status.Code(err) != codes.Internal || strings.Contains(err.Error(), "secret") {
		t.Errorf("a panic was answered %v", err)
	}
	go func() { _, _ = client.Check(context.Background(), nil) }()
	<-entered
	if _, err := client.Check(t.Context(), nil); status.Code(err) != codes.Unavailable {
		t.Errorf("one too many was answered %v", err)
	}
	close(leave)
	if strings.Contains(service.out.String(), "a secret") {
		t.Errorf("the value of a panic was logged:\n%s", service.out)
	}
}

func (c caller) service() chassis.Service {
	return chassis.Service{Name: "called", Configure: func(*config.Env) chassis.Program { return c }}
}
