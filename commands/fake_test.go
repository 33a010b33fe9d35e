package commands

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// world is a stateful stand-in for all that commands look at and start.
type world struct {
	decided []string // about findings
	mu      sync.Mutex
	now     time.Time
	login   map[string]string // user id → cloud user
	creds   []stackhand.Credential
	held    map[string]bool // users whose login waits for its project
	choice  map[string]stackhand.Choice
	tried   stackhand.Login      // the last one
	apart   map[string]fakeCloud // what Open gives for a project other than the cloud's own
	cloud   fakeCloud
	jobs    map[string]stackhand.Job
	order   []string
	stacks  map[string]stackhand.Stack
	thread  map[string][]string // channel/thread → ids of stacks
	fail    map[string]error    // by method

	schedules map[string]stackhand.Schedule
	notices   map[string]stackhand.Notice
	told      []string // ids of notices, in their order
	meanwhile func()   // what somebody else does while a stack is changed
}

type fakeCloud struct {
	Cloud     // panics for what the tests do not expect
	fakeMore  // fake_cloud_test.go
	w         *world
	refreshed int
	onRefresh func() // what the lists turn out to hold then
	who       stackhand.Identity
	servers   []stackhand.Server
	images    []stackhand.Image
	flavors   []stackhand.Flavor
	networks  []stackhand.Network
	subnets   []stackhand.Subnet
	groups    []stackhand.SecurityGroup
	ips       []stackhand.FloatingIP
	ports     []stackhand.Port
	keys      []stackhand.KeyPair
	limits    stackhand.Limits
	zones     []string
}

var (
	alice = stackhand.User{ID: "U0ALICE", Name: "alice", Role: stackhand.Member}
	bob   = stackhand.User{ID: "U0BOB", Name: "bob", Role: stackhand.Member}
	dana  = stackhand.User{ID: "U0DANA", Name: "dana", Role: stackhand.Admin}
	guest = stackhand.User{ID: "U0GUEST"}
)

const teamA = "p-team-a"

func newWorld() (*world, *Env) {
	w := &world{
		now:   time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC),
		login: map[string]string{"U0ALICE": "alice", "U0DANA": "admin"}, held: map[string]bool{}, choice: map[string]stackhand.Choice{},
		jobs: map[string]stackhand.Job{}, stacks: map[string]stackhand.Stack{}, thread: map[string][]string{}, fail: map[string]error{},
		notices: map[string]stackhand.Notice{},
	}
	w.cloud = fakeCloud{
		w:   w,
		who: stackhand.Identity{User: "alice", ProjectID: teamA, Project: "team-a"},
		images: []stackhand.Image{
			{ID: "i-jammy", Name: "Ubuntu 22.04", Status: "active", Size: 1 << 30, MinDisk: 5, MinRAM: 512, Visibility: "public", Properties: map[string]string{"os_distro": "ubuntu"}},
			{ID: "i-trusty", Name: "Ubuntu Trusty", Status: "active", Size: 1 << 30, Visibility: "public"},
			{ID: "i-debian", Name: "Debian 12", Status: "active", Size: 2 << 30, Visibility: "public"},
			{ID: "i-queued", Name: "Half made", Status: "queued"},
		},
		flavors: []stackhand.Flavor{
			{ID: "3", Name: "m1.medium", VCPUs: 2, RAM: 4096, Disk: 40}, {ID: "1", Name: "m1.tiny", VCPUs: 1, RAM: 512, Disk: 1},
			{ID: "2", Name: "m1.small", VCPUs: 1, RAM: 2048, Disk: 20}, {ID: "11", Name: "General S", VCPUs: 1, RAM: 1024, Disk: 10},
		},
		networks: []stackhand.Network{{ID: "n-public", Name: "public", Status: "ACTIVE", External: true, Subnets: []string{"s-public"}}},
		groups:   []stackhand.SecurityGroup{{ID: "g-default", Name: "default", ProjectID: teamA}},
		keys:     []stackhand.KeyPair{{Name: "laptop", Fingerprint: "aa:bb", Type: "ssh"}},
		zones:    []string{"nova"},
		limits:   freshLimits(),
		fakeMore: fakeMore{features: today()},
	}
	env := &Env{
		Clouds: fakeClouds{w}, Jobs: fakeJobs{w}, Stacks: fakeStacks{w}, Now: func() time.Time { return w.now },
		Who: w.who, Notices: fakeNotices{w},
		Settings: Settings{
			Command: "/stack", BotName: "stackhand", DefaultCloud: "lab", LeaseDefault: 72 * time.Hour, LeaseMax: 336 * time.Hour,
			Clouds: map[string]CloudSettings{"lab": {Image: "Ubuntu 22.04", Flavor: "m1.small", Prices: map[string]float64{"m1.small": 0.02}}, "svc": {Service: true}},
		},
	}
	return w, env
}

func freshLimits() stackhand.Limits {
	l := func(used, most int) stackhand.Limit { return stackhand.Limit{Used: used, Max: most} }
	return stackhand.Limits{Servers: l(0, 10), Cores: l(0, 20), RAM: l(0, 51200), Networks: l(1, 100), Subnets: l(1, 100), Routers: l(0, 10),
		Ports: l(0, 500), Groups: l(1, 10), GroupRules: l(4, 100), FloatingIPs: l(0, 50), MaxMetadata: 128,
		Volumes: l(0, 10), VolumeGB: l(0, 1000), Snapshots: l(0, 10)}
}

// give puts a ready stack with its server into the world.
func (w *world) give(owner, name string) stackhand.Stack {
	id := JobID(name+owner, 0)
	st := stackhand.Stack{
		ID: id + "-1", Name: name, Cloud: "lab", ProjectID: teamA, Project: "team-a", State: stackhand.StackReady, Server: "srv-" + name + owner, Job: id,
		Address: "203.0.113.5", Flavor: "m1.small", Image: "Ubuntu 22.04", Login: "ubuntu", Created: w.now.Add(-time.Hour),
		Lease:  stackhand.Lease{Owner: owner, Ready: w.now.Add(-time.Hour), Until: w.now.Add(23 * time.Hour), For: day},
		Ledger: []stackhand.Resource{{Kind: "server", ID: "srv-" + name, Name: name}, {Kind: "network", ID: "n1", Name: "net", Shared: true}},
	}
	w.stacks[st.ID] = st
	w.cloud.servers = append(w.cloud.servers, stackhand.Server{
		ID: st.Server, Name: name, Status: "ACTIVE", Flavor: "m1.small", Created: st.Created, Metadata: map[string]string{"stackhand_stack": st.ID, "team": "web"},
		Addresses: []stackhand.Address{{Network: "net", IP: "10.0.0.4", Version: 4}, {Network: "net", IP: "203.0.113.5", Version: 4, Floating: true}},
	})
	w.thread["C1/"+name] = append(w.thread["C1/"+name], st.ID)
	return st
}

func (c *fakeCloud) Refresh() {
	c.refreshed++
	if c.onRefresh != nil {
		c.onRefresh()
	}
}

func (c *fakeCloud) Identity() stackhand.Identity { return c.who }
func (c *fakeCloud) Servers(context.Context) ([]stackhand.Server, error) {
	return slices.Clone(c.servers), c.w.fail["Servers"]
}
func (c *fakeCloud) Server(_ context.Context, id string) (stackhand.Server, error) {
	for _, s := range c.servers {
		if s.ID == id {
			return s, c.w.fail["Server"]
		}
	}
	return stackhand.Server{}, stackhand.Errorf(stackhand.NotFound, "Instance %s could not be found.", id)
}
func (c *fakeCloud) Images(context.Context) ([]stackhand.Image, error) {
	return c.images, c.w.fail["Images"]
}
func (c *fakeCloud) Flavors(context.Context) ([]stackhand.Flavor, error) {
	return slices.Clone(c.flavors), c.w.fail["Flavors"]
}
func (c *fakeCloud) Networks(context.Context) ([]stackhand.Network, error) {
	return c.networks, c.w.fail["Networks"]
}
func (c *fakeCloud) Subnets(_ context.Context, network string) ([]stackhand.Subnet, error) {
	var out []stackhand.Subnet
	for _, s := range c.subnets {
		if network == "" || s.NetworkID == network {
			out = append(out, s)
		}
	}
	return out, c.w.fail["Subnets"]
}
func (c *fakeCloud) SecurityGroups(context.Context) ([]stackhand.SecurityGroup, error) {
	return c.groups, c.w.fail["SecurityGroups"]
}
func (c *fakeCloud) FloatingIPs(context.Context) ([]stackhand.FloatingIP, error) {
	return c.ips, c.w.fail["FloatingIPs"]
}
func (c *fakeCloud) Ports(_ context.Context, f stackhand.PortFilter) ([]stackhand.Port, error) {
	ports := slices.DeleteFunc(slices.Clone(c.ports), func(p stackhand.Port) bool {
		return f.DeviceID != "" && p.DeviceID != f.DeviceID || f.NetworkID != "" && p.NetworkID != f.NetworkID || f.Name != "" && p.Name != f.Name
	})
	return ports, c.w.fail["Ports"]
}
func (c *fakeCloud) KeyPairs(context.Context) ([]stackhand.KeyPair, error) {
	return c.keys, c.w.fail["KeyPairs"]
}
func (c *fakeCloud) CreateKeyPair(_ context.Context, name, key string) (stackhand.KeyPair, error) {
	for _, k := range c.keys {
		if k.Name == name {
			return stackhand.KeyPair{}, stackhand.Errorf(stackhand.Conflict, "Key pair '%s' already exists.", name)
		}
	}
	k := stackhand.KeyPair{Name: name, PublicKey: key, Fingerprint: legacyFingerprint(key)}
	c.keys = append(c.keys, k)
	return k, c.w.fail["CreateKeyPair"]
}
func (c *fakeCloud) DeleteKeyPair(_ context.Context, name string) error {
	c.keys = slices.DeleteFunc(slices.Clone(c.keys), func(k stackhand.KeyPair) bool { return k.Name == name })
	return c.w.fail["DeleteKeyPair"]
}
func (c *fakeCloud) Limits(context.Context) (stackhand.Limits, error) {
	return c.limits, c.w.fail["Limits"]
}
func (c *fakeCloud) Zones(context.Context) ([]string, error) { return c.zones, c.w.fail["Zones"] }

type fakeJobs struct{ w *world }

func (f fakeJobs) Start(_ context.Context, j stackhand.Job, stacks ...stackhand.Stack) (stackhand.Job, error) {
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	if old, ok := f.w.jobs[j.ID]; ok {
		return old, nil
	}
	if err := f.w.fail["Start"]; err != nil {
		return j, err
	}
	if j.State == "" {
		j.State = stackhand.JobQueued
	}
	f.w.jobs[j.ID] = j
	f.w.order = append(f.w.order, j.ID)
	if old, ok := f.w.jobs[j.RetryOf]; ok {
		old.RetriedAs = j.ID
		f.w.jobs[j.RetryOf] = old
	}
	for _, s := range stacks {
		f.w.stacks[s.ID] = s
	}
	return j, nil
}

func (f fakeJobs) Job(_ context.Context, id string) (stackhand.Job, error) {
	if j, ok := f.w.jobs[id]; ok {
		return j, f.w.fail["Job"]
	}
	return stackhand.Job{}, stackhand.Errorf(stackhand.NotFound, "no job %s", id)
}

func (f fakeJobs) Recent(_ context.Context, user string, limit int) ([]stackhand.Job, error) {
	var out []stackhand.Job
	for _, id := range slices.Backward(f.w.order) {
		if j := f.w.jobs[id]; (user == "" || j.User.ID == user) && len(out) < limit {
			out = append(out, j)
		}
	}
	return out, f.w.fail["Recent"]
}

func (f fakeJobs) Cancel(_ context.Context, id, user string) (stackhand.Job, error) {
	j := f.w.jobs[id]
	j.Canceled = user
	f.w.jobs[id] = j
	return j, f.w.fail["Cancel"]
}

func (f fakeJobs) PlanRetry(_ context.Context, id, user string, keep bool) (stackhand.Job, []stackhand.Stack, error) {
	old := f.w.jobs[id]
	if next, ok := f.w.jobs[old.RetriedAs]; ok {
		return next, nil, f.w.fail["Retry"]
	}
	return stackhand.Job{ID: "r" + id[:4], Flow: first(old.Flow, "delete"), RetryOf: id, Title: old.Title, Cloud: old.Cloud, Input: old.Input, Stacks: old.Stacks, User: stackhand.User{ID: user}, Keep: keep},
		nil, f.w.fail["Retry"]
}

func (f fakeJobs) PlanCleanup(_ context.Context, id, user string) (stackhand.Job, []stackhand.Stack, error) {
	if known, ok := f.w.jobs["c"+id[:4]]; ok {
		return known, nil, f.w.fail["Cleanup"]
	}
	return stackhand.Job{ID: "c" + id[:4], Flow: "cleanup", Line: "cleanup " + id, Title: f.w.jobs[id].Title, User: stackhand.User{ID: user}}, nil, f.w.fail["Cleanup"]
}

type fakeStacks struct{ w *world }

func (f fakeStacks) pick(keep func(stackhand.Stack) bool) []stackhand.Stack {
	var out []stackhand.Stack
	for _, id := range slices.Sorted(maps.Keys(f.w.stacks)) {
		if s := f.w.stacks[id]; s.State != stackhand.StackGone && keep(s) {
			out = append(out, s)
		}
	}
	return out
}

func (f fakeStacks) Stack(_ context.Context, id string) (stackhand.Stack, error) {
	if s, ok := f.w.stacks[id]; ok {
		return s, f.w.fail["Stack"]
	}
	return stackhand.Stack{}, stackhand.Errorf(stackhand.NotFound, "no stack %s", id)
}

func (f fakeStacks) ByServer(_ context.Context, cloud, server string) (stackhand.Stack, error) {
	for _, s := range f.w.stacks {
		if s.Cloud == cloud && s.Server == server {
			return s, nil
		}
	}
	return stackhand.Stack{}, stackhand.Errorf(stackhand.NotFound, "not ours")
}

func (f fakeStacks) InProject(_ context.Context, cloud, project string) ([]stackhand.Stack, error) {
	return f.pick(func(s stackhand.Stack) bool { return s.Cloud == cloud && s.ProjectID == project }), f.w.fail["InProject"]
}

func (f fakeStacks) Ever(context.Context, time.Time) ([]stackhand.Stack, error) {
	var out []stackhand.Stack
	for _, st := range f.w.stacks {
		out = append(out, st)
	}
	slices.SortFunc(out, func(a, b stackhand.Stack) int { return cmp.Compare(a.Name, b.Name) })
	return out, f.w.fail["Ever"]
}

func (f fakeStacks) EverInProject(_ context.Context, cloud, project string, since time.Time) ([]stackhand.Stack, error) {
	var out []stackhand.Stack
	for _, id := range slices.Sorted(maps.Keys(f.w.stacks)) {
		if s := f.w.stacks[id]; s.Cloud == cloud && s.ProjectID == project && (s.State != stackhand.StackGone || !s.Gone.Before(since)) {
			out = append(out, s)
		}
	}
	return out, f.w.fail["EverInProject"]
}

func (f fakeStacks) OfOwner(_ context.Context, user string) ([]stackhand.Stack, error) {
	return f.pick(func(s stackhand.Stack) bool { return s.Lease.Owner == user }), f.w.fail["OfOwner"]
}

func (f fakeStacks) InThread(_ context.Context, channel, thread string) ([]stackhand.Stack, error) {
	var out []stackhand.Stack
	for _, id := range f.w.thread[channel+"/"+thread] {
		out = append(out, f.w.stacks[id])
	}
	return out, f.w.fail["InThread"]
}

func (f fakeStacks) JobsInThread(_ context.Context, channel, thread string) ([]string, error) {
	var out []string
	for _, id := range slices.Backward(f.w.order) {
		if p := f.w.jobs[id].Place; p.Channel == channel && p.Thread == thread {
			out = append(out, id)
		}
	}
	return out, f.w.fail["JobsInThread"]
}

func (f fakeStacks) Extend(_ context.Context, id string, until time.Time, key string) (stackhand.Stack, error) {
	s := f.w.stacks[id]
	if s.Lease.Extended == key {
		return s, nil
	}
	if err := f.w.fail["Extend"]; err != nil {
		return s, err
	}
	if last := s.Lease.Ready.Add(336 * time.Hour); until.After(last) {
		return s, stackhand.Errorf(stackhand.Invalid, "%s can be kept until %s at most.", s.Name, last.Format(time.DateTime))
	}
	s.Lease.Until, s.Lease.Extended = until, key
	f.w.stacks[id] = s
	return s, nil
}

// say types a line; its key is the line itself.
func say(t *testing.T, env *Env, u stackhand.User, line string, files ...File) (Reply, error) {
	t.Helper()
	return Do(t.Context(), env, u, Line{Text: line, Key: u.ID + line, Place: stackhand.Place{Channel: "C1"}, Files: files})
}

// told is all that a person sees of an answer.
func told(r Reply, err error) string {
	out := r.Notice.String() + "\n" + r.Whole().String()
	if err != nil {
		out += "\n" + err.Error()
		if e, ok := err.(*stackhand.Error); ok {
			out += "\n" + e.Next
		}
	}
	for _, a := range r.Actions {
		out += "\n[" + a.ID + " " + a.Label + " → " + a.Value + "]"
	}
	return out
}
