package main

import (
	"context"
	"fmt"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
)

func isNotFound(err error) bool { return stackhand.KindOf(err) == stackhand.NotFound }

// count tells what the cloud holds in the projects of the conversation's people.
func (st *stage) count(ctx context.Context, kind string) (int, error) {
	if st.cloud != nil {
		return st.cloud.Count(kind, "team-a", "team-b", "admin"), nil
	}
	total, seen := 0, map[string]bool{}
	for _, u := range []string{"U0ALICE", "U0BOB", "U0CAROL", "U0DANA"} {
		c, err := st.on.app.sessions.Client(ctx, u, demoCloud, stackhand.Scope{})
		if stackhand.KindOf(err) == stackhand.Unauthorized {
			continue // not logged in: nothing of theirs can be there
		} else if err != nil {
			return 0, err
		}
		project := c.Identity().ProjectID
		if seen[project] {
			continue
		}
		seen[project] = true
		n, err := countReal(ctx, c, kind, project)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// countReal asks a real cloud; only what belongs to the project counts, and the cloud's way out is nobody's.
func countReal(ctx context.Context, c *cloud.Client, kind, project string) (int, error) {
	switch kind {
	case "servers":
		s, err := c.Servers(ctx)
		return len(s), err
	case "networks":
		list, err := c.Networks(ctx)
		return owned(list, func(n stackhand.Network) bool { return n.ProjectID == project && !n.External }), err
	case "routers":
		list, err := c.Routers(ctx)
		return owned(list, func(r stackhand.Router) bool { return r.ProjectID == project }), err
	case "ports":
		list, err := c.Ports(ctx, stackhand.PortFilter{})
		return owned(list, func(p stackhand.Port) bool { return p.ProjectID == project }), err
	case "floating-ips":
		list, err := c.FloatingIPs(ctx)
		return owned(list, func(f stackhand.FloatingIP) bool { return f.ProjectID == project }), err
	case "volumes":
		list, err := c.Volumes(ctx)
		return owned(list, func(v stackhand.Volume) bool { return v.ProjectID == project }), err
	case "snapshots":
		list, err := c.VolumeSnapshots(ctx)
		return len(list), err // a list holds the login's own project only
	case "security-groups":
		list, err := c.SecurityGroups(ctx)
		return owned(list, func(g stackhand.SecurityGroup) bool { return g.ProjectID == project && g.Name != "default" }), err
	}
	return 0, fmt.Errorf("%s cannot be counted on a real cloud", kind)
}

func owned[T any](list []T, mine func(T) bool) int {
	n := 0
	for _, x := range list {
		if mine(x) {
			n++
		}
	}
	return n
}
