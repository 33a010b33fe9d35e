package cloud

import (
	"context"

	"github.com/stackhand/stackhand"
)

// Features tells what the cloud can do. It is found out once for a client.
func (c *Client) Features(ctx context.Context) (stackhand.Features, error) {
	c.mu.Lock()
	known, cat := c.features, c.grant.catalog
	c.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	n, err := c.on(ctx, compute)
	if err != nil {
		return stackhand.Features{}, err
	}
	base, err := c.site.identity(ctx)
	if err != nil {
		return stackhand.Features{}, err
	}
	f := stackhand.Features{
		Network: !c.classic(ctx, network), Volumes: cat.has(volume, c.site.entry), Images: !c.classic(ctx, image),
		Users: !base.V2, Personality: !n.atLeast(57), Compute: n.sc.Microversion,
	}
	if f.Network {
		if f.Tags, err = c.describes(ctx); err != nil {
			return stackhand.Features{}, err
		}
	}
	c.mu.Lock()
	c.features = &f
	c.mu.Unlock()
	return f, nil
}

// describes tells whether all of Neutron's resources have descriptions, as they do since 2016.
func (c *Client) describes(ctx context.Context) (bool, error) {
	n, err := c.on(ctx, network)
	if err != nil {
		return false, err
	}
	_, err = get[any](ctx, n, "extensions", "standard-attr-description")
	if refused(err) {
		return false, nil
	}
	return err == nil, err
}

// has tells whether there is such a service, here or by an override.
func (c catalog) has(s service, e Entry) bool {
	for _, t := range s.aliases() {
		if e.Overrides[t] != "" {
			return true
		}
		for _, p := range c {
			if p.Type == t && p.Interface == e.Interface && (e.Region == "" || p.Region == e.Region) {
				return true
			}
		}
	}
	return false
}
