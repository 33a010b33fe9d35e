package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// kindOf is a sort of thing in a cloud: how those that there are are read, and told apart.
type kindOf[T any] struct {
	noun  string // "network"
	kind  string // of stackhand.Resource; "" for what is not made here
	list  func(ctx context.Context, s *session) ([]T, error)
	thing func(T) thing
}

// find is the one that a name or an id means, looked for on fresh lists where old ones do not have it; a *choice
// where several fit.
func (k kindOf[T]) find(ctx context.Context, s *session, word string) (found T, err error) {
	err = s.again(func() error {
		all, err := k.list(ctx, s)
		if err == nil {
			found, err = pick(k.noun, word, all, k.thing, false)
		}
		return err
	})
	return found, err
}

// choose is find for a word of a line; again is the line with an id in the word's place.
func (k kindOf[T]) choose(ctx context.Context, s *session, word string, again func(id string) string) (T, error) {
	found, err := k.find(ctx, s, word)
	return found, ask(err, again)
}

var (
	networkKind = kindOf[stackhand.Network]{"network", stackhand.KindNetwork,
		func(ctx context.Context, s *session) ([]stackhand.Network, error) { return s.Networks(ctx) }, networkThing}
	subnetKind = kindOf[stackhand.Subnet]{"subnet", stackhand.KindSubnet,
		func(ctx context.Context, s *session) ([]stackhand.Subnet, error) { return s.Subnets(ctx, "") },
		func(n stackhand.Subnet) thing { return thing{n.ID, n.Name, n.CIDR} }}
	routerKind = kindOf[stackhand.Router]{"router", stackhand.KindRouter,
		func(ctx context.Context, s *session) ([]stackhand.Router, error) { return s.Routers(ctx) },
		func(r stackhand.Router) thing { return thing{r.ID, r.Name, r.Status} }}
	portKind = kindOf[stackhand.Port]{"port", stackhand.KindPort,
		func(ctx context.Context, s *session) ([]stackhand.Port, error) {
			return s.Ports(ctx, stackhand.PortFilter{})
		},
		func(p stackhand.Port) thing { return thing{p.ID, p.Name, portAddresses(p)} }}
	groupKind = kindOf[stackhand.SecurityGroup]{"security group", stackhand.KindSecurityGroup,
		func(ctx context.Context, s *session) ([]stackhand.SecurityGroup, error) { return s.SecurityGroups(ctx) },
		func(g stackhand.SecurityGroup) thing { return thing{g.ID, g.Name, clip(g.Description, 40)} }}
	floatingKind = kindOf[stackhand.FloatingIP]{"floating IP", stackhand.KindFloatingIP,
		func(ctx context.Context, s *session) ([]stackhand.FloatingIP, error) { return s.FloatingIPs(ctx) },
		func(f stackhand.FloatingIP) thing { return thing{f.ID, f.IP, f.Status} }}
	volumeKind = kindOf[stackhand.Volume]{"volume", stackhand.KindVolume,
		func(ctx context.Context, s *session) ([]stackhand.Volume, error) { return s.Volumes(ctx) },
		func(v stackhand.Volume) thing {
			return thing{v.ID, first(v.Name, v.ID), fmt.Sprintf("%d GiB, %s", v.Size, v.Status)}
		}}
	snapshotKind = kindOf[stackhand.VolumeSnapshot]{"volume snapshot", stackhand.KindSnapshot,
		func(ctx context.Context, s *session) ([]stackhand.VolumeSnapshot, error) {
			return s.VolumeSnapshots(ctx)
		},
		func(v stackhand.VolumeSnapshot) thing {
			return thing{v.ID, first(v.Name, v.ID), fmt.Sprintf("%d GiB, %s", v.Size, v.Status)}
		}}
	imageKind = kindOf[stackhand.Image]{"image", stackhand.KindImage,
		func(ctx context.Context, s *session) ([]stackhand.Image, error) { return s.Images(ctx) },
		func(i stackhand.Image) thing { return imageThing(i, time.Now) }}
	bootableKind = kindOf[stackhand.Image]{"image", stackhand.KindImage,
		bootable, imageKind.thing}
	flavorKind = kindOf[stackhand.Flavor]{"flavor", "",
		flavorsBySize, flavorThing}
	keyKind = kindOf[stackhand.KeyPair]{"key pair", stackhand.KindKeyPair,
		func(ctx context.Context, s *session) ([]stackhand.KeyPair, error) { return s.KeyPairs(ctx) },
		func(k stackhand.KeyPair) thing { return thing{k.Name, k.Name, k.Fingerprint} }}
	serverKind = kindOf[stackhand.Server]{"server", stackhand.KindServer,
		func(ctx context.Context, s *session) ([]stackhand.Server, error) { return s.Servers(ctx) },
		func(v stackhand.Server) thing { return thing{v.ID, v.Name, v.Status} }}
)

func portAddresses(p stackhand.Port) string {
	var out []string
	for _, ip := range p.IPs {
		out = append(out, ip.IP)
	}
	return strings.Join(out, " ")
}

// nameByID is what things are called by their ids.
func nameByID[T any](k kindOf[T], items []T) map[string]string {
	out := make(map[string]string, len(items))
	for _, it := range items {
		t := k.thing(it)
		out[t.id] = t.name
	}
	return out
}

// needNeutron refuses what only clouds with a network service have.
func (s *session) needNeutron(ctx context.Context, what string) error {
	f, err := s.Features(ctx)
	if err != nil || f.Network {
		return err
	}
	return stackhand.Errorf(stackhand.NotFound, "%s has no network service (Neutron), so there are no %s in it.", s.name, what).
		Do("Its servers get their addresses from Nova: `network list` shows its networks, `floating ip list` its floating IPs.")
}

func bootable(ctx context.Context, s *session) ([]stackhand.Image, error) {
	c, err := s.catalogue(ctx)
	return c.images, err
}

func flavorsBySize(ctx context.Context, s *session) ([]stackhand.Flavor, error) {
	flavors, err := s.Flavors(ctx)
	slices.SortFunc(flavors, bySize)
	return flavors, err
}
