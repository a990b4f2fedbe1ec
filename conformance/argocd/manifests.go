package main

import (
	"context"
	"encoding/json"
	"fmt"

	kjson "sigs.k8s.io/json"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/reposerver/apiclient"
	"github.com/argoproj/argo-cd/v3/util/argo"
)

// manifests renders Applications as the application controller asks the repo server to.
func (s *server) manifests(file, kube string, apis []string) ([]result, error) {
	documents, err := documents(file, "Application")
	if err != nil {
		return nil, err
	}
	results := []result{}
	for _, document := range documents {
		r := result{Name: nameOf(document)}
		objects, err := s.render(document, kube, apis)
		if err != nil {
			r.Error = err.Error()
		} else {
			r.Objects = objects
		}
		results = append(results, r)
	}
	return results, nil
}

func (s *server) render(document []byte, kube string, apis []string) ([]any, error) {
	var app v1alpha1.Application
	if err := kjson.UnmarshalCaseSensitivePreserveInts(document, &app); err != nil {
		return nil, err
	}
	ctx := context.Background()
	get := func(_ context.Context, url, _ string) (*v1alpha1.Repository, error) { return s.repository(url) }
	sources := app.Spec.GetSources()
	for i := range sources {
		sources[i].TargetRevision = "HEAD"
	}
	refs, err := argo.GetRefSources(ctx, sources, app.Spec.Project, get, nil, false)
	if err != nil {
		return nil, err
	}
	objects := []any{}
	for i, source := range sources {
		repo, err := s.repository(source.RepoURL)
		if err != nil {
			return nil, err
		}
		source.RepoURL = repo.Repo
		response, err := s.service.GenerateManifest(ctx, &apiclient.ManifestRequest{
			Repo: repo, Revision: "HEAD", AppName: app.Name, Namespace: app.Spec.Destination.Namespace,
			ApplicationSource: &source, KubeVersion: kube, ApiVersions: apis, HasMultipleSources: app.Spec.HasMultipleSources(),
			RefSources: refs, ProjectName: app.Spec.Project, ProjectSourceRepos: []string{"*"}, NoCache: true,
		})
		if err != nil {
			return nil, fmt.Errorf("source %d: %w", i+1, err)
		}
		for _, manifest := range response.Manifests {
			var object any
			if err := json.Unmarshal([]byte(manifest), &object); err != nil {
				return nil, err
			}
			objects = append(objects, object)
		}
	}
	return objects, nil
}
