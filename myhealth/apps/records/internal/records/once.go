package records

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"
)

// keepAnswers is how long an idempotency key is known.
const keepAnswers = 24 * time.Hour

// Errors of idempotency keys.
var (
	ErrInFlight  = errors.New("the same request is being worked on")
	ErrKeyReused = errors.New("the idempotency key was used for another request")
)

// Key lets a request that is sent again be answered again, and done once.
type Key struct {
	Scope       string // whose key, for what: the same text elsewhere is another key
	Text        string // the client's
	Fingerprint []byte // of the request's content
}

// Done is the result of something that is done once.
type Done[T any] struct {
	Value    T
	Replayed bool // it had been done before, and Value is what was answered then
}

// inFlight are the keys that this process works on. Other processes are told by Tx.Claim.
type inFlight struct {
	mutex sync.Mutex
	keys  map[[2]string]bool
}

func (f *inFlight) enter(key Key) bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	id := [2]string{key.Scope, key.Text}
	if f.keys[id] {
		return false
	}
	f.keys[id] = true
	return true
}

func (f *inFlight) leave(key Key) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	delete(f.keys, [2]string{key.Scope, key.Text})
}

// once does something in one transaction with keeping its result. A result that is answered again is shown once more: again
// leaves that in the trail. What fails is not kept: nothing was done, and the client may try again.
func once[T any](
	ctx context.Context, s *Service, by Caller, key Key, do func(*visit) (T, error), again func(*visit, T) error,
) (done Done[T], err error) {
	if !s.inFlight.enter(key) {
		return done, ErrInFlight
	}
	defer s.inFlight.leave(key)
	err = s.visit(ctx, by, func(v *visit) error {
		done = Done[T]{} // an attempt before this one may have been rolled back
		switch claimed, err := v.tx.Claim(ctx, key); {
		case err != nil:
			return err
		case !claimed:
			return ErrInFlight
		}
		kept, err := v.tx.Answer(ctx, key, v.now.Add(-keepAnswers))
		switch {
		case err != nil:
			return err
		case kept != nil && !bytes.Equal(kept.Fingerprint, key.Fingerprint):
			return ErrKeyReused
		case kept != nil:
			done.Replayed = true
			if err := json.Unmarshal(kept.Value, &done.Value); err != nil {
				return errors.New("a kept answer cannot be read") // without its content
			}
			return again(v, done.Value)
		}
		if done.Value, err = do(v); err != nil {
			return err
		}
		value, err := json.Marshal(done.Value)
		if err != nil {
			return err
		}
		return v.tx.KeepAnswer(ctx, key, value, v.now)
	})
	return done, err
}
