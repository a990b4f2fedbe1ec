package httpapi

import (
	"net/http"
	"strings"
	"time"

	"git.myhealth.example/clinical/records/internal/domain"
	"git.myhealth.example/clinical/records/internal/records"
	"git.myhealth.example/platform/chassis/strictjson"
)

// registration is the body of POST /v1/patients.
type registration struct {
	Name        string `json:"name"`
	DateOfBirth string `json:"dateOfBirth"`
	Contact     struct {
		Email string `json:"email"`
		Phone string `json:"phone"`
	} `json:"contact"`
	Reminders bool `json:"reminders"`
}

func (a *API) register(w http.ResponseWriter, r *http.Request, by domain.Actor) error {
	var given registration
	content, err := body(r, &given, jsonType)
	if err != nil {
		return err
	}
	key, err := keyOf(r, by, content)
	if err != nil {
		return err
	}
	done, err := a.records.Register(r.Context(), by, key, domain.Details{
		Name: given.Name, DateOfBirth: dateOf(given.DateOfBirth), Reminders: given.Reminders,
		Contact: domain.Contact{Email: given.Contact.Email, Phone: given.Contact.Phone},
	})
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/patients/"+string(done.Value.ID))
	replayed(w, r, done.Replayed)
	return writePatient(w, http.StatusCreated, done.Value)
}

// dateOf reads a date. One that is missing, or none, is for the domain to refuse.
func dateOf(text string) domain.Date {
	if text == "" {
		return domain.Date{}
	}
	date, _ := domain.ParseDate(text)
	return date
}

func (a *API) patient(w http.ResponseWriter, r *http.Request, by domain.Actor) error {
	id, err := patientOf(r)
	if err != nil {
		return err
	}
	patient, err := a.records.Patient(r.Context(), by, id)
	if err != nil {
		return err
	}
	if patient.Status == domain.Merged {
		return moved(w, r, id, patient.MergedInto)
	}
	return writePatient(w, http.StatusOK, patient)
}

// patch is the body of PATCH /v1/patients/{patient}: a merge patch (RFC 7396).
type patch struct {
	Name        strictjson.Optional[string]       `json:"name"`
	DateOfBirth strictjson.Optional[string]       `json:"dateOfBirth"`
	Contact     strictjson.Optional[contactPatch] `json:"contact"`
	Reminders   strictjson.Optional[bool]         `json:"reminders"`
}

type contactPatch struct {
	Email strictjson.Optional[string] `json:"email"`
	Phone strictjson.Optional[string] `json:"phone"`
}

func (a *API) change(w http.ResponseWriter, r *http.Request, by domain.Actor) error {
	id, err := patientOf(r)
	if err != nil {
		return err
	}
	expected, err := expectedOf(r, true)
	if err != nil {
		return err
	}
	var given patch
	if _, err := body(r, &given, patchType, jsonType); err != nil {
		return err
	}
	patient, err := a.records.Change(r.Context(), by, id, expected, func(details domain.Details) domain.Details {
		given.Name.Set(&details.Name)
		if given.DateOfBirth.Present {
			details.DateOfBirth = dateOf(given.DateOfBirth.Value)
		}
		given.Reminders.Set(&details.Reminders)
		if given.Contact.Null {
			details.Contact = domain.Contact{}
		}
		given.Contact.Value.Email.Set(&details.Contact.Email)
		given.Contact.Value.Phone.Set(&details.Contact.Phone)
		return details
	})
	if err != nil {
		return err
	}
	return writePatient(w, http.StatusOK, patient)
}

func (a *API) deactivate(w http.ResponseWriter, r *http.Request, by domain.Actor) error {
	var given struct {
		Reason string `json:"reason"`
	}
	id, expected, err := changing(r, &given)
	if err != nil {
		return err
	}
	patient, err := a.records.Deactivate(r.Context(), by, id, expected, domain.Status(given.Reason))
	if err != nil {
		return err
	}
	return writePatient(w, http.StatusOK, patient)
}

func (a *API) merge(w http.ResponseWriter, r *http.Request, by domain.Actor) error {
	var given struct {
		Into string `json:"into"`
	}
	id, expected, err := changing(r, &given)
	if err != nil {
		return err
	}
	into, err := domain.ParseID[domain.PatientID](given.Into)
	if err != nil {
		return domain.Invalid{{Field: "into", Reason: err.Error()}}
	}
	patient, err := a.records.Merge(r.Context(), by, id, into, expected)
	if err != nil {
		return err
	}
	return writePatient(w, http.StatusOK, patient)
}

// changing reads a request that changes a patient, and may say which version.
func changing(r *http.Request, given any) (domain.PatientID, records.Expected, error) {
	id, err := patientOf(r)
	if err != nil {
		return "", nil, err
	}
	expected, err := expectedOf(r, false)
	if err != nil {
		return "", nil, err
	}
	_, err = body(r, given, jsonType)
	return id, expected, err
}

// patientView is a patient as the API tells it.
type patientView struct {
	ID          domain.PatientID `json:"id"`
	Name        string           `json:"name"`
	DateOfBirth domain.Date      `json:"dateOfBirth"`
	Contact     contactView      `json:"contact"`
	Reminders   bool             `json:"reminders"`
	Status      domain.Status    `json:"status"`
	MergedInto  domain.PatientID `json:"mergedInto,omitempty"`
	Version     int64            `json:"version"`
	CreatedAt   time.Time        `json:"createdAt"`
	UpdatedAt   time.Time        `json:"updatedAt"`
}

type contactView struct {
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
}

func writePatient(w http.ResponseWriter, status int, p domain.Patient) error {
	w.Header().Set("ETag", etag(p.Version))
	return write(w, status, patientView{
		ID: p.ID, Name: p.Name, DateOfBirth: p.DateOfBirth, Contact: contactView(p.Contact), Reminders: p.Reminders,
		Status: p.Status, MergedInto: p.MergedInto, Version: p.Version, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	})
}

// moved answers a reading of a patient who was merged: the same is to be read of another.
func moved(w http.ResponseWriter, r *http.Request, id, into domain.PatientID) error {
	w.Header().Set("Location", strings.Replace(r.URL.Path, string(id), string(into), 1))
	return write(w, http.StatusMovedPermanently, map[string]any{"id": id, "status": domain.Merged, "mergedInto": into})
}
