// Package strictjson decodes a JSON request body as strictly as an API can: a member that is unknown, that comes twice, that is
// written in other letters or is of another type is refused with its JSON Pointer, and all of them are told at once.
//
// encoding/json alone ignores unknown members, takes the last of two, matches names in any case and replaces bad UTF-8: each of
// them is a client's mistake that would be found late, in a patient's record.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"

	"git.myhealth.example/platform/chassis/problem"
)

// maxDepth bounds nesting. No body of ours nests deeper than 4.
const maxDepth = 16

// maxFaults bounds the answer to a body that is wrong everywhere.
const maxFaults = 32

// Optional is a member that may be left out, null, or have a value: the three cases of a merge patch (RFC 7396).
type Optional[T any] struct {
	Present bool // it is there, be it null
	Null    bool
	Value   T
}

// UnmarshalJSON notes which case it is.
func (o *Optional[T]) UnmarshalJSON(data []byte) error {
	o.Present = true
	if string(data) == "null" {
		o.Null = true
		return nil
	}
	return json.Unmarshal(data, &o.Value)
}

// Set gives the value where there is one, the zero value for null, and leaves into alone where the member is left out.
func (o Optional[T]) Set(into *T) {
	if o.Present {
		*into = o.Value
	}
}

func (Optional[T]) element() reflect.Type { return reflect.TypeFor[T]() }

// Decode reads one document into the struct that into points to. The error says that it is not JSON at all; the faults, that it is
// JSON of another shape. Neither quotes the document: it may hold a patient's data.
func Decode(data []byte, into any) ([]problem.Fault, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("is not UTF-8")
	}
	w := walker{tokens: json.NewDecoder(bytes.NewReader(data))}
	w.tokens.UseNumber()
	switch err := w.value("", reflect.TypeOf(into).Elem(), 0); {
	case errors.Is(err, errStop):
		return append(w.faults, problem.Fault{Detail: err.Error()}), nil
	case err != nil:
		return nil, phrase(err)
	}
	if _, err := w.tokens.Token(); err != io.EOF {
		return nil, errors.New("is followed by something else")
	}
	if len(w.faults) == 0 && json.Unmarshal(data, into) != nil {
		w.fault("", "has a value that is out of range") // the shape is right: it is a number
	}
	return w.faults, nil
}

func phrase(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("is not JSON, at byte %d", syntax.Offset)
	}
	return errors.New("ends too early")
}

var errStop = errors.New("nests too deep, or has too many mistakes to tell")

type walker struct {
	tokens *json.Decoder
	faults []problem.Fault
}

func (w *walker) fault(pointer, detail string) {
	w.faults = append(w.faults, problem.Fault{Pointer: pointer, Detail: detail})
}

// value walks one value that should be of a type; nil is a value that is skipped. Its error ends the walk.
func (w *walker) value(pointer string, want reflect.Type, depth int) error {
	if depth > maxDepth || len(w.faults) >= maxFaults {
		return errStop
	}
	token, err := w.tokens.Token()
	if err != nil {
		return err
	}
	want, nullable := bare(want)
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return w.object(pointer, w.expect(pointer, want, reflect.Struct), depth)
		}
		return w.array(pointer, w.expect(pointer, want, reflect.Slice), depth)
	case string:
		w.expect(pointer, want, reflect.String)
	case bool:
		w.expect(pointer, want, reflect.Bool)
	case json.Number:
		w.expect(pointer, want, reflect.Int64)
	case nil:
		if want != nil && !nullable {
			w.fault(pointer, "must not be null")
		}
	}
	return nil
}

// expect notes a value of another kind than the type's, and answers the type where they agree.
func (w *walker) expect(pointer string, want reflect.Type, kind reflect.Kind) reflect.Type {
	if want == nil || want.Kind() == kind {
		return want
	}
	w.fault(pointer, "must be "+map[reflect.Kind]string{
		reflect.Struct: "an object", reflect.Slice: "an array", reflect.String: "a string",
		reflect.Bool: "true or false", reflect.Int64: "a number",
	}[want.Kind()])
	return nil
}

func (w *walker) object(pointer string, want reflect.Type, depth int) error {
	members := membersOf(want)
	seen := map[string]bool{}
	for w.tokens.More() {
		token, err := w.tokens.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		at := pointer + "/" + escape(name)
		member, known := members[name]
		switch {
		case seen[name]:
			w.fault(at, "comes twice")
			member = nil
		case want != nil && !known:
			w.fault(at, "is unknown")
		}
		seen[name] = true
		if err := w.value(at, member, depth+1); err != nil {
			return err
		}
	}
	_, err := w.tokens.Token()
	return err
}

func (w *walker) array(pointer string, want reflect.Type, depth int) error {
	var element reflect.Type
	if want != nil {
		element = want.Elem()
	}
	for i := 0; w.tokens.More(); i++ {
		if err := w.value(fmt.Sprintf("%s/%d", pointer, i), element, depth+1); err != nil {
			return err
		}
	}
	_, err := w.tokens.Token()
	return err
}

// bare is the type without pointers and Optional, and whether null is one of its values.
func bare(want reflect.Type) (bared reflect.Type, nullable bool) {
	for want != nil {
		if want.Kind() == reflect.Pointer {
			want, nullable = want.Elem(), true
			continue
		}
		optional, ok := reflect.Zero(want).Interface().(interface{ element() reflect.Type })
		if !ok {
			break
		}
		want, nullable = optional.element(), true
	}
	return want, nullable
}

var membersByType sync.Map // of map[string]reflect.Type

// membersOf are the members of an object by their exact names: every exported field of the struct has a json tag.
func membersOf(want reflect.Type) map[string]reflect.Type {
	if want == nil {
		return nil
	}
	if known, ok := membersByType.Load(want); ok {
		return known.(map[string]reflect.Type)
	}
	members := map[string]reflect.Type{}
	for field := range want.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			members[name] = field.Type
		}
	}
	membersByType.Store(want, members)
	return members
}

// escape writes a name as a part of a JSON Pointer, shortened: it is the client's text.
func escape(name string) string {
	const most = 64
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "…"
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
