package main

import (
	"math"
	"reflect"
	"sort"
	"sync"
	"time"
	"unsafe"

	"github.com/argoproj/argo-rollouts/analysis"
	"github.com/argoproj/argo-rollouts/metric"
	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/utils/evaluate"
	"github.com/argoproj/argo-rollouts/utils/record"
	timeutil "github.com/argoproj/argo-rollouts/utils/time"
	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/runtime"
)

// reconcile is the controller's own look at a run; it is not exported.
//
//go:linkname reconcile github.com/argoproj/argo-rollouts/analysis.(*Controller).reconcileAnalysisRun
func reconcile(c *analysis.Controller, run *v1alpha1.AnalysisRun) *v1alpha1.AnalysisRun

// look is a moment at which the run is looked at, and what measuring would give then.
type look struct {
	At        float64          `json:"at"`
	Values    map[string]value `json:"values"`
	Terminate bool             `json:"terminate"`
}

type metricState struct {
	Name               string                 `json:"name"`
	Phase              v1alpha1.AnalysisPhase `json:"phase"`
	Message            string                 `json:"message"`
	Count              int32                  `json:"count"`
	Successful         int32                  `json:"successful"`
	Failed             int32                  `json:"failed"`
	Inconclusive       int32                  `json:"inconclusive"`
	Error              int32                  `json:"error"`
	ConsecutiveError   int32                  `json:"consecutiveError"`
	ConsecutiveSuccess int32                  `json:"consecutiveSuccess"`
	Kept               int                    `json:"kept"`
}

type seen struct {
	Measured []string               `json:"measured"`
	Phase    v1alpha1.AnalysisPhase `json:"phase"`
	Message  string                 `json:"message"`
	Metrics  []metricState          `json:"metrics"`
	Next     *float64               `json:"next"`
}

// script is a provider that gives what a look says, judged as Argo's providers judge.
type script struct {
	values   map[string]value
	lock     sync.Mutex
	measured []string
}

func (s *script) Run(_ *v1alpha1.AnalysisRun, m v1alpha1.Metric) v1alpha1.Measurement {
	s.lock.Lock()
	s.measured = append(s.measured, m.Name)
	s.lock.Unlock()
	started, finished := timeutil.MetaNow(), timeutil.MetaNow()
	measurement := v1alpha1.Measurement{StartedAt: &started, FinishedAt: &finished}
	result, err := s.values[m.Name].decode()
	if err == nil {
		measurement.Phase, err = evaluate.EvaluateResult(result, m, *logrus.NewEntry(logrus.StandardLogger()))
	}
	if err != nil {
		measurement.Phase, measurement.Message = v1alpha1.AnalysisPhaseError, err.Error()
	}
	return measurement
}

func (s *script) Resume(_ *v1alpha1.AnalysisRun, _ v1alpha1.Metric, m v1alpha1.Measurement) v1alpha1.Measurement {
	return m
}

func (s *script) Terminate(_ *v1alpha1.AnalysisRun, _ v1alpha1.Metric, m v1alpha1.Measurement) v1alpha1.Measurement {
	return m
}

func (s *script) GarbageCollect(*v1alpha1.AnalysisRun, v1alpha1.Metric, int) error { return nil }

func (s *script) Type() string { return "script" }

func (s *script) GetMetadata(v1alpha1.Metric) map[string]string { return nil }

// set writes a field that is not exported.
func set(c *analysis.Controller, name string, value any) {
	field := reflect.ValueOf(c).Elem().FieldByName(name)
	reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(value))
}

// silent hears no events: the fake recorder keeps them, and waits when it has its fill.
type silent struct{ record.EventRecorder }

func (silent) Eventf(runtime.Object, record.EventOptions, string, ...any) {}

func run(r request) (string, error) {
	var after *time.Duration
	controller := &analysis.Controller{}
	set(controller, "recorder", silent{})
	set(controller, "enqueueAnalysisAfter", func(_ any, duration time.Duration) { after = &duration })
	current := &v1alpha1.AnalysisRun{Spec: r.Run}
	looks := []seen{}
	for _, look := range r.Looks {
		now := epoch.Add(time.Duration(math.Round(look.At*1000)) * time.Millisecond)
		timeutil.SetNowTimeFunc(func() time.Time { return now })
		provider := &script{values: look.Values}
		set(controller, "newProvider", func(logrus.Entry, string, v1alpha1.Metric) (metric.Provider, error) {
			return provider, nil
		})
		current.Spec.Terminate = current.Spec.Terminate || look.Terminate
		// The controller hears of what it changed, and looks again.
		for range 5 {
			after = nil
			next := reconcile(controller, current)
			same := reflect.DeepEqual(next.Status, current.Status)
			current = next
			if same {
				break
			}
		}
		state := seen{Measured: sorted(provider.measured), Phase: current.Status.Phase, Message: current.Status.Message}
		state.Metrics = []metricState{}
		for _, result := range current.Status.MetricResults {
			state.Metrics = append(state.Metrics, metricState{
				result.Name, result.Phase, result.Message, result.Count, result.Successful, result.Failed,
				result.Inconclusive, result.Error, result.ConsecutiveError, result.ConsecutiveSuccess,
				len(result.Measurements),
			})
		}
		// Metrics are measured at once, and come in any order.
		sort.Slice(state.Metrics, func(i, j int) bool { return state.Metrics[i].Name < state.Metrics[j].Name })
		if after != nil {
			at := seconds(now.Add(*after))
			state.Next = &at
		}
		looks = append(looks, state)
	}
	return encode(looks)
}
