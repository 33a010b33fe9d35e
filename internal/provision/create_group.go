package provision

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// groupName names the security group that opens the ports: "stackhand-open-22-80".
func groupName(ports []int) string {
	ports = slices.Compact(slices.Sorted(slices.Values(ports)))
	name := "stackhand-open"
	for _, p := range ports {
		name += "-" + strconv.Itoa(p)
	}
	return name
}

// openedBy reads the ports out of such a name; none for another one.
func openedBy(name string) []int {
	rest, ok := strings.CutPrefix(name, "stackhand-open-")
	if !ok {
		return nil
	}
	var ports []int
	for _, w := range strings.Split(rest, "-") {
		p, err := strconv.Atoi(w)
		if err != nil {
			return nil
		}
		ports = append(ports, p)
	}
	return ports
}

func groupLock(cloud, project string) string { return lockName("group", cloud, project) }

func (c create) groupStep() jobs.Step {
	return jobs.Step{
		Name: "group", Makes: stackhand.KindSecurityGroup, Title: "Security group (" + list(c.spec.Open) + ")",
		Do: c.with(c.group), Undo: c.with(c.undo(stackhand.KindSecurityGroup, "")),
	}
}

// group finds or makes the security group that all stacks of the project with the same open
// ports share, with its rules.
func (c create) group(ctx context.Context, run *jobs.Run, cloud Cloud) error {
	lock := groupLock(c.spec.Cloud, c.spec.ProjectID)
	if err := run.Lock(ctx, lock); err != nil {
		return err
	}
	all, err := cloud.SecurityGroups(ctx)
	if err != nil {
		return err
	}
	if at := slices.IndexFunc(all, func(g stackhand.SecurityGroup) bool { return g.Name == "default" }); at >= 0 {
		if err := run.Set(ctx, "default group", all[at].ID); err != nil {
			return err
		}
	}
	var g stackhand.SecurityGroup
	name := groupName(c.spec.Open)
	if at := slices.IndexFunc(all, func(g stackhand.SecurityGroup) bool { return g.Name == name && c.isShared(g.Description, open) }); at >= 0 {
		g = all[at]
	} else if g, err = cloud.CreateSecurityGroup(ctx, name, c.shared(open)); err != nil {
		return err
	}
	err = run.Made(ctx, stackhand.Resource{Kind: stackhand.KindSecurityGroup, ID: g.ID, Name: name, Job: c.id, Shared: true})
	if err != nil {
		return err
	}
	if err := addRules(ctx, cloud, g, c.spec.Open); err != nil {
		return err
	}
	if err := run.Note(ctx, name); err != nil {
		return err
	}
	return run.Unlock(ctx, lock)
}

// addRules lets everybody in on the TCP ports, and ICMP, where the group does not yet.
func addRules(ctx context.Context, cloud Cloud, g stackhand.SecurityGroup, ports []int) error {
	wanted := []stackhand.Rule{{Direction: "ingress", Protocol: "icmp", EtherType: "IPv4", RemoteIP: "0.0.0.0/0"}}
	for _, p := range ports {
		for ether, everybody := range map[string]string{"IPv4": "0.0.0.0/0", "IPv6": "::/0"} {
			wanted = append(wanted, stackhand.Rule{Direction: "ingress", Protocol: "tcp", PortMin: p, PortMax: p, EtherType: ether, RemoteIP: everybody})
		}
	}
	crew, ctx := errgroup.WithContext(ctx)
	crew.SetLimit(8)
	work := stackhand.Guarding(crew)
	for _, want := range wanted {
		if slices.ContainsFunc(g.Rules, func(have stackhand.Rule) bool { return sameRule(have, want) }) {
			continue
		}
		work.Go(func() error {
			err := cloud.CreateRule(ctx, g.ID, want)
			if is(err, stackhand.Conflict) {
				return nil // it is there already
			}
			return err
		})
	}
	return work.Wait()
}

// sameRule compares what rules mean: "from anywhere" is told as an empty prefix by some clouds.
func sameRule(a, b stackhand.Rule) bool {
	anywhere := func(ip string) string {
		if ip == "0.0.0.0/0" || ip == "::/0" {
			return ""
		}
		return ip
	}
	return a.Direction == b.Direction && strings.EqualFold(a.Protocol, b.Protocol) && a.EtherType == b.EtherType &&
		a.PortMin == b.PortMin && a.PortMax == b.PortMax && anywhere(a.RemoteIP) == anywhere(b.RemoteIP) &&
		a.RemoteGroup == b.RemoteGroup
}
