package app_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"git.myhealth.example/clinical/records/internal/domain"
	"git.myhealth.example/clinical/records/pkg/recordsv1"
)

// logged is a line of the log.
type logged struct {
	Severity, Body string
	Attributes     map[string]any
	TraceID        string `json:"trace_id"`
	SpanID         string `json:"span_id"`
}

func (r *replica) log(t *testing.T) (all []logged) {
	t.Helper()
	for text := range strings.Lines(r.out.String()) {
		var line logged
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		all = append(all, line)
	}
	return all
}

// Each change of a record is one line, with ids alone, in its request's trace. What changes nothing is none: a reading, a request
// that is refused, one that is sent again, one that asks for what is so already.
func TestEachChangeIsLoggedOnce(t *testing.T) {
	const trace, parent = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "1234567890123456"
	const traced = "Traceparent: 00-" + trace + "-" + parent + "-01"
	stores(t, func(t *testing.T, environment map[string]string) {
		service := serve(t, environment)
		one, onePath := service.register(t, "1")
		service.register(t, "1")
		two, twoPath := service.register(t, "2")
		three, _ := service.register(t, "3")
		service.ask(t, "GET", onePath, "").want(t, http.StatusOK)
		service.ask(t, "PATCH", onePath, `{"name":"Another"}`, `If-Match: "1"`, traced).want(t, http.StatusOK)
		service.ask(t, "PATCH", onePath, `{"name":"A third"}`, `If-Match: "1"`).want(t, http.StatusPreconditionFailed)
		note := `{"kind":"note","text":"x","author":"dr-7"}`
		entry, _ := service.ask(t, "POST", onePath+"/entries", note, "Idempotency-Key: e").want(t, http.StatusCreated).is("id").(string)
		amended := onePath + "/entries/" + entry + "/amendments"
		service.ask(t, "POST", amended, `{"text":"y","author":"dr-7"}`, "Idempotency-Key: a").want(t, http.StatusCreated)
		service.ask(t, "POST", onePath+"/merge", `{"into":"`+two+`"}`).want(t, http.StatusOK)
		service.ask(t, "POST", twoPath+"/merge", `{"into":"`+three+`"}`).want(t, http.StatusOK) // and the first goes along
		for range 2 {
			service.ask(t, "POST", "/v1/patients/"+three+"/deactivate", `{"reason":"deceased"}`).want(t, http.StatusOK)
		}

		got, want := [][3]string{}, [][3]string{
			{"patient.created", one}, {"patient.created", two}, {"patient.created", three},
			{"patient.changed", one},
			{"entry.written", one, entry}, {"entry.amended", one, entry},
			{"patient.merged", one}, {"patient.merge-taken", two},
			{"patient.merged", two}, {"patient.merge-taken", three}, {"patient.merged", one},
			{"patient.deactivated", three},
		}
		for _, line := range service.log(t) {
			if !domain.Action(line.Body).Changes() {
				continue
			}
			patient, _ := line.Attributes["patient.id"].(string)
			of, _ := line.Attributes["entry.id"].(string)
			got = append(got, [3]string{line.Body, patient, of})
			if line.Severity != "INFO" || line.SpanID == "" || line.SpanID == parent || (line.TraceID == trace) != (line.Body == "patient.changed") {
				t.Errorf("not as it should be: %+v", line)
			}
			for name := range line.Attributes {
				if name != "patient.id" && name != "entry.id" {
					t.Errorf("%s tells %s", line.Body, name)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("logged\n%q\nnot\n%q", got, want)
		}
	})
}

func TestEachCheckIsLoggedForWhoDebugs(t *testing.T) {
	const trace = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	for level, lines := range map[string]int{"debug": 3, "info": 0} {
		service := serve(t, map[string]string{"DATABASE": "sqlite:" + t.TempDir() + "/records.db", "LOG_LEVEL": level})
		id, _ := service.register(t, "k")
		connection, err := grpc.NewClient(strings.TrimPrefix(service.url, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", "00-"+trace+"-1234567890123456-01")
		nobody := "0190d6a3-0000-7000-8000-000000000001"
		asked := map[string]codes.Code{id: codes.OK, nobody: codes.NotFound, "Quackenbush": codes.InvalidArgument}
		for patient, code := range asked {
			request := &recordsv1.CheckPatientRequest{PatientId: patient}
			if _, err := recordsv1.NewRecordsClient(connection).CheckPatient(ctx, request); status.Code(err) != code {
				t.Error(patient, err)
			}
		}
		told, found := map[string]bool{}, 0
		for _, line := range service.log(t) {
			if strings.HasPrefix(line.Body, "a patient is checked") && line.Severity == "DEBUG" && line.TraceID == trace {
				patient, _ := line.Attributes["patient.id"].(string)
				told[patient] = true
				found++
			}
		}
		if found != lines || lines > 0 && (!told[id] || !told[nobody] || !told[""]) {
			t.Errorf("at %s, %d lines tell of %v:\n%s", level, found, told, service.out)
		}
		if strings.Contains(service.out.String(), "Quackenbush") {
			t.Errorf("what is no id was logged:\n%s", service.out)
		}
	}
}
