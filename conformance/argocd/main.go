// Command argocd answers what Argo CD v3.1.16 makes of an organisation's tree, with Argo CD's own packages and
// without a cluster:
//
//	argocd apps      [-repo URL=FOLDER]... [-globbing] FILE...   ApplicationSets to Applications
//	argocd manifests [-repo URL=FOLDER]... [-kube V] [-api GV/Kind]... FILE...   Applications to objects
//	argocd cases     FOLDER...                                   either for case folders, writing expected.json
//
// FOLDER is committed to a git repository of its own in a temporary folder, from which Argo CD's repo server lists, reads
// and renders as it does for a real one. A FILE is YAML; documents of other kinds are passed over. `apps` prints one JSON object per
// ApplicationSet: {"name", "applications": [...]} sorted by name, or {"name", "error"}. `manifests` prints {"name",
// "objects": [...]} per Application; it runs `helm` from the PATH.
//
// A case folder holds appset.yaml or application.yaml, and optionally repos/<name>/, each of which answers to
// https://git.example/<name>.git; a file named `globbing` turns on the new git file globbing.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/sirupsen/logrus"
)

type mapping map[string]string

func (m mapping) String() string { return "" }

func (m mapping) Set(text string) error {
	url, folder, ok := strings.Cut(text, "=")
	if !ok {
		return fmt.Errorf("want URL=FOLDER, got %q", text)
	}
	m[url] = folder
	return nil
}

type list []string

func (l *list) String() string { return "" }

func (l *list) Set(text string) error {
	*l = append(*l, text)
	return nil
}

func main() {
	logrus.SetOutput(io.Discard)
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "argocd:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("want apps, manifests or cases")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	repos, apis := mapping{}, list{}
	flags.Var(repos, "repo", "URL=FOLDER: the folder that a repository URL stands for")
	globbing := flags.Bool("globbing", false, "use the new git file globbing")
	kube := flags.String("kube", "1.33.0", "the destination's Kubernetes version")
	flags.Var(&apis, "api", "an API version that the destination serves, as v1/Pod")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "cases":
		for _, folder := range flags.Args() {
			if err := runCase(folder); err != nil {
				return fmt.Errorf("%s: %w", folder, err)
			}
		}
		return nil
	case "apps", "manifests":
		s, err := newServer(repos, *globbing)
		if err != nil {
			return err
		}
		defer s.close()
		results := []result{}
		for _, file := range flags.Args() {
			var more []result
			if args[0] == "apps" {
				more, err = s.applications(file)
			} else {
				more, err = s.manifests(file, *kube, apis)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			results = append(results, more...)
		}
		return print(os.Stdout, results)
	}
	return fmt.Errorf("want apps, manifests or cases, got %q", args[0])
}

func runCase(folder string) error {
	repos := mapping{}
	entries, err := os.ReadDir(filepath.Join(folder, "repos"))
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for _, entry := range entries {
		repos["https://git.example/"+entry.Name()+".git"] = filepath.Join(folder, "repos", entry.Name())
	}
	_, err = os.Stat(filepath.Join(folder, "globbing"))
	s, err := newServer(repos, err == nil)
	if err != nil {
		return err
	}
	defer s.close()
	var results []result
	application := filepath.Join(folder, "application.yaml")
	if _, err = os.Stat(application); err == nil {
		results, err = s.manifests(application, "1.36.0", []string{"example.com/v1/Widget"})
	} else {
		results, err = s.applications(filepath.Join(folder, "appset.yaml"))
	}
	if err != nil {
		return err
	}
	for i := range results {
		// A golden must be the same on every machine and day.
		clean := strings.NewReplacer(s.home, "", os.TempDir(), "").Replace(results[i].Error)
		results[i].Error = passing.ReplaceAllString(clean, "...")
	}
	var out bytes.Buffer
	if err := print(&out, results); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "expected.json"), out.Bytes(), 0o644)
}

var passing = regexp.MustCompile(`[0-9a-f]{40}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// A result is what became of one ApplicationSet or Application.
type result struct {
	Name         string `json:"name"`
	Applications []any  `json:"applications,omitempty"`
	Objects      []any  `json:"objects,omitempty"`
	Error        string `json:"error,omitempty"`
}

func print(out io.Writer, results []result) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	return encoder.Encode(results)
}
