package commands

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

// TestLists holds the rows of the lists.
func TestLists(t *testing.T) {
	w, env := newWorld()
	furnish(w)
	w.cloud.who.Roles = []string{"admin"}
	w.cloud.projects = []stackhand.Project{{ID: "p2", Name: "team-b", Disabled: true}, {ID: teamA, Name: "team-a", Description: "the first"}}
	w.cloud.users = []stackhand.CloudUser{{ID: "u1", Name: "alice", Enabled: true, Groups: []string{"devs", "ops"}, Email: "a@example.org"}}
	w.cloud.hypervisors = []stackhand.Hypervisor{{Name: "host-1", State: "up", Status: "enabled", Type: "QEMU", Host: "192.0.2.9", VCPUs: stackhand.Limit{Used: 3, Max: 8},
		RAM: stackhand.Limit{Used: 2048, Max: 8192}, Disk: stackhand.Limit{Used: -1, Max: -1}, Servers: 2}}
	for line, want := range map[string][][]string{
		"subnet list --network bare":         {{"lone", "bare", "10.8.0.0/24", "–", "no", "s-lone"}},
		"router list":                        {{"edge", "ACTIVE", "public", "r-edge"}, {"idle", "–", "–", "r-idle"}},
		"port list --server web-1":           {{"–", "ACTIVE", "10.0.0.4", "inner", "web-1", "p-web"}},
		"port list --router edge":            {{"–", "", "10.0.0.1", "inner", "router edge", "p-edge"}},
		"port list --network bare":           {{"spare", "DOWN", "–", "bare", "–", "p-spare"}},
		"security group rule list web":       {{"web", "in", "IPv4", "tcp 22", "rule-1"}, {"web", "out", "IPv4", "anything", "rule-2"}},
		"volume list --name us":              {{"used", "in-use", "5 GiB", "–", "web-1 /dev/vdb", "v-used"}},
		"volume list --status creating":      {{"fresh", "creating", "0 GiB", "–", "–", "v-new"}},
		"volume snapshot list":               {{"nightly", "available", "5 GiB", "snapped", "x-night"}},
		"volume snapshot list --volume used": nil,
		"network list --external":            {{"public", "ACTIVE", "external", "–", "n-public"}},
		"image list --visibility private":    {{"golden", "ACTIVE", "3.0 GiB", "any size", "private", "i-golden"}},
		"project list":                       {{"team-a", "enabled", "the first", teamA}, {"team-b", "disabled", "–", "p2"}},
		"user list":                          {{"alice", "enabled", "devs, ops", "a@example.org", "u1"}},
		"hypervisor list":                    {{"host-1", "up enabled", "2", "3 of 8", "2 GiB of 8 GiB", "–", "QEMU", "192.0.2.9"}},
	} {
		r, err := say(t, env, alice, line)
		if err != nil {
			t.Errorf("%s: %s", line, told(r, err))
			continue
		}
		var rows [][]string
		if r.Table != nil {
			rows = r.Table.Rows
		}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
		if r.Share == "" {
			t.Errorf("%s cannot be shared", line)
		}
	}
	if w.cloud.refreshed == 0 {
		t.Error("a list was not of now")
	}
}

// TestPages goes through a long list by its buttons.
func TestPages(t *testing.T) {
	w, env := newWorld()
	w.cloud.features = today()
	for i := range 120 {
		w.cloud.volumes = append(w.cloud.volumes, stackhand.Volume{ID: fmt.Sprintf("v%03d", i), Name: fmt.Sprintf("data-%03d", i), Status: "available"})
	}
	line, seen := "volume list --status available", 0
	for line != "" {
		r, err := say(t, env, alice, line)
		if err != nil {
			t.Fatal(told(r, err))
		}
		seen += len(r.Table.Rows)
		line = r.Table.More
	}
	if seen != 120 {
		t.Errorf("%d rows", seen)
	}
	r, err := say(t, env, alice, "volume list --page 9")
	expect(t, told(r, err), "no page 9: there are 3 pages")
}

// TestShows holds what the show commands tell.
func TestShows(t *testing.T) {
	w, env := newWorld()
	furnish(w)
	w.cloud.servers[0].Groups = []string{"web"}
	w.cloud.limits.Cores = stackhand.Limit{Used: 17, Max: 20}
	for line, want := range map[string]string{
		"network show inner":      `Network inner ACTIVE.*Subnets: inner-v4 10.0.0.0/24, other-v4 10.9.0.0/24.*Servers on it: web-1.*Description: for the team.*Made by: U0ALICE, job aaaa2222.*Id: n-inner`,
		"subnet show inner-v4":    `Subnet inner-v4 10.0.0.0/24.*Network: inner.*Gateway: 10.0.0.1.*DHCP: yes`,
		"router show edge":        `Leads to: public.*Connects: inner-v4 10.0.0.0/24`,
		"router show idle":        `nowhere outside`,
		"port show p-web":         `Network: inner.*Addresses: 10.0.0.4.*MAC: fa:16.*Of: server web-1.*Security groups: default`,
		"security group show web": `Lets in: tcp 22.*Lets out: anything \(IPv4\).*Servers: web-1`,
		"volume show data-1":      `Volume data-1 available.*Size: 10 GiB.*Properties: team=web.*Made by: U0ALICE`,
		"volume show snapped":     `Snapshots: nightly`,
		"volume show used":        `At: web-1 /dev/vdb`,
		"image show golden":       `Image golden ACTIVE.*Properties: os_distro=debian\n.*Made by: U0ALICE`,
		"flavor show m1.small":    `vCPUs: 1.*RAM: 2 GiB.*Price: 0.48 a day.*Room for: 3 more in team-a`,
	} {
		r, err := say(t, env, alice, line)
		if err != nil {
			t.Errorf("%s: %s", line, told(r, err))
		}
		expect(t, told(r, err), want)
		if strings.Contains(told(r, err), "stackhand_") {
			t.Errorf("%s shows our marks: %s", line, told(r, err))
		}
	}
	r, err := say(t, env, alice, "router show edgy")
	expect(t, told(r, err), "Did you mean edge")
}

// TestLimits marks what is full, leaves out what the cloud does not tell, and says what there is room for.
func TestLimits(t *testing.T) {
	w, env := newWorld()
	w.cloud.limits.Servers = stackhand.Limit{Used: 9, Max: 10}
	w.cloud.limits.FloatingIPs = stackhand.Limit{Used: 50, Max: 50}
	w.cloud.limits.Volumes = stackhand.Limit{Max: -1}
	w.cloud.limits.VolumeGB = stackhand.Limit{Used: 7, Max: -1}
	r, err := say(t, env, alice, "openstack limits show --absolute")
	expect(t, told(r, err), `Servers +9 +10 +1 +nearly full`, `Floating IPs +50 +50 +0 +full`, `Room for 1 m1.tiny`, `Properties of a server +– +128`, `Volume storage +7 GiB +no limit`)
	if strings.Contains(told(r, err), "Volumes") {
		t.Error(told(r, err))
	}
}

// TestUsage holds the hours of servers against days, owners and flavors.
func TestUsage(t *testing.T) {
	w, env := newWorld()
	w.now = noon.Add(24 * time.Hour) // 2026-11-21 12:00
	one := w.give("U0ALICE", "web-1")
	gone := w.give("U0BOB", "web-2")
	gone.State, gone.Gone = stackhand.StackGone, noon
	w.stacks[gone.ID] = gone
	w.cloud.usage = []stackhand.ServerUsage{
		{ServerID: one.Server, Flavor: "m1.small", Started: noon.Add(-30 * 24 * time.Hour)},
		{ServerID: gone.Server, Flavor: "m1.medium", Started: noon.Add(-6 * time.Hour), Ended: noon},
		{ServerID: "elsewhere", Flavor: "m1.small", Started: noon.Add(23 * time.Hour), Ended: noon.Add(23*time.Hour + 30*time.Minute)},
	}
	r, err := say(t, env, alice, "usage --days 2")
	if err != nil {
		t.Fatal(told(r, err))
	}
	want := [][]string{
		{"2026-11-21", "U0ALICE", "m1.small", "1", "12.0", "0.24"}, {"2026-11-21", "not made here", "m1.small", "1", "0.5", "0.01"},
		{"2026-11-20", "U0ALICE", "m1.small", "1", "24.0", "0.48"}, {"2026-11-20", "U0BOB", "m1.medium", "1", "6.0", "–"},
	}
	if diff := cmp.Diff(want, r.Table.Rows); diff != "" {
		t.Error(diff)
	}
	expect(t, told(r, err), `2026-11-20 to 2026-11-21 \(UTC\): 42.5 h, 0.73`, `U0ALICE: 36.0 h, 0.72`, `no price for m1.medium, so its hours cost nothing here`)
	chart := &Chart{Title: "Server hours by day in team-a", Kind: "bar", Unit: "h", Labels: []string{"11-20", "11-21"},
		Series: []Series{{"U0ALICE", []float64{24, 12}}, {"U0BOB", []float64{6, 0}}, {"not made here", []float64{0, 0.5}}}}
	if diff := cmp.Diff(chart, r.Chart); diff != "" {
		t.Error(diff)
	}
	r, err = say(t, env, alice, "usage --from 2026-11-20 --to 2026-11-20")
	expect(t, told(r, err), `2026-11-20 to 2026-11-20 \(UTC\): 30.0 h`)
	env.Settings.Clouds["lab"] = CloudSettings{}
	r, err = say(t, env, alice, "usage --days 1")
	expect(t, told(r, err), `: 12.5 h\n`, `hours only`)
	env.Settings.Clouds["lab"] = CloudSettings{Prices: map[string]float64{"m1.small": 0.02}}
	w.cloud.usage = []stackhand.ServerUsage{{ServerID: one.Server, Flavor: "m1.small", Started: w.now.Add(-2 * time.Minute)}}
	r, err = say(t, env, alice, "usage --days 1")
	expect(t, told(r, err), `\(UTC\): <0.1 h, <0.01\n• U0ALICE: <0.1 h, <0.01`)
	if diff := cmp.Diff([]string{"<0.1", "<0.01"}, r.Table.Rows[0][4:]); diff != "" {
		t.Error(diff)
	}
	w.cloud.usage = nil
	r, err = say(t, env, alice, "usage")
	expect(t, told(r, err), `Servers in team-a \(lab\): none ran`)
}

// TestUsageChart keeps to what a chart holds: few owners, few labels, and nothing is lost.
func TestUsageChart(t *testing.T) {
	w, env := newWorld()
	w.now = noon
	for i := range 9 {
		st := w.give(fmt.Sprintf("U%d", i), fmt.Sprintf("web-%d", i))
		w.cloud.usage = append(w.cloud.usage, stackhand.ServerUsage{ServerID: st.Server, Flavor: "m1.small", Started: noon.Add(-time.Duration(i*24) * time.Hour)})
	}
	for _, days := range []int{7, 40, 300} {
		r, err := say(t, env, alice, fmt.Sprintf("usage --days %d", days))
		if err != nil {
			t.Fatal(told(r, err))
		}
		if len(r.Chart.Series) > maxSeries || len(r.Chart.Labels) > maxLabels || r.Chart.Series[len(r.Chart.Series)-1].Name != "others" {
			t.Errorf("%d days: %d series, %d labels", days, len(r.Chart.Series), len(r.Chart.Labels))
		}
		sum := 0.0
		for _, s := range r.Chart.Series {
			for _, v := range s.Values {
				sum += v
			}
		}
		expect(t, told(r, err), fmt.Sprintf(`: %.1f h`, sum))
	}
}

// TestReadingTrouble passes on what the cloud could not answer.
func TestReadingTrouble(t *testing.T) {
	for line, calls := range map[string][]string{
		"limits": {"Open", "Limits", "Flavors"}, "usage": {"Open", "Usage", "EverInProject"}, "volume list": {"Volumes", "Servers"}, "network show inner": {"Networks", "Ports"},
		"subnet list": {"Features", "Subnets"}, "router show edge": {"Routers", "Ports"}, "port list": {"Ports", "Routers"}, "security group rule list": {"SecurityGroups"},
		"hypervisor list": {"Hypervisors"}, "user list": {"Users"}, "image show golden": {"Image", "Images"}, "floating ip create": {"Networks", "Limits", "Start"},
		"volume delete data-1": {"VolumeSnapshots", "InProject", "Start"}, "image delete golden": {"Image"}, "router delete idle": {"Routers"},
		"security group create x": {"SecurityGroups"}, "volume create d --size 1": {"Volumes"}, "image set golden --name x": {"Start"},
	} {
		for _, call := range calls {
			w, env := newWorld()
			furnish(w)
			w.fail[call] = stackhand.Errorf(stackhand.Unavailable, "No answer.").Do("Try again.")
			if r, err := say(t, env, alice, line); stackhand.KindOf(err) != stackhand.Unavailable {
				t.Errorf("%s without %s: %s", line, call, told(r, err))
			}
		}
	}
}
