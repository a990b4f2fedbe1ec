package domain_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowed is all that the domain stands on: the language, text, the calendar, UUIDs. No transport, no storage, no telemetry, nothing
// else of this service.
var allowed = []string{"errors", "fmt", "github.com/google/uuid", "strings", "time", "unicode", "unicode/utf8"}

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
			if path, _ := strconv.Unquote(each.Path.Value); !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s", file, path)
			}
		}
	}
}
