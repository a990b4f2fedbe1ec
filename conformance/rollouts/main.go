// Command rollouts answers, line by line, what Argo Rollouts v1.10.0 itself decides, with its own packages and without a
// cluster: one JSON request per line on standard input, one JSON answer per line on standard output.
//
//	{"op":"condition","metric":{"successCondition":"result > 1"},"value":{"json":2}}     what a value means: its phase
//	{"op":"run","run":{"metrics":[...]},"looks":[{"at":0,"values":{"errors":{"floats":["0.5"]}}}]}   an AnalysisRun
//	{"op":"pods","rollout":{...},"status":{...}}                                         pods of canary and stable version
//
// A value is {"json":...}, {"float":"NaN"}, {"floats":["1","NaN"]}, or {"error":"..."} where measuring fails. `run` lets
// Argo's reconciliation look at the run at each `at` (in seconds), and again until it changes nothing, as its controller
// does; the answer has, for each look, what was measured, phases, counts, messages, and when it looks again.
//
// Answers are {"out":"..."} or {"err":"..."}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"time"

	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/utils/evaluate"
	"github.com/argoproj/argo-rollouts/utils/replicaset"
	"github.com/sirupsen/logrus"
	appsv1 "k8s.io/api/apps/v1"
)

type request struct {
	Op      string                   `json:"op"`
	Metric  v1alpha1.Metric          `json:"metric"`
	Value   value                    `json:"value"`
	Run     v1alpha1.AnalysisRunSpec `json:"run"`
	Looks   []look                   `json:"looks"`
	Rollout v1alpha1.RolloutSpec     `json:"rollout"`
	Status  v1alpha1.RolloutStatus   `json:"status"`
}

// value is what a provider gives.
type value struct {
	JSON   json.RawMessage `json:"json"`
	Float  *string         `json:"float"`
	Floats *[]string       `json:"floats"`
	Error  *string         `json:"error"`
}

func (v value) decode() (any, error) {
	switch {
	case v.Error != nil:
		return nil, fmt.Errorf("%s", *v.Error)
	case v.Float != nil:
		return strconv.ParseFloat(*v.Float, 64)
	case v.Floats != nil:
		floats := []float64{}
		for _, text := range *v.Floats {
			float, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return nil, err
			}
			floats = append(floats, float)
		}
		return floats, nil
	case len(v.JSON) > 0:
		var decoded any
		err := json.Unmarshal(v.JSON, &decoded)
		return decoded, err
	}
	return nil, nil
}

type answer struct {
	Out *string `json:"out,omitempty"`
	Err *string `json:"err,omitempty"`
}

func main() {
	logrus.SetOutput(io.Discard)
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for in.Scan() {
		text, err := safely(in.Bytes())
		reply := answer{Out: &text}
		if err != nil {
			message := err.Error()
			reply = answer{Err: &message}
		}
		if encoder.Encode(reply) != nil || out.Flush() != nil {
			os.Exit(3)
		}
	}
}

func safely(line []byte) (text string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	var r request
	if err := json.Unmarshal(line, &r); err != nil {
		return "", err
	}
	switch r.Op {
	case "condition":
		return condition(r)
	case "run":
		return run(r)
	case "pods":
		return pods(r)
	}
	return "", fmt.Errorf("unknown op %q", r.Op)
}

func condition(r request) (string, error) {
	result, err := r.Value.decode()
	if err != nil {
		return "", err
	}
	phase, _ := evaluate.EvaluateResult(result, r.Metric, *logrus.NewEntry(logrus.StandardLogger()))
	return string(phase), nil
}

// pods says how many pods the canary and the stable version are to have, with traffic routing.
func pods(r request) (string, error) {
	rollout := v1alpha1.Rollout{Spec: r.Rollout, Status: r.Status}
	canary, stable := &appsv1.ReplicaSet{}, &appsv1.ReplicaSet{}
	canary.Name, stable.Name = "canary", "stable"
	c, s := replicaset.CalculateReplicaCountsForTrafficRoutedCanary(&rollout, canary, stable, r.Status.Canary.Weights)
	return encode(map[string]any{"canary": c, "stable": s, "weight": replicaset.GetCurrentSetWeight(&rollout)})
}

func encode(value any) (string, error) {
	bytes, err := json.Marshal(value)
	return string(bytes), err
}

// epoch is when every run starts.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func seconds(t time.Time) float64 {
	return float64(t.Sub(epoch).Milliseconds()) / 1000
}

func sorted(names []string) []string {
	sort.Strings(names)
	return append([]string{}, names...)
}
