package stackhand_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

func TestError(t *testing.T) {
	cause := errors.New("dial tcp: refused")
	err := stackhand.Errorf(stackhand.Unavailable, "The cloud does not answer.").Do("Try again in %d minutes.", 2).Because(cause)
	if err.Error() != "The cloud does not answer." || err.Next != "Try again in 2 minutes." || !errors.Is(err, cause) {
		t.Errorf("%+v", err)
	}
	if strings.Contains(err.Error(), "dial") {
		t.Error("people are shown the cause")
	}
	wrapped := stackhand.Errorf(stackhand.Failed, "the build ended: %w", cause)
	if !errors.Is(wrapped, cause) || wrapped.Msg != "the build ended: dial tcp: refused" {
		t.Errorf("%+v", wrapped)
	}
}

func TestKindOf(t *testing.T) {
	quota := stackhand.Errorf(stackhand.Quota, "full")
	for _, c := range []struct {
		err       error
		kind      stackhand.Kind
		temporary bool
	}{
		{nil, "", false},
		{quota, stackhand.Quota, false},
		{fmt.Errorf("create web-1: %w", quota), stackhand.Quota, false},
		{stackhand.Errorf(stackhand.RateLimited, "slow"), stackhand.RateLimited, true},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), stackhand.Unavailable, true},
		{context.Canceled, stackhand.Canceled, false},
		{errors.New("a bug"), stackhand.Internal, false},
	} {
		if got := stackhand.KindOf(c.err); got != c.kind || stackhand.Temporary(c.err) != c.temporary {
			t.Errorf("KindOf(%v) = %q, temporary %v; want %q, %v", c.err, got, stackhand.Temporary(c.err), c.kind, c.temporary)
		}
	}
}

// Moments of an error stay moments for who reads it, and are words in UTC elsewhere; what somebody has rewritten is what it says.
func TestErrorWithAMoment(t *testing.T) {
	at := time.Date(2026, 12, 1, 9, 0, 0, 0, time.FixedZone("", 3600))
	e := stackhand.Errorf(stackhand.Invalid, "%s can be kept until %s at most.", "web-1", stackhand.At(at)).Do("Ask again after %s.", stackhand.At(at))
	if e.Error() != "web-1 can be kept until 2026-12-01 08:00 UTC at most." || e.Next != "Ask again after 2026-12-01 08:00 UTC." {
		t.Errorf("%q, %q", e.Msg, e.Next)
	}
	moments := func(e *stackhand.Error) (n int) {
		for _, s := range e.Text() {
			if s.Kind == stackhand.Moment && s.T.Equal(at) {
				n++
			}
		}
		return n
	}
	if got := e.Text().String(); moments(e) != 2 || got != e.Msg+"\n"+e.Next {
		t.Errorf("%d moments in %q", moments(e), got)
	}
	other := e.Do("Never mind.")
	other.Msg = "***"
	if got := other.Text().String(); moments(other) != 0 || got != "***\nNever mind." {
		t.Errorf("%q", got)
	}
	if got := moments(stackhand.Errorf(stackhand.Invalid, "since %s: %w", stackhand.At(at), errors.New("no"))); got != 1 {
		t.Errorf("%d moments beside a cause", got)
	}
}
