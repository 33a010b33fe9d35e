package commands

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

// Nova tells of addresses late; what Neutron has of them counts.
func TestAddressesNow(t *testing.T) {
	w, env := newWorld()
	st := furnish(w)
	inner := stackhand.Address{Network: "inner", IP: "10.0.0.4", Version: 4, MAC: "fa:16:3e:00:00:01"}
	led := stackhand.Address{Network: "inner", IP: "203.0.113.5", Version: 4, MAC: "fa:16:3e:00:00:01", Floating: true}
	six := stackhand.Address{Network: "inner", IP: "fd00::4", Version: 6, MAC: "fa:16:3e:00:00:01"}
	gone := stackhand.Address{Network: "bare", IP: "10.8.0.9", Version: 4}
	for name, c := range map[string]struct {
		told, want []stackhand.Address
		change     func(*fakeCloud)
	}{
		"a floating IP that came": {[]stackhand.Address{inner}, []stackhand.Address{inner, led}, nil},
		"a port that went":        {[]stackhand.Address{inner, gone, led}, []stackhand.Address{inner, led}, nil},
		"a floating IP that went": {[]stackhand.Address{inner, led}, []stackhand.Address{inner}, func(c *fakeCloud) { c.ips = nil }},
		"an address that came": {nil, []stackhand.Address{inner, six, led}, func(c *fakeCloud) {
			c.ports[0].IPs = append(c.ports[0].IPs, stackhand.FixedIP{SubnetID: "s-six", IP: "fd00::4"})
		}},
		"ports that are not told": {[]stackhand.Address{inner, gone}, []stackhand.Address{inner, gone}, func(c *fakeCloud) { c.ports = nil }},
		"a cloud without Neutron": {[]stackhand.Address{gone}, []stackhand.Address{gone}, func(c *fakeCloud) { c.features.Network = false }},
	} {
		w, env := newWorld()
		st := furnish(w)
		if c.change != nil {
			c.change(&w.cloud)
		}
		s, err := open(t.Context(), env, alice, "")
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.addressesNow(t.Context(), stackhand.Server{ID: st.Server, Addresses: c.told})
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	// So that nobody is offered a second floating IP that Neutron would refuse.
	at := findServer(t, w, st.Server)
	at.Addresses = []stackhand.Address{inner}
	if _, err := say(t, env, alice, "add floating ip web-1"); stackhand.KindOf(err) != stackhand.Conflict {
		t.Errorf("a second floating IP: %v", err)
	}
}

func findServer(t *testing.T, w *world, id string) *stackhand.Server {
	t.Helper()
	for i := range w.cloud.servers {
		if w.cloud.servers[i].ID == id {
			return &w.cloud.servers[i]
		}
	}
	t.Fatalf("there is no server %s", id)
	return nil
}
