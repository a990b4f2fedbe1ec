package recordsv1_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// What is checked in is what the contract generates.
func TestGeneratedCodeIsFresh(t *testing.T) {
	folder := t.TempDir()
	if out, err := exec.Command("../../tools/generate.sh", folder).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, file := range []string{"records.pb.go", "records_grpc.pb.go"} {
		want, err := os.ReadFile(filepath.Join(folder, "pkg/recordsv1", file))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is stale: go generate ./pkg/recordsv1 (%v)", file, err)
		}
	}
}
