package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"git.myhealth.example/${{ values.team }}/${{ values.name }}/internal/httpapi"
)

func get(path string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	httpapi.Routes().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer
}

func TestAWeekHasFiveWorkingDays(t *testing.T) {
	answer := get("/v1/working-days?from=2026-01-05&to=2026-01-11")
	want := `{"from":"2026-01-05","to":"2026-01-11","workingDays":5}`
	if got := strings.TrimSpace(answer.Body.String()); answer.Code != http.StatusOK || got != want {
		t.Errorf("%d %s, want %s", answer.Code, got, want)
	}
}

func TestWhatCannotBeCountedIsRefusedWithItsPlace(t *testing.T) {
	for query, place := range map[string]string{
		"from=2026-01-11&to=2026-01-05":               "?to",
		"from=2026-01-05&to=9999-01-01":               "?to",
		"from=yesterday&to=2026-01-05":                "?from",
		"from=2026-01-05&to=2026-01-06&weekends=true": "?weekends",
	} {
		answer := get("/v1/working-days?" + query)
		var problem struct {
			Errors []struct{ Pointer string }
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &problem); err != nil || answer.Code != http.StatusUnprocessableEntity {
			t.Fatalf("%s: %d %s", query, answer.Code, answer.Body)
		}
		if len(problem.Errors) != 1 || problem.Errors[0].Pointer != place {
			t.Errorf("%s: %+v, want %s", query, problem.Errors, place)
		}
	}
}

// Every path of the document is a route, and every route is in the document.
func TestTheDocumentAndTheRoutesAreTheSame(t *testing.T) {
	var paths []string
	for line := range strings.Lines(get("/openapi.yaml").Body.String()) {
		if path, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "  /"); ok && strings.HasSuffix(path, ":") {
			paths = append(paths, "/"+strings.TrimSuffix(path, ":"))
		}
	}
	if want := []string{"/v1/working-days", "/openapi.yaml"}; !slices.Equal(paths, want) {
		t.Errorf("the document has %v, the routes are %v", paths, want)
	}
	for _, path := range paths {
		if get(path).Code == http.StatusNotFound {
			t.Errorf("%s is described but not there", path)
		}
	}
}
