package strictjson_test

import (
	"encoding/json"
	"testing"
	"testing/quick"

	"git.myhealth.example/platform/chassis/strictjson"
)

type body struct {
	Name    string `json:"name"`
	Contact struct {
		Email string `json:"email"`
	} `json:"contact"`
	Reminders bool                        `json:"reminders"`
	Note      strictjson.Optional[string] `json:"note"`
}

func TestWhatIsNotAskedForIsRefusedWithItsPlace(t *testing.T) {
	for text, want := range map[string][]string{
		`{"name":"a","contact":{"email":"b"},"reminders":true}`: nil,
		`{"name":"a","age":7}`:    {"/age"},
		`{"Name":"a"}`:            {"/Name"},
		`{"name":"a","name":"b"}`: {"/name"},
		`{"name":7,"contact":{"phone":"1"},"reminders":"yes"}`: {"/name", "/contact/phone", "/reminders"},
		`{"name":null}`: {"/name"},
		`{"note":null}`: nil,
		`{"note":7}`:    {"/note"},
		`[]`:            {""},
	} {
		var into body
		faults, err := strictjson.Decode([]byte(text), &into)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		pointers := []string{}
		for _, fault := range faults {
			pointers = append(pointers, fault.Pointer)
		}
		got, _ := json.Marshal(pointers)
		expected, _ := json.Marshal(append([]string{}, want...))
		if string(got) != string(expected) {
			t.Errorf("%s: %s, not %s", text, got, expected)
		}
	}
}

func TestWhatIsNoJSONIsAnError(t *testing.T) {
	for _, text := range []string{"", "{", `{"name":"a"} x`, `{"name":"\xff"}`, "nul"} {
		if _, err := strictjson.Decode([]byte(text), new(body)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// What encoding/json writes of the type is read as it was.
func TestRoundTrip(t *testing.T) {
	if err := quick.Check(func(name, email string, reminders bool) bool {
		given := body{Name: name, Reminders: reminders}
		given.Contact.Email = email
		text, _ := json.Marshal(map[string]any{"name": name, "contact": map[string]any{"email": email}, "reminders": reminders})
		var read body
		faults, err := strictjson.Decode(text, &read)
		var plain body
		_ = json.Unmarshal(text, &plain)
		return err == nil && len(faults) == 0 && read == plain
	}, nil); err != nil {
		t.Error(err)
	}
}
