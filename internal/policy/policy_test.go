package policy

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func input() Input {
	return Input{
		User:    User{ID: "U0ALICE", Name: "alice", Role: "member", Groups: []string{"S0WEB"}, Cloud: "alice"},
		Channel: Channel{ID: "C1", Name: "team-a"},
		Request: Request{Verb: "create", Noun: "server", Name: "web-1", Cloud: "lab", Project: "team-a", Owner: "U0ALICE", Count: 3,
			Lifetime: 72 * time.Hour, Network: "auto", Floating: true, Open: []int{22, 80}, Properties: map[string]string{"env": "test"}},
		Flavor: Flavor{ID: "2", Name: "m1.small", VCPUs: 1, RAM: 2048, Disk: 20},
		Image:  Image{ID: "i", Name: "Ubuntu 22.04", Visibility: "public", Properties: map[string]string{"os_distro": "ubuntu"}},
		Usage:  Amounts{Servers: 4, Cores: 5},
		Quota:  Quota{Servers: Of{8, 10}, Cores: Of{8, -1}},
		Cost:   Cost{Known: true, Hour: 0.06, Day: 1.44, Total: 4.32},
		Now:    time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC),
	}
}

func decide(t *testing.T, in Input, rules ...Rule) Verdict {
	t.Helper()
	p, err := Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.Decide(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Every variable is there, with its type.
func TestConditions(t *testing.T) {
	for when, want := range map[string]bool{
		``: true,
		`request.verb == "create" && request.count > 5`:                            false,
		`request.verb == "create" && request.count > 2`:                            true,
		`flavor.vcpus > 4 || flavor.ram >= 2048`:                                   true,
		`request.lifetime > duration("48h")`:                                       true,
		`request.open.exists(p, p == 22)`:                                          true,
		`sets.contains([22, 443], request.open)`:                                   false,
		`request.properties["env"] == "test"`:                                      true,
		`"owner" in request.properties`:                                            false,
		`"S0WEB" in user.groups && user.role != "admin"`:                           true,
		`channel.name.startsWith("team-") && !channel.direct`:                      true,
		`image.properties.os_distro == "ubuntu"`:                                   true,
		`usage.servers + request.count > 5`:                                        true,
		`quota.servers.max - quota.servers.used < request.count`:                   true,
		`quota.cores.max < 0`:                                                      true,
		`cost.known && cost.day > 1`:                                               true,
		`cost.total > 4.5`:                                                         false,
		`now.getDayOfWeek("Europe/Istanbul") == 6`:                                 true,
		`now < timestamp("2026-01-01T00:00:00Z")`:                                  false,
		`request.owner == user.id && user.cloud == user.name`:                      true,
		`image.name.matches("^Ubuntu [0-9.]+$")`:                                   true,
		`request.noun == "volume" && request.size_gb > 100 || request.boot_gb > 1`: false,
	} {
		v := decide(t, input(), Rule{Name: "r", When: when, Then: Deny, Why: "so"})
		if got := v.Then == Deny; got != want {
			t.Errorf("%s: %v", when, got)
		}
	}
}

func TestOrder(t *testing.T) {
	rules := []Rule{
		{When: `request.verb == "create" && request.count > 5`, Then: Deny, Why: "at most 5 at once"},
		{Name: "big", When: `flavor.vcpus > 4`, Then: Approve, Approvers: []string{"S0OPS"}, Why: "big ones are asked for"},
		{Name: "ops", When: `user.role == "admin"`, Then: Allow},
		{When: `request.lifetime > duration("300h")`, Then: Approve, Needed: 2, Own: true},
	}
	in := input()
	if v := decide(t, in, rules...); v.Then != Allow || v.Rule != "" {
		t.Errorf("nothing fits: %+v", v)
	}
	in.Flavor.VCPUs = 8
	want := Verdict{Then: Approve, Rule: "big", Why: "big ones are asked for", Approvers: []string{"S0OPS"}, Needed: 1}
	if diff := cmp.Diff(want, decide(t, in, rules...)); diff != "" {
		t.Error(diff)
	}
	in.Request.Count = 6
	if v := decide(t, in, rules...); v.Then != Deny || v.Rule != "rule 1" || v.Why != "at most 5 at once" {
		t.Errorf("the first that fits decides: %+v", v)
	}
	in = input()
	in.Request.Lifetime = 400 * time.Hour
	if v := decide(t, in, rules...); v.Then != Approve || v.Needed != 2 || !v.Own {
		t.Errorf("%+v", v)
	}
}

func TestLimits(t *testing.T) {
	rules := []Rule{
		{Name: "short", When: `user.role == "member"`, Then: Limit, MaxFor: 100 * time.Hour},
		{Name: "few", Then: Limit, MaxCount: 5, MaxFor: 200 * time.Hour},
		{Then: Allow},
		{Name: "fewer", When: `request.floating`, Then: Limit, MaxCount: 4}, // counts although the rule before decided
	}
	v := decide(t, input(), rules...)
	if v.Then != Allow || v.MaxCount != 4 || v.MaxFor != 100*time.Hour || len(v.Limits) != 3 {
		t.Errorf("%+v", v)
	}
	in := input()
	in.Request.Count = 5
	if v := decide(t, in, rules...); v.Then != Deny || v.Why != "At most 4 at once." || v.Rule != "short, few, fewer" {
		t.Errorf("%+v", v)
	}
	in = input()
	in.Request.Lifetime = 101 * time.Hour
	if v := decide(t, in, rules...); v.Then != Deny || !strings.HasPrefix(v.Why, "For at most 100h") {
		t.Errorf("%+v", v)
	}
	in.Request.Verb = "resize"
	if v := decide(t, in, rules...); v.Then != Allow {
		t.Errorf("a resize asks for no time: %+v", v)
	}
	in.Request.Count = 99
	if v := decide(t, in, append([]Rule{{Then: Deny, Why: "no"}}, rules...)...); v.Why != "no" {
		t.Errorf("a denial stays what it is: %+v", v)
	}
}

// What is wrong is said with its place, all of it at once.
func TestCompileErrors(t *testing.T) {
	for _, c := range []struct {
		rule Rule
		want string
	}{
		{Rule{When: `request.vreb == "create"`, Then: Allow}, "rule 1, line 1, column 8 of its condition: undefined field 'vreb'"},
		{Rule{When: "true &&\n  request.count > \"5\"", Then: Allow}, "rule 1, line 2, column 17 of its condition: found no matching overload"},
		{Rule{When: `request.count`, Then: Allow}, "is a int; it must be true or false"},
		{Rule{When: `request.count >`, Then: Allow}, "line 1, column 16"},
		{Rule{When: `server.name == "x"`, Then: Allow}, "undeclared reference to 'server'"},
		{Rule{When: strings.Repeat("true && ", 600) + "true", Then: Allow}, "longer than 4000 letters"},
		{Rule{Then: "maybe"}, `then is "maybe"`},
		{Rule{Then: Deny}, "needs its `why`"},
		{Rule{Then: Allow, Needed: 2}, "belong to `then: approve`"},
		{Rule{Then: Allow, MaxCount: 2}, "belong to `then: limit`"},
		{Rule{Then: Limit}, "max_count or max_for"},
		{Rule{Then: Approve, Needed: -1}, "1 or more"},
	} {
		_, err := Compile([]Rule{c.rule})
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.rule, err, c.want)
		}
	}
	_, err := Compile([]Rule{{Name: "a", Then: "x"}, {Name: "a", When: "1", Then: Allow}})
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("three things are wrong: %v", err)
	}
}

// A condition that would never end is cut off, and what cannot be evaluated denies.
func TestFailsClosed(t *testing.T) {
	in := input()
	for range 200 {
		in.User.Groups = append(in.User.Groups, strings.Repeat("x", 50))
	}
	for when, want := range map[string]*regexp.Regexp{
		// by what it costs, or on a machine that is busy by the time that it takes
		`user.groups.all(a, user.groups.all(b, user.groups.all(c, a + b + c != "")))`: regexp.MustCompile("cost limit exceeded|deadline exceeded"),
		`request.properties["missing"] == "x"`:                                        regexp.MustCompile("no such key"),
		`1 / (request.count - 3) == 1`:                                                regexp.MustCompile("division by zero"),
	} {
		p, err := Compile([]Rule{{Name: "bad", When: when, Then: Allow}})
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		v, err := p.Decide(t.Context(), in)
		if v.Then != Deny || v.Rule != "bad" || err == nil || !want.MatchString(err.Error()) {
			t.Errorf("%s: %+v, %v", when, v, err)
		}
	}
	p, err := Compile([]Rule{{When: `user.groups.all(a, user.groups.all(b, a + b != ""))`, Then: Allow}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if v, err := p.Decide(ctx, in); v.Then != Deny || err == nil {
		t.Errorf("ended: %+v, %v", v, err)
	}
}

func TestZeroAllows(t *testing.T) {
	var p Policy
	if v, err := p.Decide(t.Context(), Input{}); err != nil || v.Then != Allow {
		t.Errorf("%+v, %v", v, err)
	}
}

// FuzzCompile feeds nonsense to the compiler: it must answer, and what it takes must be decidable.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{`request.count > 5`, `user.groups.exists(g, g == "x")`, `"a" + 1`, `(((`, "\x00", `now - now == duration("0s")`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, when string) {
		p, err := Compile([]Rule{{When: when, Then: Deny, Why: "so"}})
		if err != nil {
			return
		}
		if v, err := p.Decide(t.Context(), input()); err != nil && v.Then != Deny {
			t.Errorf("%q: %+v, %v", when, v, err)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	p, err := Compile([]Rule{
		{When: `request.verb == "create" && request.count > 5`, Then: Deny, Why: "at most 5"},
		{When: `request.verb == "create" && flavor.vcpus > 4`, Then: Approve},
		{When: `cost.day > 100 || now.getHours() > 23`, Then: Approve},
	})
	if err != nil {
		b.Fatal(err)
	}
	in := input()
	for b.Loop() {
		if v, err := p.Decide(b.Context(), in); err != nil || v.Then != Allow {
			b.Fatal(v, err)
		}
	}
}

func TestUses(t *testing.T) {
	p, err := Compile([]Rule{{When: `user.groups.exists(g, g == "S1") && quota.servers.used > 2`, Then: Allow}, {When: `flavor.vcpus > 4`, Then: Approve}, {Then: Allow}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"user": true, "quota": true, "flavor": true, "image": false, "cost": false, "usage": false, "g": false} {
		if name != "g" && p.Uses(name) != want {
			t.Errorf("uses %s: %v", name, !want)
		}
	}
	var none *Policy
	if none.Uses("user") || !none.Empty() || p.Empty() {
		t.Error("a nil policy has no rules, and the other has some")
	}
}
