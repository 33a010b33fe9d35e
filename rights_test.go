package stackhand_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

func TestWhoseStack(t *testing.T) {
	st := stackhand.Stack{Lease: stackhand.Lease{Owner: "U0ALICE"}, Shared: []string{"U0BOB", "S0OPS"}}
	for _, c := range []struct {
		user stackhand.User
		want bool
	}{
		{stackhand.User{ID: "U0ALICE"}, true},
		{stackhand.User{ID: "U0BOB"}, true},
		{stackhand.User{ID: "U0CAROL", Groups: []string{"S0DEV", "S0OPS"}}, true},
		{stackhand.User{ID: "U0DANA", Groups: []string{"S0DEV"}, Role: stackhand.Admin}, false}, // a role is no ownership
		{stackhand.User{}, false},
	} {
		if got := st.Of(c.user); got != c.want {
			t.Errorf("of %+v: %v", c.user, got)
		}
	}
	if (stackhand.Stack{}).Of(stackhand.User{}) {
		t.Error("a stack without an owner is nobody's")
	}
	if at := (stackhand.Stack{ProjectID: "p", Region: "r"}).Scope(); at.ProjectID != "p" || at.Region != "r" {
		t.Errorf("scope %+v", at)
	}
}

func TestOffersAndRequests(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	open := &stackhand.Transfer{State: stackhand.TransferOpen, Ends: now.Add(time.Hour)}
	if !open.Open(now) || open.Open(now.Add(time.Hour)) || (*stackhand.Transfer)(nil).Open(now) {
		t.Error("an offer is open until it ends, and no offer never is")
	}
	open.State = stackhand.TransferDeclined
	if open.Open(now) {
		t.Error("one that was declined is open")
	}
	r := stackhand.Request{Approvals: []stackhand.Approval{{User: "a", Approved: true}, {User: "b"}, {User: "c", Approved: true}}}
	if n := r.Approved(); n != 2 {
		t.Errorf("%d approvals", n)
	}
	if (stackhand.Freeze{Why: "x"}).On() || !(stackhand.Freeze{At: now}).On() {
		t.Error("a freeze is on from the moment that it was said")
	}
	b := stackhand.Brake{Steps: []stackhand.BrakeStep{{Job: "one", At: now.Add(-2 * time.Hour)}, {Job: "two", At: now}}}
	if n := b.Since(now.Add(-time.Hour)); n != 1 || b.Since(now) != 0 || !b.Has("one") || b.Has("three") {
		t.Errorf("%d steps in the last hour", n)
	}
}

func TestOrphanCosts(t *testing.T) {
	thing := func(kind string) stackhand.Thing {
		return stackhand.Thing{Resource: stackhand.Resource{Kind: kind, ID: kind + "-id"}}
	}
	server, volume := thing(stackhand.KindServer), thing(stackhand.KindVolume)
	server.Flavor, volume.Size = "m1.small", 10
	o := stackhand.Orphan{Thing: server, With: []stackhand.Thing{volume, thing(stackhand.KindFloatingIP), thing(stackhand.KindPort)}}
	if cost, known := o.PerDay(map[string]float64{"m1.small": 1, stackhand.PriceVolumeGB: 0.5, stackhand.PriceFloatingIP: 2}); cost != 24*(1+5+2) || !known {
		t.Errorf("%v, %v", cost, known)
	}
	if cost, known := o.PerDay(map[string]float64{"m1.large": 1}); cost != 0 || known {
		t.Errorf("without prices: %v, %v", cost, known)
	}
	if o.Title() != "server server-id" || len(o.All()) != 4 {
		t.Errorf("%s, %d things", o.Title(), len(o.All()))
	}
	record := stackhand.Orphan{Record: "k3v9-1", Name: "web-1", Thing: thing(stackhand.KindServer)}
	if record.Title() != "record web-1" || record.All() != nil {
		t.Errorf("%s, %v", record.Title(), record.All())
	}
}

func TestSchedules(t *testing.T) {
	one := stackhand.Schedule{Stack: "s-1", Name: "web-1", Stop: "20:00", Days: "*", Zone: "UTC"}
	all := stackhand.Schedule{Owner: "U0ALICE", Cloud: "lab", Scope: stackhand.Scope{ProjectID: "p", Region: "r1"}, Project: "team-a", Start: "08:00", Days: "mon-fri", Zone: "Europe/Istanbul"}
	tagged := all
	tagged.Property = map[string]string{"env": "test", "a": "b"}
	for _, c := range []struct{ got, want string }{
		{one.Words(), "stop 20:00, every day, UTC"}, {all.Words(), "start 08:00, mon-fri, Europe/Istanbul"},
		{one.Which("alice"), "web-1"}, {all.Which("alice"), "all servers of alice in team-a"},
		{tagged.Which("alice"), "the servers of alice in team-a with a=b, env=test"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	st := stackhand.Stack{ID: "s-1", Cloud: "lab", ProjectID: "p", Region: "r1", Lease: stackhand.Lease{Owner: "U0ALICE"}}
	other := st
	other.ID, other.Region = "s-2", "r2"
	for _, c := range []struct {
		s    stackhand.Schedule
		st   stackhand.Stack
		want bool
	}{{one, st, true}, {one, other, false}, {all, st, true}, {all, other, false}} {
		if got := c.s.Covers(c.st); got != c.want {
			t.Errorf("%s covers %s: %v", c.s.Which("alice"), c.st.ID, got)
		}
	}
	for want, metadata := range map[bool]map[string]string{true: {"env": "test", "a": "b", "c": "d"}, false: {"env": "test"}} {
		if got := tagged.Wants(stackhand.Server{Metadata: metadata}); got != want {
			t.Errorf("%v: %v", metadata, got)
		}
	}
}

func TestSaid(t *testing.T) {
	e := stackhand.Errorf(stackhand.Failed, "It failed.")
	e.Detail = "No valid host was found."
	for err, want := range map[error]string{
		fmt.Errorf("boot: %w", e): "No valid host was found.", stackhand.Errorf(stackhand.Failed, "It failed."): "It failed.", errors.New("plain"): "plain",
	} {
		if got := stackhand.Said(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if stackhand.Said(nil) != "" {
		t.Error("nothing was said")
	}
}
