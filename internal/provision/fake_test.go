package provision_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// fakeCloud is a small OpenStack project in memory, with the refusals that the flows have to
// live with. Everybody sees it through sessions.
type fakeCloud struct {
	provision.Cloud // panics for what the tests do not expect

	mu       sync.Mutex
	ids      int
	calls    []string
	networks map[string]stackhand.Network
	subnets  map[string]stackhand.Subnet
	routers  map[string]stackhand.Router
	ports    map[string]stackhand.Port
	groups   map[string]stackhand.SecurityGroup
	fips     map[string]stackhand.FloatingIP
	servers  map[string]*fakeServer
	volumes  map[string]*fakeVolume
	snaps    map[string]*fakeSnap
	images   map[string]*fakeImage
	features stackhand.Features

	delay      time.Duration // of every call
	build      time.Duration // of a server
	removal    time.Duration // of a server
	look       time.Duration // between two looks of Await
	buildFault string        // servers end in ERROR with these words
	buildSaid  string        // Nova's own words for that; "": buildFault is in them
	roles      []string      // of the sessions' user
	elsewhere  bool          // sessions are in another project, where none of this is to be seen
	reboots    int
	auto       bool   // resizes are confirmed by the cloud itself
	lazy       string // the verb that the hypervisor takes, and does not do
	clones     bool   // it builds volumes on snapshots, and gives these back instead of deleting them
	broken     string // new volumes, snapshots and images end in this state
	// fault, if set, is asked about every call, counted from 1.
	fault func(n int, call string) fault
}

// fault is what goes wrong with one call.
type fault struct {
	before, after error  // instead of the answer: before or after it was done
	hang          bool   // no answer at all
	then          func() // is called before the error is answered
}

type fakeServer struct {
	stackhand.Server
	ports   []string
	ready   time.Time
	next    string // status once it is ready; "": ACTIVE
	old     string // flavor before a resize
	gone    time.Time
	actions []stackhand.ServerAction
	secret  string // its password
}

const external = "ext-net"

func newCloud() *fakeCloud {
	c := &fakeCloud{
		networks: map[string]stackhand.Network{external: {ID: external, Name: "public", External: true}},
		subnets:  map[string]stackhand.Subnet{}, routers: map[string]stackhand.Router{}, ports: map[string]stackhand.Port{},
		groups: map[string]stackhand.SecurityGroup{"default": {ID: "default", Name: "default"}},
		fips:   map[string]stackhand.FloatingIP{}, servers: map[string]*fakeServer{},
		volumes: map[string]*fakeVolume{}, snaps: map[string]*fakeSnap{}, images: map[string]*fakeImage{},
		features: stackhand.Features{Network: true, Volumes: true, Images: true, Tags: true},
		delay:    50 * time.Millisecond, build: 2 * time.Second, removal: time.Second, look: 250 * time.Millisecond,
	}
	return c
}

// left lists what is in the cloud beyond what it began with.
func (c *fakeCloud) left() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tick()
	var out []string
	for _, n := range c.networks {
		if !n.External {
			out = append(out, "network "+n.Name)
		}
	}
	for _, s := range c.subnets {
		out = append(out, "subnet "+s.Name)
	}
	for _, r := range c.routers {
		out = append(out, "router "+r.Name)
	}
	for _, p := range c.ports {
		if p.DeviceOwner != "network:dhcp" {
			out = append(out, strings.TrimSpace("port "+p.Name+p.DeviceOwner))
		}
	}
	for _, g := range c.groups {
		if g.ID != "default" {
			out = append(out, "group "+g.Name)
		}
	}
	for range c.fips {
		out = append(out, "floating ip")
	}
	for _, s := range c.servers {
		out = append(out, "server "+s.Name)
	}
	for _, v := range c.volumes {
		out = append(out, "volume "+v.Name)
	}
	for _, v := range c.snaps {
		out = append(out, "snapshot "+v.Name)
	}
	for _, v := range c.images {
		out = append(out, "image "+v.Name)
	}
	slices.Sort(out)
	return out
}

// arm sets the faults and begins to count the calls anew.
func (c *fakeCloud) arm(f func(n int, call string) fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls, c.fault = nil, f
}

func (c *fakeCloud) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.calls)
}

// tick lets time do its work; c.mu is held.
func (c *fakeCloud) tick() {
	now := time.Now()
	for id, s := range c.servers {
		switch {
		case !s.gone.IsZero() && !now.Before(s.gone):
			delete(c.servers, id)
			c.letGo(id)
			for _, p := range s.ports {
				if port, ok := c.ports[p]; ok {
					port.DeviceID = ""
					c.ports[p] = port
				}
			}
		case s.gone.IsZero() && !s.ready.IsZero() && !now.Before(s.ready):
			s.Status, s.Task, s.next, s.ready = or(s.next, "ACTIVE"), "", "", time.Time{}
			if c.buildFault != "" {
				s.Status, s.Fault, s.FaultSaid = "ERROR", c.buildFault, c.buildSaid
				if s.FaultSaid != "" {
					s.FaultNext = "Choose a smaller flavor."
				}
			}
		}
	}
	c.tickStorage(now)
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

func (c *fakeCloud) id(kind string) string {
	c.ids++
	return fmt.Sprintf("%s-%04d", kind, c.ids)
}

// session is one process's access to the cloud. A dead one does nothing any more.
type session struct {
	*fakeCloud
	dead *atomic.Bool
}

// Identity tells who the session's user is.
func (s session) Identity() stackhand.Identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.elsewhere {
		return stackhand.Identity{User: "alice", ProjectID: "p2", Project: "team-b", Roles: s.roles}
	}
	return stackhand.Identity{User: "alice", ProjectID: "p1", Project: "team-a", Roles: s.roles}
}

var errDead = fmt.Errorf("the process is dead")

// call does what a call does, with its fault.
func (s session) call(ctx context.Context, name string, effect func() error) error {
	if s.dead.Load() {
		return errDead
	}
	s.mu.Lock()
	s.calls = append(s.calls, name)
	var f fault
	if s.fault != nil {
		f = s.fault(len(s.calls), name)
	}
	s.mu.Unlock()
	if err := pause(ctx, s.delay); err != nil {
		return unanswered(err)
	}
	if s.dead.Load() {
		return errDead
	}
	if f.before != nil {
		return f.answer(f.before)
	}
	s.mu.Lock()
	s.tick()
	err := effect()
	s.mu.Unlock()
	if f.hang {
		<-ctx.Done()
		return unanswered(ctx.Err())
	}
	if f.after != nil {
		return f.answer(f.after)
	}
	return err
}

func (f fault) answer(err error) error {
	if f.then != nil {
		f.then()
	}
	return err
}

func unanswered(err error) error {
	return stackhand.Errorf(stackhand.Unavailable, "The cloud did not answer.").Because(err)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func missing(kind, id string) error {
	return stackhand.Errorf(stackhand.NotFound, "%s %s could not be found.", kind, id)
}

func inUse(format string, args ...any) error {
	return stackhand.Errorf(stackhand.Conflict, format, args...)
}

func values[T any](m map[string]T, want func(T) bool) []T {
	var out []T
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if want(m[k]) {
			out = append(out, m[k])
		}
	}
	return out
}

// do is call with an answer.
func do[T any](ctx context.Context, s session, name string, effect func() (T, error)) (v T, err error) {
	err = s.call(ctx, name, func() (err error) {
		v, err = effect()
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return v, nil
}

func one[T any](m map[string]T, kind, id string) (T, error) {
	v, ok := m[id]
	if !ok {
		return v, missing(kind, id)
	}
	return v, nil
}
