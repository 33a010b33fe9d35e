package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// gated holds a line for every command that changes something; a status is that of web-1.
var gated = map[string]struct{ line, status string }{
	"create": {"create web-9", ""}, "delete": {"delete web-1", ""}, "reboot": {"reboot web-1", ""}, "extend": {"extend web-1 2h", ""},
	"start": {"start web-1", "SHUTOFF"}, "stop": {"stop web-1", ""}, "pause": {"pause web-1", ""}, "unpause": {"unpause web-1", "PAUSED"},
	"suspend": {"suspend web-1", ""}, "resume": {"resume web-1", "SUSPENDED"}, "shelve": {"shelve web-1", ""}, "unshelve": {"unshelve web-1", "SHELVED"},
	"lock": {"lock web-1", ""}, "unlock": {"unlock web-1", ""}, "rebuild": {"rebuild web-1 --yes --image i-debian", ""}, "rename": {"rename web-1 db-1", ""},
	"resize": {"resize web-1 --flavor m1.medium", ""}, "set": {"set web-1 --property a=b", ""}, "unset": {"unset web-1 --property team", ""},
	"image create": {"image create web-1", ""}, "image delete": {"image delete golden", ""}, "image set": {"image set golden --name g2", ""},
	"image unset": {"image unset golden --property os_distro", ""}, "keypair create": {"keypair create new --public-key " + gateKey, ""}, "keypair delete": {"keypair delete laptop", ""},
	"network create": {"network create blue", ""}, "network delete": {"network delete bare", ""}, "subnet create": {"subnet create b --network bare --subnet-range 10.1.0.0/24", ""},
	"subnet delete": {"subnet delete other-v4", ""}, "router create": {"router create r", ""}, "router delete": {"router delete idle", ""},
	"router add subnet": {"router add subnet idle inner-v4", ""}, "router remove subnet": {"router remove subnet edge s-inner", ""},
	"port create": {"port create p --network bare", ""}, "port delete": {"port delete spare", ""}, "security group create": {"security group create db", ""},
	"security group delete": {"security group delete web", ""}, "security group rule create": {"security group rule create web --dst-port 80", ""},
	"security group rule delete": {"security group rule delete rule-1", ""}, "floating ip create": {"floating ip create", ""}, "floating ip delete": {"floating ip delete 203.0.113.9", ""},
	"volume create": {"volume create d --size 2", ""}, "volume delete": {"volume delete data-1", ""}, "volume snapshot create": {"volume snapshot create s --volume data-1", ""},
	"volume snapshot delete": {"volume snapshot delete nightly", ""}, "add floating ip": {"add floating ip web-1 203.0.113.9", ""},
	"remove floating ip": {"remove floating ip web-1 203.0.113.5", ""}, "add security group": {"add security group web-1 web", ""},
	"remove security group": {"remove security group web-1 default", ""}, "add network": {"add network web-1 bare", ""}, "remove network": {"remove network web-1 inner", ""},
	"add volume": {"add volume web-1 data-1", ""}, "remove volume": {"remove volume web-1 used", ""},
	"archive": {"archive web-1", ""}, "restore": {"restore old-1", ""},
	"retry": {"retry bbbb2222", ""}, "keep": {"keep bbbb2222", ""}, "cleanup": {"cleanup bbbb2222", ""}, "cancel": {"cancel cccc2222", ""}, "password": {"password web-1", ""},
	"schedule": {"schedule web-1 --stop 20:00", ""}, "schedule delete": {"schedule delete of-old-1", ""}, "schedule leave": {"schedule leave web-1", ""},
	"share": {"share web-1 bob", ""}, "unshare": {"unshare web-1", ""}, "transfer": {"transfer web-1 bob", ""}, "transfer accept": {"transfer accept web-1", ""}, "adopt accept": {"adopt accept " + givenAway, ""},
}

const gateKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA6xv0dCeWzT1f0yH0YpR3cX8f2bXJ3hGqYc6o0yq1pT"

// ungated are the commands that are no changes in a cloud: they read, are about the asker's own login, leave a server to its
// owner, ask, or are the freeze itself. What is granted is said anew, and passes the gate by itself.
// Those who decide about requests are asked by entitled, and what they let through is asked again by whoever asked for it.
var ungated = []string{"approvals", "approve", "deny", "needed", "ladder go", "ladder hold", "transfer decline", "transfer withdraw", "adopt decline", "adopt withdraw", "ask", "grant", "clouds", "console log", "console url", "login", "logout", "use", "whoami", "freeze", "unfreeze"}

// gateWorld holds something for every line of gated.
func gateWorld(status string) (*world, *Env) {
	w, env := newWorld()
	st := furnish(w)
	w.cloud.ports[0].Groups = []string{"g-default", "g-web"}
	w.fixed("web-1")
	w.change("web-1", func(sv *stackhand.Server) {
		sv.Volumes, sv.Groups, sv.Addresses = []string{"v-used"}, []string{"default"}, []stackhand.Address{{Network: "inner", IP: "10.0.0.4", Version: 4}}
	})
	w.cloud.networks[2].Subnets = []string{"s-lone"}
	w.cloud.attachments = map[string][]stackhand.Attachment{st.Server: {{VolumeID: "v-used", ServerID: st.Server, Device: "/dev/vdb"}}}
	if status != "" {
		w.put("web-1", status)
	}
	w.schedules = map[string]stackhand.Schedule{"of-old-1": {ID: "of-old-1", Owner: "U0ALICE", Stack: st.ID, Name: "web-1", Cloud: "lab"}}
	env.Schedules = fakeSchedules{w}
	w.archive("old-1")
	giveJob(w, "bbbb2222", "U0ALICE", stackhand.JobFailed)
	giveJob(w, "cccc2222", "U0ALICE", stackhand.JobRunning)
	return w, env
}

// givenAway is the offer of stray, which was made elsewhere.
const givenAway = adoptionPrefix + "srv-stray/k3v9x2ab"

// givable has web-1 shared, and offered to somebody who takes it.
func (w *world) givable(verb string, to stackhand.User) {
	if verb == "adopt accept" {
		w.notices[givenAway] = stackhand.Notice{ID: givenAway, User: to.ID, Actions: []stackhand.Action{{ID: "accept"}}, Ends: w.now.Add(day), Adoption: &stackhand.Adoption{
			Cloud: "lab", Scope: stackhand.Scope{ProjectID: teamA}, Project: "team-a", Server: "srv-stray", Name: "stray", For: day, To: to.ID, By: "U0CAROL",
			State: stackhand.TransferOpen, Ends: w.now.Add(day),
		}}
	}
	for id, st := range w.stacks {
		if st.Name != "web-1" {
			continue
		}
		if verb == "unshare" {
			st.Shared = []string{"U0BOB"}
		}
		if verb == "transfer accept" {
			st.Lease.Owner = "U0CAROL"
			st.Transfer = &stackhand.Transfer{ID: st.ID + ".x", From: "U0CAROL", To: to.ID, State: stackhand.TransferOpen, Ends: w.now.Add(day)}
		}
		w.stacks[id] = st
	}
}

// state is all that a line may have changed.
func (w *world) state() string {
	owners := ""
	for _, id := range slices.Sorted(maps.Keys(w.stacks)) {
		if t := w.stacks[id].Transfer; t != nil {
			owners += fmt.Sprintf(" %s %s", t.To, t.State)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.notices)) {
		if o := w.notices[id].Adoption; o != nil {
			owners += fmt.Sprintf(" %s %s %s", o.Name, o.To, o.State)
		}
	}
	return fmt.Sprint(w.jobs, w.cloud.keys, owners, stacksWithout(w.stacks), w.schedules, w.decided)
}

// stacksWithout are stacks without their offers, whose address in memory is no news.
func stacksWithout(all map[string]stackhand.Stack) map[string]stackhand.Stack {
	out := maps.Clone(all)
	for id, st := range out {
		st.Transfer = nil
		out[id] = st
	}
	return out
}

func rules(t *testing.T, env *Env, all ...policy.Rule) {
	t.Helper()
	p, err := policy.Compile(all)
	if err != nil {
		t.Fatal(err)
	}
	env.Policy = func() *policy.Policy { return p }
}

var denyAll = policy.Rule{Name: "closed", Then: policy.Deny, Why: "nothing is done today"}

func frozenBy(why string) func(context.Context) (stackhand.Freeze, error) {
	return func(context.Context) (stackhand.Freeze, error) {
		return stackhand.Freeze{Why: why, By: "U0DANA", At: gateNow}, nil
	}
}

var gateNow = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// TestNothingGetsAroundTheGate goes through every command that changes something: it works, a rule that denies everything
// stops it, and so does a freeze, but for administrators.
func TestNothingGetsAroundTheGate(t *testing.T) {
	for _, e := range table {
		if e.reads || slices.Contains(ungated, e.Name) {
			continue
		}
		c, ok := gated[e.Name]
		if !ok {
			t.Errorf("%s: is it a change? Then it needs a line here and must pass the gate; else name it among those that need none", e.Name)
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			try := func(u stackhand.User, set func(env *Env)) (changed bool, r Reply, err error) {
				w, env := gateWorld(c.status)
				giveStrays(w)
				giveOrphans(w, env)
				w.givable(e.Name, u)
				set(env)
				before := w.state()
				line := Line{Text: c.line, Key: u.ID + c.line, Place: stackhand.Place{Channel: "C1"}}
				if e.Name == "password" {
					line.Values = map[string]string{inputPassword: "hunter2hunter2"}
				}
				r, err = Do(t.Context(), env, u, line)
				return before != w.state(), r, err
			}
			if changed, r, err := try(alice, func(*Env) {}); err != nil || !changed {
				t.Fatalf("the line must change something where nothing stops it: %s", told(r, err))
			}
			changed, r, err := try(alice, func(env *Env) { env.Freeze = frozenBy("the hall is moved") })
			if changed || stackhand.KindOf(err) != stackhand.Forbidden {
				t.Errorf("in a freeze: %s", told(r, err))
			}
			expect(t, told(r, err), "stopped since 2026-11-21 09:00 UTC, by U0DANA: the hall is moved.*administrators")
			if changed, r, err = try(dana, func(env *Env) { env.Freeze = frozenBy("the hall is moved") }); !changed || err != nil {
				t.Errorf("an administrator in a freeze: %s", told(r, err))
			}
			if e.Name == "cancel" {
				return // to stop what one began is not for rules
			}
			for _, u := range []stackhand.User{alice, dana} {
				changed, r, err = try(u, func(env *Env) { rules(t, env, denyAll) })
				if changed || stackhand.KindOf(err) != stackhand.Forbidden {
					t.Errorf("denied to %s: %s", u.Name, told(r, err))
				}
				expect(t, told(r, err), `The rule "closed" does not allow that: nothing is done today\..*Ask for something`)
			}
			changed, r, err = try(alice, func(env *Env) { rules(t, env, policy.Rule{Name: "ask", Then: policy.Approve}) })
			if changed || stackhand.KindOf(err) != stackhand.Forbidden {
				t.Errorf("without approval: %s", told(r, err))
			}
			expect(t, told(r, err), `By the rule "ask" that needs the approval of an approver`)
		})
	}
}

// TestTheGateKnowsEveryWay says the same thing in all the ways that there are: to rules they are all the same.
func TestTheGateKnowsEveryWay(t *testing.T) {
	big := policy.Rule{Name: "small", When: `request.verb == "create" && request.noun == "server" && flavor.vcpus > 1`, Then: policy.Deny, Why: "at most 1 core"}
	for _, line := range []string{
		"create web-9 --flavor m1.medium", "server create web-9 --flavor m1.medium", "launch web-9 --flavor 3", "spin up web-9 --flavor m1.medium",
		"openstack server create --image i-debian --flavor m1.medium web-9", "nova boot --image i-debian --flavor 3 web-9",
		"create web-9 --flavor ram=4096", "create a medium debian server named web-9 for 2 days",
	} {
		w, env := newWorld()
		rules(t, env, big)
		r, err := say(t, env, alice, line)
		if len(w.jobs) != 0 || stackhand.KindOf(err) != stackhand.Forbidden {
			t.Errorf("%s: %s", line, told(r, err))
		}
		expect(t, told(r, err), `"small" does not allow that: at most 1 core`)
	}
	stop := policy.Rule{Name: "up", When: `request.verb == "delete" && request.owner == "U0ALICE"`, Then: policy.Deny, Why: "it stays"}
	for _, line := range []string{"delete web-1", "server delete web-1", "kill web-1", "destroy web-1", "terminate web-1", "rm web-1", "nova delete web-1", "openstack server delete web-1", "delete web-1 web-2"} {
		w, env := newWorld()
		w.give("U0ALICE", "web-1")
		w.give("U0ALICE", "web-2")
		rules(t, env, stop)
		if r, err := say(t, env, alice, line); len(w.jobs) != 0 || stackhand.KindOf(err) != stackhand.Forbidden {
			t.Errorf("%s: %s", line, told(r, err))
		}
	}
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	rules(t, env, stop)
	line, _ := ClickLine("delete", st.ID)
	if r, err := say(t, env, alice, line); len(w.jobs) != 0 || stackhand.KindOf(err) != stackhand.Forbidden {
		t.Errorf("the button: %s", told(r, err))
	}
	w.fixed("web-1")
	rules(t, env, denyAll)
	r, _, err := Submit(t.Context(), env, alice, formLine, "rebuild web-1", map[string]string{"image": "i-debian"}, Line{Key: "f", Place: stackhand.Place{Channel: "C1"}})
	if len(w.jobs) != 0 || stackhand.KindOf(err) != stackhand.Forbidden {
		t.Errorf("the form: %s", told(r, err))
	}
}

// TestLimitRules holds what is beyond a limit against what is said of it.
func TestLimitRules(t *testing.T) {
	for line, want := range map[string]string{
		"create node --count 4 --for 2h": `The rule "some" allows at most 3 at once, and you ask for 4.*Say --count 3, or less`,
		"create web-9 --for 30h":         `The rule "some" allows at most 1d from now, and you ask for 1d6h.*Say --for 1d, or less`,
		"create web-9":                   `at most 1d from now, and you ask for 3d`,
		"extend web-1 2h":                `at most 1d from now, and you ask for 1d1h`,
	} {
		w, env := newWorld()
		w.give("U0ALICE", "web-1")
		rules(t, env, policy.Rule{Name: "some", Then: policy.Limit, MaxCount: 3, MaxFor: day})
		before := w.state()
		r, err := say(t, env, alice, line)
		if w.state() != before || stackhand.KindOf(err) != stackhand.Forbidden {
			t.Errorf("%s: %s", line, told(r, err))
		}
		expect(t, told(r, err), want)
	}
	w, env := newWorld()
	rules(t, env, policy.Rule{Name: "some", Then: policy.Limit, MaxCount: 3, MaxFor: day})
	r, err := say(t, env, alice, "create web-9 --for 30h --dry-run")
	expect(t, told(r, err), `The rule "some" allows at most 1d`)
	if r, err := say(t, env, alice, "create node --count 3 --for 24h"); err != nil || len(w.jobs) != 1 {
		t.Error(told(r, err))
	}
}

// TestARuleThatCannotBeEvaluatedDenies says so, and keeps the cause for the log.
func TestARuleThatCannotBeEvaluatedDenies(t *testing.T) {
	w, env := newWorld()
	many := alice
	for range 300 {
		many.Groups = append(many.Groups, strings.Repeat("S", 60))
	}
	rules(t, env, policy.Rule{Name: "endless", When: `user.groups.all(a, user.groups.all(b, user.groups.all(c, a + b + c != "")))`, Then: policy.Allow})
	r, err := say(t, env, many, "create web-9")
	expect(t, told(r, err), `The rule "endless" cannot be evaluated for this, so it is refused.*whoever runs this bot`)
	if len(w.jobs) != 0 || !strings.Contains(fmt.Sprint(errors.Unwrap(err)), "cost limit") || strings.Contains(told(r, err), "cost limit") {
		t.Errorf("%d jobs, cause %v", len(w.jobs), errors.Unwrap(err))
	}
	env.Freeze = func(context.Context) (stackhand.Freeze, error) { return stackhand.Freeze{}, errors.New("disk") }
	if r, err := say(t, env, alice, "create web-9"); err == nil {
		t.Errorf("nobody knows whether there is a freeze: %s", told(r, err))
	}
}

// TestEverythingIsOnRecord holds the audit trail against what was asked; what cannot be recorded is not done.
func TestEverythingIsOnRecord(t *testing.T) {
	w, env := gateWorld("")
	var trail []stackhand.AuditRecord
	env.Audit = func(_ context.Context, rec stackhand.AuditRecord) error { trail = append(trail, rec); return nil }
	rules(t, env, policy.Rule{Name: "no", When: `request.noun == "keypair"`, Then: policy.Deny, Why: "so"})
	for _, line := range []string{"create web-9", "keypair delete laptop", "extend web-1 2h", "list"} {
		say(t, env, alice, line)
	}
	env.Freeze = frozenBy("moving")
	say(t, env, alice, "stop web-1")
	var got []string
	for _, r := range trail {
		got = append(got, strings.Join([]string{r.What, r.Command, r.Verdict, r.Rule, r.Result}, " "))
	}
	want := []string{"asked create allow  ", "refused keypair delete deny no forbidden", "lease extend allow  ", "refused stop   forbidden"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	var f facts
	if err := json.Unmarshal(trail[0].Resolved, &f); err != nil || f.FlavorID != "2" || f.Name != "web-9" || f.Project != "team-a" || trail[0].CloudUser != "alice" || trail[0].Job == "" {
		t.Errorf("%+v: %+v, %v", trail[0], f, err)
	}
	env.Freeze, env.Audit = nil, func(context.Context, stackhand.AuditRecord) error { return errors.New("disk") }
	before := w.state()
	r, err := say(t, env, alice, "create web-8")
	expect(t, told(r, err), "cannot be written to the audit trail, so it was not done")
	if w.state() != before {
		t.Error("it was done all the same")
	}
}
