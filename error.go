package stackhand

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind says what sort of failure an Error is, for machines. Whether a thing is
// worth trying again, whose fault it is and which card is shown follow from it.
type Kind string

const (
	Invalid      Kind = "invalid"      // the request makes no sense: nonsense in, nothing done
	NotFound     Kind = "not_found"    // what was named is not there
	Ambiguous    Kind = "ambiguous"    // the name fits several things
	Conflict     Kind = "conflict"     // the thing is in a state that does not allow it, or is in use
	Quota        Kind = "quota"        // the project has no room left
	Forbidden    Kind = "forbidden"    // not allowed, by us or by the cloud
	Unauthorized Kind = "unauthorized" // not logged in, or the cloud no longer accepts the credential
	RateLimited  Kind = "rate_limited" // asked too often; RetryAfter says when again
	Unavailable  Kind = "unavailable"  // no answer, a 5xx, a lost connection: it may even have been done
	Failed       Kind = "failed"       // the cloud tried and gave up (a server in ERROR)
	NeedsHuman   Kind = "needs_human"  // going on by itself could do harm
	Canceled     Kind = "canceled"     // somebody asked to stop
	Internal     Kind = "internal"     // our own mistake
)

// Error is a failure that people may read. Msg is a whole sentence in plain
// words; Next is what to do about it ("" where Msg already says so). The cause
// goes to the log, never to people.
type Error struct {
	Kind       Kind
	Msg        string
	Next       string
	Detail     string        // the cloud's own words, for who wants to see them; "" where Msg holds them
	RetryAfter time.Duration // only with RateLimited and Unavailable; 0: unknown
	Err        error

	said, next Text // Msg and Next with their moments as such, where they were made with any
}

// Errorf makes an Error. As in fmt.Errorf, %w keeps a cause for the log, and its
// text becomes part of the message: wrap only what people may read. Moments are given as At.
func Errorf(kind Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Msg: err.Error(), Err: errors.Unwrap(err), said: timed(format, args)}
}

// Do returns a copy of e with the next step for its reader.
func (e *Error) Do(format string, args ...any) *Error {
	c := *e
	c.Next, c.next = fmt.Sprintf(format, args...), timed(format, args)
	return &c
}

// timed is a message with its moments; nil where there are none in it.
func timed(format string, args []any) Text {
	for _, a := range args {
		if s, ok := a.(Span); ok && s.Kind == Moment {
			return Textf(strings.ReplaceAll(format, "%w", "%s"), slices.Clone(args)...)
		}
	}
	return nil
}

// Text is what people read of e: Msg, and below it Next. Moments are shown to each reader in their own time zone, as long as
// nobody has written anything else into Msg or Next since.
func (e *Error) Text() Text {
	of := func(t Text, words string) Text {
		if t.String() == words {
			return t
		}
		return Textf("%s", words)
	}
	text := of(e.said, e.Msg)
	if e.Next != "" {
		text = append(text.Add("\n"), of(e.next, e.Next)...)
	}
	return text
}

// Because returns a copy of e with the cause, which only the log shows.
func (e *Error) Because(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

func (e *Error) Error() string { return e.Msg }

func (e *Error) Unwrap() error { return e.Err }

// KindOf tells the kind of the first Error in err's chain; contexts that ended
// count as Canceled and Unavailable, anything else as Internal.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return Unavailable
	}
	return Internal
}

// Temporary tells whether the same call may well succeed a little later.
func Temporary(err error) bool {
	k := KindOf(err)
	return k == Unavailable || k == RateLimited
}

// Said is what the cloud said in its own words: the Detail of the first Error in err's chain, or its message where that holds them.
func Said(err error) string {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e) && e.Detail != "":
		return e.Detail
	}
	return err.Error()
}
