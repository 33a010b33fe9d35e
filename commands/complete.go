package commands

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

// choices are what a form can let people search for, each with the things of a session's project.
var choices = map[string]func(ctx context.Context, s *session) ([]thing, error){
	"image": bootableKind.things, "flavor": flavorKind.things, "network": networkKind.things, "subnet": subnetKind.things, "router": routerKind.things,
	"port": portKind.things, "security group": groupKind.things, "floating ip": floatingKind.things, "key pair": keyKind.things,
	"volume": volumeKind.things, "volume snapshot": snapshotKind.things, "server": serverKind.things,
}

// things are all of a kind, with what tells them apart.
func (k kindOf[T]) things(ctx context.Context, s *session) ([]thing, error) {
	all, err := k.list(ctx, s)
	var out []thing
	for _, v := range all {
		out = append(out, k.thing(v))
	}
	return out, err
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
