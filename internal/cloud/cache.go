package cloud

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stackhand/stackhand"
)

// shelfLife is how long images, flavors and networks are remembered.
const shelfLife = time.Minute

// shelfKey names what one project sees through the same roles: an administrator in it sees more.
type shelfKey struct{ project, roles string }

// shelf remembers what a cloud offers to those of one key.
type shelf struct {
	images   *remembered[stackhand.Image]
	flavors  *remembered[stackhand.Flavor]
	networks *remembered[stackhand.Network]
}

// remembered is one list, read by one of those who want it at the same time.
type remembered[T any] struct {
	reading chan struct{} // holds a token while the list is read

	mu    sync.Mutex
	value []T
	until time.Time
	round int // counts what made the list wrong: what was read before does not count after
}

func newRemembered[T any]() *remembered[T] { return &remembered[T]{reading: make(chan struct{}, 1)} }

// get answers a copy of the list, which read makes where none is remembered. keep tells whether the list may
// serve others, too.
func (r *remembered[T]) get(ctx context.Context, now func() time.Time, read func(context.Context) ([]T, error), keep func([]T) bool) ([]T, error) {
	if list, ok := r.known(now()); ok {
		return list, nil
	}
	select {
	case r.reading <- struct{}{}:
		defer func() { <-r.reading }()
	case <-ctx.Done():
		return nil, stackhand.Errorf(stackhand.KindOf(ctx.Err()), "The cloud did not answer in time.").Because(ctx.Err())
	}
	if list, ok := r.known(now()); ok {
		return list, nil
	}
	r.mu.Lock()
	round := r.round
	r.mu.Unlock()
	list, err := read(ctx)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.round == round && keep(list) {
		r.value, r.until = slices.Clone(list), now().Add(shelfLife)
	}
	return list, nil
}

func (r *remembered[T]) known(now time.Time) ([]T, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.value), now.Before(r.until)
}

func (r *remembered[T]) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.value, r.until = nil, time.Time{}
	r.round++
}

// shelfPart names one of the lists of a shelf.
type shelfPart int

const (
	shelfImages shelfPart = 1 << iota
	shelfFlavors
	shelfNetworks
)

// forget drops lists of the client's project, for all who see it.
func (c *Client) forget(parts shelfPart) {
	project := c.Identity().ProjectID
	c.site.mu.Lock()
	defer c.site.mu.Unlock()
	for key, s := range c.site.shelves {
		if key.project != project {
			continue
		}
		if parts&shelfImages != 0 {
			s.images.forget()
		}
		if parts&shelfFlavors != 0 {
			s.flavors.forget()
		}
		if parts&shelfNetworks != 0 {
			s.networks.forget()
		}
	}
}

// shelf is what the client shares with others of its project and roles.
func (c *Client) shelf() *shelf {
	who := c.Identity()
	slices.Sort(who.Roles)
	key := shelfKey{who.ProjectID, strings.Join(who.Roles, "\x00")}
	c.site.mu.Lock()
	defer c.site.mu.Unlock()
	s := c.site.shelves[key]
	if s == nil {
		s = &shelf{newRemembered[stackhand.Image](), newRemembered[stackhand.Flavor](), newRemembered[stackhand.Network]()}
		c.site.shelves[key] = s
	}
	return s
}

// Cached is a Client whose images, flavors and networks may be a minute old. What the client itself changes is
// seen at once; who does not find something calls Refresh and looks again.
type Cached struct{ *Client }

// Cached is the view of the client for those who look names up.
func (c *Client) Cached() Cached { return Cached{c} }

// Refresh makes the next reads of what is remembered fresh ones.
func (c *Client) Refresh() { c.forget(shelfImages | shelfFlavors | shelfNetworks) }

// Images is that of Client, remembered. A list with images that still change is not.
func (c Cached) Images(ctx context.Context) ([]stackhand.Image, error) {
	return c.shelf().images.get(ctx, c.site.opts.Now, c.Client.Images, func(list []stackhand.Image) bool {
		return !slices.ContainsFunc(list, func(i stackhand.Image) bool { return i.Status != "active" && i.Status != "deactivated" })
	})
}

// Flavors is that of Client, remembered.
func (c Cached) Flavors(ctx context.Context) ([]stackhand.Flavor, error) {
	return c.shelf().flavors.get(ctx, c.site.opts.Now, c.Client.Flavors, func([]stackhand.Flavor) bool { return true })
}

// Networks is that of Client, remembered.
func (c Cached) Networks(ctx context.Context) ([]stackhand.Network, error) {
	return c.shelf().networks.get(ctx, c.site.opts.Now, c.Client.Networks, func([]stackhand.Network) bool { return true })
}
