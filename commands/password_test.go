package commands

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
)

// The password that a cloud gave is shown to its owner, in an answer that does not stay, and that somebody sees it is written down first.
func TestShowPassword(t *testing.T) {
	w, env, trail := auditedWorld()
	server := w.give(alice.ID, "web-1").Server
	kept := map[string]string{}
	env.TakePassword = func(_ context.Context, user stackhand.User, cloud, server string) (string, error) {
		if len(trail.recs) == 0 {
			t.Error("it is given before it is written down")
		}
		value, ok := kept[cloud+"/"+server]
		switch {
		case !ok:
			return "", stackhand.Errorf(stackhand.NotFound, "none")
		case user.ID != alice.ID:
			return "", stackhand.Errorf(stackhand.Forbidden, "not yours")
		}
		delete(kept, cloud+"/"+server)
		return value, nil
	}
	kept["lab/"+server] = "pl4nted-pass"
	if _, err := Do(t.Context(), env, bob, Line{Text: "password web-1 --show", Key: "k0"}); err == nil || strings.Contains(err.Error(), "pl4nted") {
		t.Errorf("bob: %v", err)
	}
	if _, err := Do(t.Context(), env, dana, Line{Text: "password web-1 --show", Key: "k1"}); err == nil || len(kept) != 1 {
		t.Errorf("dana: %v, %v", err, kept)
	}
	trail.recs = nil
	r, err := Do(t.Context(), env, alice, Line{Text: "password web-1 --show", Key: "k2"})
	if err != nil || !r.Private || !r.Once || r.Share != "" || !strings.Contains(r.Text.String(), "pl4nted-pass") {
		t.Errorf("alice: %+v, %v", r, err)
	}
	if got := trail.String(); !strings.Contains(got, "asked password") {
		t.Errorf("the trail holds %s", got)
	}
	for _, rec := range trail.recs {
		if strings.Contains(rec.Line+rec.Why+rec.Problem+string(rec.Resolved), "pl4nted") {
			t.Errorf("the trail holds it: %+v", rec)
		}
	}
	if _, err := Do(t.Context(), env, alice, Line{Text: "password web-1 --show", Key: "k3"}); stackhand.KindOf(err) != stackhand.NotFound || !strings.Contains(err.Error(), "shown already") {
		t.Errorf("again: %v", err)
	}
	kept["lab/"+server] = "pl4nted-pass"
	trail.fail = errors.New("the disk is full")
	if _, err := Do(t.Context(), env, alice, Line{Text: "password web-1 --show", Key: "k4"}); stackhand.KindOf(err) != stackhand.Unavailable || len(kept) != 1 {
		t.Errorf("without a trail: %v", err)
	}
	trail.fail, env.TakePassword = nil, nil
	if _, err := Do(t.Context(), env, alice, Line{Text: "password web-1 --show", Key: "k5"}); stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("where none are kept: %v", err)
	}
}
