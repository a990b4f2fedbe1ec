package chassis_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"git.myhealth.example/platform/chassis/telemetry"
)

// The cases of W3C's validation service; see the file.
type traceContextCases struct {
	Cases []struct {
		Name     string
		Requests []struct {
			Headers [][2]string
			Calls   int
			Expect  expectation
		}
	}
}

type expectation struct {
	TraceID           string   `json:"traceId"`
	NotTraceID        []string `json:"notTraceId"`
	NotParentID       string   `json:"notParentId"`
	Tracestate        map[string]string
	TracestateHas     []string
	NotTracestate     []string
	TracestateCount   *int
	TracestateOrder   []string
	Flags             uint64
	DistinctParentIDs int `json:"distinctParentIds"`
	DistinctTraceIDs  int `json:"distinctTraceIds"`
}

// traceparent is the only form that may go out.
var traceparent = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$`)

func TestTraceContextAsW3CTestsIt(t *testing.T) {
	var calls []http.Header
	downstream := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		calls = append(calls, r.Header.Clone())
	}))
	defer downstream.Close()
	caller := probe{routes: func(mux *http.ServeMux, observer *telemetry.Telemetry) {
		client := &http.Client{Transport: observer.Client(http.DefaultTransport)}
		mux.HandleFunc("GET /call/{times}", func(w http.ResponseWriter, r *http.Request) {
			times, _ := strconv.Atoi(r.PathValue("times"))
			for range times {
				request, _ := http.NewRequestWithContext(r.Context(), http.MethodGet, downstream.URL, nil)
				answer, err := client.Do(request)
				if err != nil {
					w.WriteHeader(http.StatusBadGateway)
					return
				}
				answer.Body.Close()
			}
		})
	}}
	service := serve(t, caller, nil)

	text, err := os.ReadFile("testdata/trace-context.json")
	if err != nil {
		t.Fatal(err)
	}
	var suite traceContextCases
	if err := json.Unmarshal(text, &suite); err != nil {
		t.Fatal(err)
	}
	if len(suite.Cases) != 41 {
		t.Fatalf("%d cases, not 41", len(suite.Cases))
	}
	for _, each := range suite.Cases {
		t.Run(each.Name, func(t *testing.T) {
			for _, request := range each.Requests {
				calls = nil
				send(t, service.address, "/call/"+strconv.Itoa(request.Calls), request.Headers)
				if len(calls) != request.Calls {
					t.Fatalf("%d calls downstream, not %d", len(calls), request.Calls)
				}
				request.Expect.check(t, calls)
			}
		})
	}
}

func (e expectation) check(t *testing.T, calls []http.Header) {
	t.Helper()
	traces, parents := map[string]bool{}, map[string]bool{}
	for _, headers := range calls {
		sent := headers.Values("Traceparent")
		if len(sent) != 1 || !traceparent.MatchString(sent[0]) {
			t.Fatalf("not one valid traceparent: %q", sent)
		}
		match := traceparent.FindStringSubmatch(sent[0])
		id, parent := match[1], match[2]
		flags, _ := strconv.ParseUint(match[3], 16, 8)
		if id == strings.Repeat("0", 32) || parent == strings.Repeat("0", 16) {
			t.Errorf("an id is zero: %s", sent[0])
		}
		traces[id], parents[parent] = true, true
		if e.TraceID != "" && id != e.TraceID {
			t.Errorf("trace %s, not %s", id, e.TraceID)
		}
		if slices.Contains(e.NotTraceID, id) || parent == e.NotParentID {
			t.Errorf("goes on with %s", sent[0])
		}
		if flags&e.Flags != e.Flags {
			t.Errorf("flags %02x lack %02x", flags, e.Flags)
		}
		e.checkState(t, headers.Values("Tracestate"))
	}
	if e.DistinctTraceIDs > 0 && len(traces) != e.DistinctTraceIDs {
		t.Errorf("%d traces, not %d", len(traces), e.DistinctTraceIDs)
	}
	if e.DistinctParentIDs > 0 && len(parents) != e.DistinctParentIDs {
		t.Errorf("%d spans, not %d", len(parents), e.DistinctParentIDs)
	}
}

func (e expectation) checkState(t *testing.T, headers []string) {
	t.Helper()
	members, order := map[string]string{}, []string{}
	for member := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		if key, value, ok := strings.Cut(strings.Trim(member, " \t"), "="); ok {
			members[key] = value
			order = append(order, key)
		}
	}
	for key, value := range e.Tracestate {
		if members[key] != value {
			t.Errorf("tracestate %q: %s is %q, not %q", headers, key, members[key], value)
		}
	}
	for _, key := range e.TracestateHas {
		if _, ok := members[key]; !ok {
			t.Errorf("tracestate %q lacks %s", headers, key)
		}
	}
	for _, key := range e.NotTracestate {
		if _, ok := members[key]; ok {
			t.Errorf("tracestate %q has %s", headers, key)
		}
	}
	if e.TracestateCount != nil && len(members) != *e.TracestateCount {
		t.Errorf("tracestate %q has %d members, not %d", headers, len(members), *e.TracestateCount)
	}
	if len(e.TracestateOrder) > 0 && !slices.Equal(order, e.TracestateOrder) {
		t.Errorf("tracestate %q, not in the order %q", headers, e.TracestateOrder)
	}
}

// send writes a request byte for byte: a client would mend what the cases have on purpose.
func send(t *testing.T, address, path string, headers [][2]string) {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	fmt.Fprintf(connection, "GET %s HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n", path)
	for _, header := range headers {
		fmt.Fprintf(connection, "%s: %s\r\n", header[0], header[1])
	}
	fmt.Fprint(connection, "\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("status %d", answer.StatusCode)
	}
}
