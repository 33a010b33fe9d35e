package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// elsewhere does in the cloud what somebody does there without the bot: "make server db-1", "delete server db-1". A server is
// made on the first network that the person's project has.
func (p *player) elsewhere(ctx context.Context, l scriptLine) error {
	c, err := p.st.on.app.sessions.Client(ctx, "U0"+strings.ToUpper(l.user), demoCloud, stackhand.Scope{})
	if err != nil {
		return err
	}
	if l.words == "delete" {
		found, err := c.ServersNamed(ctx, l.value)
		for _, s := range found {
			err = c.DeleteServer(ctx, s.ID)
		}
		return err
	}
	images, err := c.Images(ctx)
	if err != nil {
		return err
	}
	flavors, err := c.Flavors(ctx)
	if err != nil {
		return err
	}
	networks, err := c.Networks(ctx)
	if err != nil {
		return err
	}
	image := slices.IndexFunc(images, func(i stackhand.Image) bool { return i.Name == "Ubuntu 22.04" })
	flavor := slices.IndexFunc(flavors, func(f stackhand.Flavor) bool { return f.Name == "m1.small" })
	net := slices.IndexFunc(networks, func(n stackhand.Network) bool { return n.ProjectID == c.Identity().ProjectID && !n.External })
	if image < 0 || flavor < 0 || net < 0 {
		return fmt.Errorf("%s's project has no network, or the cloud no m1.small or Ubuntu 22.04", l.user)
	}
	port, err := c.CreatePort(ctx, stackhand.PortSpec{Name: l.value, NetworkID: networks[net].ID})
	if err != nil {
		return err
	}
	id, err := c.CreateServer(ctx, stackhand.ServerSpec{Name: l.value, ImageID: images[image].ID, FlavorID: flavors[flavor].ID, Ports: []string{port.ID}})
	if err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	_, err = c.Await(wait, id, func(s stackhand.Server) bool { return s.Status == "ACTIVE" || s.Status == "ERROR" })
	return err
}
