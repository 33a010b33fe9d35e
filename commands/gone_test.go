package commands

import (
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
)

// A server that was removed by another way does not look as if one could log in to it.
func TestServerGoneFromTheCloud(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	w.give("U0ALICE", "web-2")
	w.cloud.servers = w.cloud.servers[1:]
	for _, c := range []struct{ thread, line, want string }{
		{"", "list", "web-1 +not in the cloud any more +–"},
		{"", "show web-1", "web-1 is not in the cloud any more; delete web-1 removes what is left"},
		{"web-1", "show", "web-1 is not in the cloud any more; delete web-1 removes what is left"},
		{"", "reboot web-1", "web-1 is not in the cloud any more, so you cannot reboot it"},
		{"", "extend web-1 1d", "web-1 is not in the cloud any more; what else was made for it stays until .*delete web-1 removes that"},
	} {
		r, err := inThread(t, env, alice, c.thread, c.line)
		got := told(r, err)
		expect(t, got, c.want)
		if c.line != "list" && strings.Contains(got, "203.0.113.5") || strings.Contains(got, "READY") {
			t.Errorf("%s: %s", c.line, got)
		}
	}
	r, err := say(t, env, alice, "delete web-1")
	if err != nil || w.jobs[r.Job].Stacks[0] != st.ID {
		t.Error(told(r, err))
	}
	st.State = stackhand.StackDeleting
	w.stacks[st.ID] = st
	r, err = say(t, env, alice, "list")
	expect(t, told(r, err), "web-1 +DELETING")
}
