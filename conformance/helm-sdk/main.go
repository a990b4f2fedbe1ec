// Command helm-sdk renders charts in one process on Helm's own packages, each chart loaded once: the fastest that Go does,
// for the benchmarks. One JSON request per line, one JSON answer per line:
//
//	{"chart":"path","values":["file"],"release":"r","namespace":"n","repeat":100}
//	{"out":"{\"seconds\":0.5,\"bytes\":1234,\"sha256\":\"...\"}"}
//
// "seconds" is the time of all repetitions, "bytes" and "sha256" are those of one output, which is what `helm template`
// prints. With "print":true the output itself is the answer.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
)

type request struct {
	Chart     string   `json:"chart"`
	Values    []string `json:"values"`
	Release   string   `json:"release"`
	Namespace string   `json:"namespace"`
	Repeat    int      `json:"repeat"`
	Print     bool     `json:"print"`
}

func main() {
	charts := map[string]*chart.Chart{}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	encoder := json.NewEncoder(os.Stdout)
	for in.Scan() {
		reply := map[string]string{}
		if text, err := perform(charts, in.Bytes()); err != nil {
			reply["err"] = err.Error()
		} else {
			reply["out"] = text
		}
		if err := encoder.Encode(reply); err != nil {
			os.Exit(3)
		}
	}
}

func perform(charts map[string]*chart.Chart, line []byte) (string, error) {
	var r request
	if err := json.Unmarshal(line, &r); err != nil {
		return "", err
	}
	loaded, ok := charts[r.Chart]
	if !ok {
		var err error
		if loaded, err = loader.Load(r.Chart); err != nil {
			return "", err
		}
		charts[r.Chart] = loaded
	}
	user := map[string]any{}
	for _, path := range r.Values {
		file, err := os.Open(path)
		if err != nil {
			return "", err
		}
		values, err := loader.LoadValues(file)
		file.Close()
		if err != nil {
			return "", err
		}
		user = loader.MergeMaps(user, values)
	}
	var out string
	start := time.Now()
	for range max(r.Repeat, 1) {
		var err error
		if out, err = render(loaded, user, r); err != nil {
			return "", err
		}
	}
	seconds := time.Since(start).Seconds()
	if r.Print {
		return out, nil
	}
	sum := sha256.Sum256([]byte(out))
	answer, err := json.Marshal(map[string]any{"seconds": seconds, "bytes": len(out), "sha256": hex.EncodeToString(sum[:])})
	return string(answer), err
}

// render does what `helm template` does between reading and printing.
func render(loaded *chart.Chart, user map[string]any, r request) (string, error) {
	if err := chartutil.ProcessDependencies(loaded, user); err != nil {
		return "", err
	}
	release := common.ReleaseOptions{Name: r.Release, Namespace: r.Namespace, Revision: 1, IsInstall: true}
	values, err := util.ToRenderValues(loaded, user, release, common.DefaultCapabilities)
	if err != nil {
		return "", err
	}
	files, err := engine.Render(loaded, values)
	if err != nil {
		return "", err
	}
	for name := range files {
		if strings.HasSuffix(name, "NOTES.txt") {
			delete(files, name)
		}
	}
	hooks, manifests, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, m := range manifests {
		fmt.Fprintf(&out, "---\n# Source: %s\n%s\n", m.Name, m.Content)
	}
	text := strings.TrimSpace(out.String()) + "\n"
	for _, h := range hooks {
		text += fmt.Sprintf("---\n# Source: %s\n%s\n", h.Path, h.Manifest)
	}
	return text, nil
}
