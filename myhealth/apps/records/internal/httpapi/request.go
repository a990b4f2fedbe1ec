package httpapi

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"git.myhealth.example/clinical/records/internal/domain"
	"git.myhealth.example/clinical/records/internal/records"
	"git.myhealth.example/platform/chassis/problem"
	"git.myhealth.example/platform/chassis/strictjson"
)

const (
	jsonType  = "application/json"
	patchType = "application/merge-patch+json"
)

// body reads a JSON body, strictly, and answers its bytes as well.
func body(r *http.Request, into any, types ...string) ([]byte, error) {
	given, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	acceptable := false
	for _, each := range types {
		acceptable = acceptable || err == nil && given == each
	}
	if !acceptable {
		return nil, refused{problem.Of(http.StatusUnsupportedMediaType).Detailed("send " + types[0])}
	}
	data, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, refused{problem.Problem{
			Status: http.StatusRequestEntityTooLarge, Slug: "payload-too-large", Title: "The body is too large",
			Detail: "send at most " + strconv.FormatInt(tooLarge.Limit, 10) + " bytes",
		}}
	case err != nil:
		return nil, refused{problem.Of(http.StatusBadRequest).Detailed("the body did not arrive")}
	}
	faults, err := strictjson.Decode(data, into)
	switch {
	case err != nil:
		return nil, refused{problem.Problem{
			Status: http.StatusBadRequest, Slug: "not-json", Title: "The body is not JSON", Detail: err.Error(),
		}}
	case len(faults) > 0:
		return nil, refused{invalidProblem(faults)}
	}
	return data, nil
}

// patientOf is the patient in the path. What is no id names no patient.
func patientOf(r *http.Request) (domain.PatientID, error) {
	id, err := domain.ParseID[domain.PatientID](r.PathValue("patient"))
	if err != nil {
		return "", domain.ErrNoPatient
	}
	return id, nil
}

func entryOf(r *http.Request) (domain.EntryID, error) {
	id, err := domain.ParseID[domain.EntryID](r.PathValue("entry"))
	if err != nil {
		return "", domain.ErrNoEntry
	}
	return id, nil
}

// keyOf is the Idempotency-Key (draft-ietf-httpapi-idempotency-key-header), for the content it came with. The same text is another
// key from another actor, and on another path.
func keyOf(r *http.Request, by domain.Actor, content []byte) (records.Key, error) {
	values := r.Header.Values("Idempotency-Key")
	text := ""
	if len(values) == 1 {
		text = values[0]
		if inner, quoted := strings.CutPrefix(text, `"`); quoted && strings.HasSuffix(inner, `"`) {
			text = strings.TrimSuffix(inner, `"`)
		}
	}
	if text == "" || len(text) > 255 || strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return records.Key{}, refused{problem.Problem{
			Status: http.StatusBadRequest, Slug: "idempotency-key-missing", Title: "The request needs an idempotency key",
			Detail: "send one Idempotency-Key of 1 to 255 visible ASCII characters, such as a UUID, and the same when you try again",
		}}
	}
	sum := sha256.Sum256(content)
	return records.Key{Scope: string(by) + " " + r.Method + " " + r.URL.Path, Text: text, Fingerprint: sum[:]}, nil
}

// expectedOf are the versions of If-Match; none, for any.
func expectedOf(r *http.Request, required bool) (records.Expected, error) {
	text := strings.Join(r.Header.Values("If-Match"), ",")
	if text == "" && required {
		return nil, refused{problem.Problem{
			Status: http.StatusPreconditionRequired, Slug: "precondition-required", Title: "The request needs If-Match",
			Detail: "send the ETag of the record that the change was made from",
		}}
	}
	var versions records.Expected
	for tag := range strings.SplitSeq(text, ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" || text == "" {
			return nil, nil
		}
		version, err := strconv.ParseInt(strings.Trim(tag, `"`), 10, 64)
		if err != nil || etag(version) != tag {
			version = -1 // some other tag, and a weak one, matches nothing
		}
		versions = append(versions, version)
	}
	return versions, nil
}

func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

const (
	defaultLimit = 50
	maxLimit     = 100
)

// sliceOf reads limit and cursor. Any other parameter is a mistake.
func sliceOf(r *http.Request) (records.Slice, error) {
	slice := records.Slice{Limit: defaultLimit}
	var faults []problem.Fault
	for name, values := range r.URL.Query() {
		pointer := "?" + name
		switch {
		case name != "limit" && name != "cursor":
			faults = append(faults, problem.Fault{Pointer: "?", Detail: "has an unknown parameter; known are limit and cursor"})
		case len(values) != 1:
			faults = append(faults, problem.Fault{Pointer: pointer, Detail: "comes twice"})
		case name == "limit":
			limit, err := strconv.Atoi(values[0])
			if err != nil || limit < 1 || limit > maxLimit {
				faults = append(faults, problem.Fault{Pointer: pointer, Detail: "is not a number from 1 to 100"})
			}
			slice.Limit = limit
		default:
			id, err := base64.RawURLEncoding.DecodeString(values[0])
			if err == nil {
				slice.After, err = domain.ParseID[string](string(id))
			}
			if err != nil {
				faults = append(faults, problem.Fault{Pointer: pointer, Detail: "is not a cursor that was given"})
			}
		}
	}
	if len(faults) > 0 {
		return slice, refused{invalidProblem(faults)}
	}
	return slice, nil
}

// cursor writes the place where a list goes on; what is in it is nobody's business.
func cursor(next string) string { return base64.RawURLEncoding.EncodeToString([]byte(next)) }
