package config_test

import (
	"strings"
	"testing"

	"git.myhealth.example/platform/chassis/config"
)

func environment(pairs map[string]string) *config.Env {
	return config.New(func(name string) string { return pairs[name] })
}

func TestEveryMistakeIsToldAtOnce(t *testing.T) {
	env := environment(map[string]string{
		"PORT": "http", "GRACE": "-1", "LEVEL": "loud", "COLLECTOR": "http://user:hunter2@collector", "LIST": "a,z", "OFF": "yes",
	})
	env.Int("PORT", 8080, 0, 65535)
	env.Seconds("GRACE", 30, 0, 60)
	env.Choice("LEVEL", "info", "info", "debug")
	env.URL("COLLECTOR")
	env.Choices("LIST", nil, "a", "b")
	env.Bool("OFF")
	told := env.Err().Error()
	for _, part := range []string{
		`PORT: "http" is not usable; expected a whole number from 0 to 65535`, "GRACE: ", "LEVEL: ",
		"COLLECTOR: holds a user or password", "LIST: ", "OFF: ",
	} {
		if !strings.Contains(told, part) {
			t.Errorf("%q is not in:\n%s", part, told)
		}
	}
	if strings.Contains(told, "hunter2") {
		t.Errorf("a password is told:\n%s", told)
	}
}

func TestDefaults(t *testing.T) {
	env := environment(map[string]string{"EMPTY": "  "})
	if got := env.Text("EMPTY", "fallback"); got != "fallback" {
		t.Errorf("an empty variable gave %q", got)
	}
	if got := env.Int("MISSING", 7, 0, 9); got != 7 {
		t.Errorf("a missing number gave %d", got)
	}
	if err := env.Err(); err != nil {
		t.Error(err)
	}
}

func TestALongValueIsCut(t *testing.T) {
	if got := config.Quote(strings.Repeat("s", 100)); len(got) > 40 {
		t.Errorf("told %q", got)
	}
}
