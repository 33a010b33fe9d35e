package cloud_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

const (
	readImages   = "GET /image/v2/images"
	readFlavors  = "GET /compute/v2.1/flavors/detail"
	readNetworks = "GET /network/v2.0/networks"
)

// readAll reads everything that may be remembered.
func readAll(t *testing.T, c cloud.Cached) (images []stackhand.Image, networks []stackhand.Network) {
	t.Helper()
	images, err := c.Images(t.Context())
	flavors, err2 := c.Flavors(t.Context())
	networks, err3 := c.Networks(t.Context())
	if err := errors.Join(err, err2, err3); err != nil || len(images) == 0 || len(flavors) == 0 || len(networks) == 0 {
		t.Fatalf("%d images, %d flavors, %d networks: %v", len(images), len(flavors), len(networks), err)
	}
	return images, networks
}

// TestCache: what is remembered is read once a minute, by all of a project together.
func TestCache(t *testing.T) {
	now := time.Now()
	w := newWorld(t, openstack.Options{Now: func() time.Time { return now }}, cloud.Options{Now: func() time.Time { return now }})
	mine, fellow, other := w.as(t, alice).Cached(), w.as(t, person("carol", "team-a")).Cached(), w.as(t, person("bob", "team-b")).Cached()
	reads := func(images, flavors, networks int) {
		t.Helper()
		got := [3]int{w.net.count(readImages), w.net.count(readFlavors), w.net.count(readNetworks)}
		if want := [3]int{images, flavors, networks}; got != want {
			t.Errorf("read %v times, want %v", got, want)
		}
	}
	readAll(t, mine)
	readAll(t, mine)
	readAll(t, fellow)
	reads(1, 1, 1)
	readAll(t, other)
	reads(2, 2, 2)
	now = now.Add(59 * time.Second)
	readAll(t, mine)
	reads(2, 2, 2)
	now = now.Add(2 * time.Second)
	readAll(t, mine)
	reads(3, 3, 3)
	fellow.Refresh()
	readAll(t, mine)
	reads(4, 4, 4)
	if _, err := mine.Client.Images(t.Context()); err != nil { // what is not Cached remembers nothing
		t.Fatal(err)
	}
	reads(5, 4, 4)
}

// TestCacheShowsWhatItselfChanged: writes drop what they make wrong, also those that failed, for all of the project.
func TestCacheShowsWhatItselfChanged(t *testing.T) {
	w := newWorld(t, openstack.Options{}, cloud.Options{})
	writer, reader := w.as(t, alice), w.as(t, person("carol", "team-a")).Cached()
	nothing := "3a1f9a52-0000-4000-8000-1f0e5b6f2f10"
	for what, c := range map[string]struct {
		write func(context.Context) error
		read  string
	}{
		"image changed": {func(ctx context.Context) error {
			return writer.UpdateImage(ctx, nothing, stackhand.ImageChange{Name: "x"})
		}, readImages},
		"image deleted": {func(ctx context.Context) error { return writer.DeleteImage(ctx, nothing) }, readImages},
		"snapshot":      {func(ctx context.Context) error { _, err := writer.SnapshotServer(ctx, nothing, "x", nil); return err }, readImages},
		"network":       {func(ctx context.Context) error { _, err := writer.CreateNetwork(ctx, "x", ""); return err }, readNetworks},
		"network gone":  {func(ctx context.Context) error { return writer.DeleteNetwork(ctx, nothing) }, readNetworks},
		"subnet": {func(ctx context.Context) error {
			_, err := writer.CreateSubnet(ctx, stackhand.SubnetSpec{NetworkID: nothing, CIDR: "10.0.0.0/24"})
			return err
		}, readNetworks},
		"subnet gone": {func(ctx context.Context) error { return writer.DeleteSubnet(ctx, nothing) }, readNetworks},
	} {
		readAll(t, reader)
		_ = c.write(t.Context()) // most are refused; one whose answer is lost looks like that, too
		w.net.reset()
		readAll(t, reader)
		for _, path := range []string{readImages, readFlavors, readNetworks} {
			if want := map[bool]int{true: 1}[path == c.read]; w.net.count(path) != want {
				t.Errorf("%s: %d × %s afterwards, want %d", what, w.net.count(path), path, want)
			}
		}
	}
	_, networks := readAll(t, reader)
	if !slices.ContainsFunc(networks, func(n stackhand.Network) bool { return n.Name == "x" }) {
		t.Errorf("the new network is not among %+v", networks)
	}
}

// TestCacheIsNobodysOwn: who changes what they got changes it for nobody else.
func TestCacheIsNobodysOwn(t *testing.T) {
	w := newWorld(t, openstack.Options{}, cloud.Options{})
	c := w.as(t, alice).Cached()
	for range 2 { // the one who read it, and one who got it from memory
		images, networks := readAll(t, c)
		images[0], networks[0] = stackhand.Image{}, stackhand.Network{}
	}
	images, networks := readAll(t, c)
	if images[0].ID == "" || networks[0].ID == "" {
		t.Error("somebody's change is in everybody's list")
	}
}

// TestCacheWaitsForImages: a list with an image that still becomes something is not remembered.
func TestCacheWaitsForImages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, quick, cloud.Options{})
		c := w.as(t, alice)
		id := boots(t, c, "web-1")[0]
		if _, err := c.Await(t.Context(), id, active); err != nil {
			t.Fatal(err)
		}
		if _, err := c.SnapshotServer(t.Context(), id, "snap", nil); err != nil {
			t.Fatal(err)
		}
		w.net.reset()
		readAll(t, c.Cached())
		readAll(t, c.Cached())
		if n := w.net.count(readImages); n != 2 {
			t.Errorf("read %d times while the image is made, want 2", n)
		}
		if _, err := c.Await(t.Context(), id, active); err != nil {
			t.Fatal(err)
		}
		w.net.reset()
		readAll(t, c.Cached())
		readAll(t, c.Cached())
		if n := w.net.count(readImages); n != 1 {
			t.Errorf("read %d times when it is there, want 1", n)
		}
	})
}

// TestCacheServesTheCrowd: many who miss at once cause one read, and who gives up does not wait for it.
func TestCacheServesTheCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, openstack.Options{}, cloud.Options{})
		w.rule(t, "GET /images delay 2s")
		c := w.as(t, alice).Cached()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if images, err := c.Images(t.Context()); err != nil || len(images) == 0 {
					t.Errorf("%d images, %v", len(images), err)
				}
			})
		}
		synctest.Wait()
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		begin := time.Now()
		if _, err := c.Images(short); stackhand.KindOf(err) != stackhand.Unavailable || time.Since(begin) > 1500*time.Millisecond {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		all.Wait()
		if n := w.net.count(readImages); n != 1 {
			t.Errorf("read %d times", n)
		}
	})
}
