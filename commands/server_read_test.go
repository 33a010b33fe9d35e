package commands

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

func TestConsoleLog(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	w.cloud.console = map[string]string{st.Server: "\x1b[2J\x1b[1;32m[ OK ]\x1b[0m Started\r\nlogin: \x07\xff\n\x1b]0;title\x07done\n"}
	r, err := say(t, env, alice, "console log web-1")
	if err != nil || r.File == nil || r.Share != "" {
		t.Fatal(told(r, err))
	}
	want := "[ OK ] Started\nlogin: �\ndone\n"
	if diff := cmp.Diff(want, string(r.File.Content)); diff != "" || r.File.Name != "web-1-console.txt" {
		t.Errorf("%s %s", r.File.Name, diff)
	}
	expect(t, told(r, err), "The console of web-1: 3 lines")
	if r, err = say(t, env, alice, "console log web-1 --lines 1"); err != nil || string(r.File.Content) != "done\n" {
		t.Errorf("%q: %s", r.File, told(r, err))
	}
	if r, err = say(t, env, alice, "console log web-1 --lines -1"); stackhand.KindOf(err) != stackhand.Invalid {
		t.Error(told(r, err))
	}
	w.cloud.console = nil
	if r, err = say(t, env, alice, "console log web-1"); err != nil || r.File != nil {
		t.Error(told(r, err))
	}
	expect(t, told(r, err), "has printed nothing yet")
	w.cloud.servers = nil
	r, err = say(t, env, alice, "console log web-1")
	expect(t, told(r, err), "web-1 has no server .not in the cloud any more.")
}

// The link logs whoever has it in: it is for the asker alone.
func TestConsoleURL(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	for line, kind := range map[string]string{
		"console url web-1": "novnc", "console url web-1 --type serial": "serial", "console url web-1 --type SPICE": "spice-html5", "console url web-1 --rdp": "rdp-html5",
		"console url web-1 --novnc": "novnc", "console url web-1 --serial": "serial", "console url web-1 --spice": "spice-html5",
	} {
		r, err := say(t, env, alice, line)
		if err != nil || !r.Private || r.Share != "" || r.Public || r.File != nil {
			t.Fatalf("%s: %s", line, told(r, err))
		}
		expect(t, told(r, err), "keep it to yourself.*https://console.example/"+kind+`\?token=t-`+st.Server)
	}
	if r, err := say(t, env, alice, "console url web-1 --public"); err != nil || r.Public || !r.Private {
		t.Errorf("public: %s", told(r, err))
	}
	r, err := say(t, env, alice, "console url web-1 --type vt100")
	expect(t, told(r, err), "There is no console of the type vt100")
	w.put("web-1", "SHUTOFF")
	r, err = say(t, env, alice, "console url web-1")
	expect(t, told(r, err), "you cannot see the console of it now.*`start web-1` first")
}

func TestEvents(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	w.cloud.who.UserID = "u-alice"
	w.cloud.actions = map[string][]stackhand.ServerAction{st.Server: {
		{Action: "resize", RequestID: "req-2", UserID: "u-other", Start: w.now.Add(-time.Minute), Message: "Error"},
		{Action: "create", RequestID: "req-1", UserID: "u-alice", Start: w.now.Add(-time.Hour)},
	}}
	if _, err := say(t, env, alice, "stop web-1"); err != nil {
		t.Fatal(err)
	}
	w.jobs["other"] = stackhand.Job{ID: "other", Title: "Elsewhere", Stacks: []string{"x-1"}, Created: w.now}
	w.order = append(w.order, "other")
	r, err := say(t, env, alice, "events web-1")
	if err != nil || r.Share == "" {
		t.Fatal(told(r, err))
	}
	want := [][]string{{"now", "Stop web-1", "U0ALICE", "queued", w.order[0]}, {"1 minute ago", "resize", "u-other", "Error", "req-2"}, {"1 hour ago", "create", "alice", "done", "req-1"}}
	if diff := cmp.Diff(want, r.Table.Rows); diff != "" {
		t.Error(diff)
	}
	w.fail["ServerActions"] = stackhand.Errorf(stackhand.Unavailable, "Nova does not answer.")
	if r, err = say(t, env, alice, "events web-1"); stackhand.KindOf(err) != stackhand.Unavailable {
		t.Error(told(r, err))
	}
	// Of a server that is gone the jobs are known all the same.
	w.cloud.servers = nil
	r, err = say(t, env, alice, "events web-1")
	expect(t, told(r, err), "1 event of web-1.*Stop web-1")
}

func TestAddresses(t *testing.T) {
	w, env := newWorld()
	w.give("U0ALICE", "web-1")
	w.change("web-1", func(sv *stackhand.Server) {
		sv.Addresses = append(sv.Addresses, stackhand.Address{Network: "backend", IP: "2001:db8::4", Version: 6, MAC: "fa:16:3e:00:00:01"})
	})
	r, err := say(t, env, alice, "addresses web-1")
	expect(t, told(r, err), "3 addresses of web-1:", "net +10.0.0.4 +fixed, IPv4", "net +203.0.113.5 +floating, IPv4", "backend +2001:db8::4 +fixed, IPv6 +fa:16:3e:00:00:01")
	r, err = say(t, env, alice, "addresses web-1 --network backend")
	expect(t, told(r, err), "1 address of web-1:")
	if strings.Contains(told(r, err), "10.0.0.4") {
		t.Error(told(r, err))
	}
	r, err = say(t, env, alice, "addresses web-1 --network nope")
	expect(t, told(r, err), "There is no network called nope.*There are: net, backend")
	w.cloud.servers = append(w.cloud.servers, stackhand.Server{ID: "b", Name: "bare", Status: "BUILD"})
	r, err = say(t, env, alice, "addresses bare")
	expect(t, told(r, err), "bare has no address .it is BUILD.")
}

func TestListAllProjects(t *testing.T) {
	w, env := newWorld()
	w.give("U0ALICE", "web-1")
	w.change("web-1", func(sv *stackhand.Server) { sv.ProjectID, sv.UserID = teamA, "u-alice" })
	w.cloud.abroad = []stackhand.Server{
		{ID: "srv-b", Name: "db-b", Status: "SHUTOFF", ProjectID: "p-team-b", UserID: "u-bob", Host: "compute-1", Flavor: "m1.tiny", Addresses: []stackhand.Address{{IP: "10.9.0.1", Version: 4}}},
		{ID: "srv-c", Name: "x", Status: "ACTIVE", ProjectID: "p-gone", UserID: "u-gone"},
	}
	r, err := say(t, env, alice, "server list --all-projects")
	if stackhand.KindOf(err) != stackhand.Forbidden {
		t.Fatal(told(r, err))
	}
	expect(t, told(r, err), "Only administrators of the cloud see")
	if e := err.(*stackhand.Error); !strings.Contains(e.Detail, "Policy doesn't allow") {
		t.Errorf("detail %q", e.Detail)
	}
	w.cloud.who.Roles = []string{"admin"}
	w.cloud.projects = []stackhand.Project{{ID: teamA, Name: "team-a"}, {ID: "p-team-b", Name: "team-b"}}
	w.cloud.users = []stackhand.CloudUser{{ID: "u-alice", Name: "alice", Groups: []string{"devs", "ops"}}, {ID: "u-bob", Name: "bob"}}
	r, err = say(t, env, dana, "server list --all-projects --long")
	if err != nil {
		t.Fatal(told(r, err))
	}
	want := [][]string{
		{"x", "ACTIVE", "–", "p-gone", "u-gone", "–", "not made here", "–", "–", "srv-c"},
		{"web-1", "ACTIVE", "203.0.113.5", "team-a", "alice", "devs, ops", "U0ALICE", "m1.small", "–", "srv-web-1U0ALICE"},
		{"db-b", "SHUTOFF", "10.9.0.1", "team-b", "bob", "–", "not made here", "m1.tiny", "compute-1", "srv-b"},
	}
	if diff := cmp.Diff(want, r.Table.Rows); diff != "" {
		t.Error(diff)
	}
	expect(t, told(r, err), "3 servers in all projects of lab")
	for _, line := range []string{"list --project team-b", "list --project p-team-b --all-projects"} {
		if r, err = say(t, env, dana, line); err != nil || len(r.Table.Rows) != 1 || r.Table.Rows[0][0] != "db-b" {
			t.Errorf("%s: %s", line, told(r, err))
		}
	}
	r, err = say(t, env, dana, "list --project team-x")
	expect(t, told(r, err), "There is no project called team-x.*Did you mean team-")
	// Identity may tell less than Nova.
	w.fail["Users"] = stackhand.Errorf(stackhand.Forbidden, "You are not authorized to perform the requested action: identity:list_users.")
	r, err = say(t, env, dana, "list --all-projects")
	expect(t, told(r, err), "ids stand for users, which the cloud does not tell you", "db-b.*u-bob")
	w.fail["Projects"] = stackhand.Errorf(stackhand.Unavailable, "Keystone does not answer.")
	if r, err = say(t, env, dana, "list --all-projects "); stackhand.KindOf(err) != stackhand.Unavailable {
		t.Error(told(r, err))
	}
}

// pages checks the three pages of a list of 120.
func pages(t *testing.T, env *Env, user stackhand.User, list, name string) {
	t.Helper()
	for page, more := range []string{list + " --page 2", list + " --page 3", ""} {
		r, err := say(t, env, user, fmt.Sprintf("%s --page %d", list, page+1))
		if err != nil {
			t.Fatal(err)
		}
		rows, from := r.Table.Rows, page*pageSize
		if len(rows) != min(pageSize, 120-from) || r.Table.More != more {
			t.Errorf("page %d of %q: %d rows, and then %q", page+1, list, len(rows), r.Table.More)
		}
		for i, row := range rows {
			if want := fmt.Sprintf(name, from+i); row[0] != want {
				t.Fatalf("page %d of %q: row %d is %s, not %s", page+1, list, i, row[0], want)
			}
		}
	}
}

func TestListPages(t *testing.T) {
	w, env := newWorld()
	for i := range 120 {
		w.give("U0ALICE", fmt.Sprintf("Web-%03d", 119-i))
	}
	asked := 0
	env.Name = func(context.Context, string) string { asked++; return "Alice" }
	pages(t, env, alice, "list", "Web-%03d")
	if asked != 120 {
		t.Errorf("%d names of owners were asked for to show 120 rows", asked)
	}
}

func TestListAllPages(t *testing.T) {
	w, env := newWorld()
	w.cloud.who.Roles = []string{"admin"}
	for i := range 120 {
		w.cloud.abroad = append(w.cloud.abroad, stackhand.Server{ID: fmt.Sprint("id", i), Name: fmt.Sprintf("s-%03d", i), ProjectID: "p"})
	}
	pages(t, env, dana, "list --all-projects", "s-%03d")
	r, err := say(t, env, dana, "list --all-projects --page 4")
	if stackhand.KindOf(err) != stackhand.Invalid {
		t.Error(told(r, err))
	}
	env.Settings.Clouds["lab"] = CloudSettings{Service: true}
	if r, err = say(t, env, alice, "list --all-projects"); stackhand.KindOf(err) != stackhand.Forbidden {
		t.Errorf("with the bot's own login: %s", told(r, err))
	}
}

func TestDeleteVolumes(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	st.Ledger = append(st.Ledger, stackhand.Resource{Kind: "volume", ID: "v-boot", Job: st.Job}, stackhand.Resource{Kind: "volume", ID: "v-foreign", Name: "foreign"})
	w.stacks[st.ID] = st
	r, err := say(t, env, alice, "delete web-1 --volumes maybe")
	expect(t, told(r, err), "--volumes is delete or keep, not maybe")
	if r, err := say(t, env, alice, "delete web-1 --dry"); err == nil || len(w.order) != 0 {
		t.Fatal(told(r, err))
	}
	// The boot volume goes, and what was not made here stays: neither is asked about.
	// One that is added while the job waits to begin was asked about by nobody, so it is to be kept.
	if r, err = say(t, env, alice, "delete web-1"); err != nil || !input[stackhand.DeleteSpec](t, w).KeepVolumes {
		t.Fatal(told(r, err))
	}
	w, env = newWorld()
	w.stacks[st.ID], w.thread["C1/web-1"] = st, []string{st.ID}
	st.Ledger = append(st.Ledger, stackhand.Resource{Kind: "volume", ID: "v-1", Name: "data-1", Job: "otherjob"})
	w.stacks[st.ID] = st
	w.cloud.servers = []stackhand.Server{{ID: st.Server, Name: "web-1", Status: "ACTIVE"}}
	for _, ask := range []func() (Reply, error){
		func() (Reply, error) { return say(t, env, alice, "delete web-1") },
		func() (Reply, error) { return inThread(t, env, alice, "web-1", "delete") },
	} {
		r, err = ask()
		if err != nil || len(w.order) != 0 || len(r.Actions) != 2 {
			t.Fatal(told(r, err))
		}
		expect(t, told(r, err), "web-1 has a volume with data of its own that was made here: data-1.", "Delete all → delete "+st.ID+" --volumes delete", "keep the volumes → delete "+st.ID+" --volumes keep")
		for _, a := range r.Actions {
			if !a.Danger || a.Confirm == "" {
				t.Errorf("%+v", a)
			}
		}
	}
	line, _ := ClickLine("choose", r.Actions[1].Value)
	if r, err = say(t, env, alice, line); err != nil || !input[stackhand.DeleteSpec](t, w).KeepVolumes {
		t.Error(told(r, err))
	}
}

func TestShowMore(t *testing.T) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	w.cloud.volumes = []stackhand.Volume{{ID: "v-1", Name: "data-1", Size: 10}, {ID: "v-2", Size: 5}}
	w.change("web-1", func(sv *stackhand.Server) {
		sv.Volumes, sv.Groups, sv.Locked, sv.AccessIPv4, sv.AccessIPv6 = []string{"v-1", "v-2"}, []string{"default"}, true, "203.0.113.7", ""
	})
	r, err := say(t, env, alice, "show web-1")
	expect(t, told(r, err), `Volumes: data-1 \(10 GiB\), v-2 \(5 GiB\)`, "Access address: 203.0.113.7\n", "Locked: yes; unlock web-1")
	if strings.Contains(told(r, err), "Log in") {
		t.Errorf("nothing opens port 22: %s", told(r, err))
	}
	w.cloud.groups[0].Rules = []stackhand.Rule{{Direction: "ingress", Protocol: "tcp", PortMin: 20, PortMax: 25, EtherType: "IPv4"}}
	r, err = say(t, env, alice, "show web-1")
	expect(t, told(r, err), "Log in: ssh ubuntu@203.0.113.5")
	w.put("web-1", "SHUTOFF")
	if r, err = say(t, env, alice, "show web-1"); strings.Contains(told(r, err), "Log in") {
		t.Errorf("nobody logs in to a server that is off: %s", told(r, err))
	}
	w.put("web-1", "VERIFY_RESIZE")
	r, err = say(t, env, alice, "show web-1")
	expect(t, told(r, err), "Confirm the new size → resize "+st.Server+" --confirm", "Revert it → resize "+st.Server+" --revert")
	w.fail["Volumes"] = stackhand.Errorf(stackhand.Unavailable, "Cinder does not answer.")
	r, err = say(t, env, alice, "show web-1")
	expect(t, told(r, err), "Volumes: v-1, v-2", "Mind: .*Cinder does not answer")
}

func TestAdmits(t *testing.T) {
	for _, c := range []struct {
		rule stackhand.Rule
		want bool
	}{
		{stackhand.Rule{Direction: "ingress", Protocol: "tcp", PortMin: 22, PortMax: 22}, true},
		{stackhand.Rule{Direction: "ingress"}, true},
		{stackhand.Rule{Direction: "ingress", Protocol: "tcp"}, true},
		{stackhand.Rule{Direction: "ingress", Protocol: "tcp", PortMin: 80, PortMax: 80}, false},
		{stackhand.Rule{Direction: "ingress", Protocol: "icmp"}, false},
		{stackhand.Rule{Direction: "egress"}, false},
		{stackhand.Rule{Direction: "ingress", RemoteGroup: "g-default"}, false},
		{stackhand.Rule{Direction: "ingress", EtherType: "IPv6"}, false},
	} {
		if got := admits(stackhand.SecurityGroup{Rules: []stackhand.Rule{c.rule}}, 22); got != c.want {
			t.Errorf("%+v: %v", c.rule, got)
		}
	}
}

// Files go to Nova itself where it takes them, and to cloud-init elsewhere.
func TestPersonality(t *testing.T) {
	w, env := newWorld()
	w.give("U0ALICE", "web-1")
	w.fixed("web-1")
	w.cloud.features.Personality, w.cloud.limits.MaxPersonality, w.cloud.limits.MaxPersonalityBytes = true, 2, 20 // of base64: 15 bytes
	note := func(name string, n int) File { return File{Name: name, Content: []byte(strings.Repeat("x", n))} }
	r, err := say(t, env, alice, "create db-1 --file /etc/motd=motd --user-data \"#!/bin/sh\"", note("motd", 5))
	if err != nil {
		t.Fatal(told(r, err))
	}
	got := input[stackhand.CreateSpec](t, w)
	if diff := cmp.Diff(map[string][]byte{"/etc/motd": []byte("xxxxx")}, got.Files); diff != "" || string(got.UserData) != "#!/bin/sh" {
		t.Errorf("%s %q", diff, got.UserData)
	}
	r, err = say(t, env, alice, "create db-2 --file /a=motd --file /b=motd --file /c=motd", note("motd", 5))
	expect(t, told(r, err), "The cloud takes 2 files of a server, and you give 3")
	r, err = say(t, env, alice, "rebuild web-1 --yes --file /a=motd", note("motd", 16))
	expect(t, told(r, err), "/a has 16 bytes, and the cloud takes files of at most 15")
	if r, err = say(t, env, alice, "create db-3 --file /a=motd", note("motd", 15)); err != nil {
		t.Fatal(told(r, err))
	}
	w.order, w.cloud.features.Personality = nil, false
	if r, err = say(t, env, alice, "rebuild web-1 --yes --file /a=motd  ", note("motd", 21)); err != nil {
		t.Fatal(told(r, err))
	}
	if spec := actOf(t, w); len(spec.Files) != 0 || !strings.Contains(string(spec.UserData), "- path: \"/a\"") {
		t.Errorf("%+v", spec)
	}
}
