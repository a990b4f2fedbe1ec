package domain_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The domain stands on the language and on UUIDs: no transport, no storage, no telemetry, nothing of this service.
func TestTheDomainImportsNothingOfTheWorld(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, each := range parsed.Imports {
			path, _ := strconv.Unquote(each.Path.Value)
			for _, forbidden := range []string{"net", "net/http", "database/sql", "os", "log", "log/slog", "context"} {
				if path == forbidden {
					t.Errorf("%s imports %s", file, path)
				}
			}
			if strings.Contains(path, ".") && path != "github.com/google/uuid" {
				t.Errorf("%s imports %s", file, path)
			}
		}
	}
}
