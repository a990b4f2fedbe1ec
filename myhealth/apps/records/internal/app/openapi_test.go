package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"git.myhealth.example/clinical/records/api"
)

// document is the OpenAPI document, which every answer in these tests is held against.
type document struct {
	root    any
	one     sync.Mutex // a schema is compiled with those that it refers to: nobody may hold an answer against one meanwhile
	schemas *jsonschema.Compiler
	routes  *http.ServeMux // knows which path of the document a request is for
}

var described = sync.OnceValues(func() (*document, error) {
	var read any
	if err := yaml.Unmarshal(api.OpenAPI, &read); err != nil {
		return nil, err
	}
	text, err := json.Marshal(read)
	if err != nil {
		return nil, err
	}
	d := &document{schemas: jsonschema.NewCompiler(), routes: http.NewServeMux()}
	if d.root, err = jsonschema.UnmarshalJSON(bytes.NewReader(text)); err != nil {
		return nil, err
	}
	d.schemas.DefaultDraft(jsonschema.Draft2020)
	d.schemas.AssertFormat()
	if err := d.schemas.AddResource("api.json", d.root); err != nil {
		return nil, err
	}
	for path := range d.at("#/paths").(map[string]any) {
		d.routes.HandleFunc(path, func(http.ResponseWriter, *http.Request) {})
	}
	return d, nil
})

// at follows a JSON Pointer, and references on its way.
func (d *document) at(pointer string) any {
	value := d.root
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "#/"), "/") {
		object, _ := value.(map[string]any)
		value = object[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
		if object, ok := value.(map[string]any); ok {
			if reference, ok := object["$ref"].(string); ok {
				value = d.at(reference)
			}
		}
	}
	return value
}

// describes says what of an answer the document does not.
func (d *document) describes(request *http.Request, got answer) error {
	_, path := d.routes.Handler(request)
	methods, _ := d.at("#/paths/" + escaped(path)).(map[string]any)
	if path == "" || methods[strings.ToLower(request.Method)] == nil {
		return nil // 404 and 405 of what is not there
	}
	place := fmt.Sprintf("#/paths/%s/%s/responses/%d", escaped(path), strings.ToLower(request.Method), got.status)
	response, _ := d.at(place).(map[string]any)
	if response == nil {
		return fmt.Errorf("%s does not say %d", path, got.status)
	}
	headers, _ := response["headers"].(map[string]any)
	for name := range headers {
		if got.header.Get(name) == "" && name != "Idempotent-Replayed" {
			return fmt.Errorf("the header %s is missing", name)
		}
	}
	media, _, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	if err != nil {
		return err
	}
	contents, _ := response["content"].(map[string]any)
	content, _ := contents[media].(map[string]any)
	if content == nil {
		return fmt.Errorf("%s, %d: %s is not described", path, got.status, media)
	}
	if !strings.HasSuffix(media, "json") {
		return nil
	}
	if reference, ok := d.referenced(place); ok {
		place = reference
	}
	d.one.Lock()
	defer d.one.Unlock()
	schema, err := d.schemas.Compile("api.json" + place + "/content/" + escaped(media) + "/schema")
	if err != nil {
		return err
	}
	body, err := jsonschema.UnmarshalJSON(strings.NewReader(got.text))
	if err != nil {
		return err
	}
	return schema.Validate(body)
}

// referenced is where the last part of a pointer refers to.
func (d *document) referenced(pointer string) (string, bool) {
	parent, name := pointer[:strings.LastIndex(pointer, "/")], pointer[strings.LastIndex(pointer, "/")+1:]
	object, _ := d.at(parent).(map[string]any)
	inner, _ := object[name].(map[string]any)
	reference, ok := inner["$ref"].(string)
	return reference, ok
}

func escaped(part string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(part) }

// held fails a test where an answer is not as the document says.
func held(t *testing.T, request *http.Request, got answer) {
	t.Helper()
	d, err := described()
	if err == nil {
		err = d.describes(request, got)
	}
	if err != nil {
		t.Errorf("%s %s: not as api/openapi.yaml says: %v\n%s", request.Method, request.URL.Path, err, got.text)
	}
}
