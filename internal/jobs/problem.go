package jobs

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"

	"github.com/stackhand/stackhand"
)

var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// newRef makes a short random id that joins what a person was told with the log.
func newRef() string { return strings.ToLower(rand.Text()[:6]) }

// derive makes a job's id from what it is for, so that asking twice gives the same job.
func derive(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return strings.ToLower(letters.EncodeToString(sum[:5]))
}

// problemOf is err as it is kept on a record, without the secrets that a cloud may have repeated in it.
func (e *Engine) problemOf(ctx context.Context, err error, step string) *stackhand.Problem {
	p := problemOf(err, step)
	if found := stackhand.Panics(err); len(found) > 0 {
		p.Ref = e.o.Panicked(ctx, "jobs", found)
	}
	if hide := e.o.Redact; hide != nil {
		p.Msg, p.Next, p.Detail = hide(p.Msg), hide(p.Next), hide(p.Detail)
	}
	return p
}

// problemOf is err for people. Errors that are not meant for them are not shown: their text stays in the log under the ref.
func problemOf(err error, step string) *stackhand.Problem {
	p := &stackhand.Problem{Kind: stackhand.KindOf(err), Step: step, Ref: newRef()}
	var e *stackhand.Error
	switch {
	case errors.As(err, &e):
		p.Msg, p.Next, p.Detail = stackhand.Clean(e.Msg), stackhand.Clean(e.Next), stackhand.Clean(e.Detail)
	case p.Kind == stackhand.Canceled:
		p.Msg = "It was stopped."
	case p.Kind == stackhand.Unavailable:
		p.Msg = "The cloud did not answer in time."
	default:
		p.Msg = fmt.Sprintf("Something went wrong here (ref %s).", p.Ref)
		p.Next = "Tell the operator of the bot the ref."
	}
	return p
}

// Unsure tells of a step that ended with a failure of a kind that what it was to make may have been made all the same.
func Unsure(k stackhand.Kind) bool {
	switch k {
	case stackhand.Canceled, stackhand.Unavailable, stackhand.Unauthorized, stackhand.Internal, stackhand.NeedsHuman:
		return true
	}
	return false
}

// forHuman turns what only a person can judge into NeedsHuman.
func forHuman(err error) error {
	if len(stackhand.Panics(err)) == 0 {
		return err
	}
	return stackhand.Errorf(stackhand.NeedsHuman, "A mistake in the program stopped this step, and it is not repeated by itself.").
		Do("Look at what is there, then try again or clean up. The operator finds the cause in the log.").Because(err)
}
