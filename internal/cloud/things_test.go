package cloud_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
)

// An administrator sees what all projects hold, others what is in theirs; marks, ages, uses and parents are told.
func TestThings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, quick, cloud.Options{})
		ctx := t.Context()
		login := func(user, project string) *cloud.Client {
			return w.as(t, stackhand.Login{Username: user, Password: user + "-secret", ProjectName: project})
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		alice, bob, admin := login("alice", "team-a"), login("bob", "team-b"), login("admin", "admin")
		mark := stackhand.Mark{Job: "job1", Stack: "job1-1", Home: "home"}
		net, err := alice.CreateNetwork(ctx, "x", mark.String())
		must(err)
		sub, err := alice.CreateSubnet(ctx, stackhand.SubnetSpec{Name: "x", NetworkID: net.ID, CIDR: "10.9.0.0/24", Description: mark.String()})
		must(err)
		router, err := alice.CreateRouter(ctx, "x", mark.String(), "")
		must(err)
		must(alice.AddRouterInterface(ctx, router.ID, sub.ID))
		vol, err := alice.CreateVolume(ctx, stackhand.VolumeSpec{Name: "data", Size: 7, Metadata: mark.Metadata()})
		must(err)
		ids := boots(t, bob, "theirs")
		time.Sleep(time.Minute)
		for _, c := range []struct {
			who        *cloud.Client
			everywhere bool
			volumes    int
			theirs     bool
		}{{alice, false, 1, false}, {bob, false, 0, true}, {admin, true, 1, true}} {
			all, err := c.who.Things(ctx, c.everywhere)
			must(err)
			volumes, theirs := 0, false
			for _, th := range all {
				if th.Kind == stackhand.KindVolume {
					volumes++
				}
				theirs = theirs || th.ID == ids[0]
				if th.Created.IsZero() && th.Kind != stackhand.KindSecurityGroup {
					t.Errorf("no age: %+v", th)
				}
			}
			if volumes != c.volumes || theirs != c.theirs {
				t.Errorf("%s: %d volumes, %v", c.who.Identity().User, volumes, theirs)
			}
		}
		all, err := admin.Things(ctx, true)
		must(err)
		for _, r := range []stackhand.Resource{
			{Kind: stackhand.KindNetwork, ID: net.ID, Name: "x"}, {Kind: stackhand.KindSubnet, ID: sub.ID, Name: "x", Parent: net.ID},
			{Kind: stackhand.KindRouter, ID: router.ID, Name: "x"}, {Kind: stackhand.KindVolume, ID: vol.ID, Name: "data"},
			{Kind: stackhand.KindInterface, ID: sub.ID, Parent: router.ID},
		} {
			at := slices.IndexFunc(all, func(th stackhand.Thing) bool { return th.Kind == r.Kind && th.ID == r.ID })
			one, err := admin.Thing(ctx, r)
			if err != nil || at < 0 || fmt.Sprint(one) != fmt.Sprint(all[at]) {
				t.Errorf("%s: %v, alone %+v, in the list at %d", r.Kind, err, one, at)
				continue
			}
			marked := r.Kind != stackhand.KindInterface
			if one.Name != r.Name || one.Parent != r.Parent || one.Marked != marked || marked && !one.Mark.Same(mark) {
				t.Errorf("%+v", one)
			}
		}
		for _, kind := range []string{stackhand.KindNetwork, stackhand.KindServer, stackhand.KindVolume, stackhand.KindInterface} {
			if _, err := alice.Thing(ctx, stackhand.Resource{Kind: kind, ID: "0b9a7f1e-0000-4000-8000-000000000000", Parent: router.ID}); stackhand.KindOf(err) != stackhand.NotFound {
				t.Errorf("%s that is not there: %v", kind, err)
			}
		}
		if _, err := alice.Thing(ctx, stackhand.Resource{Kind: stackhand.KindKeyPair}); stackhand.KindOf(err) != stackhand.Invalid {
			t.Errorf("a key pair: %v", err)
		}
	})
}
