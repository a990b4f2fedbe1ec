package app_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"git.myhealth.example/clinical/records/pkg/recordsv1"
)

func TestAPatientIsRegisteredChangedAndDeactivated(t *testing.T) {
	stores(t, func(t *testing.T, environment map[string]string) {
		service := serve(t, environment)
		made := service.ask(t, "POST", "/v1/patients", somebody, "Idempotency-Key: k").want(t, http.StatusCreated)
		path := made.header.Get("Location")
		if made.header.Get("ETag") != `"1"` || made.header.Get("Cache-Control") == "" {
			t.Errorf("headers %v", made.header)
		}
		read := service.ask(t, "GET", path, "").want(t, http.StatusOK)
		if read.text != made.text {
			t.Errorf("read %s, made %s", read.text, made.text)
		}
		service.ask(t, "PATCH", path, `{"reminders":false}`).problem(t, http.StatusPreconditionRequired, "precondition-required")
		changed := service.ask(t, "PATCH", path, `{"reminders":false,"contact":{"email":null,"phone":"+49301234567"}}`, `If-Match: "1"`).want(t, http.StatusOK)
		if changed.is("reminders") != false || changed.is("contact.email") != nil || changed.is("contact.phone") != "+49301234567" || changed.is("name") != "A Patient" {
			t.Errorf("changed to %s", changed.text)
		}
		service.ask(t, "PATCH", path, `{"name":"Another"}`, `If-Match: "1"`).problem(t, http.StatusPreconditionFailed, "version-mismatch")
		service.ask(t, "POST", path+"/deactivate", `{"reason":"deceased"}`).want(t, http.StatusOK)
		service.ask(t, "POST", path+"/deactivate", `{"reason":"moved"}`).problem(t, http.StatusConflict, "patient-deceased")
		consents := service.ask(t, "GET", path+"/consents", "").want(t, http.StatusOK).items()
		if len(consents) != 2 {
			t.Errorf("consent was given and taken back: %v", consents)
		}
	})
}

func TestWhoActsIsKnown(t *testing.T) {
	service := serve(t, map[string]string{"DATABASE": "sqlite:" + t.TempDir() + "/records.db"})
	_, path := service.register(t, "k")
	service.ask(t, "GET", path, "", "X-Actor: ").problem(t, http.StatusUnauthorized, "unauthenticated")
}

func TestEntriesAreAmendedAndNeverOverwritten(t *testing.T) {
	stores(t, func(t *testing.T, environment map[string]string) {
		service := serve(t, environment)
		_, path := service.register(t, "k")
		for n := range 5 {
			text := fmt.Sprintf(`{"kind":"note","text":"note %d","author":"dr-7"}`, n)
			service.ask(t, "POST", path+"/entries", text, fmt.Sprintf("Idempotency-Key: e%d", n)).want(t, http.StatusCreated)
		}
		page := service.ask(t, "GET", path+"/entries?limit=3", "").want(t, http.StatusOK)
		rest := service.ask(t, "GET", path+"/entries?limit=3&cursor="+page.is("next").(string), "").want(t, http.StatusOK)
		if len(page.items()) != 3 || len(rest.items()) != 2 || rest.is("next") != nil {
			t.Errorf("%s\n%s", page.text, rest.text)
		}
		entry := path + "/entries/" + page.is("items.0.id").(string)
		first := service.ask(t, "GET", entry, "").want(t, http.StatusOK)
		amended := service.ask(t, "POST", entry+"/amendments", `{"text":"as it was","reason":"typing error","author":"dr-8"}`, "Idempotency-Key: a").want(t, http.StatusCreated)
		if amended.is("text") != first.is("text") || amended.is("amendments.0.text") != "as it was" {
			t.Errorf("amended to %s", amended.text)
		}
		// Nothing else that could change one is there.
		for _, method := range []string{"PUT", "PATCH", "DELETE"} {
			service.ask(t, method, entry, `{}`).problem(t, http.StatusMethodNotAllowed, "method-not-allowed")
		}
	})
}

func TestAMergedPatientLeadsToTheOneThatIsKept(t *testing.T) {
	stores(t, func(t *testing.T, environment map[string]string) {
		service := serve(t, environment)
		one, onePath := service.register(t, "1")
		two, twoPath := service.register(t, "2")
		three, threePath := service.register(t, "3")
		entry := service.ask(t, "POST", onePath+"/entries", `{"kind":"diagnosis","text":"of the first","author":"dr-7"}`, "Idempotency-Key: e").want(t, http.StatusCreated)
		service.ask(t, "POST", onePath+"/merge", `{"into":"`+two+`"}`).want(t, http.StatusOK)
		service.ask(t, "POST", twoPath+"/merge", `{"into":"`+three+`"}`).want(t, http.StatusOK)
		moved := service.ask(t, "GET", onePath, "").want(t, http.StatusMovedPermanently)
		if moved.header.Get("Location") != threePath || moved.is("mergedInto") != three {
			t.Errorf("leads to %s: %s", moved.header.Get("Location"), moved.text)
		}
		// Its entries stay where they were, and can be read.
		service.ask(t, "GET", onePath+"/entries/"+entry.is("id").(string), "").want(t, http.StatusOK)
		service.ask(t, "POST", threePath+"/merge", `{"into":"`+one+`"}`).problem(t, http.StatusConflict, "target-merged")
		service.ask(t, "POST", threePath+"/merge", `{"into":"`+three+`"}`).problem(t, http.StatusUnprocessableEntity, "invalid")
		service.ask(t, "POST", onePath+"/entries", `{"kind":"note","text":"late","author":"dr-7"}`, "Idempotency-Key: l").problem(t, http.StatusConflict, "patient-merged")
	})
}

func TestTheSameKeyIsCarriedOutOnce(t *testing.T) {
	stores(t, func(t *testing.T, environment map[string]string) {
		service := serve(t, environment)
		first := service.ask(t, "POST", "/v1/patients", somebody, "Idempotency-Key: k").want(t, http.StatusCreated)
		again := service.ask(t, "POST", "/v1/patients", somebody, `Idempotency-Key: "k"`).want(t, http.StatusCreated)
		if again.text != first.text || again.header.Get("Idempotent-Replayed") != "true" || first.header.Get("Idempotent-Replayed") != "" {
			t.Errorf("%v %s, then %v %s", first.header, first.text, again.header, again.text)
		}
		other := strings.Replace(somebody, "A Patient", "Another", 1)
		service.ask(t, "POST", "/v1/patients", other, "Idempotency-Key: k").problem(t, http.StatusUnprocessableEntity, "idempotency-key-reused")
		service.ask(t, "POST", "/v1/patients", somebody).problem(t, http.StatusBadRequest, "idempotency-key-missing")

		var wait sync.WaitGroup
		ids := make([]any, 8)
		for n := range ids {
			wait.Go(func() {
				for {
					got := service.ask(t, "POST", "/v1/patients", somebody, "Idempotency-Key: at-once")
					if got.status != http.StatusConflict { // in flight: its Retry-After says to come again
						ids[n] = got.is("id")
						return
					}
				}
			})
		}
		wait.Wait()
		if slices.ContainsFunc(ids, func(id any) bool { return id == nil || id != ids[0] }) {
			t.Errorf("one key made several patients: %v", ids)
		}
	})
}

// Whatever is done with a record, by whom, in which order: each of it is one more line of its trail, and no line ever changes.
func TestTheTrailIsCompleteAndNeverChanges(t *testing.T) {
	stores(t, func(t *testing.T, environment map[string]string) {
		service := serve(t, environment)
		_, path := service.register(t, "k")
		random := rand.New(rand.NewPCG(7, 7))
		done, entry := []string{"patient.created"}, ""
		trail := func() []any {
			var all []any
			next := "?limit=100"
			for {
				page := service.ask(t, "GET", path+"/accesses"+next, "").want(t, http.StatusOK)
				all = append(all, page.items()...)
				cursor, more := page.is("next").(string)
				done = append(done, "accesses.read")
				if !more {
					return all
				}
				next = "?limit=100&cursor=" + cursor
			}
		}
		before := map[any]any{}
		for turn := range 60 {
			actor := fmt.Sprintf("X-Actor: clinician/dr-%d", random.IntN(3))
			key := fmt.Sprintf("Idempotency-Key: t%d", turn)
			switch random.IntN(5) {
			case 0:
				service.ask(t, "GET", path, "", actor).want(t, http.StatusOK)
				done = append(done, "patient.read")
			case 1:
				body := fmt.Sprintf(`{"contact":{"phone":"+49301%06d"}}`, turn)
				service.ask(t, "PATCH", path, body, actor, "If-Match: *").want(t, http.StatusOK)
				done = append(done, "patient.changed")
			case 2:
				made := service.ask(t, "POST", path+"/entries", `{"kind":"note","text":"x","author":"dr"}`, actor, key).want(t, http.StatusCreated)
				entry = made.is("id").(string)
				done = append(done, "entry.written")
			case 3:
				service.ask(t, "GET", path+"/entries", "", actor).want(t, http.StatusOK)
				done = append(done, "entries.read")
			case 4:
				if entry != "" {
					service.ask(t, "POST", path+"/entries/"+entry+"/amendments", `{"text":"y","author":"dr"}`, actor, key)
					done = append(done, "entry.amended")
				}
			}
			if turn%20 == 19 {
				for _, line := range trail() {
					id := line.(map[string]any)["id"]
					if old, known := before[id]; known && fmt.Sprint(old) != fmt.Sprint(line) {
						t.Errorf("a line changed: %v, now %v", old, line)
					}
					before[id] = line
				}
			}
		}
		counted := map[string]int{}
		for _, line := range trail() {
			counted[line.(map[string]any)["action"].(string)]++
		}
		want := map[string]int{}
		for _, action := range done {
			want[action]++
		}
		if fmt.Sprint(counted) != fmt.Sprint(want) {
			t.Errorf("the trail has %v, done was %v", counted, want)
		}
	})
}

func TestOtherServicesMayAskWhetherAndNotWhat(t *testing.T) {
	stores(t, func(t *testing.T, environment map[string]string) {
		service := serve(t, environment)
		connection, err := grpc.NewClient(strings.TrimPrefix(service.url, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		client := recordsv1.NewRecordsClient(connection)
		check := func(id string) (*recordsv1.CheckPatientResponse, codes.Code) {
			got, err := client.CheckPatient(t.Context(), &recordsv1.CheckPatientRequest{PatientId: id})
			return got, status.Code(err)
		}
		one, onePath := service.register(t, "1")
		two, _ := service.register(t, "2")
		if got, code := check(one); code != codes.OK || !got.GetActive() || !got.GetReminders() || got.GetPatientId() != one {
			t.Errorf("%v %v", got, code)
		}
		service.ask(t, "POST", onePath+"/merge", `{"into":"`+two+`"}`).want(t, http.StatusOK)
		if got, code := check(one); code != codes.OK || got.GetActive() || got.GetMergedInto() != two {
			t.Errorf("%v %v", got, code)
		}
		if _, code := check("0190d6a3-0000-7000-8000-000000000001"); code != codes.NotFound {
			t.Error(code)
		}
		if _, code := check("somebody"); code != codes.InvalidArgument {
			t.Error(code)
		}
	})
}

func TestThreeReplicasOnOneStore(t *testing.T) {
	stores(t, func(t *testing.T, environment map[string]string) {
		replicas := []*replica{serve(t, environment), serve(t, environment), serve(t, environment)}
		_, path := replicas[0].register(t, "k")
		var wait sync.WaitGroup
		for n := range 12 {
			wait.Go(func() {
				text := fmt.Sprintf(`{"kind":"note","text":"note %d","author":"dr-7"}`, n)
				replicas[n%3].ask(t, "POST", path+"/entries", text, fmt.Sprintf("Idempotency-Key: e%d", n)).want(t, http.StatusCreated)
			})
		}
		wait.Wait()
		if got := len(replicas[1].ask(t, "GET", path+"/entries", "").items()); got != 12 {
			t.Errorf("%d entries", got)
		}
	})
}

func TestWhatIsRefusedIsToldWithItsPlace(t *testing.T) {
	service := serve(t, map[string]string{"DATABASE": "sqlite:" + t.TempDir() + "/records.db"})
	_, path := service.register(t, "k")
	for _, each := range []struct{ method, path, body, place string }{
		{"POST", "/v1/patients", `{"name":"","dateOfBirth":"1980-02-29"}`, "/name"},
		{"POST", "/v1/patients", `{"name":"A","dateOfBirth":"1980-02-30"}`, "/dateOfBirth"},
		{"POST", "/v1/patients", `{"name":"A","dateOfBirth":"1980-02-29","age":46}`, "/age"},
		{"POST", path + "/entries", `{"kind":"rumour","text":"x","author":"dr"}`, "/kind"},
		{"POST", path + "/merge", `{"into":"somebody"}`, "/into"},
		{"POST", path + "/deactivate", `{"reason":"asleep"}`, "/reason"},
		{"GET", path + "/entries?limit=101", "", "?limit"},
		{"GET", path + "/entries?cursor=x", "", "?cursor"},
	} {
		refused := service.ask(t, each.method, each.path, each.body, "Idempotency-Key: r").problem(t, http.StatusUnprocessableEntity, "invalid")
		if refused.is("errors.0.pointer") != each.place {
			t.Errorf("%s %s: %s", each.path, each.body, refused.text)
		}
	}
	service.ask(t, "POST", "/v1/patients", `{"name":`, "Idempotency-Key: r").problem(t, http.StatusBadRequest, "not-json")
	service.ask(t, "POST", "/v1/patients", somebody, "Content-Type: text/plain").problem(t, http.StatusUnsupportedMediaType, "unsupported-media-type")
	long := `{"name":"` + strings.Repeat("x", 70_000) + `"}`
	service.ask(t, "POST", "/v1/patients", long, "Idempotency-Key: r").problem(t, http.StatusRequestEntityTooLarge, "payload-too-large")
	service.ask(t, "GET", "/v1/patients/0190d6a3-0000-7000-8000-000000000001", "").problem(t, http.StatusNotFound, "unknown-patient")
}

// Every path and method of the document is there, and nothing else is.
func TestTheDocumentAndTheRoutesAreTheSame(t *testing.T) {
	service := serve(t, map[string]string{"DATABASE": "sqlite:" + t.TempDir() + "/records.db"})
	document := service.ask(t, "GET", "/openapi.yaml", "").want(t, http.StatusOK).text
	if proto := service.ask(t, "GET", "/records/v1/records.proto", "").want(t, http.StatusOK).text; !strings.Contains(proto, "service Records") {
		t.Error("the contract is not served")
	}
	_, paths, _ := strings.Cut(document, "\npaths:\n")
	paths, _, _ = strings.Cut(paths, "\ncomponents:")
	described, path := map[string][]string{}, ""
	for line := range strings.Lines(paths) {
		name, isName := strings.CutSuffix(strings.TrimSpace(line), ":")
		switch indent := len(line) - len(strings.TrimLeft(line, " ")); {
		case isName && indent == 2:
			path = name
			described[path] = nil
		case isName && indent == 4 && slices.Contains([]string{"get", "post", "put", "patch", "delete"}, name):
			described[path] = append(described[path], strings.ToUpper(name))
		}
	}
	if len(described) < 10 {
		t.Fatalf("only %d paths are described", len(described))
	}
	id := "0190d6a3-0000-7000-8000-000000000001"
	for path, methods := range described {
		real := strings.NewReplacer("{patient}", id, "{entry}", id).Replace(path)
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			got := service.ask(t, method, real, "")
			there := got.status != http.StatusMethodNotAllowed && got.is("type") != "https://myhealth.example/problems/not-found"
			if there != slices.Contains(methods, method) {
				t.Errorf("%s %s: %d", method, path, got.status)
			}
		}
	}
}

func TestNothingPersonalIsLogged(t *testing.T) {
	service := serve(t, map[string]string{"DATABASE": "sqlite:" + t.TempDir() + "/records.db"})
	_, path := service.register(t, "k")
	service.ask(t, "POST", path+"/entries", `{"kind":"medication","text":"amoxicillin","author":"dr-quackenbush"}`, "Idempotency-Key: e").want(t, http.StatusCreated)
	service.ask(t, "PATCH", path, `{"name":"Quackenbush","dateOfBirth":"tomorrow"}`, "If-Match: *").want(t, http.StatusUnprocessableEntity)
	for _, secret := range []string{"A Patient", "1980-02-29", "a@example.org", "amoxicillin", "uackenbush"} {
		for line := range strings.Lines(service.out.String()) {
			if strings.Contains(line, secret) {
				t.Errorf("%q was logged: %s", secret, line)
			}
		}
	}
}
