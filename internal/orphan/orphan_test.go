package orphan_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/orphan"
)

var t0 = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// book is the records, in memory.
type book struct {
	jobs    map[string]stackhand.Job
	stacks  map[string]stackhand.Stack
	noted   map[string]stackhand.Orphan
	notices map[string]stackhand.Notice
	writes  int
	dies    int // the n-th write is the last thing that happens; 0: none
}

var errDead = errors.New("the process is dead")

func (b *book) write() error {
	if b.writes++; b.dies > 0 && b.writes >= b.dies {
		return errDead
	}
	return nil
}

func (b *book) Job(_ context.Context, id string) (stackhand.Job, error) {
	if j, ok := b.jobs[id]; ok {
		return j, nil
	}
	return stackhand.Job{}, stackhand.Errorf(stackhand.NotFound, "no job")
}

func (b *book) Stack(_ context.Context, id string) (stackhand.Stack, error) {
	if s, ok := b.stacks[id]; ok {
		return s, nil
	}
	return stackhand.Stack{}, stackhand.Errorf(stackhand.NotFound, "no stack")
}

func (b *book) SaveStack(_ context.Context, s *stackhand.Stack) error {
	b.stacks[s.ID] = *s
	return nil
}

func (b *book) StacksInProject(_ context.Context, _, project string) (out []stackhand.Stack, _ error) {
	for _, s := range b.stacks {
		if s.State != stackhand.StackGone && (project == "" || s.ProjectID == project) {
			out = append(out, s)
		}
	}
	return out, nil
}

func (b *book) StacksInCloud(ctx context.Context, cloud string) ([]stackhand.Stack, error) {
	return b.StacksInProject(ctx, cloud, "")
}

func (b *book) StacksEverInProject(_ context.Context, _, project string, since time.Time) (out []stackhand.Stack, _ error) {
	for _, s := range b.stacks {
		if s.ProjectID == project && (s.State != stackhand.StackGone || !s.Gone.Before(since)) {
			out = append(out, s)
		}
	}
	return out, nil
}

func (b *book) UsersOfResource(_ context.Context, _, id string) (out []string, _ error) {
	for _, s := range b.stacks {
		if s.State != stackhand.StackGone && slices.ContainsFunc(s.Ledger, func(r stackhand.Resource) bool { return r.ID == id }) {
			out = append(out, s.ID)
		}
	}
	return out, nil
}

func (b *book) Orphan(_ context.Context, id string) (stackhand.Orphan, error) {
	return b.noted[id], nil
}

func (b *book) SaveOrphan(_ context.Context, o *stackhand.Orphan) error {
	if err := b.write(); err != nil {
		return err
	}
	b.noted[o.ID] = *o
	return nil
}

func (b *book) AddNotice(_ context.Context, n stackhand.Notice) (bool, error) {
	if err := b.write(); err != nil {
		return false, err
	}
	if _, ok := b.notices[n.ID]; ok {
		return false, nil
	}
	b.notices[n.ID] = n
	return true, nil
}

// site is a cloud.
type site struct {
	things  []stackhand.Thing
	regions []string
	region  string
	err     error
}

func (s *site) Regions(context.Context) ([]string, error) { return s.regions, nil }

func (s *site) Identity() stackhand.Identity {
	return stackhand.Identity{ProjectID: "p", Region: cmp.Or(s.region, "RegionOne")}
}

func (s *site) Features(context.Context) (stackhand.Features, error) {
	return stackhand.Features{Network: true, Volumes: true}, nil
}
func (s *site) Things(context.Context, bool) ([]stackhand.Thing, error) { return s.things, s.err }

// thing is a resource with our mark, a day old.
func thing(kind, id string, m stackhand.Mark) stackhand.Thing {
	return stackhand.Thing{
		Resource: stackhand.Resource{Kind: kind, ID: id, Name: id, Job: m.Job, Stack: m.Stack}, Mark: m, Marked: m.Job != "",
		ProjectID: "p", Created: t0.Add(-24 * time.Hour),
	}
}

func world() (*orphan.Finder, *book) {
	old := t0.Add(-20 * time.Hour)
	b := &book{
		jobs: map[string]stackhand.Job{
			"live": {ID: "live", Flow: "create", Title: "Create web-1", State: stackhand.JobDone, Ended: old, User: stackhand.User{ID: "UA"}},
			"gone": {ID: "gone", Flow: "create", Title: "Create old-1", State: stackhand.JobDone, Ended: old, User: stackhand.User{ID: "UB"}},
			"busy": {ID: "busy", Flow: "create", State: stackhand.JobRunning},
			"late": {ID: "late", Flow: "create", State: stackhand.JobUndone, Ended: t0.Add(-time.Minute)},
			"fail": {ID: "fail", Flow: "create", Title: "Create bad-1", State: stackhand.JobFailed, Ended: old, User: stackhand.User{ID: "UA"}},
			"made": {ID: "made", Flow: "make", State: stackhand.JobDone, Ended: old, Made: []stackhand.Resource{{Kind: stackhand.KindVolume, ID: "wanted"}}},
		},
		stacks: map[string]stackhand.Stack{
			"live-1": {ID: "live-1", Name: "web-1", Cloud: "lab", ProjectID: "p", State: stackhand.StackReady, Server: "s1", Created: old, Lease: stackhand.Lease{Owner: "UA"},
				Ledger: []stackhand.Resource{{Kind: stackhand.KindServer, ID: "s1", Name: "web-1", Job: "live"}, {Kind: stackhand.KindFloatingIP, ID: "f1", Name: "203.0.113.7", Job: "live"}}},
			"gone-1": {ID: "gone-1", Name: "old-1", Cloud: "lab", ProjectID: "p", State: stackhand.StackGone, Gone: old, Lease: stackhand.Lease{Owner: "UB"}},
		},
		noted: map[string]stackhand.Orphan{}, notices: map[string]stackhand.Notice{},
	}
	return &orphan.Finder{Book: b, Home: "home", Now: func() time.Time { return t0 }}, b
}

// whole is what a cloud holds that the records account for.
func whole() []stackhand.Thing {
	live := stackhand.Mark{Job: "live", Stack: "live-1", Home: "home"}
	return []stackhand.Thing{thing(stackhand.KindServer, "s1", live), thing(stackhand.KindFloatingIP, "f1", live), thing(stackhand.KindServer, "theirs", stackhand.Mark{})}
}

func find(t *testing.T, f *orphan.Finder, things ...stackhand.Thing) orphan.Found {
	t.Helper()
	got, err := f.Find(t.Context(), &site{things: append(whole(), things...)}, orphan.At{Cloud: "lab"})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestWhatIsAnOrphan(t *testing.T) {
	young := thing(stackhand.KindServer, "x", stackhand.Mark{Job: "gone", Stack: "gone-1"})
	young.Created = t0.Add(-time.Minute)
	for name, c := range map[string]struct {
		thing stackhand.Thing
		why   string // "": it is none
		owner string
	}{
		"left by a stack that is gone":         {thing(stackhand.KindVolume, "x", stackhand.Mark{Job: "gone", Stack: "gone-1", Home: "home"}), "old-1 is gone; this stayed.", "UB"},
		"marked before there were homes":       {thing(stackhand.KindVolume, "x", stackhand.Mark{Job: "gone", Stack: "gone-1"}), "old-1 is gone; this stayed.", "UB"},
		"a second address of a living stack":   {thing(stackhand.KindFloatingIP, "x", stackhand.Mark{Job: "live", Stack: "live-1", Home: "home"}), "web-1 is there, but has no record of it.", "UA"},
		"of a job that failed":                 {thing(stackhand.KindPort, "x", stackhand.Mark{Job: "fail", Stack: "fail-1"}), "Job fail (Create bad-1) left it.", "UA"},
		"of a job that nobody knows":           {thing(stackhand.KindPort, "x", stackhand.Mark{Job: "lost", Home: "home"}), "There is no record of job lost.", ""},
		"shared, and used by nobody":           {thing(stackhand.KindSecurityGroup, "x", stackhand.Mark{Share: "open", Job: "gone", Home: "home"}), "No server uses it any more.", "UB"},
		"of another installation":              {thing(stackhand.KindVolume, "x", stackhand.Mark{Job: "gone", Home: "another"}), "", ""},
		"of a job at work":                     {thing(stackhand.KindPort, "x", stackhand.Mark{Job: "busy"}), "", ""},
		"of a job that ended a moment ago":     {thing(stackhand.KindPort, "x", stackhand.Mark{Job: "late"}), "", ""},
		"younger than a quarter of an hour":    {young, "", ""},
		"made to have it":                      {thing(stackhand.KindVolume, "wanted", stackhand.Mark{Job: "made"}), "", ""},
		"not ours":                             {thing(stackhand.KindVolume, "x", stackhand.Mark{}), "", ""},
		"on the ledger of a stack":             {thing(stackhand.KindFloatingIP, "f1", stackhand.Mark{Job: "gone"}), "", ""},
		"of that job, and nobody asked for it": {thing(stackhand.KindVolume, "x", stackhand.Mark{Job: "made"}), "Nothing is left of what it was made for: .", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := world()
			got := find(t, f, c.thing)
			if c.why == "" {
				if len(got.Orphans) != 0 {
					t.Errorf("found %+v", got.Orphans)
				}
				return
			}
			if len(got.Orphans) != 1 || got.Orphans[0].Why != c.why || got.Orphans[0].Owner != c.owner {
				t.Errorf("found %+v, want %q of %q", got.Orphans, c.why, c.owner)
			}
		})
	}
	f, _ := world()
	if got := find(t, f, thing(stackhand.KindVolume, "x", stackhand.Mark{Job: "gone", Home: "another"})); got.Others != 1 {
		t.Errorf("%d things of another installation, want 1", got.Others)
	}
}

// A network is one finding with its subnet and the router that serves it alone; a router that connects a stranger's
// network stays out of it.
func TestTogether(t *testing.T) {
	m := stackhand.Mark{Job: "gone", Stack: "gone-1", Home: "home"}
	sub := thing(stackhand.KindSubnet, "sub", m)
	sub.Parent = "net"
	joins := func(router, subnet string) stackhand.Thing {
		i := thing(stackhand.KindInterface, subnet, stackhand.Mark{})
		i.Parent = router
		return i
	}
	server, port, ip := thing(stackhand.KindServer, "s9", m), thing(stackhand.KindPort, "p9", m), thing(stackhand.KindFloatingIP, "f9", m)
	port.UsedBy, ip.UsedBy = "s9", "p9"
	f, _ := world()
	got := find(t, f, sub, thing(stackhand.KindNetwork, "net", m), thing(stackhand.KindRouter, "r1", m), joins("r1", "sub"),
		thing(stackhand.KindRouter, "r2", stackhand.Mark{Job: "fail", Home: "home"}), joins("r2", "strange"), server, port, ip)
	var all []string
	for _, o := range got.Orphans {
		s := o.Title() + ":"
		for _, w := range o.With {
			s += " " + w.Kind + " " + w.ID
		}
		all = append(all, s)
	}
	slices.Sort(all)
	want := []string{
		"network net: subnet sub router r1 interface sub", "router r2: interface strange", "server s9: port p9 floating ip f9",
	}
	if !slices.Equal(all, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(all, "\n"), strings.Join(want, "\n"))
	}
}

func TestRecordsWithoutResources(t *testing.T) {
	f, b := world()
	lost := func(things ...stackhand.Thing) []stackhand.Orphan {
		got, err := f.Find(t.Context(), &site{things: things}, orphan.At{Cloud: "lab", Region: "RegionOne"})
		if err != nil {
			t.Fatal(err)
		}
		return got.Orphans
	}
	all := whole()
	if got := lost(all[1], all[2]); len(got) != 1 || got[0].Record != "live-1" || got[0].Owner != "UA" || len(got[0].Rest) != 1 ||
		got[0].Why != "The record is here, but not in the cloud: server web-1." {
		t.Errorf("without its server: %+v", got)
	}
	got := lost(all[2])
	if len(got) != 1 || len(got[0].Missing) != 2 || len(got[0].Rest) != 0 {
		t.Fatalf("without anything: %+v", got)
	}
	// It is there after all when it is asked for by itself: nothing is forgotten.
	there := func(context.Context, stackhand.Resource) (bool, error) { return false, nil }
	if _, err := f.Forget(t.Context(), got[0], there); stackhand.KindOf(err) != stackhand.Conflict || b.stacks["live-1"].State != stackhand.StackReady {
		t.Errorf("forgot what is there: %v, %+v", err, b.stacks["live-1"])
	}
	away := func(context.Context, stackhand.Resource) (bool, error) { return true, nil }
	if st, err := f.Forget(t.Context(), got[0], away); err != nil || st.State != stackhand.StackGone || b.stacks["live-1"].State != stackhand.StackGone {
		t.Errorf("Forget: %v, %+v", err, st)
	}
	for name, change := range map[string]func(*stackhand.Stack){
		"a job is at work": func(s *stackhand.Stack) { s.Busy = "j" },
		"being built":      func(s *stackhand.Stack) { s.State = stackhand.StackBuilding },
		"just made":        func(s *stackhand.Stack) { s.Created = t0.Add(-time.Minute) },
		"another region":   func(s *stackhand.Stack) { s.Region = "RegionTwo" },
		"another project":  func(s *stackhand.Stack) { s.ProjectID = "q" },
	} {
		f, b = world()
		st := b.stacks["live-1"]
		change(&st)
		b.stacks["live-1"] = st
		if got := lost(all[2]); len(got) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
