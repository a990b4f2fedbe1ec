// Package secret reads secrets from files of SECRETS_DIR, which the Secrets Store CSI driver writes, and rewrites when they rotate.
//
// Nothing is cached: a secret is read when it is used, so a rotated one is used from the next connection on. Its value has no
// String, and is no part of any error.
package secret

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
)

// maxSize bounds a secret file, in bytes: as much as AWS Secrets Manager holds.
const maxSize = 64 << 10

// A Text does not show itself, whichever way it is printed, logged or encoded.
type Text struct{ value string }

// Expose is the text, for the one place that needs it.
func (t Text) Expose() string { return t.value }

// UnmarshalJSON takes a JSON string.
func (t *Text) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &t.value) }

// MarshalJSON hides the text.
func (Text) MarshalJSON() ([]byte, error) { return []byte(`"…"`), nil }

// Format hides the text from every verb of package fmt.
func (Text) Format(out fmt.State, _ rune) { _, _ = io.WriteString(out, "…") }

// LogValue hides the text from package slog.
func (Text) LogValue() slog.Value { return slog.StringValue("…") }

// Dir is the folder of secret files.
type Dir string

// Read decodes <name>.json, as it is now, into a value. Its errors name the file and what is wrong, never the content.
func (d Dir) Read(name string, into any) error {
	path := filepath.Join(string(d), name+".json")
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("secret %w; is it mounted, and is SECRETS_DIR right?", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return fmt.Errorf("secret %w", err)
	}
	if len(data) > maxSize {
		return fmt.Errorf("secret %s: is larger than %d bytes", path, maxSize)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("secret %s: %s", path, shape(err))
	}
	return nil
}

// shape says what is wrong with a document in words of our own: those of encoding/json quote it.
func shape(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return fmt.Sprintf("%s has the wrong type; expected %s", wrong.Field, wrong.Type)
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("is not JSON, at byte %d", syntax.Offset)
	}
	return "is not the JSON object that was expected"
}
