package secret_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"git.myhealth.example/platform/chassis/secret"
)

type credentials struct {
	Username string      `json:"username"`
	Password secret.Text `json:"password"`
}

func write(t *testing.T, folder, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, "database.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestASecretIsReadAgainAndNeverShown(t *testing.T) {
	folder := t.TempDir()
	for _, password := range []string{"swordfish", "rotated"} {
		write(t, folder, fmt.Sprintf(`{"username":"records","password":%q}`, password))
		var read credentials
		if err := secret.Dir(folder).Read("database", &read); err != nil {
			t.Fatal(err)
		}
		if read.Password.Expose() != password {
			t.Errorf("not what the file says now")
		}
		encoded, _ := json.Marshal(read)
		shown := fmt.Sprintf("%v %+v %#v %s %q %s", read, read, read, read.Password, read.Password, encoded)
		if strings.Contains(shown, password) {
			t.Errorf("it shows itself: %s", shown)
		}
	}
}

func TestASecretThatCannotBeReadIsTold(t *testing.T) {
	folder := t.TempDir()
	var read credentials
	for text, want := range map[string]string{
		"":                                  "database",
		`{"username":"records","password":`: "database",
		`{"username":"records","password":-0.5e-3}`: "password",
	} {
		if text != "" {
			write(t, folder, text)
		}
		err := secret.Dir(folder).Read("database", &read)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), "0.5e") {
			t.Errorf("the error shows the value: %v", err)
		}
	}
}
