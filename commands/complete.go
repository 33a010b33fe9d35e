package commands

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// choices are what a form can let people search for, each with the things of a session's project.
var choices = map[string]func(ctx context.Context, s *session) ([]thing, error){
	"image":   listed(bootable, func(i stackhand.Image) thing { return imageThing(i, time.Now) }),
	"flavor":  listed(flavorsBySize, flavorThing),
	"network": listed(func(ctx context.Context, s *session) ([]stackhand.Network, error) { return s.Networks(ctx) }, networkThing),
	"key pair": listed(func(ctx context.Context, s *session) ([]stackhand.KeyPair, error) { return s.KeyPairs(ctx) },
		func(k stackhand.KeyPair) thing { return thing{k.Name, k.Name, k.Fingerprint} }),
	"security group": listed(func(ctx context.Context, s *session) ([]stackhand.SecurityGroup, error) { return s.SecurityGroups(ctx) },
		func(g stackhand.SecurityGroup) thing { return thing{g.ID, g.Name, clip(g.Description, 40)} }),
	"volume": listed(func(ctx context.Context, s *session) ([]stackhand.Volume, error) { return s.Volumes(ctx) },
		func(v stackhand.Volume) thing {
			return thing{v.ID, first(v.Name, v.ID), fmt.Sprintf("%d GiB, %s", v.Size, v.Status)}
		}),
}

func listed[T any](list func(context.Context, *session) ([]T, error), of func(T) thing) func(context.Context, *session) ([]thing, error) {
	return func(ctx context.Context, s *session) ([]thing, error) {
		all, err := list(ctx, s)
		var out []thing
		for _, v := range all {
			out = append(out, of(v))
		}
		return out, err
	}
}

// Complete lists what fits the letters typed so far into an input of a form, at most 100 options. search is the
// input's Search: what to look for, and after an @ in which cloud.
func Complete(ctx context.Context, env *Env, user stackhand.User, search, typed string) ([]Option, error) {
	kind, cloud, _ := strings.Cut(search, "@")
	list, ok := choices[kind]
	if !ok || user.Role < stackhand.Member {
		return nil, stackhand.Errorf(stackhand.Invalid, "There is nothing to choose from.")
	}
	s, err := open(ctx, env, user, cloud)
	if err != nil {
		return nil, err
	}
	things, err := list(ctx, s)
	if err != nil {
		return nil, err
	}
	typed = strings.ToLower(strings.TrimSpace(typed))
	var begin, within []Option
	for _, t := range things {
		o := Option{Label: clip(t.name+" · "+t.note, 75), Value: t.id}
		switch at := strings.Index(strings.ToLower(t.name), typed); {
		case at == 0:
			begin = append(begin, o)
		case at > 0 || strings.Contains(strings.ToLower(t.note), typed) || strings.HasPrefix(t.id, typed):
			within = append(within, o)
		}
	}
	all := append(begin, within...)
	return all[:min(len(all), maxOptions)], nil
}

func bootable(ctx context.Context, s *session) ([]stackhand.Image, error) {
	c, err := s.catalogue(ctx)
	return c.images, err
}

func flavorsBySize(ctx context.Context, s *session) ([]stackhand.Flavor, error) {
	c, err := s.catalogue(ctx)
	return c.flavors, err
}
