package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

type unsetArgs struct {
	Server   string   `arg:"server" help:"name or id; in a server's thread, that one"`
	Property []string `opt:"property" value:"KEY" help:"the name of a property to be removed (repeat)"`
	inCloud
	Line Line
}

var _ = add(Command[unsetArgs]{
	Name:     "unset",
	Help:     "remove properties of a server",
	Examples: []string{"unset web-1 --property team"},
	Role:     stackhand.Member,
	Run:      unsetServer,
})

func unsetServer(ctx context.Context, env *Env, user stackhand.User, a unsetArgs) (Reply, error) {
	e := find("unset")
	if len(a.Property) == 0 {
		return Reply{}, e.misuse("unset needs --property with the name of one.")
	}
	for _, k := range a.Property {
		if strings.HasPrefix(k, ourMark) {
			return Reply{}, notYours(e, k)
		}
	}
	if job, done, err := env.started(ctx, a.Line, 0); err != nil || done {
		return begun(job), err
	}
	s, t, err := unsetting.find(ctx, env, user, oneServer{a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("unset", a) }})
	if err != nil {
		return Reply{}, err
	}
	keys := slices.Compact(slices.Sorted(slices.Values(a.Property)))
	for _, k := range keys {
		if _, has := t.server.Metadata[k]; !has && t.server.ID != "" {
			return Reply{}, stackhand.Errorf(stackhand.NotFound, "%s has no property %s.", t.name(), quote(clip(k, 60))).Do("It has: %s.", orNone(properties(t.server)))
		}
	}
	return s.acted(ctx, a.Line, t, "Remove properties of "+t.name(), stackhand.ActSpec{Verb: stackhand.ActUnset, Unset: keys})
}
