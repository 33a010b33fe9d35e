package commands

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

// usual is what "create web-1" asks for in the fake world.
func usual() stackhand.CreateSpec {
	return stackhand.CreateSpec{
		Name: "web-1", Count: 1, Cloud: "lab", ProjectID: teamA, Project: "team-a", Owner: "U0ALICE", ImageID: "i-jammy", Image: "Ubuntu 22.04", Login: "ubuntu",
		FlavorID: "2", Flavor: "m1.small", Network: "auto", External: "n-public", KeyName: "laptop", Open: []int{22}, Floating: true, For: 72 * time.Hour,
	}
}

func TestCreateSpec(t *testing.T) {
	for line, change := range map[string]func(*stackhand.CreateSpec){
		"create web-1":                         func(*stackhand.CreateSpec) {},
		"server create web-1 --for 1w":         func(s *stackhand.CreateSpec) { s.For = 7 * day },
		"create web-1 --flavor ram=3000":       func(s *stackhand.CreateSpec) { s.FlavorID, s.Flavor = "3", "m1.medium" },
		"create web-1 --flavor M1.MEDIUM":      func(s *stackhand.CreateSpec) { s.FlavorID, s.Flavor = "3", "m1.medium" },
		"create web-1 --no-floating-ip":        func(s *stackhand.CreateSpec) { s.Floating, s.Open = false, nil },
		"create web-1 --open 443,22 --open 22": func(s *stackhand.CreateSpec) { s.Open = []int{22, 443} },
		"create web-1 --security-group default --security-group g-default": func(s *stackhand.CreateSpec) {
			s.Open, s.Groups = nil, []string{"g-default"}
		},
		"create web-1 --network new --key-name none": func(s *stackhand.CreateSpec) { s.Network, s.KeyName = "new", "" },
		"create web-1 --network inner --fixed-ip 10.9.0.7": func(s *stackhand.CreateSpec) {
			s.Network, s.NetworkNm, s.FixedIP = "n-inner", "inner", "10.9.0.7"
		},
		"create web-1 --network shared-public": func(s *stackhand.CreateSpec) {
			s.Network, s.NetworkNm, s.Floating, s.External, s.Open = "n-sp", "shared-public", false, "", nil
		},
		`create web-1 --image="debian 12"`: func(s *stackhand.CreateSpec) { s.ImageID, s.Image, s.Login = "i-debian", "Debian 12", "debian" },
		"create web-1 --property a=b --property c=d=e --config-drive --availability-zone nova --wait-for ssh": func(s *stackhand.CreateSpec) {
			s.Metadata, s.ConfigDrv, s.Zone, s.WaitSSH = map[string]string{"a": "b", "c": "d=e"}, true, "nova", true
		},
		"nova boot --image i-jammy --flavor 2 --nic net-id=n-inner,v4-fixed-ip=10.9.0.7 --meta x=y --key_name laptop --config-drive true --poll web-1": func(s *stackhand.CreateSpec) {
			s.Network, s.NetworkNm, s.FixedIP, s.Metadata, s.ConfigDrv = "n-inner", "inner", "10.9.0.7", map[string]string{"x": "y"}, true
		},
	} {
		t.Run(line, func(t *testing.T) {
			w, env := newWorld()
			w.cloud.networks = append(w.cloud.networks, stackhand.Network{ID: "n-inner", Name: "inner", ProjectID: teamA, Subnets: []string{"s"}})
			if strings.Contains(line, "shared-public") {
				w.cloud.networks = append(w.cloud.networks, stackhand.Network{ID: "n-sp", Name: "shared-public", External: true, Shared: true, Subnets: []string{"s"}})
			}
			w.cloud.subnets = []stackhand.Subnet{{ID: "s", NetworkID: "n-inner", CIDR: "10.9.0.0/24"}}
			r, err := say(t, env, alice, line)
			if err != nil {
				t.Fatal(told(r, err))
			}
			want := usual()
			change(&want)
			if diff := cmp.Diff(want, input[stackhand.CreateSpec](t, w)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCreateStacks(t *testing.T) {
	w, env := newWorld()
	line := Line{Text: "create web --count 3 --for 1d", Key: "k1", Place: stackhand.Place{Channel: "C1", Thread: "9.9"}}
	r, err := Do(t.Context(), env, alice, line)
	if err != nil {
		t.Fatal(told(r, err))
	}
	id := JobID("k1", 0)
	if r.Job != id || len(id) != 8 {
		t.Errorf("job %q, want %q", r.Job, id)
	}
	j := w.jobs[id]
	if j.Title != "Create web-1 … web-3" || j.Line != line.Text || j.Flow != "create" || j.User.ID != alice.ID || j.Place != line.Place || j.State != stackhand.JobQueued {
		t.Errorf("job %+v", j)
	}
	if diff := cmp.Diff([]string{id + "-1", id + "-2", id + "-3"}, j.Stacks); diff != "" {
		t.Error(diff)
	}
	st := w.stacks[id+"-2"]
	if st.Name != "web-2" || st.State != stackhand.StackBuilding || st.Lease.Owner != "U0ALICE" || st.Lease.For != day || !st.Lease.Until.IsZero() || st.Job != id {
		t.Errorf("stack %+v", st)
	}
	// The same delivery again is the same job, although the names are in use now.
	again, err := Do(t.Context(), env, alice, line)
	if err != nil || again.Job != id || len(w.jobs) != 1 {
		t.Errorf("again: %s", told(again, err))
	}
	line.Key = "k2"
	if r, err := Do(t.Context(), env, alice, line); stackhand.KindOf(err) != stackhand.Conflict {
		t.Errorf("another delivery: %s", told(r, err))
	}
	line.Text, line.Key = "create web-9", ""
	if _, err := Do(t.Context(), env, alice, line); stackhand.KindOf(err) != stackhand.Internal {
		t.Errorf("no key: %v", err)
	}
}

func TestDryRun(t *testing.T) {
	w, env := newWorld()
	r, err := say(t, env, alice, "create web --count 2 --for 2d --dry-run")
	if err != nil || len(w.jobs) != 0 || r.Job != "" {
		t.Fatalf("%d jobs, %s", len(w.jobs), told(r, err))
	}
	expect(t, told(r, err), `web-1 … web-2 would be created in team-a of lab`, `Nothing was made`, `Image: Ubuntu 22\.04 \(i-jammy\)`, `Flavor: m1\.small \(2\)`,
		`Network: a new one with a router`, `Floating IP: 2, from public \(n-public\)`, `Open ports: 22`, `Cost: 0\.96 a day, 1\.92 for 2d`,
		`Ends: 2d after .*2026-11-23 09:00 UTC`, `servers 8 of 10, cores 18 of 20, RAM 46 GiB of 50 GiB`)
	w.cloud.networks = append(w.cloud.networks, stackhand.Network{ID: "n1", Name: "stackhand-auto", ProjectID: teamA, Subnets: []string{"s"}})
	w.cloud.ports = []stackhand.Port{{NetworkID: "n1", DeviceOwner: "network:router_interface"}}
	r, err = say(t, env, alice, "create web-1 --dry-run --no-floating-ip")
	expect(t, told(r, err), `Network: stackhand-auto \(the project's routed network\)`, `Floating IP: none`)
	if strings.Contains(told(r, err), "Open ports") {
		t.Error("ports are open without an address")
	}
}

func TestQuota(t *testing.T) {
	full := stackhand.Limit{Used: 9, Max: 10}
	for what, set := range map[string]func(*stackhand.Limits){
		`servers \(9 of 10 in use, 2 needed\)`:      func(l *stackhand.Limits) { l.Servers = full },
		`cores \(9 of 10 in use, 2 needed\)`:        func(l *stackhand.Limits) { l.Cores = full },
		`RAM \(9 MiB of 10 MiB in use, 4 GiB`:       func(l *stackhand.Limits) { l.RAM = full },
		`ports \(9 of 10 in use, 4 needed\)`:        func(l *stackhand.Limits) { l.Ports = full },
		`floating IPs \(9 of 10 in use, 2 needed\)`: func(l *stackhand.Limits) { l.FloatingIPs = full },
		`networks \(0 of 0 in use, 1 needed\)`:      func(l *stackhand.Limits) { l.Networks = stackhand.Limit{} },
		`subnets \(0 of 0`:                          func(l *stackhand.Limits) { l.Subnets = stackhand.Limit{} },
		`routers \(0 of 0`:                          func(l *stackhand.Limits) { l.Routers = stackhand.Limit{} },
		`security groups \(0 of 0`:                  func(l *stackhand.Limits) { l.Groups = stackhand.Limit{} },
		`security group rules \(0 of 3 in use, 4`:   func(l *stackhand.Limits) { l.GroupRules.Used, l.GroupRules.Max = 0, 3 },
		`servers \(9 of 10 .*, floating IPs \(9 of`: func(l *stackhand.Limits) { l.Servers, l.FloatingIPs = full, full },
	} {
		t.Run(what, func(t *testing.T) {
			w, env := newWorld()
			set(&w.cloud.limits)
			r, err := say(t, env, alice, "create web --count 2")
			if stackhand.KindOf(err) != stackhand.Quota || len(w.jobs) != 0 {
				t.Fatalf("%d jobs, %s", len(w.jobs), told(r, err))
			}
			expect(t, told(r, err), what, "no room for web-1 … web-2")
		})
	}
	w, env := newWorld()
	w.cloud.limits.Servers = stackhand.Limit{Used: 500, Max: -1}
	w.cloud.limits.Groups, w.cloud.limits.GroupRules = stackhand.Limit{}, stackhand.Limit{}
	w.cloud.groups = append(w.cloud.groups, stackhand.SecurityGroup{ID: "g22", Name: "stackhand-open-22", ProjectID: teamA})
	if r, err := say(t, env, alice, "create web-1"); err != nil {
		t.Errorf("no limit, and a group that is there: %s", told(r, err))
	}
}

// TestQuestions checks that what fits several things is asked, and that each button works.
func TestQuestions(t *testing.T) {
	for name, c := range map[string]struct {
		line  string
		set   func(*world, *Env)
		want  []string // the buttons' lines
		check func(stackhand.CreateSpec) bool
	}{
		"images of one name": {
			line: `create web-1 --image "Debian 12" --for 1d`,
			set: func(w *world, _ *Env) {
				w.cloud.images = append(w.cloud.images, stackhand.Image{ID: "i-deb2", Name: "Debian 12", Size: 3 << 30, Status: "active"})
			},
			want:  []string{"create web-1 --image i-debian --for 1d", "create web-1 --image i-deb2 --for 1d"},
			check: func(s stackhand.CreateSpec) bool { return s.ImageID == "i-deb2" },
		},
		"no default image": {
			line: "create web-1", set: func(_ *world, e *Env) { e.Settings.Clouds["lab"] = CloudSettings{} },
			want:  []string{"create web-1 --image i-jammy", "create web-1 --image i-trusty", "create web-1 --image i-debian"},
			check: func(s stackhand.CreateSpec) bool { return s.Flavor == "m1.tiny" && s.Image == "Debian 12" },
		},
		"part of a name": {
			line: "create web-1 --image ubuntu", set: func(*world, *Env) {},
			want:  []string{"create web-1 --image i-jammy", "create web-1 --image i-trusty"},
			check: func(s stackhand.CreateSpec) bool { return s.ImageID == "i-trusty" },
		},
		"several keys": {
			line: "create web-1", set: func(w *world, _ *Env) { w.cloud.keys = append(w.cloud.keys, stackhand.KeyPair{Name: "home"}) },
			want:  []string{"create web-1 --key-name laptop", "create web-1 --key-name home"},
			check: func(s stackhand.CreateSpec) bool { return s.KeyName == "home" },
		},
		"several external networks": {
			line: "create web-1", set: func(w *world, _ *Env) {
				w.cloud.networks = append(w.cloud.networks, stackhand.Network{ID: "n-x", Name: "dmz", External: true})
			},
			want:  []string{"create web-1 --external-network n-public", "create web-1 --external-network n-x"},
			check: func(s stackhand.CreateSpec) bool { return s.External == "n-x" && s.Floating },
		},
		"networks of one name": {
			line: "create web-1 --network lan --no-floating-ip",
			set: func(w *world, _ *Env) {
				w.cloud.networks = append(w.cloud.networks, stackhand.Network{ID: "a", Name: "lan", Subnets: []string{"s"}}, stackhand.Network{ID: "b", Name: "lan", Shared: true, Subnets: []string{"s"}})
			},
			want:  []string{"create web-1 --network a --no-floating-ip", "create web-1 --network b --no-floating-ip"},
			check: func(s stackhand.CreateSpec) bool { return s.Network == "b" && !s.Floating },
		},
		"groups of one name": {
			line: "create web-1 --security-group x --security-group default",
			set: func(w *world, _ *Env) {
				w.cloud.groups = append(w.cloud.groups, stackhand.SecurityGroup{ID: "x1", Name: "x"}, stackhand.SecurityGroup{ID: "x2", Name: "x"})
			},
			want:  []string{"create web-1 --security-group x1 --security-group default", "create web-1 --security-group x2 --security-group default"},
			check: func(s stackhand.CreateSpec) bool { return cmp.Equal(s.Groups, []string{"x2", "g-default"}) },
		},
		"an image in words": {
			line: "create an ubuntu server named web-1 for 2 days", set: func(_ *world, e *Env) { e.Settings.Clouds["lab"] = CloudSettings{} },
			want:  []string{"create web-1 --image i-jammy --for 2d", "create web-1 --image i-trusty --for 2d"},
			check: func(s stackhand.CreateSpec) bool { return s.Image == "Ubuntu Trusty" && s.For == 2*day },
		},
		"a size in words": {
			line: "create a small debian server named web-1 --property 'a=b c'", set: func(_ *world, e *Env) { e.Settings.Clouds["lab"] = CloudSettings{Image: "Ubuntu 22.04"} },
			want:  []string{"create web-1 --flavor 11 --image \"Debian 12\" --property \"a=b c\"", "create web-1 --flavor 2 --image \"Debian 12\" --property \"a=b c\""},
			check: func(s stackhand.CreateSpec) bool { return s.Flavor == "m1.small" && s.Image == "Debian 12" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, env := newWorld()
			c.set(w, env)
			r, err := say(t, env, alice, c.line)
			if err != nil || len(w.jobs) != 0 {
				t.Fatalf("%d jobs, %s", len(w.jobs), told(r, err))
			}
			var got []string
			for _, a := range r.Actions {
				if a.ID != "choose" {
					t.Errorf("button %s", a.ID)
				}
				got = append(got, a.Value)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Fatal(diff)
			}
			line, _ := ClickLine("choose", got[len(got)-1])
			if r, err := say(t, env, alice, line); err != nil {
				t.Fatal(told(r, err))
			}
			if spec := input[stackhand.CreateSpec](t, w); !c.check(spec) {
				t.Errorf("%+v", spec)
			}
		})
	}
}

func TestCloudTrouble(t *testing.T) {
	for _, call := range []string{"Open", "Images", "Flavors", "Networks", "SecurityGroups", "Limits", "KeyPairs", "InProject", "Ports", "Start"} {
		w, env := newWorld()
		w.fail[call] = stackhand.Errorf(stackhand.Unavailable, "lab does not answer.").Do("Try again.")
		if r, err := say(t, env, alice, "create web-1"); stackhand.KindOf(err) != stackhand.Unavailable || len(w.jobs) != 0 {
			t.Errorf("%s: %s", call, told(r, err))
		}
	}
}

func TestNetworkRefusals(t *testing.T) {
	for line, want := range map[string]string{
		"create w --network public":                              "is an external network",
		"create w --network empty":                               "has no subnet",
		"create w --network inner --fixed-ip 10.8.0.1":           `10\.8\.0\.1 is not in the network inner.*10\.9\.0\.0/24`,
		"create w --network wide --floating-ip":                  "needs no floating IP",
		"create w --network inner --external-network nope":       "no external network called nope",
		"create w --count 2 --network inner --fixed-ip 10.9.0.7": "one address",
	} {
		w, env := newWorld()
		w.cloud.networks = append(w.cloud.networks, stackhand.Network{ID: "n-inner", Name: "inner", ProjectID: teamA, Subnets: []string{"s"}},
			stackhand.Network{ID: "n-e", Name: "empty", ProjectID: teamA}, stackhand.Network{ID: "n-w", Name: "wide", External: true, Shared: true, Subnets: []string{"x"}})
		w.cloud.subnets = []stackhand.Subnet{{ID: "s", NetworkID: "n-inner", CIDR: "10.9.0.0/24"}}
		r, err := say(t, env, alice, line)
		if err == nil || len(w.jobs) != 0 {
			t.Errorf("%s: %s", line, told(r, err))
		}
		expect(t, told(r, err), want)
	}
	w, env := newWorld()
	w.cloud.who.Roles = []string{"admin"}
	if r, err := say(t, env, dana, "create w --network public"); err != nil {
		t.Errorf("the cloud's administrator: %s", told(r, err))
	}
}

func TestNoKeyNoNetwork(t *testing.T) {
	w, env := newWorld()
	w.cloud.keys, w.cloud.networks = nil, nil
	r, err := say(t, env, alice, "create web-1")
	if err != nil {
		t.Fatal(told(r, err))
	}
	expect(t, told(r, err), "no key pair yet", "keypair create")
	s := input[stackhand.CreateSpec](t, w)
	if s.Floating || s.External != "" || s.Open != nil || s.KeyName != "" {
		t.Errorf("%+v", s)
	}
	if _, err := say(t, env, alice, "create web-2 --floating-ip"); stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("floating ip without external network: %v", err)
	}
}
