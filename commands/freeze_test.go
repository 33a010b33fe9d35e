package commands

import (
	"context"
	"errors"
	"testing"

	"github.com/stackhand/stackhand"
)

// holdFreeze lets the env have a freeze that is kept in f.
func holdFreeze(env *Env, f *stackhand.Freeze) {
	env.Freeze = func(context.Context) (stackhand.Freeze, error) { return *f, nil }
	env.SetFreeze = func(_ context.Context, g stackhand.Freeze) error { *f = g; return nil }
}

func TestFreeze(t *testing.T) {
	w, env := newWorld()
	var f stackhand.Freeze
	holdFreeze(env, &f)
	var trail []stackhand.AuditRecord
	env.Audit = func(_ context.Context, r stackhand.AuditRecord) error { trail = append(trail, r); return nil }
	w.give("U0DANA", "web-1")
	for _, c := range []struct {
		who        stackhand.User
		line, want string
		on         bool
	}{
		{alice, `freeze "because"`, "Freeze is not for a member.*somebody who is an admin", false},
		{dana, "freeze", "freeze needs a why", false},
		{dana, "freeze web-1", "web-1 is a server of yours.*`pause web-1` stops that server", false},
		{dana, "unfreeze", "not stopped: there is nothing to do", false},
		{dana, "freeze the hall is moved", "stopped from now on, by @U0DANA: the hall is moved. Only administrators.*unfreeze", true},
		{dana, "freeze the hall is moved", "stopped from now on, by @U0DANA: the hall is moved. Only", true},
		{dana, `freeze "something else"`, "stopped already, since 2026-11-21 09:00 UTC, by U0DANA: the hall is moved", true},
		{alice, "create web-9", "stopped since 2026-11-21 09:00 UTC, by U0DANA: the hall is moved", true},
		{alice, "list", "stopped since 2026-11-21 09:00 UTC, by @U0DANA: the hall is moved.\n1 server in team-a", true},
		{dana, "unfreeze", "Everybody may change things again. @U0DANA had stopped that at 2026-11-21 09:00 UTC: the hall is moved", false},
		{alice, "create web-9", "is at work", false},
	} {
		r, err := say(t, env, c.who, c.line)
		expect(t, told(r, err), c.want)
		if f.On() != c.on {
			t.Errorf("%s: %+v", c.line, f)
		}
	}
	var got []string
	for _, r := range trail {
		if r.What == stackhand.AuditOperator {
			got = append(got, r.Command+" "+r.Why+" "+r.User)
		}
	}
	if len(got) != 2 || got[0] != "freeze the hall is moved U0DANA" || got[1] != "unfreeze  U0DANA" {
		t.Errorf("on record: %q", got)
	}
	env.Audit = func(context.Context, stackhand.AuditRecord) error { return errors.New("disk") }
	if r, err := say(t, env, dana, "freeze once more"); err == nil || f.On() {
		t.Errorf("a freeze that is not on record: %s", told(r, err))
	}
	env.SetFreeze = nil
	if r, err := say(t, env, dana, "unfreeze"); err == nil {
		t.Errorf("where it cannot be done: %s", told(r, err))
	}
}
