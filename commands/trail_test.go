package commands

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// paper collects what is written to the audit trail, once for each id.
type paper struct {
	recs []stackhand.AuditRecord
	fail error
	at   func(stackhand.AuditRecord) // sees what has been done when a record is written
}

func (l *paper) audit(_ context.Context, rec stackhand.AuditRecord) error {
	if l.fail != nil {
		return l.fail
	}
	if !slices.ContainsFunc(l.recs, func(r stackhand.AuditRecord) bool { return r.ID == rec.ID }) {
		if l.at != nil {
			l.at(rec)
		}
		l.recs = append(l.recs, rec)
	}
	return nil
}

func (l *paper) String() string {
	var out []string
	for _, r := range l.recs {
		out = append(out, strings.TrimSpace(r.What+" "+r.Command+" "+r.Result))
	}
	return strings.Join(out, ", ")
}

func auditedWorld() (*world, *Env, *paper) {
	w, env := newWorld()
	l := &paper{}
	env.Audit = l.audit
	return w, env, l
}

// TestTrail says what of a line, click or form is written down; twice delivered it is written once.
func TestTrail(t *testing.T) {
	for _, c := range []struct {
		who  stackhand.User
		line string
		want string
	}{
		{alice, "create web-9 --for 2h", "asked create"},
		{alice, "create web-9 --for 2h --dry-run", ""},
		{alice, "create web-9 --flavor nonsense", "refused create not_found"},
		{alice, "reboot web-1", "asked reboot"},
		{alice, "delete web-1 web-2", "asked delete, asked delete"},
		{alice, "extend web-1 2h", "lease extend"},
		{alice, "extend web-1 900h", "lease extend, refused extend invalid"},
		{bob, "reboot web-1", "refused reboot unauthorized"},
		{alice, "delete bobs", "refused delete forbidden"},
		{guest, "list", "refused list forbidden"},
		{alice, "list", ""}, {alice, "show web-1", ""}, {alice, "show nothing", ""}, {alice, "whoami", ""}, {alice, "login", ""},
		{alice, "jobs --all", "refused jobs forbidden"},
		{alice, "make me a sandwich", ""},
		{alice, "my password is hunter22", "refused  invalid"},
		{alice, "delete dup", ""}, // it is asked which
		{alice, "keypair create k1 --public-key \"" + testKey + "\"", "asked keypair create"},
		{alice, "keypair delete laptop", "asked keypair delete, refused keypair delete not_found"}, // the second time it is gone
		{alice, "use region RegionTwo", "asked use"},
	} {
		t.Run(c.line, func(t *testing.T) {
			w, env, l := auditedWorld()
			for _, name := range []string{"web-1", "web-2", "dup", "dup"} {
				w.give("U0ALICE", name)
			}
			w.give("U0BOB", "bobs")
			w.give("U0BOB", "dup")
			w.cloud.regions = []string{"RegionOne", "RegionTwo"}
			for range 2 {
				_, _ = say(t, env, c.who, c.line)
			}
			if got := l.String(); got != c.want {
				t.Errorf("written: %q, want %q\n%+v", got, c.want, l.recs)
			}
		})
	}
}

// TestTrailHolds reads one record in full.
func TestTrailHolds(t *testing.T) {
	w, env, l := auditedWorld()
	l.at = func(stackhand.AuditRecord) {
		if len(w.jobs) > 0 {
			t.Error("the job was started before it was written down")
		}
	}
	line := "create web-9 --for 2h --user-data ```#cloud-config\nhush-hush```"
	if r, err := say(t, env, alice, line); err != nil {
		t.Fatal(told(r, err))
	}
	got := l.recs[0]
	id := JobID("U0ALICE"+line, 0)
	if got.ID != id+"/asked" || got.Job != id || got.User != "U0ALICE" || got.Name != "alice" || got.CloudUser != "alice" || got.Project != "team-a" ||
		got.Cloud != "lab" || got.Place.Channel != "C1" || !got.At.Equal(w.now) || got.Command != "create" {
		t.Errorf("%+v", got)
	}
	for _, word := range []string{"web-9", id + "-1"} {
		if !slices.Contains(got.About, word) {
			t.Errorf("not about %s: %v", word, got.About)
		}
	}
	expect(t, string(got.Resolved), `"flavor_id":"2"`, `"image_id":"i-jammy"`, `"user_data":"…"`)
	expect(t, got.Line, `^create web-9 --for 2h --user-data …$`)
	if all := fmt.Sprintf("%+v %s", got, got.Resolved); strings.Contains(all, "hush") || strings.Contains(all, "aHVzaC") {
		t.Errorf("contents of a file are in the trail: %s", all)
	}
}

const testKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1vY9RZVbVOqrKDEn7AHB9hLp5rn1mZVOoMOVhC3lRq alice@laptop"

// TestTrailKeepsNoSecret types secrets in every place of a line that is meant for contents.
func TestTrailKeepsNoSecret(t *testing.T) {
	for line, want := range map[string]string{
		`create web-9 --user-data "echo s3cr3t-thing"`:                 `create web-9 --user-data …`,
		`create web-9 --file /etc/x=s3cr3t-thing --for 2h`:             `create web-9 --for 2h --file "/etc/x=…"`,
		"create web-9\n```s3cr3t-thing```":                             `create web-9`,
		`keypair create k1 --public-key "` + testKey + `s3cr3t-thing"`: `keypair create k1 --public-key …`,
		`login alice s3cr3t-thing`:                                     `login …`,
		`login s3cr3t-thing`:                                           `login …`,
		`logout s3cr3t-thing`:                                          `logout …`,
		`create web-9 --property password=s3cr3t-thing`:                Withheld,
		`my password is s3cr3t-thing`:                                  Withheld,
	} {
		_, env, l := auditedWorld()
		_, _ = Do(t.Context(), env, alice, Line{Text: line, Key: JobID(line, 0), Place: stackhand.Place{Channel: "C1"}})
		all := fmt.Sprintf("%+v", l.recs)
		for _, r := range l.recs {
			all += string(r.Resolved)
			if r.Line != want {
				t.Errorf("%s: kept as %q, want %q", line, r.Line, want)
			}
		}
		if strings.Contains(all, "s3cr3t") || strings.Contains(all, "czNjcjN0") {
			t.Errorf("%s: in the trail: %s", line, all)
		}
	}
}

// TestTrailLogins follows a login through the form: what was tried, as whom, and never with what.
func TestTrailLogins(t *testing.T) {
	_, env, l := auditedWorld()
	form := func(u stackhand.User, id string, values map[string]string) {
		_, _, _ = Submit(t.Context(), env, u, id, "lab", values, Line{Key: JobID(fmt.Sprint(u.ID, id, values), 0), Place: stackhand.Place{Channel: "C1"}})
	}
	form(bob, formLogin, map[string]string{"username": "bob", "password": "wrong-secret-1"})
	form(bob, formLogin, map[string]string{"username": "bob", "password": "bob-secret"})
	form(stackhand.User{ID: "U0CAROL", Role: stackhand.Member}, formLogin, map[string]string{"username": "carol", "password": "carol-secret"})
	form(stackhand.User{ID: "U0CAROL", Role: stackhand.Member}, formProject, map[string]string{"project_name": "team-b"})
	form(guest, formLogin, map[string]string{"username": "bob", "password": "bob-secret"})
	if _, err := say(t, env, bob, "logout"); err != nil {
		t.Fatal(err)
	}
	want := "asked login, refused login unauthorized, asked login, login login ok, asked login, asked login, login login ok, " +
		"refused  forbidden, asked logout, login logout ok"
	if l.String() != want {
		t.Errorf("written: %s\n   want: %s", l, want)
	}
	if in := l.recs[3]; in.CloudUser != "bob" || in.Project != "team-b" || in.Cloud != "lab" {
		t.Errorf("%+v", in)
	}
	for _, r := range l.recs {
		if all := fmt.Sprintf("%+v %s", r, r.Resolved); strings.Contains(all, "secret-1") || strings.Contains(all, "-secret") {
			t.Errorf("a password is in the trail: %s", all)
		}
	}
}

// TestUnwrittenIsUndone refuses whatever cannot be written down.
func TestUnwrittenIsUndone(t *testing.T) {
	for _, line := range []string{"create web-9", "reboot web-1", "delete web-1", "extend web-1 2h", "keypair delete laptop", "cancel " + JobID("x", 0),
		"logout", "use region RegionTwo", "keypair create k1 --public-key \"" + testKey + "\""} {
		w, env, l := auditedWorld()
		w.give("U0ALICE", "web-1")
		w.cloud.regions = []string{"RegionOne", "RegionTwo"}
		w.creds = []stackhand.Credential{{User: "U0ALICE", Cloud: "lab", Identity: stackhand.Identity{User: "alice", Project: "team-a", ProjectID: teamA}}}
		w.jobs[JobID("x", 0)] = stackhand.Job{ID: JobID("x", 0), User: alice, State: stackhand.JobRunning}
		before := fmt.Sprintf("%+v", w)
		l.fail = errors.New("no space left on device")
		_, err := say(t, env, alice, line)
		if stackhand.KindOf(err) != stackhand.Unavailable || !strings.Contains(err.Error(), "audit trail") {
			t.Errorf("%s: %v", line, err)
		}
		if after := fmt.Sprintf("%+v", w); after != before {
			t.Errorf("%s changed something all the same:\n%s\n%s", line, before, after)
		}
	}
	// A refusal stays one, and says what is wrong besides.
	w, env, l := auditedWorld()
	w.give("U0BOB", "bobs")
	l.fail = errors.New("no space left on device")
	r, err := say(t, env, alice, "delete bobs")
	expect(t, told(r, err), `belongs to U0BOB`, `could not be written to the audit trail`)
}

// TestNothingPassesTheTrail holds that every method of the world either only reads, or is written down before it is done.
func TestNothingPassesTheTrail(t *testing.T) {
	reads := strings.Fields(`
		Job Recent PlanRetry PlanCleanup
		Stack ByServer InProject OfOwner EverInProject Ever InThread JobsInThread StacksSharedWith
		Schedule OfServer Runs
		Brake Room Outlook
		Request OpenRequests RecentRequests RequestsInThread
		Credentials Choice
		Identity Features Refresh Servers AllServers Server Images Flavors Networks Subnets SecurityGroups FloatingIPs Ports KeyPairs
		Image Routers Volumes VolumeSnapshots Attachments ServerActions ConsoleLog ConsoleURL Usage AllUsage Hypervisors Projects OwnProjects
		Regions Users Limits Zones
		Notice AnswerableNotices TakenNotices WaitingNotices Find`)
	env := Env{Audit: (&paper{}).audit, Now: time.Now, Requests: auditedRequests{}, Schedules: auditedSchedules{}, Notices: auditedNotices{}, Leases: auditedLeases{}, Orphans: auditedOrphans{}}
	whole := reflect.ValueOf(*env.audited(alice, Line{}))
	wrapped := []reflect.Type{reflect.TypeFor[auditedCloud]()}
	for i := range whole.NumField() {
		if f := whole.Field(i); f.Kind() == reflect.Interface {
			if f.IsNil() || !strings.HasPrefix(f.Elem().Type().Name(), "audited") {
				t.Errorf("Env.%s passes the trail: let audited wrap it, as it does others", whole.Type().Field(i).Name)
				continue
			}
			wrapped = append(wrapped, f.Elem().Type())
		}
	}
	for _, own := range wrapped {
		inner := own.Field(0).Type
		for i := range inner.NumMethod() {
			name := inner.Method(i).Name
			m, _ := own.MethodByName(name)
			// The compiler makes the methods that come with the embedded field; those have no place in a file of ours.
			if writes := !promoted(m); writes == slices.Contains(reads, name) {
				t.Errorf("%s.%s: if it changes something, give it a method in commands/trail_env.go or trail_cloud.go that writes to the trail first;"+
					" if it only reads, add it to reads here", inner, name)
			}
		}
	}
}

// TestTrailTells writes what a line does once, and not once more that people are told of it.
func TestTrailTells(t *testing.T) {
	w, env, l := auditedWorld()
	st := w.give("U0ALICE", "web-1")
	n := auditedNotices{Notices: fakeNotices{w}, t: env.audited(alice, Line{Key: "k1"}).trail}
	for _, id := range []string{"n1", "n2"} {
		if _, err := n.AddNotice(t.Context(), stackhand.Notice{ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	own := env.audited(alice, Line{Key: "k2"})
	if _, err := own.Stacks.ChangeStack(t.Context(), st.ID, func(s *stackhand.Stack) error { s.Shared = []string{"U0BOB"}; return nil }); err != nil {
		t.Fatal(err)
	}
	n.t = own.trail
	if _, err := n.AddNotice(t.Context(), stackhand.Notice{ID: "n3"}); err != nil {
		t.Fatal(err)
	}
	if got := l.String(); got != "asked, lease" {
		t.Error(got)
	}
}

// TestTrailShowsPassword writes down who is shown a password, before it is shown.
func TestTrailShowsPassword(t *testing.T) {
	_, env, l := auditedWorld()
	env.TakePassword = func(context.Context, stackhand.User, string, string) (string, error) { return "s3cr3t-thing", nil }
	own := env.audited(alice, Line{Key: "k"})
	if v, err := own.TakePassword(t.Context(), alice, "lab", "srv-1"); v == "" || err != nil || l.String() != "asked" {
		t.Errorf("%q, %v, %s", v, err, l)
	}
	l.fail = errors.New("disk")
	if v, err := own.TakePassword(t.Context(), alice, "lab", "srv-1"); v != "" || err == nil {
		t.Errorf("shown though it is not written: %v", err)
	}
}
