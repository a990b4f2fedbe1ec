// Command apiserver runs a real Kubernetes API server (kube-apiserver on etcd, both taken from the folder that this
// program is in) on the loopback interface for as long as its standard input is open, and answers questions to it, one
// JSON request per line:
//
//	{"op":"apply","object":{...}}        makes or changes an object
//	{"op":"policies","objects":[...]}    applies admission policies and their bindings, and waits until they are in force
//	{"op":"judge","object":{...}}        whether the object would be admitted: a dry run, {"allowed":...,"message":"..."}
//	{"op":"get","path":"/openapi/v3"}    what the server answers to GET
//
// Answers are {"out":"..."} or {"err":"..."}. A kind that the server does not know becomes a permissive custom resource
// first, and a namespace that is not there is made. There is no scheduler, no controller and no node: objects are
// judged, not run.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

type request struct {
	Op      string           `json:"op"`
	Path    string           `json:"path"`
	Object  map[string]any   `json:"object"`
	Objects []map[string]any `json:"objects"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "apiserver:", err)
		os.Exit(1)
	}
}

func run() error {
	server, err := start()
	if err != nil {
		return err
	}
	defer server.stop()
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	encoder := json.NewEncoder(os.Stdout)
	for in.Scan() {
		reply := map[string]string{}
		if text, err := perform(server, in.Bytes()); err != nil {
			reply["err"] = err.Error()
		} else {
			reply["out"] = text
		}
		if err := encoder.Encode(reply); err != nil {
			return err
		}
	}
	return in.Err()
}

func perform(s *server, line []byte) (string, error) {
	var r request
	if err := json.Unmarshal(line, &r); err != nil {
		return "", err
	}
	switch r.Op {
	case "apply":
		return "applied", s.apply(r.Object)
	case "policies":
		return "in force", s.policies(r.Objects)
	case "judge":
		return s.judge(r.Object)
	case "get":
		if !strings.HasPrefix(r.Path, "/") {
			return "", fmt.Errorf("path %q does not start with /", r.Path)
		}
		answer, err := s.call("GET", r.Path, "", nil)
		return string(answer.body), err
	}
	return "", fmt.Errorf("unknown op %q", r.Op)
}
