package schedule

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/abreast"
)

// far is a world whose clouds take their time, by the bubble's own clock: "dead" gives no answer, "slow" takes some seconds for each, others a tenth of one.
type far struct {
	*world
	began time.Time
	dead  abreast.Site
	slow  time.Duration
	done  map[string]time.Duration // when each server was stopped
	asked map[string]int           // servers asked for, by cloud
}

func newFar(t *testing.T) *far {
	f := &far{world: newWorld(t), began: time.Now(), done: map[string]time.Duration{}, asked: map[string]int{}}
	f.o.Now = func() time.Time { return at(0, 20, 0).Add(time.Since(f.began)) }
	f.o.Jobs = f
	f.o.Open = func(ctx context.Context, _, cloud string, scope stackhand.Scope) (Cloud, error) {
		return place{f, abreast.Site{Cloud: cloud, Region: scope.Region}}, nil
	}
	return f
}

// place is the cloud that one schedule asks.
type place struct {
	*far
	at abreast.Site
}

func (p place) Server(ctx context.Context, id string) (stackhand.Server, error) {
	p.mu.Lock()
	p.asked[p.at.Cloud+p.at.Region]++
	p.mu.Unlock()
	takes := 100 * time.Millisecond
	switch {
	case p.at == p.dead:
		takes = time.Hour
	case p.at.Cloud == "slow":
		takes = p.slow
	}
	select {
	case <-time.After(takes):
		return p.world.Server(ctx, id)
	case <-ctx.Done():
		return stackhand.Server{}, stackhand.Errorf(stackhand.Unavailable, "no answer").Because(ctx.Err())
	}
}

func (f *far) Start(ctx context.Context, job stackhand.Job, made ...stackhand.Stack) (stackhand.Job, error) {
	name := strings.Fields(job.Title)[1]
	if f.done[name] != 0 {
		f.t.Errorf("%s is stopped twice", name)
	}
	f.done[name] = time.Since(f.began)
	return f.world.Start(ctx, job, made...)
}

// crowds gives each of n owners a server in a cloud, that is to be stopped at 20:00.
func (f *far) crowds(n int, cloud, region string) {
	f.t.Helper()
	for i := range n {
		owner := fmt.Sprintf("U%s%s%d", cloud, region, i)
		st := f.give(owner, fmt.Sprintf("%s%s-%d", cloud, region, i), nil)
		s := stackhand.Schedule{ID: "s-" + st.ID, Stack: st.ID, Name: st.Name, Owner: owner, Cloud: cloud, Scope: stackhand.Scope{Region: region}, Stop: "20:00",
			Days: "*", Zone: "UTC", From: at(0, 19, 0), Next: at(0, 20, 0), Turns: map[string]stackhand.Turn{}}
		f.must(f.store.SaveSchedule(f.t.Context(), &s))
	}
}

// last is when the last of those whose name begins so was stopped; zero if one was not.
func (f *far) last(n int, prefix string) (last time.Duration) {
	for i := range n {
		at, ok := f.done[fmt.Sprintf("%s-%d", prefix, i)]
		if !ok {
			return 0
		}
		last = max(last, at)
	}
	return last
}

// A cloud, or a region, that gives no answer delays no stop in another; it is asked for few servers, and the sweep is soon over. Once it is there
// again, what waited is done.
func TestBesideADeadCloud(t *testing.T) {
	for name, c := range map[string]struct{ dead, lives abreast.Site }{
		"a cloud":  {abreast.Site{Cloud: "dead"}, abreast.Site{Cloud: "lab"}},
		"a region": {abreast.Site{Cloud: "lab", Region: "east"}, abreast.Site{Cloud: "lab", Region: "west"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFar(t)
				f.dead = c.dead
				f.crowds(40, c.dead.Cloud, c.dead.Region)
				f.crowds(8, c.lives.Cloud, c.lives.Region)
				f.must(f.Sweep(t.Context()))
				if took := time.Since(f.began); took > 2*abreast.LookFor+time.Second {
					t.Errorf("the sweep took %s", took)
				}
				if last := f.last(8, c.lives.Cloud+c.lives.Region); last == 0 || last > time.Second {
					t.Errorf("the last of those that can be reached was stopped after %s: %v", last, f.done)
				}
				if n := f.asked[c.dead.Cloud+c.dead.Region]; n > abreast.Most+abreast.SilentAfter {
					t.Errorf("the dead one was asked for %d servers", n)
				}
				f.dead = abreast.Site{}
				time.Sleep(time.Until(f.began.Add(10 * time.Minute)))
				f.must(f.Sweep(t.Context()))
				if f.last(40, c.dead.Cloud+c.dead.Region) == 0 {
					t.Errorf("once it answered %d were stopped", len(f.done))
				}
			})
		})
	}
}

// A cloud that takes its time for each answer keeps no sweep from ending, and the next ones go on with what is left.
func TestBesideASlowCloud(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFar(t)
		f.slow = 14 * time.Second
		f.crowds(60, "slow", "")
		f.crowds(8, "lab", "")
		for n := range 5 {
			had, began := len(f.done), time.Now()
			f.must(f.Sweep(t.Context()))
			if took := time.Since(began); took > abreast.SweepFor+abreast.LookFor+time.Second {
				t.Fatalf("sweep %d took %s", n, took)
			}
			if len(f.done) == had && had < 68 {
				t.Fatalf("%d are stopped by sweep %d, and no more", had, n)
			}
			if last := f.last(8, "lab"); last == 0 || last > time.Second {
				t.Fatalf("the last of those elsewhere was stopped after %s", last)
			}
		}
		if len(f.done) != 68 {
			t.Errorf("%d of 68 are stopped", len(f.done))
		}
	})
}

// The schedules of one owner in a place are looked at one after the other, the earliest first, so that a server of theirs to which two come has
// one job.
func TestLinesOf(t *testing.T) {
	var due []stackhand.Schedule
	for n := range 10 {
		id := fmt.Sprint(n)
		due = append(due, stackhand.Schedule{ID: id, Owner: "U1", Cloud: "lab"}, stackhand.Schedule{ID: id, Owner: "U2", Cloud: "lab"},
			stackhand.Schedule{ID: id, Owner: "U1", Cloud: "lab", Scope: stackhand.Scope{Region: "west"}})
	}
	var got []string
	for at, lines := range linesOf(due) {
		for _, line := range lines {
			text := at.Cloud + at.Region + " " + line[0].Owner + " "
			for _, s := range line {
				text += s.ID
			}
			got = append(got, text)
		}
	}
	slices.Sort(got)
	if want := []string{"lab U1 0123456789", "lab U2 0123456789", "labwest U1 0123456789"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
