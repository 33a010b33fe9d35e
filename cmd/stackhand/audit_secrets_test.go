package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// TestNoSecretOnTrail plants secrets in every kind of line and form that changes something, or is refused, and looks for them on the audit
// trail.
func TestNoSecretOnTrail(t *testing.T) {
	t.Parallel()
	x := newPlants(t)
	x.plant("user data", "us3r-d4ta-planted")
	x.say("alice", "team-a", "/stack create web-1 --for 2h --user-data ```#cloud-config\nruncmd: [echo us3r-d4ta-planted]\n```")
	x.must(x.p.wait(x.t.Context(), time.Minute))
	x.see("web-1 ACTIVE")
	x.plant("user data in the line", "us3r-d4ta-inline")
	x.say("alice", "team-a", `/stack create web-2 --user-data "us3r-d4ta-inline"`)
	x.see("No file called")
	x.plant("a server's password", "s3rv3r-Passw0rd!")
	x.say("alice", "team-a", "/stack password web-1")
	x.submit("alice", map[string]string{"password": "s3rv3r-Passw0rd!"})
	x.must(x.p.wait(x.t.Context(), time.Minute))
	x.plant("a bare word after login", "h4lf-typed-l0gin")
	x.say("alice", "team-a", "/stack login h4lf-typed-l0gin")
	x.see("no cloud of that name")
	x.plant("a bare word after logout", "h4lf-typed-l0gout")
	x.say("alice", "team-a", "/stack logout h4lf-typed-l0gout")
	x.logins()
	x.lines()
	x.say("bob", "team-b", "/stack logout")

	a := x.st.on.app
	var trail bytes.Buffer
	x.must(a.store.ExportAudit(t.Context(), time.Time{}, lines(&trail)))
	if n := bytes.Count(trail.Bytes(), []byte("\n")); n < 25 {
		t.Errorf("only %d records", n)
	}
	done := map[string]bool{}
	for _, row := range strings.Split(strings.TrimSpace(trail.String()), "\n") {
		var r struct{ Record stackhand.AuditRecord }
		x.must(json.Unmarshal([]byte(row), &r))
		done[r.Record.What+" "+r.Record.Command] = true
	}
	for _, want := range []string{"asked create", "ended create", "refused create", "asked password", "ended password", "refused login", "asked login", "login login", "refused logout",
		"asked logout", "login logout", "refused ", "operator start"} {
		if !done[want] {
			t.Errorf("nothing of %q is on the trail: %v", want, done)
		}
	}
	for secret, what := range x.secrets {
		for _, form := range forms(secret) {
			if at := bytes.Index(trail.Bytes(), []byte(form)); at >= 0 {
				t.Errorf("%s is on the trail: …%s…", what, trail.Bytes()[max(0, at-200):min(trail.Len(), at+len(form)+40)])
			}
		}
	}
}
