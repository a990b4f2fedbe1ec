package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"git.myhealth.example/clinical/records/internal/domain"
	"git.myhealth.example/clinical/records/internal/records"
	"git.myhealth.example/platform/chassis/database"
	"git.myhealth.example/platform/chassis/problem"
	"git.myhealth.example/platform/chassis/telemetry"
)

// refused is a request that is refused before it reaches a use case.
type refused struct{ problem.Problem }

func (r refused) Error() string { return r.Slug }

// fail answers an error. The log hears of those that are ours.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	answer := problemOf(err)
	if answer.Status >= 500 && r.Context().Err() == nil {
		a.log.ErrorContext(r.Context(), "a request failed", telemetry.Error(err))
	}
	answer.Write(w, r)
}

// problemOf is what a client is told of an error.
func problemOf(err error) problem.Problem {
	var (
		told         refused
		invalid      domain.Invalid
		stale        domain.ErrStale
		merged       domain.ErrMerged
		targetMerged domain.ErrTargetMerged
	)
	of := func(status int, slug, title string) problem.Problem {
		return problem.Problem{Status: status, Slug: slug, Title: title, Detail: err.Error()}
	}
	switch {
	case errors.As(err, &told):
		return told.Problem
	case errors.Is(err, errNoActor):
		return of(http.StatusUnauthorized, "unauthenticated", "The request does not say who acts")
	case errors.As(err, &invalid):
		return invalidProblem(faultsOf(invalid))
	case errors.Is(err, domain.ErrNoPatient):
		return of(http.StatusNotFound, "unknown-patient", "There is no such patient")
	case errors.Is(err, domain.ErrNoEntry):
		return of(http.StatusNotFound, "unknown-entry", "The record has no such entry")
	case errors.As(err, &stale):
		return of(http.StatusPreconditionFailed, "version-mismatch", "The record was changed meanwhile")
	case errors.As(err, &merged):
		p := of(http.StatusConflict, "patient-merged", "The patient was merged into another")
		p.With = map[string]any{"mergedInto": merged.Into}
		return p
	case errors.As(err, &targetMerged):
		p := of(http.StatusConflict, "target-merged", "The patient to merge into was itself merged")
		p.With = map[string]any{"mergedInto": targetMerged.Into}
		return p
	case errors.Is(err, domain.ErrIntoItself):
		return invalidProblem([]problem.Fault{{Pointer: "/into", Detail: "is the patient itself"}})
	case errors.Is(err, domain.ErrDeceased):
		return of(http.StatusConflict, "patient-deceased", "The patient is recorded as deceased")
	case errors.Is(err, domain.ErrTooManyChanges):
		return of(http.StatusConflict, "too-many-amendments", "The entry cannot be amended any more")
	case errors.Is(err, records.ErrKeyReused):
		return of(http.StatusUnprocessableEntity, "idempotency-key-reused", "The idempotency key belongs to another request")
	case errors.Is(err, records.ErrInFlight):
		p := of(http.StatusConflict, "request-in-flight", "A request with this key is being answered")
		p.RetryAfter = time.Second
		return p
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return unavailable("timeout", "The request took too long")
	case errors.Is(err, database.ErrUnavailable):
		return unavailable("store-unavailable", "The store is not available")
	default:
		return problem.Of(http.StatusInternalServerError) // what it was stands in the log
	}
}

func unavailable(slug, title string) problem.Problem {
	return problem.Problem{Status: http.StatusServiceUnavailable, Slug: slug, Title: title, RetryAfter: time.Second}
}

func invalidProblem(faults []problem.Fault) problem.Problem {
	return problem.Problem{
		Status: http.StatusUnprocessableEntity, Slug: "invalid", Title: "The request breaks a rule", Errors: faults,
	}
}

func faultsOf(invalid domain.Invalid) []problem.Fault {
	faults := make([]problem.Fault, len(invalid))
	for i, fault := range invalid {
		faults[i] = problem.Fault{Pointer: "/" + strings.TrimPrefix(fault.Field, "/"), Detail: fault.Reason}
	}
	return faults
}
