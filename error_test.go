package stackhand_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

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
