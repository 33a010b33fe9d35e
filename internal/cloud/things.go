package cloud

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
)

// wireThing is what Neutron tells of its resources of any kind, as far as a Thing holds it.
type wireThing struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	ProjectID   string   `json:"tenant_id"`
	Status      string   `json:"status"`
	Created     wireTime `json:"created_at"` // Neutron tells it since Newton
	NetworkID   string   `json:"network_id"`
	DeviceID    string   `json:"device_id"`
	DeviceOwner string   `json:"device_owner"`
	PortID      string   `json:"port_id"`
	Address     string   `json:"floating_ip_address"`
	IPs         []struct {
		SubnetID string `json:"subnet_id"`
	} `json:"fixed_ips"`
}

// thingPaths are where Neutron keeps the kinds: the list, and the key of a single one.
var thingPaths = map[string][2]string{
	stackhand.KindNetwork: {"networks", "network"}, stackhand.KindSubnet: {"subnets", "subnet"}, stackhand.KindRouter: {"routers", "router"},
	stackhand.KindPort: {"ports", "port"}, stackhand.KindSecurityGroup: {"security-groups", "security_group"}, stackhand.KindFloatingIP: {"floatingips", "floatingip"},
}

// thing makes a Thing of what is of a kind. The port by which a router is connected to a subnet is an interface.
func (w wireThing) thing(kind string) stackhand.Thing {
	name, about := unfold(w.Name, w.Description)
	t := stackhand.Thing{Resource: stackhand.Resource{Kind: kind, ID: w.ID, Name: name}, ProjectID: w.ProjectID, Status: w.Status, Created: w.Created.Time}
	switch kind {
	case stackhand.KindFloatingIP:
		t.Name, t.UsedBy = w.Address, w.PortID
	case stackhand.KindSubnet:
		t.Parent = w.NetworkID
	case stackhand.KindPort:
		t.Parent, t.UsedBy = w.NetworkID, w.DeviceID
		if strings.Contains(w.DeviceOwner, "router_interface") && len(w.IPs) > 0 {
			t.Kind, t.ID, t.Parent, t.UsedBy = stackhand.KindInterface, w.IPs[0].SubnetID, w.DeviceID, ""
		}
	}
	t.Mark, _, t.Marked = stackhand.ParseMark(about)
	return signed(t)
}

func signed(t stackhand.Thing) stackhand.Thing {
	t.Job, t.Stack, t.Shared = t.Mark.Job, t.Mark.Stack, t.Mark.Share != ""
	return t
}

func thingOfServer(s stackhand.Server) stackhand.Thing {
	t := stackhand.Thing{
		Resource: stackhand.Resource{Kind: stackhand.KindServer, ID: s.ID, Name: s.Name}, ProjectID: s.ProjectID, UserID: s.UserID,
		Flavor: s.Flavor, Status: s.Status, Created: s.Created,
	}
	t.Mark, t.Marked = stackhand.MarkOf(s.Metadata)
	return signed(t)
}

func thingOfVolume(v stackhand.Volume) stackhand.Thing {
	t := stackhand.Thing{
		Resource: stackhand.Resource{Kind: stackhand.KindVolume, ID: v.ID, Name: v.Name}, ProjectID: v.ProjectID, UserID: v.UserID,
		Size: v.Size, Status: v.Status, Created: v.Created,
	}
	for _, a := range v.Attached {
		t.UsedBy = a.ServerID
	}
	t.Mark, t.Marked = stackhand.MarkOf(v.Metadata)
	return signed(t)
}

func thingOfSnapshot(v stackhand.VolumeSnapshot) stackhand.Thing {
	t := stackhand.Thing{
		Resource: stackhand.Resource{Kind: stackhand.KindSnapshot, ID: v.ID, Name: v.Name}, ProjectID: v.ProjectID, Size: v.Size, Status: v.Status, Created: v.Created,
		Of: v.VolumeID,
	}
	t.Mark, t.Marked = stackhand.MarkOf(v.Metadata)
	return signed(t)
}

// thingOfImage has no project where the cloud does not tell whose an image is, as Nova of 2011 does not. It takes the marks of an image for its own only if they name the server that it was made of: Nova copies them into images
// of servers that were built from it.
func thingOfImage(i stackhand.Image) stackhand.Thing {
	t := stackhand.Thing{
		Resource: stackhand.Resource{Kind: stackhand.KindImage, ID: i.ID, Name: i.Name}, ProjectID: i.Owner, Bytes: i.Size, Status: i.Status, Created: i.Created,
	}
	of, from := i.Properties[stackhand.MarkServer], i.Properties["instance_uuid"]
	if of == "" || from == "" || of == from {
		t.Mark, t.Marked = stackhand.MarkOf(i.Properties)
	}
	return signed(t)
}

// standsFor tells whether an image is made of a snapshot.
func standsFor(i stackhand.Image, snapshot string) bool {
	return slices.ContainsFunc(i.Disks(), func(d stackhand.ImageDisk) bool { return d.Snapshot == snapshot })
}

// partOf gives a snapshot the mark of the image that it is a part of: Nova makes it without one.
func partOf(t stackhand.Thing, image stackhand.Image) stackhand.Thing {
	whole := thingOfImage(image)
	t.Parent, t.Mark, t.Marked = image.ID, whole.Mark, whole.Marked
	return signed(t)
}

// Things lists servers, volumes and their snapshots, images and what is in the network, of the project or, for an administrator of the
// cloud, of all projects. What a cloud without Neutron or without Cinder does not have is not in it. The Parent of a snapshot is the image
// that it is a part of.
func (c *Client) Things(ctx context.Context, everywhere bool) ([]stackhand.Thing, error) {
	kinds := []string{stackhand.KindServer, stackhand.KindVolume, stackhand.KindSnapshot}
	if !c.classic(ctx, network) {
		for kind := range thingPaths {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	found := make([][]stackhand.Thing, len(kinds))
	crew, gctx := errgroup.WithContext(ctx)
	g := stackhand.Guarding(crew)
	for i, kind := range kinds {
		g.Go(func() (err error) {
			found[i], err = c.thingsOf(gctx, kind, everywhere)
			return err
		})
	}
	var images []stackhand.Image
	g.Go(func() (err error) {
		images, err = c.Images(gctx)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := slices.Concat(found...)
	for _, i := range images {
		if !everywhere && i.Owner != "" && !c.own(i.Owner) {
			continue
		}
		out = append(out, thingOfImage(i))
		for _, d := range i.Disks() {
			at := slices.IndexFunc(out, func(t stackhand.Thing) bool { return t.Kind == stackhand.KindSnapshot && t.ID == d.Snapshot })
			if at >= 0 && !out[at].Marked {
				out[at] = partOf(out[at], i)
			}
		}
	}
	return out, nil
}

func (c *Client) thingsOf(ctx context.Context, kind string, everywhere bool) ([]stackhand.Thing, error) {
	all := query{}
	if everywhere {
		all["all_tenants"] = "1"
	}
	switch kind {
	case stackhand.KindServer:
		found, err := c.servers(ctx, all, patient)
		return as(found, thingOfServer), err
	case stackhand.KindVolume, stackhand.KindSnapshot:
		f, err := c.Features(ctx)
		if err != nil || !f.Volumes {
			return nil, err
		}
		if kind == stackhand.KindSnapshot {
			found, err := listOn(ctx, c, volume, "snapshots/detail", "snapshots", all, func(w wireSnapshot) string { return w.ID }, wireSnapshot.snapshot)
			return as(found, thingOfSnapshot), err
		}
		found, err := listOn(ctx, c, volume, "volumes/detail", "volumes", all, func(w wireVolume) string { return w.ID }, wireVolume.volume)
		return as(found, thingOfVolume), err
	}
	q := c.mine()
	if everywhere {
		q = query{}
	}
	list := thingPaths[kind][0]
	found, err := listOn(ctx, c, network, list, strings.ReplaceAll(list, "-", "_"), q,
		func(w wireThing) string { return w.ID }, func(w wireThing) stackhand.Thing { return w.thing(kind) })
	return slices.DeleteFunc(found, func(t stackhand.Thing) bool {
		return !everywhere && !c.own(t.ProjectID) && t.Kind != stackhand.KindInterface
	}), err
}

func as[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = f(a)
	}
	return out
}

// Thing reads a single resource of one of the kinds that Things lists, of whichever project; interfaces of routers
// are read by their subnet and router, and snapshots that are a part of an image by that.
func (c *Client) Thing(ctx context.Context, r stackhand.Resource) (stackhand.Thing, error) {
	switch r.Kind {
	case stackhand.KindServer:
		s, err := c.Server(ctx, r.ID)
		return thingOfServer(s), err
	case stackhand.KindVolume:
		v, err := c.Volume(ctx, r.ID)
		return thingOfVolume(v), err
	case stackhand.KindImage:
		i, err := c.Image(ctx, r.ID)
		return thingOfImage(i), err
	case stackhand.KindSnapshot:
		return c.snapshotThing(ctx, r)
	case stackhand.KindInterface:
		return c.interfaceOf(ctx, r)
	}
	at, ok := thingPaths[r.Kind]
	if !ok {
		return stackhand.Thing{}, stackhand.Errorf(stackhand.Invalid, "A %s cannot be read like that.", r.Kind)
	}
	return getOn(ctx, c, network, at[0], at[1], r.ID, func(w wireThing) stackhand.Thing { return w.thing(r.Kind) })
}

func (c *Client) snapshotThing(ctx context.Context, r stackhand.Resource) (stackhand.Thing, error) {
	v, err := c.VolumeSnapshot(ctx, r.ID)
	t := thingOfSnapshot(v)
	if err != nil || r.Parent == "" || t.Marked {
		return t, err
	}
	i, err := c.Image(ctx, r.Parent)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return t, nil
	}
	if err == nil && standsFor(i, r.ID) {
		t = partOf(t, i)
	}
	return t, err
}

func (c *Client) interfaceOf(ctx context.Context, r stackhand.Resource) (stackhand.Thing, error) {
	found, err := listOn(ctx, c, network, "ports", "ports", query{"device_id": r.Parent},
		func(w wireThing) string { return w.ID }, func(w wireThing) stackhand.Thing { return w.thing(stackhand.KindPort) })
	for _, t := range found {
		if t.Kind == stackhand.KindInterface && t.ID == r.ID {
			return t, nil
		}
	}
	if err == nil {
		err = stackhand.Errorf(stackhand.NotFound, "The router %s has no such subnet.", r.Parent)
	}
	return stackhand.Thing{}, err
}
