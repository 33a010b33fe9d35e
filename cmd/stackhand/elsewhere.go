package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
)

// deed is something that a person does in the cloud without the bot. name is the thing's, and other what else it takes.
type deed struct {
	usage string
	do    func(ctx context.Context, c *cloud.Client, name, other string) error
}

var deeds = map[string]deed{
	"make server":   {"NAME", func(ctx context.Context, c *cloud.Client, name, _ string) error { return makeServer(ctx, c, name) }},
	"delete server": {"NAME", deleteServer},
	"lock server":   {"NAME", lockServer},
	"make volume":   {"NAME", makeVolume},
	"attach volume": {"NAME SERVER", attachVolume},
	"move address":  {"SERVER SERVER", moveAddress},
}

// parseElsewhere reads `PERSON VERB KIND NAME [OTHER]`.
func parseElsewhere(rest string) (scriptLine, error) {
	l := scriptLine{what: "elsewhere"}
	w := strings.Fields(rest)
	if len(w) > 3 {
		l.user, l.words, l.value = w[0], w[1]+" "+w[2], strings.Join(w[3:], " ")
		if d, known := deeds[l.words]; known && len(w)-3 == len(strings.Fields(d.usage)) {
			return l, nil
		}
	}
	var all []string
	for what, d := range deeds {
		all = append(all, what+" "+d.usage)
	}
	slices.Sort(all)
	return l, fmt.Errorf("write elsewhere PERSON and one of: %s", strings.Join(all, " · "))
}

// elsewhere does in the cloud what somebody does there without the bot.
func (p *player) elsewhere(ctx context.Context, l scriptLine) error {
	c, err := p.st.on.app.sessions.Client(ctx, "U0"+strings.ToUpper(l.user), demoCloud, stackhand.Scope{})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	name, other, _ := strings.Cut(l.value, " ")
	return deeds[l.words].do(ctx, c, name, other)
}

// makeServer makes a server on the first network that the person's project has, and waits for it.
func makeServer(ctx context.Context, c *cloud.Client, name string) error {
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
		return fmt.Errorf("the project %s has no network, or the cloud no m1.small or Ubuntu 22.04", c.Identity().Project)
	}
	port, err := c.CreatePort(ctx, stackhand.PortSpec{Name: name, NetworkID: networks[net].ID})
	if err != nil {
		return err
	}
	id, err := c.CreateServer(ctx, stackhand.ServerSpec{Name: name, ImageID: images[image].ID, FlavorID: flavors[flavor].ID, Ports: []string{port.ID}})
	if err != nil {
		return err
	}
	_, err = c.Await(ctx, id, func(s stackhand.Server) bool { return s.Status == "ACTIVE" || s.Status == "ERROR" })
	return err
}

// serverOf is the one server of a name.
func serverOf(ctx context.Context, c *cloud.Client, name string) (stackhand.Server, error) {
	found, err := c.ServersNamed(ctx, name)
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("there are %d servers called %s", len(found), name)
	}
	if err != nil {
		return stackhand.Server{}, err
	}
	return found[0], nil
}

// deleteServer deletes a server, and waits until it is gone: a real cloud lists it for a while.
func deleteServer(ctx context.Context, c *cloud.Client, name, _ string) error {
	s, err := serverOf(ctx, c, name)
	if err == nil {
		err = c.DeleteServer(ctx, s.ID)
	}
	for err == nil {
		if _, err = c.Server(ctx, s.ID); err == nil {
			err = pause(ctx)
		}
	}
	if isNotFound(err) {
		return nil
	}
	return err
}

func lockServer(ctx context.Context, c *cloud.Client, name, _ string) error {
	s, err := serverOf(ctx, c, name)
	if err != nil {
		return err
	}
	return c.ActOnServer(ctx, s.ID, stackhand.ActLock)
}

// makeVolume makes an empty volume of one GiB, and waits until it is there.
func makeVolume(ctx context.Context, c *cloud.Client, name, _ string) error {
	v, err := c.CreateVolume(ctx, stackhand.VolumeSpec{Name: name, Size: 1})
	for err == nil && v.Status != "available" {
		if err = pause(ctx); err == nil {
			v, err = c.Volume(ctx, v.ID)
		}
	}
	return err
}

func attachVolume(ctx context.Context, c *cloud.Client, name, server string) error {
	s, err := serverOf(ctx, c, server)
	if err != nil {
		return err
	}
	all, err := c.Volumes(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(v stackhand.Volume) bool { return v.Name == name })
	if at < 0 {
		return fmt.Errorf("there is no volume %s", name)
	}
	v := all[at]
	for err = c.AttachVolume(ctx, s.ID, v.ID); err == nil && v.Status != "in-use"; {
		if err = pause(ctx); err == nil {
			v, err = c.Volume(ctx, v.ID)
		}
	}
	return err
}

// moveAddress leads the floating IP of one server to another one.
func moveAddress(ctx context.Context, c *cloud.Client, from, to string) error {
	ports := map[string][]stackhand.Port{}
	for _, name := range []string{from, to} {
		s, err := serverOf(ctx, c, name)
		if err != nil {
			return err
		}
		if ports[name], err = c.Ports(ctx, stackhand.PortFilter{DeviceID: s.ID}); err != nil {
			return err
		}
	}
	all, err := c.FloatingIPs(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(f stackhand.FloatingIP) bool {
		return slices.ContainsFunc(ports[from], func(p stackhand.Port) bool { return p.ID == f.PortID })
	})
	if at < 0 || len(ports[to]) == 0 {
		return fmt.Errorf("%s has no floating IP, or %s no port", from, to)
	}
	return c.AttachFloatingIP(ctx, all[at].ID, ports[to][0].ID)
}
