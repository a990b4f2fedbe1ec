package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/reposerver/apiclient"
	"github.com/argoproj/argo-cd/v3/reposerver/cache"
	"github.com/argoproj/argo-cd/v3/reposerver/metrics"
	"github.com/argoproj/argo-cd/v3/reposerver/repository"
	cacheutil "github.com/argoproj/argo-cd/v3/util/cache"
	"github.com/argoproj/argo-cd/v3/util/git"
)

// A server is Argo CD's repo server over local repositories. It is an applicationset services.Repos.
type server struct {
	service  *repository.Service
	home     string
	urls     map[string]string // the URL in the files, to the URL of the temporary repository
	globbing bool
}

func newServer(folders mapping, globbing bool) (*server, error) {
	home, err := os.MkdirTemp("", "argocd-")
	if err != nil {
		return nil, err
	}
	s := &server{home: home, urls: map[string]string{}, globbing: globbing}
	// Argo CD refuses to run git without these, and the user's own configuration must not change an answer.
	for key, value := range map[string]string{
		"HOME": home, "GIT_CONFIG_NOSYSTEM": "1", "HELM_CACHE_HOME": home + "/helm", "HELM_CONFIG_HOME": home + "/helm",
		"HELM_DATA_HOME": home + "/helm", "ARGOCD_EXEC_TIMEOUT": "90s", "ARGOCD_LOG_LEVEL": "panic",
	} {
		if err := os.Setenv(key, value); err != nil {
			return nil, err
		}
	}
	for url, folder := range folders {
		place := filepath.Join(home, fmt.Sprintf("repo-%d", len(s.urls)))
		if err := commit(folder, place); err != nil {
			s.close()
			return nil, fmt.Errorf("%s: %w", folder, err)
		}
		s.urls[url] = "file://" + place
	}
	cache := cache.NewCache(cacheutil.NewCache(cacheutil.NewInMemoryCache(time.Hour)), time.Hour, time.Hour, 10*time.Second)
	constants := repository.RepoServerInitConstants{
		ParallelismLimit:                  2,
		MaxCombinedDirectoryManifestsSize: resource.MustParse("10M"),
	}
	root := filepath.Join(home, "checkouts")
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, err
	}
	s.service = repository.NewService(metrics.NewMetricsServer(), cache, constants, git.NoopCredsStore{}, root)
	return s, s.service.Init()
}

func (s *server) close() {
	// The repo server takes the permissions of its checkouts away when it is idle.
	_ = filepath.Walk(s.home, func(path string, info os.FileInfo, err error) error {
		if info != nil && info.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	_ = os.RemoveAll(s.home)
}

// commit makes a repository of a folder's files, all of them: what is ignored elsewhere is in a fleet's tree.
func commit(folder, place string) error {
	if err := os.MkdirAll(place, 0o755); err != nil {
		return err
	}
	if err := os.CopyFS(place, os.DirFS(folder)); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"},
		{"add", "-A", "-f"},
		{"-c", "user.name=karat", "-c", "user.email=karat@git.example", "commit", "-q", "--allow-empty", "-m", "tree"},
		// Every revision that a file may ask for is this tree.
		{"tag", "v1"},
	} {
		command := exec.Command("git", args...)
		command.Dir = place
		if out, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("git %v: %w: %s", args, err, out)
		}
	}
	return nil
}

func (s *server) repository(url string) (*v1alpha1.Repository, error) {
	local, ok := s.urls[url]
	if !ok {
		return nil, fmt.Errorf("repository %s is not mapped", url)
	}
	return &v1alpha1.Repository{Repo: local, Type: "git"}, nil
}

// GetFiles implements services.Repos. Every revision reads the one commit there is.
func (s *server) GetFiles(ctx context.Context, url, _, _, pattern string, _, _ bool) (map[string][]byte, error) {
	repo, err := s.repository(url)
	if err != nil {
		return nil, err
	}
	response, err := s.service.GetGitFiles(ctx, &apiclient.GitFilesRequest{
		Repo: repo, Revision: "HEAD", Path: pattern, NewGitFileGlobbingEnabled: s.globbing,
	})
	if err != nil {
		return nil, fmt.Errorf("error retrieving Git files: %w", err)
	}
	return response.GetMap(), nil
}

// GetDirectories implements services.Repos.
func (s *server) GetDirectories(ctx context.Context, url, _, _ string, _, _ bool) ([]string, error) {
	repo, err := s.repository(url)
	if err != nil {
		return nil, err
	}
	response, err := s.service.GetGitDirectories(ctx, &apiclient.GitDirectoriesRequest{Repo: repo, Revision: "HEAD"})
	if err != nil {
		return nil, fmt.Errorf("error retrieving Git Directories: %w", err)
	}
	return response.GetPaths(), nil
}
