package commands

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

// furnished is a world with one of each that can be added to web-1.
func furnished() (*world, *Env) {
	w, env := newWorld()
	st := w.give("U0ALICE", "web-1")
	other := w.give("U0ALICE", "web-2")
	at := func(server, device string) []stackhand.Attachment {
		return []stackhand.Attachment{{ServerID: server, Device: device}}
	}
	w.cloud.volumes = []stackhand.Volume{
		{ID: "v-1", Name: "data-1", Status: "available", Size: 10}, {ID: "v-2", Name: "data-2", Status: "in-use", Size: 10, Attached: at(other.Server, "/dev/vdb")},
		{ID: "v-3", Name: "data-3", Status: "in-use", Size: 20, Attached: at(st.Server, "/dev/vdb")}, {ID: "v-4", Name: "broken", Status: "error", Size: 1},
		{ID: "v-5", Status: "available", Size: 5}, {ID: "v-6", Name: "boot", Status: "in-use", Bootable: true, Attached: at(st.Server, "/dev/vda")},
	}
	w.cloud.networks = append(w.cloud.networks, stackhand.Network{ID: "n-back", Name: "backend", ProjectID: teamA, Subnets: []string{"s-back"}},
		stackhand.Network{ID: "n-own", Name: "net", ProjectID: teamA, Subnets: []string{"s-own"}}, stackhand.Network{ID: "n-bare", Name: "bare", ProjectID: teamA})
	w.cloud.groups = append(w.cloud.groups, stackhand.SecurityGroup{ID: "g-web", Name: "web", ProjectID: teamA})
	w.cloud.ips = []stackhand.FloatingIP{
		{ID: "f-1", IP: "203.0.113.5", PortID: "p-1", NetworkID: "n-public"}, {ID: "f-2", IP: "203.0.113.9", NetworkID: "n-public"},
		{ID: "f-3", IP: "203.0.113.10", PortID: "p-3", NetworkID: "n-public"}, {ID: "f-4", IP: "203.0.113.11", PortID: "p-4", NetworkID: "n-public"},
	}
	w.change("web-1", func(sv *stackhand.Server) { sv.Groups, sv.Volumes = []string{"default"}, []string{"v-3"} })
	w.change("web-2", func(sv *stackhand.Server) {
		sv.Addresses = []stackhand.Address{{Network: "net", IP: "10.0.0.5", Version: 4}, {Network: "net", IP: "203.0.113.10", Version: 4, Floating: true}}
	})
	w.cloud.servers = append(w.cloud.servers, stackhand.Server{ID: "srv-p", Name: "plain", Status: "ACTIVE", Addresses: []stackhand.Address{{Network: "net", IP: "10.0.0.6", Version: 4}}})
	return w, env
}

func TestPairings(t *testing.T) {
	for line, want := range map[string]stackhand.ActSpec{
		"add volume web-1 data-1":                               {Verb: "add volume", TargetID: "v-1", Target: "data-1"},
		"add volume web-1 v-5":                                  {Verb: "add volume", TargetID: "v-5", Target: "v-5"},
		"remove volume web-1 data-3":                            {Verb: "remove volume", TargetID: "v-3", Target: "data-3"},
		"add network web-1 backend --fixed-ip 10.1.0.7":         {Verb: "add network", TargetID: "n-back", Target: "backend", FixedIP: "10.1.0.7"},
		"add network web-1 net --fixed-ip 10.0.0.99":            {Verb: "add network", TargetID: "n-own", Target: "net", FixedIP: "10.0.0.99"},
		"remove network web-1 net":                              {Verb: "remove network", TargetID: "n-own", Target: "net"},
		"add security group web-1 web":                          {Verb: "add security group", TargetID: "g-web", Target: "web"},
		"remove security group web-1 default":                   {Verb: "remove security group", TargetID: "g-default", Target: "default"},
		"add floating ip plain":                                 {Verb: "add floating ip", External: "n-public"},
		"add floating ip plain 203.0.113.9":                     {Verb: "add floating ip", TargetID: "f-2", Target: "203.0.113.9"},
		"add floating ip web-1 f-2 --fixed-ip 10.0.0.4":         {Verb: "add floating ip", TargetID: "f-2", Target: "203.0.113.9", FixedIP: "10.0.0.4"},
		"remove floating ip web-1":                              {Verb: "remove floating ip", TargetID: "f-1", Target: "203.0.113.5"},
		"remove floating ip web-2 203.0.113.10":                 {Verb: "remove floating ip", TargetID: "f-3", Target: "203.0.113.10"},
		"server add volume web-1 data-1":                        {Verb: "add volume", TargetID: "v-1", Target: "data-1"},
		"openstack server add security group web-1 web":         {Verb: "add security group", TargetID: "g-web", Target: "web"},
		"openstack server remove floating ip web-1 203.0.113.5": {Verb: "remove floating ip", TargetID: "f-1", Target: "203.0.113.5"},
	} {
		t.Run(line, func(t *testing.T) {
			w, env := furnished()
			r, err := say(t, env, alice, line)
			if err != nil {
				t.Fatal(told(r, err))
			}
			if diff := cmp.Diff(want, actOf(t, w)); diff != "" {
				t.Error(diff)
			}
			if again, err := say(t, env, alice, line); err != nil || again.Job != r.Job || len(w.order) != 1 {
				t.Errorf("delivered again: %d jobs, %s", len(w.order), told(again, err))
			}
		})
	}
}

func TestPairingsRefused(t *testing.T) {
	for line, want := range map[string]string{
		"add volume web-1 data-2":                    "The volume data-2 is at web-2.*`remove volume web-2 data-2` first",
		"add volume web-1 data-3":                    "web-1 has the volume data-3 already: there is nothing to do",
		"add volume web-1 broken":                    "The volume broken is error",
		"add volume web-1 data-9":                    "no volume called data-9.*Did you mean data-",
		"remove volume web-1 data-1":                 "The volume data-1 is not at web-1.*`show web-1`",
		"remove volume web-1 boot":                   "web-1 boots from the volume boot",
		"remove volume web-2 data-3":                 "The volume data-3 is not at web-2",
		"add network web-1 net":                      "web-1 is on the network net already",
		"add network web-1 bare":                     "The network bare has no subnet",
		"add network web-1 public":                   "public is an external network.*`add floating ip web-1`",
		"add network web-1 backend --fixed-ip 1.2.3": "--fixed-ip 1.2.3 is no address",
		"remove network web-1 backend":               "web-1 is not on the network backend",
		"add security group web-1 default":           "web-1 has the security group default already",
		"remove security group web-1 web":            "web-1 has no security group web.*It has: default",
		"add floating ip web-1":                      "web-1 has the floating IP 203.0.113.5 already.*--fixed-ip",
		"add floating ip web-1 203.0.113.5":          "web-1 has 203.0.113.5 already",
		"add floating ip web-1 203.0.113.10":         "203.0.113.10 serves web-2.*`remove floating ip web-2 203.0.113.10` first",
		"add floating ip web-1 203.0.113.11":         "203.0.113.11 serves something else already",
		"add floating ip web-1 198.51.100.1":         "no floating IP called 198.51.100.1",
		"add floating ip plain --fixed-ip 10.9.9.9":  "plain has no address 10.9.9.9 of its own",
		"remove floating ip web-1 203.0.113.9":       "203.0.113.9 does not serve web-1",
		"remove floating ip plain":                   "plain has no floating IP",
	} {
		t.Run(line, func(t *testing.T) {
			w, env := furnished()
			w.change("web-1", func(sv *stackhand.Server) { sv.ImageID = "" })
			r, err := say(t, env, alice, line)
			if len(w.order) != 0 {
				t.Errorf("%d jobs: %s", len(w.order), told(r, err))
			}
			expect(t, told(r, err), want)
		})
	}
}

// Without the thing the asker chooses, with lines that mean the same server from anywhere.
func TestPairingsAsk(t *testing.T) {
	w, env := furnished()
	st := w.stacks[w.thread["C1/web-1"][0]]
	for line, want := range map[string][]string{
		"add volume web-1":         {"add volume " + st.Server + " v-1", "add volume " + st.Server + " v-5"},
		"add network web-1":        {"add network " + st.Server + " n-back"},
		"add security group web-1": {"add security group " + st.Server + " g-web"},
		"remove volume web-1":      {"remove volume " + st.Server + " v-3", "remove volume " + st.Server + " v-6"},
	} {
		r, err := say(t, env, alice, line)
		var got []string
		for _, a := range r.Actions {
			got = append(got, a.Value)
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %s\n%s", line, diff, told(r, err))
		}
	}
	w.cloud.volumes = nil
	r, err := say(t, env, alice, "add volume web-1 ")
	expect(t, told(r, err), "There is no volume that is free.*`volume create NAME --size GB`")
}

func TestPairingsInThread(t *testing.T) {
	for line, want := range map[string]string{
		"add volume data-1": "v-1", "remove network net": "n-own", "add security group web": "g-web", "remove floating ip": "f-1", "remove floating ip 203.0.113.5": "f-1",
		"add volume web-1 data-1": "v-1",
	} {
		w, env := furnished()
		r, err := inThread(t, env, alice, "web-1", "<@U0BOT> "+line)
		if err != nil {
			t.Fatalf("%s: %s", line, told(r, err))
		}
		if got := actOf(t, w); got.TargetID != want {
			t.Errorf("%s: %+v", line, got)
		}
	}
	w, env := furnished()
	if r, err := inThread(t, env, alice, "web-1", "<@U0BOT> add floating ip plain"); err != nil || input[stackhand.ActSpec](t, w).Name != "plain" {
		t.Error(told(r, err))
	}
}

// Old clouds have no network service, and some no block storage.
func TestPairingsOfOldClouds(t *testing.T) {
	w, env := furnished()
	w.cloud.features.Network, w.cloud.features.Volumes = false, false
	for line, want := range map[string]string{
		"add network web-1 backend": "has no network service", "remove network web-1 net": "has no network service", "add volume web-1 data-1": "no block storage",
		"create db-1 --boot-from-volume 20": "no block storage", "create db-1 --network new": "no network service",
	} {
		r, err := say(t, env, alice, line)
		if stackhand.KindOf(err) != stackhand.NotFound || len(w.order) != 0 {
			t.Errorf("%s: %s", line, told(r, err))
		}
		expect(t, told(r, err), want)
	}
	r, err := say(t, env, alice, "create db-1 --security-group web")
	if err != nil {
		t.Fatal(told(r, err))
	}
	got := input[stackhand.CreateSpec](t, w)
	if !got.Classic || got.Network != "auto" || got.External != "n-public" || !got.Floating || strings.Join(got.Groups, ",") != "web" {
		t.Errorf("%+v", got)
	}
}

// With the bot's own login, what somebody else made is not attached to one's own server: its data could be read there.
func TestPairingsOfOthers(t *testing.T) {
	for line, word := range map[string]string{"add volume web-1 data-1": "the volume data-1", "add floating ip web-1 203.0.113.9 --fixed-ip 10.0.0.4": "the floating IP 203.0.113.9"} {
		for job, want := range map[string]string{"": "was not made by you, so only an administrator may attach it", "bobsjob2": "was made by U0BOB, so you cannot attach it", "hersjob2": ""} {
			w, env := furnished()
			env.Settings.Clouds["lab"] = CloudSettings{Service: true}
			giveJob(w, "bobsjob2", "U0BOB", stackhand.JobDone)
			giveJob(w, "hersjob2", "U0ALICE", stackhand.JobDone)
			had := len(w.order)
			w.cloud.volumes[0].Metadata = map[string]string{"stackhand_job": job}
			w.cloud.ips[1].Description = "stackhand job " + job
			r, err := say(t, env, alice, line)
			if refused := stackhand.KindOf(err) == stackhand.Forbidden; refused != (want != "") || refused != (len(w.order) == had) {
				t.Errorf("%s of %q: %s", line, job, told(r, err))
			}
			if want != "" {
				expect(t, told(r, err), capital(word)+" "+want)
			}
		}
	}
}

// A floating IP opens a port to the outside, so that of a stack's server is for its owner to open.
func TestFloatingAtPortOfOthers(t *testing.T) {
	w, env := newWorld()
	w.login["U0BOB"] = "bob"
	st := w.give("U0BOB", "web-1")
	w.cloud.ports = []stackhand.Port{{ID: "p-web", Name: "web-port", DeviceID: st.Server}}
	r, err := say(t, env, alice, "floating ip create --port web-port")
	expect(t, told(r, err), "web-1 belongs to U0BOB, so you cannot add a floating IP to it")
	if stackhand.KindOf(err) != stackhand.Forbidden || len(w.order) != 0 {
		t.Errorf("%d jobs", len(w.order))
	}
	if r, err := say(t, env, bob, "floating ip create --port web-port"); err != nil || len(w.order) != 1 {
		t.Error(told(r, err))
	}
}

// An administrator who reaches a server from another project has other things there to add to it.
func TestPairingsFromAnotherProject(t *testing.T) {
	for _, line := range []string{"add volume", "remove volume", "add floating ip", "remove floating ip", "add network", "remove network", "add security group", "remove security group"} {
		w, env := newWorld()
		st := w.give("U0ALICE", "web-1")
		w.cloud.servers, w.cloud.who = nil, stackhand.Identity{User: "admin", ProjectID: "p-admin", Project: "admin", Roles: []string{"admin"}}
		r, err := say(t, env, dana, line+" "+st.ID)
		expect(t, told(r, err), "web-1 is in the project team-a of lab, and you are logged in to admin", "Log in to team-a")
		if stackhand.KindOf(err) != stackhand.Unauthorized || len(w.order) != 0 {
			t.Errorf("%s: %d jobs", line, len(w.order))
		}
	}
}

func TestEither(t *testing.T) {
	for want, words := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c", "d"}} {
		if got := either(words); got != want {
			t.Errorf("%v: %q, want %q", words, got, want)
		}
	}
}
