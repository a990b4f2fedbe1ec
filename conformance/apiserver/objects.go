package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// resource is where objects of a kind live.
type resource struct {
	// path is /api/v1 or /apis/GROUP/VERSION.
	path       string
	plural     string
	namespaced bool
}

// find asks the server for the resource of an object's kind, and makes a permissive one of a kind that it does not know.
func (s *server) find(object map[string]any) (resource, error) {
	version, kind := text(object, "apiVersion"), text(object, "kind")
	if version == "" || kind == "" {
		return resource{}, errors.New("an object has an apiVersion and a kind")
	}
	key := version + " " + kind
	if known, ok := s.resources[key]; ok {
		return known, nil
	}
	found, ok, err := s.discover(version, kind)
	if err != nil {
		return resource{}, err
	}
	if !ok {
		if found, err = s.define(version, kind); err != nil {
			return resource{}, err
		}
	}
	s.resources[key] = found
	return found, nil
}

func (s *server) discover(version, kind string) (resource, bool, error) {
	path := "/apis/" + version
	if !strings.Contains(version, "/") {
		path = "/api/" + version
	}
	answer, err := s.call("GET", path, "", nil)
	if err != nil || answer.code == http.StatusNotFound {
		return resource{}, false, err
	}
	var list struct {
		Resources []struct {
			Name       string `json:"name"`
			Kind       string `json:"kind"`
			Namespaced bool   `json:"namespaced"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(answer.body, &list); err != nil {
		return resource{}, false, err
	}
	for _, r := range list.Resources {
		if r.Kind == kind && !strings.Contains(r.Name, "/") {
			return resource{path: path, plural: r.Name, namespaced: r.Namespaced}, true, nil
		}
	}
	return resource{}, false, nil
}

// define makes a custom resource that takes any object. It is namespaced unless its name says otherwise.
func (s *server) define(version, kind string) (resource, error) {
	group, number, ok := strings.Cut(version, "/")
	if !ok {
		return resource{}, fmt.Errorf("there is no kind %s in %s", kind, version)
	}
	single := strings.ToLower(kind)
	plural := single + "s"
	if strings.HasSuffix(single, "y") {
		plural = strings.TrimSuffix(single, "y") + "ies"
	} else if strings.HasSuffix(single, "s") {
		plural = single + "es"
	}
	scope := "Namespaced"
	if strings.HasPrefix(kind, "Cluster") || strings.HasPrefix(group, "karpenter.") || kind == "GatewayClass" {
		scope = "Cluster"
	}
	open := map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}
	err := s.apply(map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1",
		"kind":       "CustomResourceDefinition",
		// Groups under k8s.io want to be approved.
		"metadata": map[string]any{
			"name":        plural + "." + group,
			"annotations": map[string]any{"api-approved.kubernetes.io": "unapproved, a test"},
		},
		"spec": map[string]any{
			"group": group,
			"scope": scope,
			"names": map[string]any{"kind": kind, "plural": plural, "singular": single},
			"versions": []any{map[string]any{
				"name": number, "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": open},
			}},
		},
	})
	if err != nil {
		return resource{}, err
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if found, ok, err := s.discover(version, kind); err == nil && ok {
			return found, nil
		}
	}
	return resource{}, fmt.Errorf("%s %s was defined and is not served", version, kind)
}

// apply makes or changes an object, as `kubectl apply --server-side` does.
func (s *server) apply(object map[string]any) error {
	answer, err := s.send(object, false)
	if err != nil {
		return err
	}
	if answer.code >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s", text(object, "kind"), name(object), message(answer.body))
	}
	return nil
}

// judge says whether an object would be admitted.
func (s *server) judge(object map[string]any) (string, error) {
	answer, err := s.send(object, true)
	if err != nil {
		return "", err
	}
	verdict := map[string]any{"allowed": answer.code < http.StatusBadRequest, "code": answer.code, "message": ""}
	if answer.code >= http.StatusBadRequest {
		verdict["message"] = message(answer.body)
	}
	line, err := json.Marshal(verdict)
	return string(line), err
}

func (s *server) send(object map[string]any, dry bool) (answer, error) {
	found, err := s.find(object)
	if err != nil {
		return answer{}, err
	}
	path := found.path
	if found.namespaced {
		namespace, err := s.namespace(object)
		if err != nil {
			return answer{}, err
		}
		path += "/namespaces/" + url.PathEscape(namespace)
	}
	if name(object) == "" {
		return answer{}, fmt.Errorf("a %s without a name", text(object, "kind"))
	}
	path += "/" + found.plural + "/" + url.PathEscape(name(object)) + "?fieldManager=karat&force=true"
	if dry {
		path += "&dryRun=All"
	}
	body, err := json.Marshal(object)
	if err != nil {
		return answer{}, err
	}
	return s.call("PATCH", path, "application/apply-patch+yaml", body)
}

// namespace is an object's namespace, which is made if it is not there.
func (s *server) namespace(object map[string]any) (string, error) {
	metadata, _ := object["metadata"].(map[string]any)
	namespace := text(metadata, "namespace")
	if namespace == "" {
		namespace = "default"
	}
	answer, err := s.call("GET", "/api/v1/namespaces/"+url.PathEscape(namespace), "", nil)
	if err != nil || answer.code != http.StatusNotFound {
		return namespace, err
	}
	return namespace, s.apply(map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace},
	})
}

// policies applies admission policies and waits until they are in force.
func (s *server) policies(objects []map[string]any) error {
	for _, object := range objects {
		if err := s.apply(object); err != nil {
			return err
		}
	}
	// Policies take effect some time after they are stored, in the order in which they are. So a last one, which
	// refuses one object, tells when all are.
	const probe = "karat-probe.karat.dev"
	stamp := fmt.Sprint(time.Now().UnixNano())
	err := s.apply(map[string]any{
		"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
		"metadata": map[string]any{"name": probe},
		"spec": map[string]any{
			"matchConstraints": map[string]any{"resourceRules": []any{map[string]any{
				"apiGroups": []any{""}, "apiVersions": []any{"v1"}, "operations": []any{"CREATE", "UPDATE"},
				"resources": []any{"configmaps"},
			}}},
			"validations": []any{map[string]any{"expression": "object.metadata.name != 'probe-" + stamp + "'"}},
		},
	})
	if err != nil {
		return err
	}
	err = s.apply(map[string]any{
		"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
		"metadata": map[string]any{"name": probe},
		"spec":     map[string]any{"policyName": probe, "validationActions": []any{"Deny"}},
	})
	if err != nil {
		return err
	}
	object := map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "probe-" + stamp},
	}
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		answer, err := s.send(object, true)
		if err != nil {
			return err
		}
		if answer.code >= http.StatusBadRequest && strings.Contains(message(answer.body), probe) {
			return nil
		}
	}
	return errors.New("the policies did not come into force within a minute")
}

// message is what a refusal says.
func message(body []byte) string {
	var status struct {
		Message string `json:"message"`
	}
	if err := json.Unmarshal(body, &status); err != nil || status.Message == "" {
		return strings.TrimSpace(string(body))
	}
	return status.Message
}

func name(object map[string]any) string {
	metadata, _ := object["metadata"].(map[string]any)
	return text(metadata, "name")
}

func text(object map[string]any, key string) string {
	value, _ := object[key].(string)
	return value
}
