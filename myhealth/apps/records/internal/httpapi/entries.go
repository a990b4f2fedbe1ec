package httpapi

import (
	"encoding/json"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"git.myhealth.example/clinical/records/internal/domain"
	"git.myhealth.example/clinical/records/internal/records"
	"git.myhealth.example/platform/chassis/telemetry"
)

func (a *API) write(w http.ResponseWriter, r *http.Request, by domain.Actor) error {
	id, err := patientOf(r)
	if err != nil {
		return err
	}
	var given struct {
		Kind   string `json:"kind"`
		Text   string `json:"text"`
		Author string `json:"author"`
	}
	content, err := body(r, &given, jsonType)
	if err != nil {
		return err
	}
	key, err := keyOf(r, by, content)
	if err != nil {
		return err
	}
	draft := domain.Draft{Kind: domain.Kind(given.Kind), Text: given.Text, Author: given.Author}
	done, err := a.records.Write(r.Context(), by, key, id, draft)
	if err != nil {
		return err
	}
	return writeDone(w, r, done)
}

func (a *API) amend(w http.ResponseWriter, r *http.Request, by domain.Actor) error {
	id, err := patientOf(r)
	if err != nil {
		return err
	}
	entry, err := entryOf(r)
	if err != nil {
		return err
	}
	var given struct {
		Text   string `json:"text"`
		Reason string `json:"reason"`
		Author string `json:"author"`
	}
	content, err := body(r, &given, jsonType)
	if err != nil {
		return err
	}
	key, err := keyOf(r, by, content)
	if err != nil {
		return err
	}
	done, err := a.records.Amend(r.Context(), by, key, id, entry, domain.Correction(given))
	if err != nil {
		return err
	}
	return writeDone(w, r, done)
}

func (a *API) entry(w http.ResponseWriter, r *http.Request, by domain.Actor) error {
	id, err := patientOf(r)
	if err != nil {
		return err
	}
	of, err := entryOf(r)
	if err != nil {
		return err
	}
	entry, err := a.records.Entry(r.Context(), by, id, of)
	if err != nil {
		return err
	}
	return write(w, http.StatusOK, viewEntry(entry))
}

func (a *API) entries(w http.ResponseWriter, r *http.Request, by domain.Actor) error {
	id, slice, err := listing(r)
	if err != nil {
		return err
	}
	found, err := a.records.Entries(r.Context(), by, id, slice)
	if err != nil {
		return err
	}
	return writeList(w, r, id, found, viewEntry)
}

type accessView struct {
	ID        domain.AccessID  `json:"id"`
	PatientID domain.PatientID `json:"patientId"`
	EntryID   domain.EntryID   `json:"entryId,omitempty"`
	Actor     domain.Actor     `json:"actor"`
	Action    domain.Action    `json:"action"`
	At        time.Time        `json:"at"`
}

func (a *API) accesses(w http.ResponseWriter, r *http.Request, by domain.Actor) error {
	id, slice, err := listing(r)
	if err != nil {
		return err
	}
	found, err := a.records.Accesses(r.Context(), by, id, slice)
	if err != nil {
		return err
	}
	return writeList(w, r, id, found, func(a domain.Access) accessView { return accessView(a) })
}

type consentView struct {
	ID         domain.ConsentID `json:"id"`
	PatientID  domain.PatientID `json:"patientId"`
	Reminders  bool             `json:"reminders"`
	RecordedBy domain.Actor     `json:"recordedBy"`
	RecordedAt time.Time        `json:"recordedAt"`
}

func (a *API) consents(w http.ResponseWriter, r *http.Request, by domain.Actor) error {
	id, slice, err := listing(r)
	if err != nil {
		return err
	}
	found, err := a.records.Consents(r.Context(), by, id, slice)
	if err != nil {
		return err
	}
	return writeList(w, r, id, found, func(c domain.Consent) consentView { return consentView(c) })
}

// listing reads a request for a list of a patient.
func listing(r *http.Request) (domain.PatientID, records.Slice, error) {
	id, err := patientOf(r)
	if err != nil {
		return "", records.Slice{}, err
	}
	slice, err := sliceOf(r)
	return id, slice, err
}

// entryView is an entry as the API tells it. Text is what was first written; the last amendment has what counts.
type entryView struct {
	ID         domain.EntryID   `json:"id"`
	PatientID  domain.PatientID `json:"patientId"`
	Kind       domain.Kind      `json:"kind"`
	Text       string           `json:"text"`
	Author     string           `json:"author"`
	RecordedBy domain.Actor     `json:"recordedBy"`
	RecordedAt time.Time        `json:"recordedAt"`
	Amendments []amendmentView  `json:"amendments"`
}

type amendmentView struct {
	ID         domain.AmendmentID `json:"id"`
	Text       string             `json:"text"`
	Reason     string             `json:"reason,omitempty"`
	Author     string             `json:"author"`
	RecordedBy domain.Actor       `json:"recordedBy"`
	RecordedAt time.Time          `json:"recordedAt"`
}

func viewEntry(e domain.Entry) entryView {
	view := entryView{
		ID: e.ID, PatientID: e.PatientID, Kind: e.Kind, Text: e.Text, Author: e.Author,
		RecordedBy: e.RecordedBy, RecordedAt: e.RecordedAt, Amendments: []amendmentView{},
	}
	for _, a := range e.Amendments {
		view.Amendments = append(view.Amendments, amendmentView{
			ID: a.ID, Text: a.Text, Reason: a.Reason, Author: a.Author, RecordedBy: a.RecordedBy, RecordedAt: a.RecordedAt,
		})
	}
	return view
}

// writeDone answers an entry that was written or amended.
func writeDone(w http.ResponseWriter, r *http.Request, done records.Done[domain.Entry]) error {
	w.Header().Set("Location", "/v1/patients/"+r.PathValue("patient")+"/entries/"+string(done.Value.ID))
	replayed(w, r, done.Replayed)
	return write(w, http.StatusCreated, viewEntry(done.Value))
}

func replayed(w http.ResponseWriter, r *http.Request, again bool) {
	telemetry.Annotate(r.Context(), attribute.Bool("idempotent.replayed", again))
	if again {
		w.Header().Set("Idempotent-Replayed", "true")
	}
}

// writeList answers a part of a list, or where it is.
func writeList[T, V any](w http.ResponseWriter, r *http.Request, id domain.PatientID, found records.List[T], view func(T) V) error {
	if found.MergedInto != "" {
		return moved(w, r, id, found.MergedInto)
	}
	views := make([]V, len(found.Items))
	for i, item := range found.Items {
		views[i] = view(item)
	}
	answer := map[string]any{"items": views}
	if found.Next != "" {
		answer["next"] = cursor(found.Next)
	}
	return write(w, http.StatusOK, answer)
}

// write answers in JSON. Nothing of a record is kept by caches.
func write(w http.ResponseWriter, status int, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", jsonType)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the client is gone: nobody to tell
	return nil
}
