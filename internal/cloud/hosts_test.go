package cloud_test

import (
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// Nova answers the same whether somebody named a zone or not; people read what is wrong in either case.
func TestNoHost(t *testing.T) {
	s := newSim(t, openstack.Options{})
	c := s.client(t, cloud.Options{})
	flavors, err := c.Flavors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	images, err := c.Images(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	network, err := c.CreateNetwork(t.Context(), "n", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateSubnet(t.Context(), stackhand.SubnetSpec{NetworkID: network.ID, CIDR: "10.0.0.0/24"}); err != nil {
		t.Fatal(err)
	}
	s.rule(t, "hosts away")
	for zone, want := range map[string]stackhand.Kind{"": stackhand.Failed, "nova": stackhand.Invalid} {
		_, err := c.CreateServer(t.Context(), stackhand.ServerSpec{Name: "web", ImageID: images[0].ID, FlavorID: flavors[2].ID, Networks: []string{network.ID}, Zone: zone})
		if stackhand.KindOf(err) != want || strings.Contains(err.Error(), "zone") != (zone != "") {
			t.Errorf("zone %q: %v (%s), want kind %s", zone, err, stackhand.KindOf(err), want)
		}
	}
}
