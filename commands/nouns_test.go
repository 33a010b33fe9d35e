package commands

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

const jammyID = "i-jammy"

// furnish puts a network with a router, a volume, a snapshot, groups and floating IPs into the world; web-1 is on it.
func furnish(w *world) stackhand.Stack {
	st := w.give("U0ALICE", "web-1")
	c := &w.cloud
	c.features = today()
	c.networks = append(c.networks, stackhand.Network{ID: "n-inner", Name: "inner", Status: "ACTIVE", ProjectID: teamA, Description: "stackhand job aaaa2222 for the team"},
		stackhand.Network{ID: "n-bare", Name: "bare", Status: "ACTIVE", ProjectID: teamA})
	c.subnets = []stackhand.Subnet{{ID: "s-inner", Name: "inner-v4", NetworkID: "n-inner", CIDR: "10.0.0.0/24", Gateway: "10.0.0.1", Version: 4, DHCP: true},
		{ID: "s-other", Name: "other-v4", NetworkID: "n-inner", CIDR: "10.9.0.0/24", Gateway: "10.9.0.1", Version: 4}, {ID: "s-lone", Name: "lone", NetworkID: "n-bare", CIDR: "10.8.0.0/24"}}
	c.routers = []stackhand.Router{{ID: "r-edge", Name: "edge", Status: "ACTIVE", External: "n-public"}, {ID: "r-idle", Name: "idle"}}
	c.ports = []stackhand.Port{
		{ID: "p-web", NetworkID: "n-inner", DeviceID: st.Server, DeviceOwner: "compute:nova", Status: "ACTIVE", MAC: "fa:16:3e:00:00:01", IPs: []stackhand.FixedIP{{SubnetID: "s-inner", IP: "10.0.0.4"}}, Groups: []string{"g-default"}},
		{ID: "p-edge", NetworkID: "n-inner", DeviceID: "r-edge", DeviceOwner: "network:router_interface", IPs: []stackhand.FixedIP{{SubnetID: "s-inner", IP: "10.0.0.1"}}},
		{ID: "p-spare", Name: "spare", NetworkID: "n-bare", Status: "DOWN"},
	}
	c.groups = append(c.groups, stackhand.SecurityGroup{ID: "g-web", Name: "web", ProjectID: teamA, Rules: []stackhand.Rule{
		{ID: "rule-1", Direction: "ingress", EtherType: "IPv4", Protocol: "tcp", PortMin: 22, PortMax: 22}, {ID: "rule-2", Direction: "egress", EtherType: "IPv4"}}})
	c.ips = []stackhand.FloatingIP{{ID: "f-used", IP: "203.0.113.5", PortID: "p-web", FixedIP: "10.0.0.4"}, {ID: "f-free", IP: "203.0.113.9", Status: "DOWN"}}
	c.volumes = []stackhand.Volume{{ID: "v-data", Name: "data-1", Status: "available", Size: 10, Metadata: map[string]string{"stackhand_job": "aaaa2222", "team": "web"}},
		{ID: "v-used", Name: "used", Status: "in-use", Size: 5, Attached: []stackhand.Attachment{{VolumeID: "v-used", ServerID: st.Server, Device: "/dev/vdb"}}},
		{ID: "v-snap", Name: "snapped", Status: "available", Size: 5}, {ID: "v-new", Name: "fresh", Status: "creating"}}
	c.snapshots = []stackhand.VolumeSnapshot{{ID: "x-night", Name: "nightly", Status: "available", VolumeID: "v-snap", Size: 5}}
	c.images = append(c.images, stackhand.Image{ID: "i-golden", Name: "golden", Status: "active", Size: 3 << 30, Owner: teamA, Visibility: "private", Properties: map[string]string{"os_distro": "debian", "stackhand_job": "aaaa2222"}},
		stackhand.Image{ID: "i-safe", Name: "safe", Status: "active", Owner: teamA, Protected: true}, stackhand.Image{ID: "i-far", Name: "far", Status: "active", Owner: "p-other"})
	giveJob(w, "aaaa2222", "U0ALICE", stackhand.JobDone)
	return st
}

// TestMakes holds lines against the input of the job that they start.
func TestMakes(t *testing.T) {
	yes := func(m stackhand.MakeSpec) stackhand.MakeSpec {
		m.Cloud, m.ProjectID, m.Project = "lab", teamA, "team-a"
		return m
	}
	for line, want := range map[string]stackhand.MakeSpec{
		"network create blue":                            {Kind: "network", Name: "blue"},
		`network create "Büro 3" --description "for us"`: {Kind: "network", Name: "Büro 3", Description: "for us"},
		"subnet create blue-v4 --network bare --subnet-range 10.1.0.0/24 --gateway none --no-dhcp --dns-nameserver 9.9.9.9 --allocation-pool start=10.1.0.10,end=10.1.0.20": {
			Kind: "subnet", Name: "blue-v4", ParentID: "n-bare", Parent: "bare",
			Subnet: stackhand.SubnetSpec{Name: "blue-v4", NetworkID: "n-bare", CIDR: "10.1.0.0/24", Gateway: "none", NoDHCP: true, DNS: []string{"9.9.9.9"}, Pools: []string{"10.1.0.10-10.1.0.20"}}},
		"subnet create v6 --network bare --subnet-range fd00:1::/64 --ip-version 6": {Kind: "subnet", Name: "v6", ParentID: "n-bare", Parent: "bare",
			Subnet: stackhand.SubnetSpec{Name: "v6", NetworkID: "n-bare", CIDR: "fd00:1::/64"}},
		"router create out --external-gateway public": {Kind: "router", Name: "out", External: "n-public"},
		"router create inside":                        {Kind: "router", Name: "inside"},
		"router add subnet idle inner-v4":             {Kind: "interface", ParentID: "r-idle", Parent: "idle", TargetID: "s-inner", Target: "inner-v4"},
		"port create p --network inner --fixed-ip subnet=inner-v4,ip-address=10.0.0.9 --security-group web": {Kind: "port", Name: "p", ParentID: "n-inner", Parent: "inner",
			Port: stackhand.PortSpec{Name: "p", NetworkID: "n-inner", FixedIP: "10.0.0.9", Groups: []string{"g-web"}}},
		"port create p --network bare --fixed-ip subnet=lone": {Kind: "port", Name: "p", ParentID: "n-bare", Parent: "bare", Port: stackhand.PortSpec{Name: "p", NetworkID: "n-bare"}},
		"security group create db":                            {Kind: "security group", Name: "db"},
		"security group rule create web --dst-port 8000:8080 --remote-ip 10.0.0.7": {Kind: "security group rule", Name: "tcp 8000-8080 from 10.0.0.7/32", ParentID: "g-web", Parent: "web",
			Rule: stackhand.Rule{Direction: "ingress", EtherType: "IPv4", Protocol: "tcp", PortMin: 8000, PortMax: 8080, RemoteIP: "10.0.0.7/32"}},
		"security group rule create web --protocol udp --dst-port 53 --remote-group default --egress": {Kind: "security group rule", Name: "udp 53 to servers of default", ParentID: "g-web", Parent: "web",
			Rule: stackhand.Rule{Direction: "egress", EtherType: "IPv4", Protocol: "udp", PortMin: 53, PortMax: 53, RemoteGroup: "g-default"}},
		"security group rule create web --remote-ip fd00::/8 --protocol any": {Kind: "security group rule", Name: "anything from fd00::/8", ParentID: "g-web", Parent: "web",
			Rule: stackhand.Rule{Direction: "ingress", EtherType: "IPv6", RemoteIP: "fd00::/8"}},
		"floating ip create":                             {Kind: "floating ip", External: "n-public", Parent: "public"},
		"floating ip create public --port spare":         {Kind: "floating ip", External: "n-public", Parent: "public", TargetID: "p-spare", Target: "spare"},
		"volume create d --size 20 --property team=web":  {Kind: "volume", Name: "d", Volume: stackhand.VolumeSpec{Name: "d", Size: 20, Metadata: map[string]string{"team": "web"}}},
		"volume create d --size 5 --image jammy":         {},
		"volume create d --size 6 --image i-jammy":       {Kind: "volume", Name: "d", Target: "Ubuntu 22.04", Volume: stackhand.VolumeSpec{Name: "d", Size: 6, ImageID: jammyID}},
		"volume create d --snapshot nightly":             {Kind: "volume", Name: "d", Target: "nightly", Volume: stackhand.VolumeSpec{Name: "d", Size: 5, SnapshotID: "x-night"}},
		"volume create d --source data-1 --type fast":    {Kind: "volume", Name: "d", Target: "data-1", Volume: stackhand.VolumeSpec{Name: "d", Size: 10, SourceID: "v-data", Type: "fast"}},
		"volume snapshot create s --volume data-1":       {Kind: "volume snapshot", Name: "s", ParentID: "v-data", Parent: "data-1", Volume: stackhand.VolumeSpec{Size: 10}},
		"volume snapshot create s --volume used --force": {Kind: "volume snapshot", Name: "s", ParentID: "v-used", Parent: "used", Force: true, Volume: stackhand.VolumeSpec{Size: 5}},
	} {
		t.Run(line, func(t *testing.T) {
			w, env := newWorld()
			furnish(w)
			r, err := say(t, env, alice, line)
			if want.Kind == "" {
				if stackhand.KindOf(err) != stackhand.NotFound {
					t.Fatal(told(r, err))
				}
				return
			}
			if err != nil {
				t.Fatal(told(r, err))
			}
			if diff := cmp.Diff(yes(want), newest[stackhand.MakeSpec](t, w)); diff != "" {
				t.Error(diff)
			}
			job := w.jobs[r.Job]
			if job.Flow != "make" || job.Scope.ProjectID != teamA || job.Title == "" {
				t.Errorf("%+v", job)
			}
			again, err := say(t, env, alice, line)
			if err != nil || again.Job != r.Job || len(w.order) != 2 {
				t.Errorf("delivered again: %s", told(again, err))
			}
		})
	}
}

// TestRefusals holds lines that must start nothing against what they are told.
func TestRefusals(t *testing.T) {
	for line, want := range map[string]string{
		"network create \"a\nb\"":                                                                                 `do not understand|line breaks|does not know`,
		"network create " + strings.Repeat("x", 256):                                                              `at most 255`,
		"network create b --share":                                                                                `no option --share`,
		"network delete inner":                                                                                    `in use by web-1.*remove network web-1 inner`,
		"network delete nowhere":                                                                                  `no network called nowhere`,
		"subnet create x --network inner":                                                                         `needs --subnet-range`,
		"subnet create x --subnet-range 10.0.0.0/24":                                                              `needs --network`,
		"subnet create x --network inner --subnet-range 10.0.0.5/24":                                              `the block itself is 10.0.0.0/24`,
		"subnet create x --network inner --subnet-range ten":                                                      `no block of addresses`,
		"subnet create x --network inner --subnet-range 10.0.0.0/25":                                              `overlaps 10.0.0.0/24`,
		"subnet create x --network bare --subnet-range 10.1.0.0/24 --gateway 10.2.0.1":                            `10.2.0.1 is not in 10.1.0.0/24`,
		"subnet create x --network bare --subnet-range 10.1.0.0/24 --ip-version 6":                                `IP version 4`,
		"subnet create x --network bare --subnet-range 10.1.0.0/24 --dns-nameserver dns.example":                  `no address`,
		"subnet create x --network bare --subnet-range 10.1.0.0/24 --allocation-pool start=10.1.0.9,end=10.1.0.2": `before it begins`,
		"subnet create x --network bare --subnet-range 10.1.0.0/24 --allocation-pool 10.1.0.9-10.1.0.20":          `is written like start=`,
		"subnet delete inner-v4":                                                                                  `web-1 have addresses`,
		"router create x --external-gateway inner":                                                                `no external network`,
		"router add subnet edge inner-v4":                                                                         `connects the subnet inner-v4 already`,
		"router add subnet edge lone":                                                                             `no gateway address`,
		"router remove subnet edge other-v4":                                                                      `does not connect`,
		"router delete edge":                                                                                      `still connects the subnet inner-v4`,
		"port create x":                                                                                           `needs --network`,
		"port create x --network inner --fixed-ip 10.7.0.9":                                                       `is not in the network inner`,
		"port create x --network inner --fixed-ip subnet=inner-v4":                                                `say ip-address`,
		"port create x --network inner --fixed-ip host=x":                                                         `is written like subnet=`,
		"port delete p-web":                                                                                       `is of the server web-1`,
		"port delete p-edge":                                                                                      `is of the router edge`,
		"port list --server web-1 --router edge":                                                                  `not of both`,
		"security group create web":                                                                               `called web already`,
		"security group delete default":                                                                           `default security group cannot`,
		"security group rule create web --dst-port 70000":                                                         `from 1 to 65535`,
		"security group rule create web --dst-port 90:80":                                                         `before the first`,
		"security group rule create web --dst-port ssh":                                                           `no port`,
		"security group rule create web --protocol icmp --dst-port 22":                                            `Icmp has no ports`,
		"security group rule create web --protocol smoke":                                                         `no protocol`,
		"security group rule create web --ingress --egress":                                                       `make two rules`,
		"security group rule create web --remote-ip 10.0.0.0/8 --remote-group web":                                `make two rules`,
		"security group rule create web --remote-ip 10.0.0.0/8 --ethertype IPv6":                                  `not of type IPv6`,
		"security group rule create web --ethertype IPv5":                                                         `IPv4 or IPv6`,
		"security group rule delete 0a79d92b-5487-4d60-8d6a-21bcb844703a":                                         `no security group rule with the id`,
		"floating ip create inner":                                                                                `no external network`,
		"floating ip delete 203.0.113.5":                                                                          `leads to web-1.*remove floating ip web-1 203.0.113.5`,
		"volume create d":                                                                                         `needs --size`,
		"volume create d --size 0":                                                                                `needs --size`,
		"volume create d --size -4":                                                                               `cannot have -4 GiB`,
		"volume create d --size 1 --image i-debian":                                                               `needs 2 GiB at least`,
		"volume create d --snapshot nightly --size 2":                                                             `needs 5 GiB at least`,
		"volume create d --source data-1 --image x":                                                               `--image and --source together`,
		"volume create d --size 5 --property stackhand_job=x":                                                     `kept for records`,
		"volume delete used":                                                                                      `at the server web-1.*remove volume web-1 used`,
		"volume delete snapped":                                                                                   `has snapshots.*nightly`,
		"volume snapshot create s --volume used":                                                                  `is in use.*--force`,
		"volume snapshot create s --volume fresh":                                                                 `is creating`,
		"volume snapshot create nothing":                                                                          `no volume called nothing`,
		"image set golden":                                                                                        `something to change`,
		"image set golden --public --private":                                                                     `not several`,
		"image set golden --property id=x":                                                                        `no property of an image`,
		"image set golden --property stackhand_job=x":                                                             `kept for records`,
		"image set golden --min-disk lots":                                                                        `no whole number`,
		"image set golden --protected --unprotected":                                                              `together make no sense`,
		"image set far --name x":                                                                                  `belongs to another project`,
		"image unset golden":                                                                                      `needs --property`,
		"image delete safe":                                                                                       `protected`,
		"image delete far":                                                                                        `belongs to another project`,
		"network list --status nothing --page 7":                                                                  ``,
		"flavor list --status x":                                                                                  `has no status to look for`,
		"usage --days 0":                                                                                          `from 1 to 366`,
		"usage --from yesterday":                                                                                  `no day`,
		"usage --from 2026-11-20 --to 2026-11-01":                                                                 `before the first`,
		"usage --from 2027-01-01":                                                                                 `not come yet`,
		"project list":                                                                                            `Only administrators of the cloud lab`,
	} {
		t.Run(line, func(t *testing.T) {
			w, env := newWorld()
			furnish(w)
			w.fail["Projects"] = stackhand.Errorf(stackhand.Forbidden, "You are not authorized to perform the requested action: identity:list_projects.")
			r, err := say(t, env, alice, line)
			if want == "" {
				if err != nil || r.Table != nil {
					t.Error(told(r, err))
				}
				return
			}
			if err == nil || len(w.order) != 1 {
				t.Fatalf("%d jobs: %s", len(w.order), told(r, err))
			}
			expect(t, told(r, err), want)
		})
	}
}

// TestRemoves holds lines against the inputs of the jobs that they start.
func TestRemoves(t *testing.T) {
	for line, want := range map[string]stackhand.RemoveSpec{
		"subnet delete other-v4":            {Kind: "subnet", ID: "s-other", Name: "other-v4"},
		"router delete idle":                {Kind: "router", ID: "r-idle", Name: "idle"},
		"router remove subnet edge s-inner": {Kind: "interface", ID: "s-inner", Name: "inner-v4", ParentID: "r-edge", Parent: "edge"},
		"port delete spare":                 {Kind: "port", ID: "p-spare", Name: "spare"},
		"security group delete web":         {Kind: "security group", ID: "g-web", Name: "web"},
		"security group rule delete rule-1": {Kind: "security group rule", ID: "rule-1", Name: "rule-1", ParentID: "g-web", Parent: "web"},
		"floating ip delete 203.0.113.9":    {Kind: "floating ip", ID: "f-free", Name: "203.0.113.9"},
		"volume delete data-1":              {Kind: "volume", ID: "v-data", Name: "data-1"},
		"volume snapshot delete nightly":    {Kind: "volume snapshot", ID: "x-night", Name: "nightly"},
		"image delete golden":               {Kind: "image", ID: "i-golden", Name: "golden"},
	} {
		t.Run(line, func(t *testing.T) {
			w, env := newWorld()
			furnish(w)
			r, err := say(t, env, alice, line)
			if err != nil {
				t.Fatal(told(r, err))
			}
			want.Cloud, want.ProjectID, want.Project = "lab", teamA, "team-a"
			if diff := cmp.Diff(want, newest[stackhand.RemoveSpec](t, w)); diff != "" {
				t.Error(diff)
			}
			again, err := say(t, env, alice, line)
			if err != nil || again.Job != r.Job || len(w.order) != 2 {
				t.Errorf("delivered again: %s", told(again, err))
			}
		})
	}
}

// TestRemoveSeveral starts a job for each of several names, or none at all.
func TestRemoveSeveral(t *testing.T) {
	w, env := newWorld()
	furnish(w)
	r, err := say(t, env, alice, "volume delete data-1 used")
	if err == nil || len(w.order) != 1 {
		t.Fatalf("%d jobs: %s", len(w.order), told(r, err))
	}
	w.cloud.volumes[1].Attached = nil
	r, err = say(t, env, alice, "volume delete data-1 used data-1")
	if err != nil || len(w.order) != 3 {
		t.Fatalf("%d jobs: %s", len(w.order), told(r, err))
	}
	expect(t, told(r, err), `Delete volume data-1: job.*Delete volume used: job`)
}

// TestEdits holds lines against the input of the flow that changes images.
func TestEdits(t *testing.T) {
	off, five := false, 5
	for line, want := range map[string]stackhand.ImageChange{
		"image set golden --property os_distro=arch --name g2":  {Name: "g2", Set: map[string]string{"os_distro": "arch"}},
		"image set golden --public":                             {Visibility: "public"},
		"image set golden --unprotected --min-disk 5":           {Protected: &off, MinDisk: &five},
		"image set golden --os-version 12":                      {Set: map[string]string{"os_version": "12"}},
		"image unset golden --property os_distro --property x":  {Unset: []string{"os_distro", "x"}},
		"openstack image set --private --no-protected i-golden": {Visibility: "private", Protected: &off},
	} {
		w, env := newWorld()
		furnish(w)
		r, err := say(t, env, alice, line)
		if err != nil || r.Public {
			t.Errorf("%s: %s", line, told(r, err))
			continue
		}
		got := newest[stackhand.EditSpec](t, w)
		if diff := cmp.Diff(stackhand.EditSpec{Cloud: "lab", ProjectID: teamA, Project: "team-a", ImageID: "i-golden", Image: "golden", Change: want}, got); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
}

// TestTakenByStacks refuses to remove what stacks are built on.
func TestTakenByStacks(t *testing.T) {
	w, env := newWorld()
	st := furnish(w)
	st.Ledger = append(st.Ledger, stackhand.Resource{Kind: "volume", ID: "v-data", Job: "aaaa2222"}, stackhand.Resource{Kind: "router", ID: "r-idle", Job: "x", Shared: true})
	w.stacks[st.ID] = st
	r, err := say(t, env, dana, "volume delete data-1")
	if err != nil || len(w.order) != 2 {
		t.Error(told(r, err))
	}
	w.login["U0BOB"] = "bob"
	r, err = say(t, env, bob, "volume delete data-1")
	expect(t, told(r, err), `belongs to web-1 of U0ALICE.*Ask U0ALICE`)
	r, err = say(t, env, alice, "router delete idle")
	expect(t, told(r, err), `used by web-1.*delete web-1`)
	r, err = say(t, env, alice, "volume delete data-1")
	if err != nil || len(w.order) != 3 {
		t.Error(told(r, err))
	}
}

// TestSharedLogin is a cloud that everybody uses with the bot's own login: what others made is not theirs to change.
func TestSharedLogin(t *testing.T) {
	for line, want := range map[string]string{
		"volume delete data-1 --cloud svc":                                      "made by U0ALICE",
		"volume delete snapped --cloud svc":                                     "only an administrator",
		"security group rule create web --dst-port 22 --cloud svc":              "only an administrator may change",
		"image set golden --name x --cloud svc":                                 "made by U0ALICE",
		"router add subnet idle inner-v4 --cloud svc":                           "only an administrator may change",
		"subnet create x --network bare --subnet-range 10.1.0.0/24 --cloud svc": "only an administrator may change",
		"volume snapshot create s --volume data-1 --cloud svc":                  "made by U0ALICE",
		"volume create copy --source data-1 --cloud svc":                        "made by U0ALICE, so you cannot copy",
		"volume create copy --snapshot nightly --cloud svc":                     "only an administrator may copy",
		"user list --cloud svc":                                                 "Only administrators may list",
		"hypervisor list --cloud svc":                                           "Only administrators may list",
	} {
		w, env := newWorld()
		furnish(w)
		r, err := say(t, env, bob, line)
		if stackhand.KindOf(err) != stackhand.Forbidden || len(w.order) != 1 {
			t.Errorf("%s: %s", line, told(r, err))
		}
		expect(t, told(r, err), want)
		if r, err := say(t, env, dana, line); err != nil && !strings.Contains(line, "list") && !strings.Contains(line, "snapped") {
			t.Errorf("an administrator: %s: %s", line, told(r, err))
		}
	}
}

// TestNoRoom refuses what the quotas have no room for.
func TestNoRoom(t *testing.T) {
	w, env := newWorld()
	furnish(w)
	w.cloud.limits.Volumes, w.cloud.limits.VolumeGB = stackhand.Limit{Used: 1, Max: 10}, stackhand.Limit{Used: 995, Max: 1000}
	w.cloud.limits.Networks = stackhand.Limit{Used: 100, Max: 100}
	r, err := say(t, env, alice, "volume create d --size 6")
	expect(t, told(r, err), `not enough volume storage \(995 GiB of 1000 GiB in use, 6 GiB needed\)`, "no longer needed \\(`volume list`\\)")
	r, err = say(t, env, alice, "network create x")
	expect(t, told(r, err), `not enough networks`, "\\(`network list`\\)")
	if len(w.order) != 1 {
		t.Errorf("%d jobs", len(w.order))
	}
}

// TestClassicCloud says in words what a cloud without Neutron and Cinder has not.
func TestClassicCloud(t *testing.T) {
	for line, want := range map[string]string{
		"subnet list": "no network service", "router list": "no network service", "port list": "no network service", "router create x": "no network service",
		"network create x": "no network service", "volume list": "no block storage", "volume create d --size 1": "no block storage", "volume snapshot create s --volume v": "no block storage",
	} {
		w, env := newWorld()
		w.cloud.features = stackhand.Features{}
		r, err := say(t, env, alice, line)
		if stackhand.KindOf(err) != stackhand.NotFound {
			t.Errorf("%s: %s", line, told(r, err))
		}
		expect(t, told(r, err), want)
	}
}

// TestAskWhich asks with buttons which of several things of a name is meant, and each button's line does it.
func TestAskWhich(t *testing.T) {
	w, env := newWorld()
	furnish(w)
	w.cloud.routers = append(w.cloud.routers, stackhand.Router{ID: "r-idle2", Name: "idle"})
	r, err := say(t, env, alice, "router delete idle")
	if err != nil || len(r.Actions) != 2 {
		t.Fatal(told(r, err))
	}
	line, _ := ClickLine(r.Actions[1].ID, r.Actions[1].Value)
	r, err = say(t, env, alice, line)
	if err != nil || newest[stackhand.RemoveSpec](t, w).ID != "r-idle2" {
		t.Error(told(r, err))
	}
}

// TestWhichToRemove asks which thing is to go when none is named.
func TestWhichToRemove(t *testing.T) {
	w, env := newWorld()
	furnish(w)
	r, err := say(t, env, alice, "floating ip delete")
	if err != nil || len(r.Actions) != 2 || len(w.order) != 1 {
		t.Fatal(told(r, err))
	}
	line, _ := ClickLine(r.Actions[1].ID, r.Actions[1].Value)
	if r, err = say(t, env, alice, line); err != nil || newest[stackhand.RemoveSpec](t, w).ID != "f-free" {
		t.Error(told(r, err))
	}
	w.cloud.ips = nil
	r, err = say(t, env, alice, "floating ip delete")
	expect(t, told(r, err), "no floating IP in team-a of lab to delete")
}

// newest is the input of the job that was started last.
func newest[T any](t *testing.T, w *world) T {
	t.Helper()
	var in T
	if err := json.Unmarshal(w.jobs[w.order[len(w.order)-1]].Input, &in); err != nil {
		t.Fatal(err)
	}
	return in
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
