package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// ahead lets time pass, as "clock +…" of a script does.
func (v *vault) ahead(by time.Duration) {
	v.t.Helper()
	v.must(v.p.moveClock(v.t.Context(), by))
}

// restore kills the bot, puts a backup in the place of its store, and starts it again.
func (v *vault) restore(copied string) {
	v.t.Helper()
	v.st.kill()
	if code, out, errs := command(v.t, "", "restore", "--store", v.path(), copied); code != 0 {
		v.t.Fatal(out, errs)
	}
	v.must(v.st.start(v.t.Context()))
	v.must(v.p.connected(v.t.Context()))
}

// server tells what the cloud says of a stack's server; "" if it is gone.
func (v *vault) server(name string) (stackhand.Stack, string) {
	v.t.Helper()
	a := v.st.on.app
	all, err := a.store.StacksEver(v.t.Context(), a.now().Add(-30*24*time.Hour))
	v.must(err)
	for _, st := range all {
		if st.Name != name {
			continue
		}
		c, err := a.sessions.Client(v.t.Context(), "U0ALICE", st.Cloud, st.Scope())
		v.must(err)
		srv, err := c.Server(v.t.Context(), st.Server)
		if stackhand.KindOf(err) == stackhand.NotFound {
			return st, ""
		}
		v.must(err)
		return st, srv.Status
	}
	v.t.Fatalf("there is no stack %s", name)
	return stackhand.Stack{}, ""
}

// A bot that gets an old backup back does not do what the record says where the cloud says something else: a server that was
// started and kept since runs on, and its owner is told; one that stands as it did is deleted, and one that was deleted since
// is not looked for for ever.
func TestOldBackup(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	for _, name := range []string{"web-1", "web-2", "web-3"} {
		v.say("alice", "team-a", "/stack create "+name+" --for 2h")
	}
	v.must(v.p.wait(t.Context(), time.Minute))
	v.ahead(2*time.Hour + 30*time.Minute)
	for _, name := range []string{"web-1", "web-2", "web-3"} {
		if _, status := v.server(name); status != "SHUTOFF" {
			t.Fatalf("%s is %q after its time", name, status)
		}
	}
	copied := filepath.Join(t.TempDir(), "old.db")
	if code, out, errs := command(t, "", "backup", "--store", v.path(), copied); code != 0 {
		t.Fatal(out, errs)
	}

	// It goes on: one is started and kept, and another deleted.
	v.say("alice", "team-a", "/stack start web-1")
	v.must(v.p.wait(t.Context(), time.Minute))
	v.say("alice", "team-a", "/stack keep web-1 --until 10d")
	v.say("alice", "team-a", "/stack delete web-3")
	v.must(v.p.wait(t.Context(), time.Minute))
	v.ahead(30 * time.Hour)

	v.restore(copied)
	if st, status := v.server("web-1"); status != "ACTIVE" || len(st.Lease.Ladder.Rungs) != 1 {
		t.Fatalf("web-1 is %s, and on record %+v", status, st.Lease)
	}
	v.ahead(23 * time.Hour)
	v.see(`web-1 runs, although it was stopped \(.*\): somebody started it without me, so it is not deleted\. It lasts until .*, and will then be stopped\.`)
	v.see(`web-3 is not in the cloud any more: somebody deleted it there\. What else was made for it will be removed`)
	v.ahead(24 * time.Hour)
	if st, status := v.server("web-1"); status != "SHUTOFF" || st.State != stackhand.StackReady {
		t.Errorf("web-1 is %q, %s", status, st.State)
	}
	for _, name := range []string{"web-2", "web-3"} {
		if st, status := v.server(name); status != "" || st.State != stackhand.StackGone {
			t.Errorf("%s is %q, %s", name, status, st.State)
		}
	}
	v.ahead(73 * time.Hour)
	if st, status := v.server("web-1"); status != "" || st.State != stackhand.StackGone {
		t.Errorf("at last web-1 is %q, %s", status, st.State)
	}
}

// Without any backup: who starts a server in the cloud itself, past the bot, keeps it.
func TestStartedPastTheBot(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.say("alice", "team-a", "/stack create web-1 --for 2h")
	v.must(v.p.wait(t.Context(), time.Minute))
	v.ahead(3 * time.Hour)
	st, status := v.server("web-1")
	if status != "SHUTOFF" {
		t.Fatalf("web-1 is %q", status)
	}
	a := v.st.on.app
	c, err := a.sessions.Client(t.Context(), "U0ALICE", st.Cloud, st.Scope())
	v.must(err)
	v.must(c.ActOnServer(t.Context(), st.Server, stackhand.ActStart))
	v.ahead(72 * time.Hour)
	v.see(`web-1 runs, although it was stopped`)
	st, status = v.server("web-1")
	if status != "SHUTOFF" || st.State != stackhand.StackReady {
		t.Errorf("web-1 is %q, %s: it was to be stopped again a day after it was seen", status, st.State)
	}
	trail, err := a.store.AuditTrail(t.Context(), stackhand.AuditQuery{})
	v.must(err)
	n := 0
	for _, r := range trail {
		if r.Command == "reconcile" && r.What == stackhand.AuditLease {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d records of it in the audit trail", n)
	}
}

// A backup of half an hour ago may be too old as well: that its owner extended a server since is not in it, and neither the record nor the
// cloud tells. So nothing is done by what was said before the backup.
func TestFreshBackup(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.say("alice", "team-a", "/stack create web-1 --for 2h")
	v.must(v.p.wait(t.Context(), time.Minute))
	v.ahead(70 * time.Minute)
	v.see(`web-1 expires in .* minutes`)
	copied := filepath.Join(t.TempDir(), "fresh.db")
	if code, out, errs := command(t, "", "backup", "--store", v.path(), copied); code != 0 {
		t.Fatal(out, errs)
	}
	v.say("alice", "team-a", "/stack extend web-1 6h")
	v.see("web-1 is yours until")
	v.ahead(40 * time.Minute)
	v.restore(copied)
	v.ahead(15 * time.Minute) // over the end that the record has
	if _, status := v.server("web-1"); status != "ACTIVE" {
		t.Fatalf("web-1 is %s by a warning from before the backup", status)
	}
	v.see(`The time of web-1 is over\. It expires and will be stopped after`)
	v.say("alice", "team-a", "/stack extend web-1 6h")
	v.see("web-1 is yours until")
	v.ahead(2 * time.Hour)
	if _, status := v.server("web-1"); status != "ACTIVE" {
		t.Errorf("web-1 is %s, although it was extended anew", status)
	}
}
