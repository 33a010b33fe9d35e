package commands

import (
	"context"
	"net/netip"

	"github.com/stackhand/stackhand"
)

type setArgs struct {
	Server   string            `arg:"server" help:"name or id; in a server's thread, that one"`
	Property map[string]string `opt:"property" help:"metadata to be set (repeat)"`
	Name     string            `opt:"name" help:"another name for it"`
	AccessIP []string          `opt:"access-ip" value:"ADDRESS" help:"the address to reach it at, IPv4 or IPv6 (repeat)"`
	inCloud
	Line Line
}

var _ = add(Command[setArgs]{
	Name:     "set",
	Help:     "set properties of a server, or the addresses that it is reached at",
	Examples: []string{"set web-1 --property team=web --property tier=2", "set web-1 --access-ip 203.0.113.7"},
	Role:     stackhand.Member,
	Run:      setServer,
})

var (
	setting   = change{verb: stackhand.ActSet, do: "change the properties of", from: settled, unlocked: true}
	unsetting = change{verb: stackhand.ActUnset, do: "change the properties of", from: settled, unlocked: true}
)

func setServer(ctx context.Context, env *Env, user stackhand.User, a setArgs) (Reply, error) {
	e := find("set")
	if len(a.Property)+len(a.AccessIP) == 0 {
		if a.Name != "" {
			return rename(ctx, env, user, renameArgs{Server: a.Server, Name: a.Name, inCloud: a.inCloud, Line: a.Line})
		}
		return Reply{}, e.misuse("set needs --property, --access-ip or --name.")
	}
	if err := checkProperties(e, a.Property); err != nil {
		return Reply{}, err
	}
	if a.Name != "" {
		if err := checkName(e, a.Name, maxName); err != nil {
			return Reply{}, err
		}
	}
	spec := stackhand.ActSpec{Verb: stackhand.ActSet, Set: a.Property, NewName: a.Name}
	if err := accessAddresses(e, a.AccessIP, &spec.Change); err != nil {
		return Reply{}, err
	}
	if job, done, err := env.started(ctx, a.Line, 0); err != nil || done {
		return begun(job), err
	}
	s, t, err := setting.find(ctx, env, user, oneServer{a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("set", a) }})
	if err != nil {
		return Reply{}, err
	}
	if err := s.roomForProperties(ctx, t, a.Property); err != nil {
		return Reply{}, err
	}
	if a.Name != "" {
		if err := s.freeName(ctx, a.Name, t); err != nil {
			return Reply{}, err
		}
	}
	return s.acted(ctx, a.Line, t, "Change the properties of "+t.name(), spec)
}

// accessAddresses reads --access-ip: one of each kind. Nova takes no empty ones, so they can be changed, not removed.
func accessAddresses(e *entry, words []string, c *stackhand.ServerChange) error {
	for _, w := range words {
		ip, err := netip.ParseAddr(w)
		if err != nil || ip.Zone() != "" {
			return e.misuse("--access-ip %s is no address.", quote(clip(w, 60)))
		}
		to := &c.AccessIPv6
		if ip.Is4() {
			to = &c.AccessIPv4
		}
		if *to != nil {
			return e.misuse("--access-ip takes one IPv4 and one IPv6 address at most.")
		}
		text := ip.String()
		*to = &text
	}
	return nil
}

// roomForProperties refuses more metadata than the cloud takes of a server.
func (s *session) roomForProperties(ctx context.Context, t target, more map[string]string) error {
	if len(more) == 0 || t.server.ID == "" {
		return nil
	}
	l, err := s.Limits(ctx)
	if err != nil {
		return err
	}
	n := len(t.server.Metadata)
	for k := range more {
		if _, has := t.server.Metadata[k]; !has {
			n++
		}
	}
	if l.MaxMetadata > 0 && n > l.MaxMetadata {
		return stackhand.Errorf(stackhand.Quota, "%s would have %d properties, and the cloud takes %d of a server.", t.name(), n, l.MaxMetadata).
			Do("Remove some with `unset %s --property NAME`; `show %s` lists them.", quote(t.name()), quote(t.name()))
	}
	return nil
}
