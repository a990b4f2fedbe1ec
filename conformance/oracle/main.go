// Command oracle answers, line by line, what the real libraries say: one JSON request per line on standard input, one
// JSON answer per line on standard output. It is what Karat's own YAML, templates and functions are compared with.
//
//	{"op":"render","text":"{{ .Values.a | quote }}","values":"a: 1\n"}   Helm's engine on a chart of one template
//	{"op":"template","text":"{{ .a }}","data":{"a":1}}                    text/template with Sprig, no Helm
//	{"op":"fromYaml","text":"a: 010\n"}                                   sigs.k8s.io/yaml into any, as JSON
//	{"op":"toYaml","data":{"a":1}} {"op":"toYamlPretty","data":{"a":1}}   Helm's emitters
//	{"op":"functions"}                                                    every function of a Helm template, one a line
//
// Answers are {"out":"..."} or {"err":"..."}. Output that is not UTF-8 comes as {"hex":"..."}. In "data" every number is
// a float64, as in Helm's values; {"$int":5} is an int64.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"text/template"
	"unicode/utf8"

	"github.com/Masterminds/sprig/v3"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
	goyaml "sigs.k8s.io/yaml/goyaml.v3"
)

type request struct {
	Op     string          `json:"op"`
	Text   string          `json:"text"`
	Values string          `json:"values"`
	Data   json.RawMessage `json:"data"`
}

type answer struct {
	Out *string `json:"out,omitempty"`
	Hex *string `json:"hex,omitempty"`
	Err *string `json:"err,omitempty"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for in.Scan() {
		text, err := safely(in.Bytes())
		var reply answer
		switch {
		case err != nil:
			message := err.Error()
			reply.Err = &message
		case utf8.ValidString(text):
			reply.Out = &text
		default:
			encoded := hex.EncodeToString([]byte(text))
			reply.Hex = &encoded
		}
		if err := encoder.Encode(reply); err != nil {
			os.Exit(3)
		}
		if err := out.Flush(); err != nil {
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
	return perform(r)
}

func perform(r request) (string, error) {
	switch r.Op {
	case "render":
		values := map[string]any{}
		if err := yaml.Unmarshal([]byte(r.Values), &values); err != nil {
			return "", err
		}
		c := &chart.Chart{
			Metadata:  &chart.Metadata{APIVersion: "v2", Name: "case", Version: "0.1.0"},
			Templates: []*common.File{{Name: "templates/case.yaml", Data: []byte(r.Text)}},
		}
		release := common.ReleaseOptions{Name: "case", Namespace: "default", Revision: 1, IsInstall: true}
		top, err := util.ToRenderValues(c, values, release, common.DefaultCapabilities)
		if err != nil {
			return "", err
		}
		files, err := engine.Render(c, top)
		return files["case/templates/case.yaml"], err
	case "template":
		data, err := decode(r.Data)
		if err != nil {
			return "", err
		}
		t, err := template.New("case").Funcs(sprig.TxtFuncMap()).Parse(r.Text)
		if err != nil {
			return "", err
		}
		var buffer bytes.Buffer
		err = t.Execute(&buffer, data)
		return buffer.String(), err
	case "fromYaml":
		var value any
		if err := yaml.Unmarshal([]byte(r.Text), &value); err != nil {
			return "", err
		}
		text, err := json.Marshal(value)
		return string(text), err
	case "toYaml":
		data, err := decode(r.Data)
		if err != nil {
			return "", err
		}
		text, err := yaml.Marshal(data)
		return strings.TrimSuffix(string(text), "\n"), err
	case "toYamlPretty":
		data, err := decode(r.Data)
		if err != nil {
			return "", err
		}
		var buffer bytes.Buffer
		encoder := goyaml.NewEncoder(&buffer)
		encoder.SetIndent(2)
		err = encoder.Encode(data)
		return strings.TrimSuffix(buffer.String(), "\n"), err
	}
	if r.Op == "functions" {
		return functions(), nil
	}
	return "", fmt.Errorf("unknown op %q", r.Op)
}

// Names that are neither Sprig's nor refused by Helm's engine: text/template's own and Helm's (pkg/engine/funcs.go).
var others = []string{
	"and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print", "printf",
	"println", "slice", "urlquery",
	"fromJson", "fromJsonArray", "fromToml", "fromYaml", "fromYamlArray", "include", "lookup", "mustToJson", "mustToToml",
	"mustToYaml", "required", "toJson", "toToml", "toYaml", "toYamlPretty", "tpl",
}

// functions is every name that Helm's engine knows as a function.
func functions() string {
	names := map[string]bool{}
	for name := range sprig.TxtFuncMap() {
		names[name] = true
	}
	for _, name := range others {
		names[name] = true
	}
	var known []string
	for name := range names {
		// Parsing tells: a function that is not defined is an error even where it is never called.
		_, err := perform(request{Op: "render", Text: "{{ range list }}{{ if false }}{{ " + name + " }}{{ end }}{{ end }}"})
		if err == nil || !strings.Contains(err.Error(), "not defined") {
			known = append(known, name)
		}
	}
	sort.Strings(known)
	return strings.Join(known, "\n") + "\n"
}

func decode(raw json.RawMessage) (any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return nil, err
	}
	return integers(value)
}

// integers replaces {"$int": n} by an int64.
func integers(value any) (any, error) {
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			item, err := integers(item)
			if err != nil {
				return nil, err
			}
			value[i] = item
		}
	case map[string]any:
		if number, ok := value["$int"]; ok && len(value) == 1 {
			return strconv.ParseInt(fmt.Sprint(number), 10, 64)
		}
		for key, item := range value {
			item, err := integers(item)
			if err != nil {
				return nil, err
			}
			value[key] = item
		}
	}
	return value, nil
}
