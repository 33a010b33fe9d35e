package cloud

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
)

// Limits reads the project's quotas and what is used of them. What the cloud does not tell
// has Max -1.
func (c *Client) Limits(ctx context.Context) (stackhand.Limits, error) {
	unknown := stackhand.Limit{Max: -1}
	l := stackhand.Limits{
		Servers: unknown, Cores: unknown, RAM: unknown, KeyPairs: unknown,
		Networks: unknown, Subnets: unknown, Routers: unknown, Ports: unknown,
		Groups: unknown, GroupRules: unknown, FloatingIPs: unknown,
		Volumes: unknown, VolumeGB: unknown, Snapshots: unknown,
	}
	crew, ctx := errgroup.WithContext(ctx)
	g := stackhand.Guarding(crew)
	g.Go(func() error { return c.computeLimits(ctx, &l) })
	g.Go(func() error { return c.networkLimits(ctx, &l) })
	g.Go(func() error { return c.volumeLimits(ctx, &l) })
	var keys []stackhand.KeyPair
	g.Go(func() (err error) {
		keys, err = c.KeyPairs(ctx)
		return err
	})
	err := g.Wait()
	l.KeyPairs.Used = len(keys)
	return l, err
}

// absolute reads the limits of a service that tells them as Nova does, by their names.
func (c *Client) absolute(ctx context.Context, s service) (map[string]int, error) {
	n, err := c.on(ctx, s)
	if err != nil {
		return nil, err
	}
	doc, err := get[struct {
		Limits struct {
			Absolute map[string]int `json:"absolute"`
		} `json:"limits"`
	}](ctx, n, "limits")
	return doc.Limits.Absolute, err
}

// limitOf picks a limit from the absolute ones.
func limitOf(a map[string]int, used, most string) stackhand.Limit {
	m, ok := a[most]
	if !ok {
		m = -1
	}
	return stackhand.Limit{Used: a[used], Max: m}
}

func (c *Client) computeLimits(ctx context.Context, l *stackhand.Limits) error {
	a, err := c.absolute(ctx, compute)
	if err != nil {
		return err
	}
	if _, told := a["totalInstancesUsed"]; !told {
		if err := c.countUsed(ctx, a); err != nil {
			return err
		}
	}
	l.Servers = limitOf(a, "totalInstancesUsed", "maxTotalInstances")
	l.Cores = limitOf(a, "totalCoresUsed", "maxTotalCores")
	l.RAM = limitOf(a, "totalRAMUsed", "maxTotalRAMSize")
	l.KeyPairs.Max = limitOf(a, "", "maxTotalKeypairs").Max
	l.MaxMetadata = a["maxServerMeta"]
	l.MaxPersonality, l.MaxPersonalityBytes = a["maxPersonality"], a["maxPersonalitySize"]
	l.MaxPersonalityPath = a["maxPersonalityPathLength"]
	return nil
}

func (c *Client) volumeLimits(ctx context.Context, l *stackhand.Limits) error {
	a, err := c.absolute(ctx, volume)
	if refused(err) {
		return nil // no Cinder, or one that keeps them to itself
	}
	if err != nil {
		return err
	}
	l.Volumes = limitOf(a, "totalVolumesUsed", "maxTotalVolumes")
	l.VolumeGB = limitOf(a, "totalGigabytesUsed", "maxTotalVolumeGigabytes")
	l.Snapshots = limitOf(a, "totalSnapshotsUsed", "maxTotalSnapshots")
	return nil
}

// quotaOf pairs Neutron's names of quotas with ours and with the lists that count them.
func quotaOf(l *stackhand.Limits) map[string]struct {
	limit *stackhand.Limit
	path  string
	key   string
} {
	type q = struct {
		limit *stackhand.Limit
		path  string
		key   string
	}
	return map[string]q{
		"network":             {&l.Networks, "networks", "networks"},
		"subnet":              {&l.Subnets, "subnets", "subnets"},
		"router":              {&l.Routers, "routers", "routers"},
		"port":                {&l.Ports, "ports", "ports"},
		"security_group":      {&l.Groups, "security-groups", "security_groups"},
		"security_group_rule": {&l.GroupRules, "security-group-rules", "security_group_rules"},
		"floatingip":          {&l.FloatingIPs, "floatingips", "floatingips"},
	}
}

// networkLimits reads Neutron's quota details, or where the cloud has none (before Pike, or
// by policy) the quotas, and counts.
func (c *Client) networkLimits(ctx context.Context, l *stackhand.Limits) error {
	if c.classic(ctx, network) {
		return c.oldLimits(ctx, l)
	}
	n, err := c.on(ctx, network)
	if err != nil {
		return err
	}
	type detail struct {
		Used  int `json:"used"`
		Limit int `json:"limit"`
	}
	project := c.Identity().ProjectID
	full, err := get[map[string]map[string]detail](ctx, n, "quotas", project, "details.json")
	if err == nil {
		for name, q := range quotaOf(l) {
			if d, ok := full["quota"][name]; ok {
				*q.limit = stackhand.Limit{Used: d.Used, Max: d.Limit}
			}
		}
		return nil
	}
	if !refused(err) {
		return err
	}
	plain, err := get[map[string]map[string]int](ctx, n, "quotas", project)
	if refused(err) {
		return nil // unknown, then
	}
	if err != nil {
		return err
	}
	crew, ctx := errgroup.WithContext(ctx)
	g := stackhand.Guarding(crew)
	for name, q := range quotaOf(l) {
		most, ok := plain["quota"][name]
		if !ok {
			continue
		}
		g.Go(func() error {
			used, err := c.count(ctx, q.path, q.key)
			*q.limit = stackhand.Limit{Used: used, Max: most}
			return err
		})
	}
	return g.Wait()
}

// refused tells whether the cloud does not offer a call at all.
func refused(err error) bool {
	switch stackhand.KindOf(err) {
	case stackhand.NotFound, stackhand.Forbidden, stackhand.Invalid:
		return true
	}
	return false
}

func (c *Client) count(ctx context.Context, path, key string) (int, error) {
	type idOnly struct {
		ID string `json:"id"`
	}
	q := c.mine()
	q["fields"] = "id"
	all, err := listOn(ctx, c, network, path, key, q, func(w idOnly) string { return w.ID }, func(w idOnly) string { return w.ID })
	return len(all), err
}
