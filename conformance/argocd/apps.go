package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"

	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	kjson "sigs.k8s.io/json"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/argoproj/argo-cd/v3/applicationset/controllers/template"
	"github.com/argoproj/argo-cd/v3/applicationset/generators"
	"github.com/argoproj/argo-cd/v3/applicationset/utils"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
)

// projects is a client that finds every AppProject: the git generator asks for the one in its template.
type projects struct{ client.Client }

func (projects) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return nil
}

func (s *server) generators() map[string]generators.Generator {
	terminal := map[string]generators.Generator{
		"List": generators.NewListGenerator(),
		"Git":  generators.NewGitGenerator(s, "argocd"),
	}
	with := func(children map[string]generators.Generator) map[string]generators.Generator {
		return map[string]generators.Generator{
			"List":   terminal["List"],
			"Git":    terminal["Git"],
			"Matrix": generators.NewMatrixGenerator(children),
			"Merge":  generators.NewMergeGenerator(children),
		}
	}
	return with(with(terminal))
}

func (s *server) applications(file string) ([]result, error) {
	documents, err := documents(file, "ApplicationSet")
	if err != nil {
		return nil, err
	}
	results := []result{}
	for _, document := range documents {
		results = append(results, s.expand(document))
	}
	return results, nil
}

func (s *server) expand(document []byte) (r result) {
	defer func() {
		// The controller recovers from a panic, too, and reports it as an error.
		if caught := recover(); caught != nil {
			r.Applications, r.Error = nil, fmt.Sprint("panic: ", caught)
		}
	}()
	var set v1alpha1.ApplicationSet
	r.Name = nameOf(document)
	// As the API server decodes it: by exact names, leaving out what the type does not have.
	if err := kjson.UnmarshalCaseSensitivePreserveInts(document, &set); err != nil {
		r.Error = err.Error()
		return r
	}
	apps, _, err := template.GenerateApplications(logrus.WithField("set", set.Name), set, s.generators(), &utils.Render{}, projects{})
	if err != nil {
		r.Error = err.Error()
		return r
	}
	r.Applications = []any{}
	for _, app := range apps {
		plain, err := plain(app)
		if err != nil {
			r.Applications, r.Error = nil, err.Error()
			return r
		}
		r.Applications = append(r.Applications, plain)
	}
	sortByText(r.Applications)
	return r
}

// plain is the Application as it goes to the API server, but for the empty status that Go cannot leave out.
func plain(app v1alpha1.Application) (map[string]any, error) {
	text, err := json.Marshal(app)
	if err != nil {
		return nil, err
	}
	object := map[string]any{}
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, err
	}
	delete(object, "status")
	if metadata, ok := object["metadata"].(map[string]any); ok && metadata["creationTimestamp"] == nil {
		delete(metadata, "creationTimestamp")
	}
	return object, nil
}

// sortByText orders by name, then by text: the order of a merge generator's results is that of a Go map.
func sortByText(items []any) {
	key := func(item any) string {
		metadata, _ := item.(map[string]any)["metadata"].(map[string]any)
		text, _ := json.Marshal(item)
		return fmt.Sprint(metadata["name"], "\x00", string(text))
	}
	sort.SliceStable(items, func(i, j int) bool { return key(items[i]) < key(items[j]) })
}

// documents reads the documents of the wanted kind, as JSON.
func documents(file, kind string) ([][]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var found [][]byte
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		converted, err := sigsyaml.YAMLToJSON(document)
		if err != nil {
			return nil, err
		}
		var head struct{ Kind string }
		if json.Unmarshal(converted, &head) == nil && head.Kind == kind {
			found = append(found, converted)
		}
	}
}

func nameOf(document []byte) string {
	var head struct {
		Metadata struct{ Name string }
	}
	_ = json.Unmarshal(document, &head)
	return head.Metadata.Name
}
