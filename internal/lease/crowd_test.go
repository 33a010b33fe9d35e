package lease

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/abreast"
)

// crowd are many leases that are to be told of at one moment, in clouds that take 100 ms for a server, and 2 ms more for each in a list. It
// counts what these are asked, and names their servers by how it was.
type crowd struct {
	*Sweeper
	*book
	began time.Time
	dead  abreast.Site  // gives no answer
	lists error         // what is answered instead of a list
	slow  time.Duration // how long the cloud "slow" takes for an answer
	hides int           // servers that no list holds, the last ones
	there map[string][]stackhand.Server

	mu            sync.Mutex
	asked, listed int
	at, most      map[abreast.Site]int // how many calls a site answers now, and did at most

}

// newCrowd has the same number of stacks in each of some places.
func newCrowd(each int, places ...stackhand.Stack) *crowd {
	s, b, _ := world(2 * time.Hour)
	c := &crowd{Sweeper: s, book: b, began: time.Now(), at: map[abreast.Site]int{}, most: map[abreast.Site]int{}, there: map[string][]stackhand.Server{}}
	s.Now, b.now, s.Book = time.Now, time.Now, orderly{b}
	st := b.stacks["j-1"]
	delete(b.stacks, "j-1")
	st.Lease.Ready = c.began.Add(-time.Hour)
	for i, at := range places {
		for n := range each {
			st.ID = fmt.Sprintf("s-%03d-%04d", i, n)
			st.Server, st.Cloud, st.ProjectID, st.Region = "v-"+st.ID, at.Cloud, at.ProjectID, at.Region
			st.Lease.Until = c.began.Add(time.Hour - time.Duration(each-n)) // in their order
			b.stacks[st.ID] = st
			in := at.Cloud + at.Region + at.ProjectID
			c.there[in] = append(c.there[in], stackhand.Server{ID: st.Server, Name: "listed", Status: "ACTIVE"})
		}
	}
	s.Server, s.Servers = c.server, c.servers
	return c
}

// call takes as long as the cloud does.
func (c *crowd) call(ctx context.Context, st stackhand.Stack, count *int, takes time.Duration) error {
	at := siteOf(st)
	c.mu.Lock()
	*count++
	c.at[at]++
	c.most[at] = max(c.most[at], c.at[at])
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.at[at]--
		c.mu.Unlock()
	}()
	switch {
	case at == c.dead:
		takes = time.Hour
	case at.Cloud == "slow":
		takes = c.slow
	}
	select {
	case <-time.After(takes):
		return nil
	case <-ctx.Done():
		return stackhand.Errorf(stackhand.Unavailable, "no answer").Because(ctx.Err())
	}
}

func (c *crowd) server(ctx context.Context, st stackhand.Stack) (stackhand.Server, error) {
	err := c.call(ctx, st, &c.asked, 100*time.Millisecond)
	return stackhand.Server{ID: st.Server, Name: "asked", Status: "ACTIVE"}, err
}

func (c *crowd) servers(ctx context.Context, st stackhand.Stack) (all []stackhand.Server, err error) {
	all = c.there[st.Cloud+st.Region+st.ProjectID]
	err = c.call(ctx, st, &c.listed, 100*time.Millisecond+time.Duration(len(all))*2*time.Millisecond)
	return all[:len(all)-c.hides], errors.Join(err, c.lists)
}

// last is how long the last one in a cloud waited until they were told.
func (c *crowd) last(cloud string) (last time.Duration) {
	for _, n := range c.notices {
		if c.stacks[strings.Split(n.ID, "/")[1]].Cloud == cloud {
			last = max(last, n.Created.Sub(c.began))
		}
	}
	return last
}

func projects(cloud string, n int) (all []stackhand.Stack) {
	for i := range n {
		all = append(all, stackhand.Stack{Cloud: cloud, ProjectID: fmt.Sprint("p", i)})
	}
	return all
}

// named counts the stacks that are called by what their cloud said: by a list, or by an answer of their own.
func (c *crowd) named(name string) (n int) {
	for _, st := range c.stacks {
		if st.Name == name {
			n++
		}
	}
	return n
}

// What many leases at one moment cost their clouds, and how long the last of those that answer is waited for.
func TestCrowd(t *testing.T) {
	dead := abreast.Site{Cloud: "dead"}
	for name, c := range map[string]struct {
		each          int
		places        []stackhand.Stack
		dead          abreast.Site
		asked, listed int // calls, at most
		byList        int
		last, sweep   time.Duration // until all in the cloud "lab" were told, and until the sweep was over; at most
	}{
		"1,000 in one project":    {each: 1000, places: projects("lab", 1), asked: 5, listed: 1, byList: 995, last: 2700 * time.Millisecond, sweep: 3 * time.Second},
		"1,000 in 40 projects":    {each: 25, places: projects("lab", 40), asked: 200, listed: 40, byList: 800, last: 6600 * time.Millisecond, sweep: 7 * time.Second},
		"1,000 in 1,000 projects": {each: 1, places: projects("lab", 1000), asked: 1000, last: 25 * time.Second, sweep: 26 * time.Second},
		"a few":                   {each: 5, places: projects("lab", 1), asked: 5, last: time.Second, sweep: time.Second},
		"beside a dead cloud":     {each: 20, places: append(projects("dead", 1), projects("lab", 1)...), dead: dead, asked: 7, listed: 1, byList: 15, last: time.Second, sweep: 31 * time.Second},
		"beside many dead projects": {each: 20, places: append(projects("dead", 9), projects("lab", 1)...), dead: dead, asked: 5 + abreast.Most + abreast.SilentAfter - 1, listed: 1,
			byList: 15, last: time.Second, sweep: 31 * time.Second},
		"beside a dead region": {each: 20, places: []stackhand.Stack{{Cloud: "dead", Region: "west"}, {Cloud: "dead", Region: "east"}}, dead: abreast.Site{Cloud: "dead", Region: "west"},
			asked: 7, listed: 1, byList: 15, sweep: 31 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newCrowd(c.each, c.places...)
				w.dead = c.dead
				sweeps(t, w.Sweeper, 1)
				took, last := time.Since(w.began), w.last("lab")
				t.Logf("the last was told after %s; %d calls for a server, %d for a list; the sweep took %s", last, w.asked, w.listed, took)
				if len(w.notices) != c.each*len(c.places) || last > c.last || took > c.sweep || w.asked > c.asked || w.listed > c.listed || w.named("listed") != c.byList {
					t.Errorf("%d notices, %d known by a list; want %d, %+v", len(w.notices), w.named("listed"), c.byList, c)
				}
				for at, n := range w.most {
					if n > abreast.Most {
						t.Errorf("%v had %d calls at once", at, n)
					}
				}
			})
		})
	}
}

// A server that a list does not hold is asked for. Where no list can be had each is, and what one owner's login does not get another one's may.
func TestCrowdWithoutAList(t *testing.T) {
	for name, c := range map[string]struct {
		edit          func(*crowd)
		asked, listed int
		byList        int
	}{
		"some are not in it":  {func(w *crowd) { w.hides = 12 }, 5 + 12, 1, 3},
		"it fails":            {func(w *crowd) { w.lists = stackhand.Errorf(stackhand.Unavailable, "too many") }, 20, 1, 0},
		"it is not for us":    {func(w *crowd) { w.lists = stackhand.Errorf(stackhand.Forbidden, "no") }, 20, 1, 0},
		"all logins ended":    {func(w *crowd) { w.lists = stackhand.Errorf(stackhand.Unauthorized, "log in") }, 20, 15, 0},
		"nobody can be asked": {func(w *crowd) { w.Servers = nil }, 20, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newCrowd(20, projects("lab", 1)...)
				c.edit(w)
				sweeps(t, w.Sweeper, 1)
				if len(w.notices) != 20 || w.asked != c.asked || w.listed != c.listed || w.named("listed") != c.byList || w.named("asked") != 20-c.byList {
					t.Errorf("%d notices, %d and %d calls, %d known by a list", len(w.notices), w.asked, w.listed, w.named("listed"))
				}
			})
		})
	}
}

// In several places at once the brake lets through no more than it should, and what went wrong with one is told.
func TestCrowdAndTheBrake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCrowd(4, append(projects("lab", 10), projects("other", 10)...)...)
		g := &brakes{servers: 80}
		w.Guard, w.Rules.Limits, w.Rules.Dry, w.Conflict = &Guard{Book: g}, Limits{Sweep: 7}, never(), errFaster
		sweeps(t, w.Sweeper, 1)
		time.Sleep(time.Hour)
		sweeps(t, w.Sweeper, 1)
		if len(w.started) != 7 {
			t.Errorf("%d steps, want 7", len(w.started))
		}
		w.Sweeper.Book = unsaved{w.book}
		time.Sleep(time.Hour)
		w.Server = func(context.Context, stackhand.Stack) (stackhand.Server, error) {
			return stackhand.Server{Name: "another"}, nil
		}
		if err := w.Sweep(t.Context()); err == nil || !strings.Contains(err.Error(), "lease of asked (s-0") || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("the sweep says %v", err)
		}
	})
}

// A chat that does not tell who is away is asked twice in a sweep, and steps wait half an hour for it; nobody waits for what it is not needed for.
func TestCrowdAndADeafChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCrowd(20, projects("lab", 1)...)
		w.Rules.Wait, w.Rules.Limits = 14*24*time.Hour, Limits{Sweep: 7}
		asked, deaf := 0, true
		w.Away = func(ctx context.Context, _ string) (string, time.Time, error) {
			if asked++; deaf {
				<-ctx.Done()
				return "", time.Time{}, ctx.Err()
			}
			return "", time.Time{}, nil
		}
		for _, c := range []struct {
			what         string
			at           time.Duration
			edit         func()
			asked, tells int
			steps        int
		}{
			{"told all the same", 0, nil, abreast.SilentAfter, 20, 0},
			{"no step at once", time.Hour + time.Minute, nil, abreast.SilentAfter, 20, 0},
			{"after half an hour", time.Hour + 31*time.Minute, func() { w.Guard, w.Rules.Dry = &Guard{Book: &brakes{servers: 20}}, never() }, abreast.SilentAfter, 21, 7},
			{"it answers: asked for the seven that have begun, as many as the brake lets through, and one", time.Hour + 40*time.Minute, func() { deaf = false }, 7 + 7 + 1, 21, 14},
		} {
			time.Sleep(time.Until(w.began.Add(c.at)))
			if asked = 0; c.edit != nil {
				c.edit()
			}
			sweeps(t, w.Sweeper, 1)
			if asked != c.asked || len(w.notices) != c.tells || len(w.started) != c.steps {
				t.Errorf("%s: asked %d times, %d notices, %d steps; want %+v", c.what, asked, len(w.notices), len(w.started), c)
			}
		}
	})
}

// A chat that refuses at once to tell who is away is asked of each: of another it may tell. Steps wait for it all the same.
func TestCrowdAndAChatThatRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCrowd(20, projects("lab", 1)...)
		w.Rules.Wait, w.Rules.Limits, w.Conflict = 14*24*time.Hour, Limits{Sweep: 7}, errFaster
		asked := 0
		w.Away = func(context.Context, string) (string, time.Time, error) {
			asked++
			return "", time.Time{}, stackhand.Errorf(stackhand.Unavailable, "Slack does not tell me.")
		}
		sweeps(t, w.Sweeper, 1)
		time.Sleep(time.Hour + time.Minute)
		if sweeps(t, w.Sweeper, 1); asked != 40 || len(w.started) != 0 {
			t.Errorf("asked %d times, %d steps", asked, len(w.started))
		}
		time.Sleep(30 * time.Minute)
		if sweeps(t, w.Sweeper, 1); len(w.started) != 20 {
			t.Errorf("%d steps after half an hour", len(w.started))
		}
	})
}

// Two regions of a cloud that give no answer are told of, each by itself.
func TestCrowdInSilentRegions(t *testing.T) {
	w := putAwayStack(func(st *stackhand.Stack) { st.Region = "west" })
	east := w.stacks["j-1"]
	east.ID, east.Region = "j-2", "east"
	w.stacks["j-2"] = east
	w.err = stackhand.Errorf(stackhand.Unavailable, "no answer")
	for at := 2*time.Hour + time.Minute; at < 78*time.Hour; at += 20 * time.Minute {
		w.sweeps(t, at)
	}
	for _, region := range []string{"west", "east"} {
		if text := w.texts(); strings.Count(text, "The region "+region+" of lab gives no answer. web-1 of") != 1 {
			t.Errorf("%s is told of in %s", region, text)
		}
	}
}

// A lease over which the program stumbles does not stop the others, nor the bot.
func TestCrowdWithAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCrowd(3, projects("lab", 2)...)
		ask := w.Server
		w.Server = func(ctx context.Context, st stackhand.Stack) (stackhand.Server, error) {
			if st.ID == "s-000-0001" {
				panic("no such thing")
			}
			return ask(ctx, st)
		}
		if err := w.Sweep(t.Context()); err == nil || !strings.Contains(err.Error(), "s-000-0001): panic: no such thing") {
			t.Errorf("the sweep says %v", err)
		}
		if len(w.notices) != 5 {
			t.Errorf("%d were told, want the five others", len(w.notices))
		}
	})
}

// parking is a book in which another sweep has stopped a server just before this one writes on it.
type parking struct {
	orderly
	id string
}

func (b *parking) SaveStack(ctx context.Context, s *stackhand.Stack) error {
	if s.ID != b.id {
		return b.book.SaveStack(ctx, s)
	}
	now := b.stacks[b.id]
	now.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepStop, Job: "ended-1", At: time.Now()})
	b.stacks[b.id], b.id = now, ""
	return errFaster
}

// A list that is older than the record is no sign that somebody started the server.
func TestCrowdWithAnOldList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newCrowd(8, projects("lab", 1)...)
		w.Rules.Again, w.Rules.Ladders, w.Conflict = 24*time.Hour, []Ladder{{First: stackhand.StepStop, Grace: 72 * time.Hour}}, errFaster
		w.Sweeper.Book = &parking{orderly{w.book}, "s-000-0006"}
		w.Server = func(_ context.Context, st stackhand.Stack) (stackhand.Server, error) {
			return stackhand.Server{ID: st.Server, Status: "SHUTOFF"}, nil
		}
		sweeps(t, w.Sweeper, 1)
		if _, parked := w.stacks["s-000-0006"].Lease.Ladder.Parked(); !parked {
			t.Error("it is taken as started by somebody")
		}
		for _, n := range w.notices {
			if strings.Contains(n.Text.String(), "somebody started it") {
				t.Errorf("told: %s", n.Text)
			}
		}
	})
}
