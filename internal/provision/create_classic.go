package provision

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// Clouds without Neutron give a server its address themselves, know security groups by their names, and attach
// floating IPs to servers that are there already: https://docs.openstack.org/api-ref/compute/, addFloatingIp.

// classicGroups are the names of the server's security groups; nil lets Nova take the default one.
func (c create) classicGroups(ctx context.Context, run *jobs.Run, cloud Cloud) ([]string, error) {
	names := slices.Clone(c.spec.Groups)
	if len(names) > 0 {
		all, err := cloud.SecurityGroups(ctx)
		if err != nil {
			return nil, err
		}
		for i, id := range names {
			if at := slices.IndexFunc(all, func(g stackhand.SecurityGroup) bool { return g.ID == id }); at >= 0 {
				names[i] = all[at].Name
			}
		}
	}
	if madeID(run.Job(), stackhand.KindSecurityGroup, "") == "" {
		return names, nil
	}
	if len(names) == 0 {
		names = []string{"default"}
	}
	return append(names, groupName(c.spec.Open)), nil
}

// attachClassic gives the address to the server.
func (c create) attachClassic(ctx context.Context, run *jobs.Run, cloud Cloud, n int) error {
	job, sid := run.Job(), c.stack(n)
	server := madeID(job, stackhand.KindServer, sid)
	f, err := cloud.FloatingIP(ctx, madeID(job, stackhand.KindFloatingIP, sid))
	if err != nil {
		return err
	}
	if f.ServerID == server {
		return nil
	}
	err = cloud.AddFloatingIP(ctx, server, f.IP, "")
	if is(err, stackhand.NotFound) || is(err, stackhand.Conflict) {
		// Nova may not know the server's own address yet.
		return (&stackhand.Error{Kind: stackhand.Unavailable, Msg: err.Error(), Err: err}).
			Do("Create the server with --no-floating-ip, and add the address later.")
	}
	return err
}
